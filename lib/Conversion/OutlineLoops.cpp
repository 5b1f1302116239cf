//===- OutlineLoops.cpp - Loop nests as functions, shared and parallel ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// The entries of a learner repeat each other: the loop over the steps holds the step. Each
// nest becomes a function and equal nests become one, so native code is generated once.
// A nest whose outermost loop is parallel and long takes a range of it, so that a caller
// with several threads may share it out.
//
//===----------------------------------------------------------------------===//

#include "etrace/Conversion/ABIRecord.h"
#include "etrace/Conversion/Passes.h"

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/StringMap.h"

namespace etrace {
#define GEN_PASS_DEF_OUTLINELOOPSPASS
#include "etrace/Conversion/Passes.h.inc"
} // namespace etrace

using namespace mlir;
using namespace etrace;

namespace {

/// Stands for the turns of a loop whose bounds are not known.
constexpr int64_t kUnknownTurns = 1024;

int64_t estimateWork(Region &region);

/// Turns of the loop: ceil((upper - lower) / step).
int64_t getTurns(OpFoldResult lower, OpFoldResult upper, OpFoldResult step) {
  return constantTripCount(lower, upper, step, /*isSigned=*/true,
                           [](Value, Value, bool) -> std::optional<llvm::APSInt> {
                             return std::nullopt;
                           })
      .value_or(llvm::APInt(64, kUnknownTurns))
      .getSExtValue();
}

/// Scalar operations of the execution of an operation.
int64_t estimateWork(Operation &op) {
  int64_t inner = 0;
  for (Region &region : op.getRegions())
    inner += estimateWork(region);
  if (auto loop = dyn_cast<LoopLikeOpInterface>(op)) {
    auto lower = loop.getLoopLowerBounds(), upper = loop.getLoopUpperBounds(),
         step = loop.getLoopSteps();
    if (!lower || !upper || !step)
      return inner * kUnknownTurns;
    for (auto [from, to, by] : llvm::zip(*lower, *upper, *step))
      inner *= getTurns(from, to, by);
    return inner;
  }
  int64_t lanes = 1;
  for (Type type : op.getResultTypes())
    if (auto vector = dyn_cast<VectorType>(type))
      lanes = std::max(lanes, vector.getNumElements());
  return inner + lanes;
}

int64_t estimateWork(Region &region) {
  int64_t work = 0;
  for (Block &block : region)
    for (Operation &op : block)
      work += estimateWork(op);
  return work;
}

/// Whether the operation is cheap to repeat inside the function: a constant, or a view that
/// a bare pointer cannot stand for.
bool isRepeated(Operation *op) {
  return op && !isa<memref::ViewOp>(op) &&
         (matchPattern(op, m_Constant()) || isa<ViewLikeOpInterface>(op));
}

/// False for an array of which a bare pointer says too little, such as one of several arrays
/// that a branch chooses.
bool isBare(Value value) {
  auto array = dyn_cast<BaseMemRefType>(value.getType());
  return !array || LLVMTypeConverter::canConvertToBarePtr(array);
}

/// The argument of `body` that holds the array, if it overlaps no other argument.
BlockArgument getSeparateMemory(Value array, func::FuncOp body) {
  if (auto view = array.getDefiningOp<memref::ViewOp>())
    array = view.getSource();
  auto argument = dyn_cast<BlockArgument>(array);
  if (argument && argument.getOwner()->getParentOp() == body &&
      body.getArgAttr(argument.getArgNumber(), LLVM::LLVMDialect::getNoAliasAttrName()))
    return argument;
  return {};
}

class LoopOutliner {
public:
  LoopOutliner(ModuleOp module, int64_t minimum, int64_t minimumShared)
      : module(module), symbols(module), minimum(minimum), minimumShared(minimumShared) {}

  LogicalResult run();

private:
  struct Part {
    func::FuncOp function;
    /// The same with a range and the caller's loop, if the nest may be shared out.
    func::FuncOp shared;
  };

  LogicalResult addParallelArgument();
  void outlineNests(Region &region, func::FuncOp body);
  void outline(Operation *nest, func::FuncOp body);
  /// Values from outside: what the function takes, and what it repeats, defs first.
  void findInputs(Operation *nest, SetVector<Value> &arguments, SetVector<Operation *> &repeated);
  bool canShare(Operation *nest);
  func::FuncOp createFunction(Operation *nest, func::FuncOp body, ArrayRef<Value> arguments,
                              ArrayRef<Operation *> repeated, bool isShared);
  func::FuncOp declareShared(func::FuncOp function);
  /// The function with the same text that is there already, or this one.
  Part unify(func::FuncOp function, bool isShared);

  ModuleOp module;
  SymbolTable symbols;
  int64_t minimum, minimumShared;
  llvm::StringMap<Part> parts;
};

} // namespace

//===----------------------------------------------------------------------===//
// Nests
//===----------------------------------------------------------------------===//

void LoopOutliner::findInputs(Operation *nest, SetVector<Value> &arguments,
                              SetVector<Operation *> &repeated) {
  std::function<void(Value)> visit = [&](Value value) {
    Operation *def = value.getDefiningOp();
    if (!isRepeated(def)) {
      arguments.insert(value);
      return;
    }
    for (Value operand : def->getOperands())
      visit(operand);
    repeated.insert(def);
  };
  SetVector<Value> captured;
  getUsedValuesDefinedAbove(nest->getRegions(), captured);
  for (Value operand : nest->getOperands())
    captured.insert(operand);
  llvm::for_each(captured, visit);
}

/// A range is cut between the turns of the outermost loop. What is inside must be a loop,
/// or the cut would decide how turns are gathered in vectors, and with it the rounding.
bool LoopOutliner::canShare(Operation *nest) {
  auto loop = dyn_cast<scf::ParallelOp>(nest);
  if (!loop || loop.getNumLoops() != 1 || loop.getNumReductions() != 0)
    return false;
  bool hasLoop = loop.getBody()
                     ->walk([](LoopLikeOpInterface) { return WalkResult::interrupt(); })
                     .wasInterrupted();
  int64_t turns = getTurns(loop.getLowerBound()[0], loop.getUpperBound()[0], loop.getStep()[0]);
  return hasLoop && turns > 1 && estimateWork(*nest) >= minimumShared;
}

func::FuncOp LoopOutliner::createFunction(Operation *nest, func::FuncOp body,
                                          ArrayRef<Value> arguments,
                                          ArrayRef<Operation *> repeated, bool isShared) {
  Location loc = nest->getLoc();
  OpBuilder builder(module.getContext());
  SmallVector<Type> types = llvm::to_vector(ValueRange(arguments).getTypes());
  if (isShared)
    types.append(2, builder.getIndexType());
  builder.setInsertionPoint(body);
  auto function = func::FuncOp::create(builder, loc, "part", builder.getFunctionType(types, {}));
  function.setPrivate();
  function->setAttr("llvm.linkage",
                    LLVM::LinkageAttr::get(builder.getContext(), LLVM::Linkage::Internal));
  // Inlined, the arguments would lose what is known of them: that they do not overlap.
  function->setAttr("passthrough", builder.getStrArrayAttr({"noinline"}));
  Block *entry = function.addEntryBlock();
  IRMapping mapping;
  SmallVector<BlockArgument> memory;
  for (Value value : arguments)
    memory.push_back(getSeparateMemory(value, body));
  for (auto [index, value] : llvm::enumerate(arguments)) {
    mapping.map(value, entry->getArgument(index));
    if (memory[index] && llvm::count(memory, memory[index]) == 1)
      function.setArgAttr(index, LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr());
  }
  builder.setInsertionPointToStart(entry);
  for (Operation *op : repeated)
    builder.clone(*op, mapping);
  Operation *copy = builder.clone(*nest, mapping);
  func::ReturnOp::create(builder, loc);
  if (!isShared)
    return function;
  // Turns [begin, end) of the loop: from lower + begin step to lower + end step.
  auto loop = cast<scf::ParallelOp>(copy);
  builder.setInsertionPoint(loop);
  Value step = loop.getStep()[0], lower = loop.getLowerBound()[0];
  auto bound = [&](Value turn) -> Value {
    Value distance = arith::MulIOp::create(builder, loc, turn, step);
    return arith::AddIOp::create(builder, loc, lower, distance);
  };
  loop.getLowerBoundMutable().assign(bound(entry->getArgument(arguments.size())));
  loop.getUpperBoundMutable().assign(bound(entry->getArgument(arguments.size() + 1)));
  return function;
}

/// part.shared(arguments, turns, parallel): the caller's loop calls the part for ranges.
func::FuncOp LoopOutliner::declareShared(func::FuncOp function) {
  OpBuilder builder(function);
  SmallVector<Type> types(function.getArgumentTypes().drop_back());
  types.push_back(LLVM::LLVMPointerType::get(module.getContext()));
  auto shared = func::FuncOp::create(builder, function.getLoc(),
                                     (function.getSymName() + ".shared").str(),
                                     builder.getFunctionType(types, {}));
  shared.setPrivate();
  shared->setAttr(kSharedPartAttr, FlatSymbolRefAttr::get(function));
  symbols.insert(shared);
  return shared;
}

LoopOutliner::Part LoopOutliner::unify(func::FuncOp function, bool isShared) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  function.print(stream, OpPrintingFlags().useLocalScope());
  auto [place, isNew] = parts.try_emplace(text);
  Part &part = place->second;
  if (!isNew) {
    function.erase();
    return part;
  }
  symbols.insert(function);
  part.function = function;
  if (isShared)
    part.shared = declareShared(function);
  return part;
}

void LoopOutliner::outline(Operation *nest, func::FuncOp body) {
  SetVector<Value> arguments;
  SetVector<Operation *> repeated;
  findInputs(nest, arguments, repeated);
  if (!llvm::all_of(arguments, isBare))
    return;
  bool isShared = canShare(nest);
  Part part = unify(createFunction(nest, body, arguments.getArrayRef(), repeated.getArrayRef(),
                                   isShared),
                    isShared);
  OpBuilder builder(nest);
  SmallVector<Value> operands(arguments.getArrayRef());
  if (isShared) {
    auto loop = cast<scf::ParallelOp>(nest);
    operands.push_back(arith::ConstantIndexOp::create(
        builder, nest->getLoc(),
        getTurns(loop.getLowerBound()[0], loop.getUpperBound()[0], loop.getStep()[0])));
    operands.push_back(body.getArguments().back());
  }
  func::CallOp::create(builder, nest->getLoc(), isShared ? part.shared : part.function, operands);
  nest->erase();
}

/// Nests lie in the body, or in loops over the steps and branches around them.
void LoopOutliner::outlineNests(Region &region, func::FuncOp body) {
  for (Block &block : region)
    for (Operation &op : llvm::make_early_inc_range(block)) {
      bool holdsNests = !isa<scf::ParallelOp>(op) &&
                        op.walk([&](scf::ParallelOp) { return WalkResult::interrupt(); })
                            .wasInterrupted();
      if (holdsNests)
        for (Region &inner : op.getRegions())
          outlineNests(inner, body);
      else if ((isa<LoopLikeOpInterface, scf::ExecuteRegionOp>(op)) && op.getNumResults() == 0 &&
               estimateWork(op) >= std::min(minimum, minimumShared))
        outline(&op, body);
    }
}

//===----------------------------------------------------------------------===//
// Module
//===----------------------------------------------------------------------===//

/// Entries take the caller's loop as their last argument and hand it on to their bodies.
LogicalResult LoopOutliner::addParallelArgument() {
  auto pointer = LLVM::LLVMPointerType::get(module.getContext());
  for (auto function : module.getOps<func::FuncOp>())
    if (!function.isExternal() &&
        failed(function.insertArgument(function.getNumArguments(), pointer, {},
                                       function.getLoc())))
      return failure();
  for (auto function : module.getOps<func::FuncOp>())
    function.walk([&](func::CallOp call) {
      auto callee = symbols.lookup<func::FuncOp>(call.getCallee());
      if (callee && !callee.isExternal())
        call.getOperandsMutable().append(function.getArguments().back());
    });
  return success();
}

LogicalResult LoopOutliner::run() {
  if (failed(addParallelArgument()))
    return failure();
  for (auto function : llvm::to_vector(module.getOps<func::FuncOp>()))
    if (!function.isExternal() && !function->hasAttr(kEntryAttr))
      outlineNests(function.getBody(), function);
  return success();
}

namespace {
struct OutlineLoops : etrace::impl::OutlineLoopsPassBase<OutlineLoops> {
  using OutlineLoopsPassBase::OutlineLoopsPassBase;

  void runOnOperation() override {
    if (failed(LoopOutliner(getOperation(), minimumWork, minimumShared).run()))
      signalPassFailure();
  }
};
} // namespace
