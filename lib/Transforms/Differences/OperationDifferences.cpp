//===- OperationDifferences.cpp - Each operation of a step by itself ------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// One entry for all operations that derivatives pass through. For operation k at its nominal
// reads x it returns, with v and c given by the caller,
//
//   value/k/r(h)     result r of the operation at x + h v
//   tangent/k/r      J v by its derivative rule
//   cotangent/k/i    J^T c by its derivative rule, for read i
//
// so that d value / d h = J v is asked of each operation, and c . (J v) = (J^T c) . v as well.
//===----------------------------------------------------------------------===//

#include "../Derivatives/LinearMap.h"
#include "DifferenceBuilder.h"

#include "etrace/Differentiation/Regions.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace etrace;

namespace {
/// An operation, what it reads, and which of that is active. Rules may look at constants.
struct Candidate {
  Operation *op;
  SmallVector<Value> reads;
  SmallVector<Operation *> constants;
  SmallVector<Value> active, results;
};

/// Finds the operations between what is differentiated and the end of a block.
class CandidateFinder {
public:
  explicit CandidateFinder(bool trustCustom) : trustCustom(trustCustom) {}
  void activate(Value value) { active.insert(value); }
  bool isActive(Value value) const { return active.contains(value); }
  void find(Block &block);

  std::vector<Candidate> candidates;

private:
  bool isCompared(const Candidate &candidate) const;
  llvm::DenseSet<Value> active;
  bool trustCustom;
};
} // namespace

/// A spike and a trusted derivative are right by definition; complex numbers do not cross the
/// interface of an entry.
bool CandidateFinder::isCompared(const Candidate &candidate) const {
  if (isa<SpikeOp>(candidate.op) || (trustCustom && isa<CustomDerivativeOp>(candidate.op)))
    return false;
  auto differentiable = [](Value value) { return isDifferentiable(value.getType()); };
  return !candidate.results.empty() && llvm::all_of(candidate.active, isFloatLike) &&
         llvm::all_of(llvm::make_filter_range(candidate.op->getResults(), differentiable),
                      isFloatLike);
}

void CandidateFinder::find(Block &block) {
  for (Operation &op : block.without_terminator()) {
    Candidate candidate{&op, {}, {}, {}, {}};
    for (Value read : getReads(&op)) {
      Operation *definition = read.getDefiningOp();
      if (definition && definition->hasTrait<OpTrait::ConstantLike>())
        candidate.constants.push_back(definition);
      else
        candidate.reads.push_back(read);
      if (isActive(read))
        candidate.active.push_back(read);
    }
    if (candidate.active.empty() || isa<StopGradientOp>(op))
      continue;
    for (Value result : op.getResults()) {
      if (isDifferentiable(result.getType()))
        activate(result);
      if (isFloatLike(result))
        candidate.results.push_back(result);
    }
    if (isCompared(candidate))
      candidates.push_back(std::move(candidate));
  }
}

/// The results of `candidate` where its active reads are x + h v.
static void addValues(OpBuilder &builder, DifferenceEntry &entry, const Candidate &candidate,
                      const Twine &key, Value h, ValueRange directions) {
  Location loc = candidate.op->getLoc();
  // Not all of the nominal mapping: it has the blocks of regions, too.
  IRMapping mapping;
  for (Value read : getReads(candidate.op))
    mapping.map(read, entry.nominal.lookup(read));
  for (auto [read, direction] : llvm::zip(candidate.active, directions)) {
    Value step = h;
    if (auto type = dyn_cast<RankedTensorType>(read.getType()))
      step = tensor::SplatOp::create(builder, loc, h, type);
    mapping.map(read, buildAdd(builder, loc, mapping.lookup(read),
                               buildMul(builder, loc, step, direction)));
  }
  builder.clone(*candidate.op, mapping);
  for (auto [index, result] : llvm::enumerate(candidate.results))
    entry.addResult("value/" + key + "/" + Twine(index), mapping.lookup(result));
}

namespace {
/// A function of the reads of an operation, of v and of c, that returns J v and J^T c.
struct OperationDerivative {
  func::FuncOp function;
  /// Names of its results.
  SmallVector<std::string> names;
};
} // namespace

/// What has a vjp alone has no J v.
static bool hasForward(const Candidate &candidate) {
  auto custom = dyn_cast<CustomDerivativeOp>(candidate.op);
  return !custom || !custom.getJvp().empty();
}

static FailureOr<OperationDerivative> deriveOperation(OpBuilder &top, const Candidate &candidate,
                                                      const Twine &symbol, const Twine &key) {
  Location loc = candidate.op->getLoc();
  OperationDerivative derived;
  derived.function = func::FuncOp::create(
      top, loc, symbol.str(),
      top.getFunctionType(TypeRange(ValueRange(candidate.reads)), {}));
  derived.function.setPrivate();
  Block *body = derived.function.addEntryBlock();
  OpBuilder builder = OpBuilder::atBlockEnd(body);
  IRMapping mapping;
  mapping.map(candidate.reads, body->getArguments());
  for (Operation *constant : candidate.constants)
    builder.clone(*constant, mapping);
  builder.clone(*candidate.op, mapping);
  auto mapped = [&](Value value) { return mapping.lookup(value); };
  SmallVector<Value> inputs = llvm::map_to_vector(candidate.active, mapped);
  SmallVector<Value> outputs = llvm::map_to_vector(candidate.results, mapped);
  auto end = func::ReturnOp::create(builder, loc);
  LinearMap map(derived.function, inputs, outputs);
  if (failed(map.build()))
    return failure();
  auto addArguments = [&](ValueRange values) {
    return llvm::map_to_vector(
        values, [&](Value value) { return Value(body->addArgument(value.getType(), loc)); });
  };
  SmallVector<Value> v = addArguments(inputs), c = addArguments(outputs), results;
  auto addResults = [&](StringRef kind, ValueRange values) {
    for (auto [index, value] : llvm::enumerate(values))
      if (value) {
        results.push_back(value);
        derived.names.push_back((kind + "/" + key + "/" + Twine(index)).str());
      }
  };
  builder.setInsertionPoint(end);
  if (hasForward(candidate))
    addResults("tangent", map.apply(builder, v));
  FailureOr<SmallVector<Value>> cotangents = map.applyTransposed(builder, c);
  if (failed(cotangents))
    return failure();
  addResults("cotangent", *cotangents);
  end->setOperands(results);
  derived.function.setFunctionType(builder.getFunctionType(
      body->getArgumentTypes(), TypeRange(ValueRange(results))));
  return derived;
}

LogicalResult DifferenceBuilder::buildOperations() {
  CandidateFinder finder(options.trustCustom);
  for (const StepInput &input : graph.step.inputs)
    if (isDifferentiable(input.value.getType()))
      finder.activate(input.value);
  for (const CarriedState &state : graph.step.states)
    if (state.isHidden)
      finder.activate(state.before);
  for (const StepParameter &param : graph.step.params)
    finder.activate(param.value);
  finder.find(graph.step.getBody());
  Block &lossBody = loss.getBody().front();
  for (auto [argument, output] : llvm::zip(lossBody.getArguments(), graph.step.outputs))
    if (finder.isActive(output.value))
      finder.activate(argument);
  finder.find(lossBody);

  SmallVector<Attribute> names, locations;
  SmallVector<bool> forward;
  for (const Candidate &candidate : finder.candidates) {
    names.push_back(text(candidate.op->getName().getStringRef()));
    locations.push_back(LocationAttr(candidate.op->getLoc()));
    forward.push_back(hasForward(candidate));
  }
  DifferenceEntry entry =
      open("operations", model.getLoc(), {name("operations", top.getArrayAttr(names)),
                                          name("locations", top.getArrayAttr(locations)),
                                          name("forward", top.getDenseBoolArrayAttr(forward))});
  Type element;
  for (const Candidate &candidate : finder.candidates)
    element = getElementTypeOrSelf(candidate.active.front());
  if (!element) {
    entry.close();
    return success();
  }
  Value h = entry.addArgument("h", element);
  for (auto [k, candidate] : llvm::enumerate(finder.candidates)) {
    std::string key = std::to_string(k);
    SmallVector<Value> operands, directions;
    for (Value read : candidate.reads)
      operands.push_back(entry.nominal.lookup(read));
    for (auto [i, value] : llvm::enumerate(candidate.active))
      directions.push_back(entry.addArgument("v/" + key + "/" + Twine(i), value.getType()));
    llvm::append_range(operands, directions);
    for (auto [r, value] : llvm::enumerate(candidate.results))
      operands.push_back(entry.addArgument("c/" + key + "/" + Twine(r), value.getType()));
    OpBuilder builder = entry.getBuilder();
    addValues(builder, entry, candidate, key, h, directions);
    FailureOr<OperationDerivative> derived = deriveOperation(
        top, candidate, model.getSymName() + "_operation" + Twine(k), key);
    if (failed(derived))
      return failure();
    auto call =
        func::CallOp::create(builder, candidate.op->getLoc(), derived->function, operands);
    for (auto [resultName, value] : llvm::zip(derived->names, call.getResults()))
      entry.addResult(resultName, value);
  }
  entry.close();
  return success();
}
