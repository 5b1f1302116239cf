//===- BuildGraph.cpp - The analysis made visible -------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "CompatOption.h"

#include "etrace/Analysis/StepGraph.h"
#include "etrace/Transforms/Passes.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace etrace;

namespace etrace {
#define GEN_PASS_DEF_BUILDGRAPHPASS
#include "etrace/Transforms/Passes.h.inc"
} // namespace etrace

/// The name in `strict` of all decisions that lose credit.
static constexpr StringLiteral kMissed = "missed";

static bool isStrict(const Decision &decision, ArrayRef<std::string> strict) {
  return llvm::is_contained(strict, decision.id) ||
         (decision.level == Decision::Level::missed && llvm::is_contained(strict, kMissed));
}

/// Errors for decisions that `strict` has; remarks for the others.
static LogicalResult report(const StepGraph &graph, StringRef model,
                            ArrayRef<std::string> strict) {
  bool failed = false;
  for (const Decision &decision : graph.decisions) {
    if (isStrict(decision, strict)) {
      failed = true;
      mlir::emitError(decision.loc) << decision.text << " [" << decision.id << "]";
      continue;
    }
    auto opts =
        remark::RemarkOpts::name(decision.id).category("etrace-graph").function(model);
    std::string text = decision.text + " [" + decision.id + "]";
    switch (decision.level) {
    case Decision::Level::passed:
      remark::passed(decision.loc, opts) << text;
      break;
    case Decision::Level::missed:
      remark::missed(decision.loc, opts) << text;
      break;
    case Decision::Level::doubtful:
    case Decision::Level::analysis:
      remark::analysis(decision.loc, opts) << text;
      break;
    }
  }
  return failure(failed);
}

static void materializeGroups(OpBuilder &builder, const StepGraph &graph) {
  for (const HiddenGroup &group : graph.groups) {
    SmallVector<StringRef> members;
    for (unsigned member : group.members)
      members.push_back(graph.step.states[member].path);
    SmallVector<int64_t> edges;
    for (auto [a, b] : group.edges)
      edges.append({int64_t(a), int64_t(b)});
    GroupOp::create(builder, graph.step.states[group.members.front()].before.getLoc(),
                    builder.getStringAttr(group.name), builder.getStrArrayAttr(members),
                    builder.getDenseI64ArrayAttr(group.positions),
                    builder.getDenseI64ArrayAttr(edges), /*assumed=*/UnitAttr());
  }
}

static ArrayAttr getNames(OpBuilder &builder, ArrayRef<Operation *> ops) {
  return builder.getStrArrayAttr(
      llvm::map_to_vector(ops, [](Operation *op) { return op->getName().getStringRef(); }));
}

static void materializeRelations(OpBuilder &builder, const StepGraph &graph) {
  MLIRContext *context = builder.getContext();
  for (const WeightRelation &relation : graph.relations) {
    SmallVector<Attribute> groups, reach, leaves, params, chains, tails;
    for (const RelationTarget &target : relation.targets) {
      groups.push_back(FlatSymbolRefAttr::get(context, graph.groups[target.group].name));
      reach.push_back(builder.getDenseI64ArrayAttr(
          SmallVector<int64_t>(target.reach.begin(), target.reach.end())));
      tails.push_back(getNames(builder, target.tail));
    }
    for (const WeightLeaf &leaf : relation.leaves) {
      leaves.push_back(builder.getStringAttr(leaf.name));
      params.push_back(builder.getStrArrayAttr(SmallVector<StringRef>(leaf.params.begin(),
                                                                      leaf.params.end())));
      chains.push_back(getNames(builder, leaf.chain));
    }
    ETPOpInterface primitive = relation.primitive;
    RelationOp::create(
        builder, primitive.getLoc(), builder.getStringAttr(relation.name),
        primitive.getPrimitiveId(), builder.getArrayAttr(groups), builder.getArrayAttr(reach),
        builder.getArrayAttr(leaves), builder.getArrayAttr(params), builder.getArrayAttr(chains),
        builder.getArrayAttr(tails), RelationKindAttr::get(context, relation.kind),
        relation.exact ? builder.getUnitAttr() : UnitAttr(),
        relation.reason.empty() ? StringAttr() : builder.getStringAttr(relation.reason),
        /*assumed=*/UnitAttr());
  }
}

/// "neuron.V" is @neuron::@V, "h" is @h.
static SymbolRefAttr getSymbol(ModelOp model, StringRef path) {
  return getLocalSymbol(lookupDeclaration(model, path).op);
}

namespace {
struct BuildGraphPass : public etrace::impl::BuildGraphPassBase<BuildGraphPass> {
  using BuildGraphPassBase::BuildGraphPassBase;

  LogicalResult checkStrict(ModelOp model) {
    for (const std::string &kind : strict) {
      if (kind == kMissed || llvm::is_contained(getDecisionKinds(), kind))
        continue;
      InFlightDiagnostic diag = model.emitOpError("has no kind of decision '")
                                << kind << "' that could be an error; kinds are '" << kMissed
                                << "'";
      for (StringRef known : getDecisionKinds())
        diag << ", '" << known << "'";
      return diag << " [unknown-kind]";
    }
    return success();
  }

  void runOnOperation() override {
    ModelOp model = getOperation();
    if (failed(setCompat(model, compat)) || failed(checkStrict(model)))
      return signalPassFailure();
    FailureOr<StepGraph> graph = StepGraph::compute(model);
    if (failed(graph))
      return signalPassFailure();
    for (Operation &op : llvm::make_early_inc_range(model.getBody().front()))
      if (isa<RecurrenceOp, GroupOp, RelationOp, ExcludedOp>(op))
        op.erase();
    OpBuilder builder = OpBuilder::atBlockEnd(&model.getBody().front());
    for (const StateAccess &access : graph->accesses)
      RecurrenceOp::create(builder, access.loc, getSymbol(model, access.path), access.isRead,
                           access.written);
    materializeGroups(builder, *graph);
    materializeRelations(builder, *graph);
    for (const ExcludedParameter &param : graph->excluded)
      ExcludedOp::create(builder, param.use ? param.use->getLoc() : model.getLoc(),
                         getSymbol(model, param.path), param.reason);
    if (failed(report(*graph, model.getSymName(), strict)))
      signalPassFailure();
  }
};
} // namespace
