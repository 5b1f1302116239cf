//===- EtraceModelOps.cpp - Models, declarations, steps, losses -----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/IR/Etrace.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Interfaces/FunctionImplementation.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace etrace;

//===----------------------------------------------------------------------===//
// ModelOp
//===----------------------------------------------------------------------===//

StepOp ModelOp::getStep() {
  auto steps = getBody().getOps<StepOp>();
  return steps.empty() ? StepOp() : *steps.begin();
}

LossOp ModelOp::getLoss() {
  auto losses = getBody().getOps<LossOp>();
  return losses.empty() ? LossOp() : *losses.begin();
}

/// M2: a path names one declaration.
static LogicalResult verifyPaths(ModelOp model) {
  llvm::StringMap<Operation *> seen;
  for (const Declaration &declaration : getDeclarations(model)) {
    auto [it, inserted] = seen.try_emplace(declaration.path, declaration.op);
    if (inserted)
      continue;
    InFlightDiagnostic diag = declaration.op->emitOpError("declares the path '")
                              << declaration.path << "' a second time";
    diag.attachNote(it->second->getLoc()) << "first declared here";
    return diag;
  }
  return success();
}

/// M3: the loss takes the outputs of the step first.
static LogicalResult verifyLossSignature(StepOp step, LossOp loss) {
  SmallVector<Type> outputs;
  for (unsigned r = 0; r < step.getNumResults(); ++r)
    if (!step.getResultAttr(r, kHiddenAttr) && !step.getResultAttr(r, kStateAttr))
      outputs.push_back(step.getResultTypes()[r]);
  if (loss.getNumArguments() < outputs.size())
    return loss.emitOpError("takes ") << loss.getNumArguments() << " arguments, but the step has "
                                      << outputs.size() << " outputs, which come first";
  for (auto [index, type] : llvm::enumerate(outputs))
    if (loss.getArgumentTypes()[index] != type)
      return loss.emitOpError("argument #") << index << " must have the type of output #" << index
                                            << " of the step, " << type << ", found "
                                            << loss.getArgumentTypes()[index];
  return success();
}

/// M4: the batch axis exists.
static LogicalResult verifyBatchDim(ModelOp model) {
  if (!model.getBatchDim())
    return success();
  int64_t axis = *model.getBatchDim();
  if (axis < 0)
    return model.emitOpError("has batch_dim ") << axis << "; expected an axis, counted from 0";
  for (const Declaration &declaration : getDeclarations(model)) {
    if (declaration.role != kHiddenAttr || axis < declaration.type.getRank())
      continue;
    InFlightDiagnostic diag = model.emitOpError("has batch_dim ")
                              << axis << ", but '" << declaration.path << "' has type "
                              << declaration.type;
    diag.attachNote(declaration.op->getLoc()) << "declared here";
    return diag;
  }
  return success();
}

/// S4 (and the same for losses and functions): nothing but `get`, `set` and calls of functions of
/// the model has side effects.
template <typename FunctionOp> static LogicalResult verifyNoSideEffects(FunctionOp op) {
  WalkResult walk = op.getBody().walk([&](Operation *nested) {
    if (isa<GetOp, SetOp, YieldOp>(nested) || nested->hasTrait<OpTrait::IsTerminator>() ||
        nested->hasTrait<OpTrait::HasRecursiveMemoryEffects>() || isMemoryEffectFree(nested))
      return WalkResult::advance();
    if (auto call = dyn_cast<func::CallOp>(nested)) {
      auto model = op->template getParentOfType<ModelOp>();
      if (model && isa_and_present<func::FuncOp>(model.lookupSymbol(call.getCallee())))
        return WalkResult::advance();
      call.emitOpError("calls '") << call.getCallee()
                                  << "', which is not a function of the model; declare it in the "
                                     "model, or inline the call first (--inline)";
      return WalkResult::interrupt();
    }
    nested->emitOpError("has side effects, which '")
        << op->getName() << "' may not have; state goes through etrace.get and etrace.set";
    return WalkResult::interrupt();
  });
  return failure(walk.wasInterrupted());
}

/// M5: calls of functions of the model can be inlined.
static LogicalResult verifyFunction(func::FuncOp function) {
  if (!function.isPrivate() || function.isExternal() || !function.getBody().hasOneBlock())
    return function.emitOpError("is not a private function with a body of one block, the only "
                                "functions that an 'etrace.model' holds");
  return verifyNoSideEffects(function);
}

LogicalResult ModelOp::verifyRegions() {
  // M1.
  auto steps = llvm::to_vector(getBody().getOps<StepOp>());
  auto losses = llvm::to_vector(getBody().getOps<LossOp>());
  if (steps.size() > 1)
    return steps[1].emitOpError("is a second step; a model has at most one");
  if (losses.size() > 1)
    return losses[1].emitOpError("is a second loss; a model has at most one");
  for (Operation &op : getBody().front())
    if (!isa<DeclarationOpInterface, StateContainerOpInterface, StepOp, LossOp, GroupOp, RelationOp,
             RecurrenceOp, ExcludedOp, func::FuncOp>(op))
      return op.emitOpError("is not allowed in an 'etrace.model'");
  for (auto function : getBody().getOps<func::FuncOp>())
    if (failed(verifyFunction(function)))
      return failure();
  if (failed(verifyPaths(*this)) || failed(verifyBatchDim(*this)))
    return failure();
  if (losses.empty())
    return success();
  if (steps.empty())
    return losses.front().emitOpError("has no 'etrace.step' whose outputs it could take");
  return verifyLossSignature(steps.front(), losses.front());
}

//===----------------------------------------------------------------------===//
// Step and loss
//===----------------------------------------------------------------------===//

/// Keeps the name of an argument that has no role: users pass arrays by it.
static void keepName(OpAsmParser::Argument &argument, Builder &builder) {
  StringRef name = argument.ssaName.name.drop_front();
  NamedAttrList attributes(argument.attrs);
  for (StringRef role : {StringRef(kHiddenAttr), StringRef(kStateAttr), StringRef(kParamAttr),
                         StringRef(kNameAttr)})
    if (attributes.get(role))
      return;
  if (name.empty() || llvm::isDigit(name.front()))
    return;
  attributes.append(kNameAttr, builder.getStringAttr(name));
  argument.attrs = attributes.getDictionary(builder.getContext());
}

template <typename FunctionOp>
static ParseResult parseFunction(OpAsmParser &parser, OperationState &result) {
  Builder &builder = parser.getBuilder();
  StringAttr name;
  SmallVector<OpAsmParser::Argument> arguments;
  SmallVector<Type> resultTypes, argumentTypes;
  SmallVector<DictionaryAttr> resultAttrs;
  bool isVariadic = false;
  if (parser.parseSymbolName(name, FunctionOp::getSymNameAttrName(result.name),
                             result.attributes) ||
      function_interface_impl::parseFunctionSignatureWithArguments(
          parser, /*allowVariadic=*/false, arguments, isVariadic, resultTypes, resultAttrs) ||
      parser.parseOptionalAttrDictWithKeyword(result.attributes))
    return failure();
  for (OpAsmParser::Argument &argument : arguments) {
    keepName(argument, builder);
    argumentTypes.push_back(argument.type);
  }
  result.addAttribute(FunctionOp::getFunctionTypeAttrName(result.name),
                      TypeAttr::get(builder.getFunctionType(argumentTypes, resultTypes)));
  call_interface_impl::addArgAndResultAttrs(
      builder, result, arguments, resultAttrs, FunctionOp::getArgAttrsAttrName(result.name),
      FunctionOp::getResAttrsAttrName(result.name));
  return parser.parseRegion(*result.addRegion(), arguments);
}

template <typename FunctionOp>
static void printFunction(OpAsmPrinter &printer, FunctionOp op) {
  function_interface_impl::printFunctionOp(printer, op, /*isVariadic=*/false,
                                           op.getFunctionTypeAttrName(), op.getArgAttrsAttrName(),
                                           op.getResAttrsAttrName());
}

ParseResult StepOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseFunction<StepOp>(parser, result);
}
void StepOp::print(OpAsmPrinter &printer) { printFunction(printer, *this); }
ParseResult LossOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseFunction<LossOp>(parser, result);
}
void LossOp::print(OpAsmPrinter &printer) { printFunction(printer, *this); }

/// Attributes and entry block of a step or loss.
template <typename FunctionOp>
static void buildFunction(OpBuilder &builder, OperationState &state, StringRef name,
                          FunctionType type) {
  OpBuilder::InsertionGuard guard(builder);
  state.addAttribute(FunctionOp::getSymNameAttrName(state.name), builder.getStringAttr(name));
  state.addAttribute(FunctionOp::getFunctionTypeAttrName(state.name), TypeAttr::get(type));
  Block *block = builder.createBlock(state.addRegion());
  for (Type input : type.getInputs())
    block->addArgument(input, state.location);
}

void StepOp::build(OpBuilder &builder, OperationState &state, StringRef name, FunctionType type) {
  buildFunction<StepOp>(builder, state, name, type);
}

void LossOp::build(OpBuilder &builder, OperationState &state, StringRef name, FunctionType type) {
  buildFunction<LossOp>(builder, state, name, type);
}

/// The terminator that a region without one gets: it yields nothing.
void YieldOp::build(OpBuilder &, OperationState &) {}

/// S1: the terminator agrees with the signature.
template <typename FunctionOp> static LogicalResult verifyYield(FunctionOp op) {
  auto yield = dyn_cast<YieldOp>(op.getBody().front().getTerminator());
  if (!yield)
    return op.emitOpError("must end in 'etrace.yield'");
  if (yield.getNumOperands() != op.getNumResults())
    return yield.emitOpError("yields ") << yield.getNumOperands() << " values, but '"
                                        << op.getSymName() << "' has " << op.getNumResults()
                                        << " results";
  for (auto [index, pair] :
       llvm::enumerate(llvm::zip(yield.getOperandTypes(), op.getResultTypes()))) {
    auto [found, expected] = pair;
    if (found != expected)
      return yield.emitOpError("value #") << index << " has type " << found << ", but '"
                                          << op.getSymName() << "' promises " << expected;
  }
  return success();
}

/// The role and path that an argument or result carries, if any.
static std::pair<StringRef, StringRef> getRole(DictionaryAttr attributes) {
  if (attributes)
    for (StringRef role : {StringRef(kHiddenAttr), StringRef(kStateAttr), StringRef(kParamAttr)})
      if (auto path = attributes.getAs<StringAttr>(role))
        return {role, path.getValue()};
  return {};
}

/// S3 for one argument or result.
static LogicalResult verifyRole(StepOp step, Type type, std::pair<StringRef, StringRef> role,
                                const Twine &what) {
  Declaration declaration = lookupDeclaration(step->getParentOfType<ModelOp>(), role.second);
  if (!declaration.op)
    return step.emitOpError() << what << " names '" << role.second
                              << "', which the model does not declare";
  if (declaration.role != role.first) {
    InFlightDiagnostic diag = step.emitOpError()
                              << what << " says '" << role.first << "' of '" << role.second << "'";
    diag.attachNote(declaration.op->getLoc()) << "declared as '" << declaration.role << "' here";
    return diag;
  }
  if (declaration.type != type) {
    InFlightDiagnostic diag = step.emitOpError() << what << " has type " << type << ", but '"
                                                 << role.second << "' has " << declaration.type;
    diag.attachNote(declaration.op->getLoc()) << "declared here";
    return diag;
  }
  return success();
}

/// S3: an argument or result has one role.
static LogicalResult verifySingleRole(StepOp step, DictionaryAttr attributes, const Twine &what) {
  StringRef found;
  for (StringRef role : {StringRef(kHiddenAttr), StringRef(kStateAttr), StringRef(kParamAttr)}) {
    if (!attributes || !attributes.contains(role))
      continue;
    if (!found.empty())
      return step.emitOpError() << what << " is both '" << found << "' and '" << role << "'";
    found = role;
  }
  return success();
}

/// S3: states are carried through, parameters are read only.
static LogicalResult verifyFunctionalForm(StepOp step) {
  llvm::StringMap<unsigned> carried;
  for (unsigned a = 0; a < step.getNumArguments(); ++a) {
    auto role = getRole(step.getArgAttrDict(a));
    if (role.first.empty())
      continue;
    if (failed(verifySingleRole(step, step.getArgAttrDict(a), "argument #" + Twine(a))))
      return failure();
    if (failed(verifyRole(step, step.getArgumentTypes()[a], role, "argument #" + Twine(a))))
      return failure();
    if (!carried.try_emplace(role.second, role.first == kParamAttr ? 2 : 0).second)
      return step.emitOpError("takes '") << role.second << "' twice";
  }
  for (unsigned r = 0; r < step.getNumResults(); ++r) {
    auto role = getRole(step.getResultAttrDict(r));
    if (role.first.empty())
      continue;
    if (failed(verifySingleRole(step, step.getResultAttrDict(r), "result #" + Twine(r))))
      return failure();
    if (role.first == kParamAttr)
      return step.emitOpError("result #")
             << r << " is the parameter '" << role.second
             << "'; parameters are read only in a step, the optimiser changes them";
    if (failed(verifyRole(step, step.getResultTypes()[r], role, "result #" + Twine(r))))
      return failure();
    auto it = carried.find(role.second);
    if (it == carried.end() || it->second != 0)
      return step.emitOpError("returns the state '")
             << role.second << (it == carried.end() ? "', but does not take it" : "' twice");
    it->second = 1;
  }
  for (const auto &entry : carried)
    if (entry.second == 0)
      return step.emitOpError("takes the state '") << entry.first() << "', but does not return it";
  return success();
}

LogicalResult StepOp::verifyRegions() {
  if (failed(verifyYield(*this)))
    return failure();
  // S2.
  for (Type type : llvm::concat<const Type>(getArgumentTypes(), getResultTypes()))
    if (!isa<RankedTensorType>(type))
      return emitOpError("takes and returns ranked tensors, found ") << type;
  if (failed(verifyNoSideEffects(*this)))
    return failure();
  return verifyFunctionalForm(*this);
}

LogicalResult LossOp::verifyRegions() {
  if (failed(verifyYield(*this)))
    return failure();
  // L1.
  if (getNumResults() != 1 || !isa<FloatType>(getResultTypes().front()))
    return emitOpError("must return one float scalar; reduce over positions and batch inside it");
  return verifyNoSideEffects(*this);
}
