//===- LowerLaunch.cpp - Kernels take pointers, launches are calls --------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// The host code of a learner names no driver: it launches through a function that the
// caller's queue carries. So one object file serves a CUDA stream, the emulator and a
// recorder, and it keeps no global state.
//
//===----------------------------------------------------------------------===//

#include "etrace/Conversion/GPU/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace etrace {
#define GEN_PASS_DEF_GPULOWERLAUNCHPASS
#include "etrace/Conversion/GPU/Passes.h.inc"
} // namespace etrace

using namespace mlir;

namespace {

/// The bytes an argument of a launch may touch: a range of what `root` points to.
struct Storage {
  Value root;
  int64_t begin = 0;
  int64_t end = std::numeric_limits<int64_t>::max();

  bool isDisjoint(const Storage &other) const {
    if (!root || !other.root)
      return false;
    return root != other.root || end <= other.begin || other.end <= begin;
  }
};

/// Follows views to an argument of the function or an allocation. By the contract of
/// entries, external arrays and the block of memory do not overlap. Anything else, such
/// as a value carried by a loop, may be any storage.
Storage findStorage(Value value) {
  while (Operation *def = value.getDefiningOp()) {
    if (isa<memref::AllocOp>(def))
      return {value};
    auto view = dyn_cast<ViewLikeOpInterface>(def);
    if (!view)
      return {};
    if (auto bytes = dyn_cast<memref::ViewOp>(def)) {
      Storage storage = findStorage(bytes.getSource());
      auto type = bytes.getType();
      std::optional<int64_t> shift = getConstantIntValue(bytes.getByteShift());
      bool outermost = isa<BlockArgument>(bytes.getSource());
      if (shift && type.hasStaticShape() && outermost) {
        storage.begin = *shift;
        storage.end = *shift + llvm::divideCeil(
                                   type.getNumElements() * type.getElementTypeBitWidth(), 8);
      }
      return storage;
    }
    value = view.getViewSource();
  }
  auto argument = cast<BlockArgument>(value);
  return isa<func::FuncOp>(argument.getOwner()->getParentOp()) ? Storage{value} : Storage{};
}

class LaunchLowering {
public:
  LaunchLowering(ModuleOp module) : module(module), symbols(module) {}
  LogicalResult run();

private:
  LogicalResult addQueue();
  LogicalResult prepareKernel(gpu::LaunchFuncOp launch, gpu::GPUFuncOp kernel);
  LogicalResult lower(gpu::LaunchFuncOp launch, Value queue);
  Value getArgumentSlots(OpBuilder &builder, gpu::LaunchFuncOp launch);
  Value getAddress(OpBuilder &builder, Location loc, Value array);
  Value getKernelName(OpBuilder &builder, Location loc, StringRef name);

  ModuleOp module;
  SymbolTableCollection tables;
  SymbolTable symbols;
};

/// Arguments of kernels: static arrays whose offset, if it varies, the host has added.
LogicalResult LaunchLowering::prepareKernel(gpu::LaunchFuncOp launch, gpu::GPUFuncOp kernel) {
  OpBuilder builder = OpBuilder::atBlockBegin(&kernel.getBody().front());
  SmallVector<Storage> storages;
  for (auto [operand, argument] :
       llvm::zip(launch.getKernelOperands(), kernel.getBody().getArguments())) {
    auto type = dyn_cast<MemRefType>(argument.getType());
    storages.push_back(type ? findStorage(operand) : Storage{operand});
    if (!type)
      continue;
    SmallVector<int64_t> strides;
    int64_t offset;
    if (!type.hasStaticShape() || failed(type.getStridesAndOffset(strides, offset)) ||
        llvm::is_contained(strides, ShapedType::kDynamic))
      return launch.emitError("a kernel takes arrays of static shape, found ")
             << type << " [gpu-dynamic-shape]";
    if (offset != ShapedType::kDynamic)
      continue;
    auto fixed = MemRefType::get(type.getShape(), type.getElementType(),
                                 StridedLayoutAttr::get(type.getContext(), 0, strides),
                                 type.getMemorySpace());
    argument.setType(fixed);
    auto cast = memref::CastOp::create(builder, kernel.getLoc(), type, argument);
    argument.replaceAllUsesExcept(cast, cast);
  }
  kernel.setFunctionType(
      builder.getFunctionType(kernel.getBody().getArgumentTypes(), TypeRange()));
  for (auto [index, storage] : llvm::enumerate(storages)) {
    if (!isa<MemRefType>(kernel.getArgument(index).getType()))
      continue;
    bool alone = true;
    for (auto [other, second] : llvm::enumerate(storages))
      if (other != index && isa<MemRefType>(kernel.getArgument(other).getType()))
        alone &= storage.isDisjoint(second);
    if (alone && storage.root)
      kernel.setArgAttr(index, LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr());
  }
  return success();
}

/// The address of the element at the array's offset, if the offset varies.
Value LaunchLowering::getAddress(OpBuilder &builder, Location loc, Value array) {
  auto type = cast<MemRefType>(array.getType());
  Value address = memref::ExtractAlignedPointerAsIndexOp::create(builder, loc, array);
  SmallVector<int64_t> strides;
  int64_t offset;
  if (succeeded(type.getStridesAndOffset(strides, offset)) && offset == ShapedType::kDynamic) {
    auto metadata = memref::ExtractStridedMetadataOp::create(builder, loc, array);
    Value width = arith::ConstantIndexOp::create(
        builder, loc, llvm::divideCeil(type.getElementTypeBitWidth(), 8));
    Value bytes = arith::MulIOp::create(builder, loc, metadata.getOffset(), width);
    address = arith::AddIOp::create(builder, loc, address, bytes);
  }
  Value number = arith::IndexCastOp::create(builder, loc, builder.getI64Type(), address);
  return LLVM::IntToPtrOp::create(builder, loc, LLVM::LLVMPointerType::get(module.getContext()),
                                  number);
}

/// The kernel's arguments as an array of addresses of arguments.
Value LaunchLowering::getArgumentSlots(OpBuilder &builder, gpu::LaunchFuncOp launch) {
  Location loc = launch.getLoc();
  auto pointer = LLVM::LLVMPointerType::get(module.getContext());
  // Slots live in the entry block: a launch in a loop must not grow the stack.
  auto function = launch->getParentOfType<func::FuncOp>();
  OpBuilder entry = OpBuilder::atBlockBegin(&function.getBody().front());
  Value one = LLVM::ConstantOp::create(entry, loc, entry.getI64IntegerAttr(1));
  auto allocate = [&](Type type) -> Value {
    return LLVM::AllocaOp::create(entry, loc, pointer, type, one);
  };
  auto arrayType = LLVM::LLVMArrayType::get(pointer, launch.getNumKernelOperands());
  Value array = allocate(arrayType);
  for (auto [index, operand] : llvm::enumerate(launch.getKernelOperands())) {
    Value value = operand;
    if (isa<MemRefType>(operand.getType()))
      value = getAddress(builder, loc, operand);
    else if (operand.getType().isIndex())
      value = arith::IndexCastOp::create(builder, loc, builder.getI64Type(), operand);
    Value slot = allocate(value.getType());
    LLVM::StoreOp::create(builder, loc, value, slot);
    Value place = LLVM::GEPOp::create(builder, loc, pointer, arrayType, array,
                                      ArrayRef<LLVM::GEPArg>{0, int32_t(index)});
    LLVM::StoreOp::create(builder, loc, slot, place);
  }
  return array;
}

Value LaunchLowering::getKernelName(OpBuilder &builder, Location loc, StringRef name) {
  std::string symbol = ("etrace_kernel_name_" + name).str();
  auto global = symbols.lookup<LLVM::GlobalOp>(symbol);
  if (!global) {
    OpBuilder atStart = OpBuilder::atBlockBegin(module.getBody());
    std::string text = name.str();
    text.push_back('\0');
    auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), text.size());
    global = LLVM::GlobalOp::create(atStart, loc, type, /*isConstant=*/true,
                                    LLVM::Linkage::Internal, symbol, builder.getStringAttr(text));
    symbols.insert(global);
  }
  return LLVM::AddressOfOp::create(builder, loc, global);
}

LogicalResult LaunchLowering::lower(gpu::LaunchFuncOp launch, Value queue) {
  auto kernel = tables.lookupNearestSymbolFrom<gpu::GPUFuncOp>(launch, launch.getKernel());
  if (!kernel)
    return launch.emitError("expected a kernel in a gpu.module [gpu-unsupported-operation]");
  gpu::KernelDim3 grid = launch.getGridSizeOperandValues();
  gpu::KernelDim3 block = launch.getBlockSizeOperandValues();
  for (Value extent : {grid.y, grid.z, block.y, block.z})
    if (getConstantIntValue(extent) != 1)
      return launch.emitError("expected a launch of one dimension [gpu-unsupported-operation]");
  if (launch.getAsyncToken() || !launch.getAsyncDependencies().empty() ||
      launch.getDynamicSharedMemorySize())
    return launch.emitError("expected a plain launch: the queue keeps the order "
                            "[gpu-unsupported-operation]");
  if (failed(prepareKernel(launch, kernel)))
    return failure();
  OpBuilder builder(launch);
  Location loc = launch.getLoc();
  auto pointer = LLVM::LLVMPointerType::get(module.getContext());
  Type i64 = builder.getI64Type();
  Value arguments = getArgumentSlots(builder, launch);
  Value name = getKernelName(builder, loc, launch.getKernelName());
  Value blocks = arith::IndexCastOp::create(builder, loc, i64, grid.x);
  Value threads = arith::IndexCastOp::create(builder, loc, i64, block.x);
  Value function = LLVM::LoadOp::create(builder, loc, pointer, queue);
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(module.getContext()),
                                          {pointer, pointer, i64, i64, pointer});
  LLVM::CallOp::create(builder, loc, type,
                       ValueRange{function, queue, name, blocks, threads, arguments});
  launch.erase();
  return success();
}

/// Every function takes the queue and hands it on.
LogicalResult LaunchLowering::addQueue() {
  auto pointer = LLVM::LLVMPointerType::get(module.getContext());
  for (auto function : module.getOps<func::FuncOp>())
    if (failed(function.insertArgument(0, pointer, {}, function.getLoc())))
      return failure();
  for (auto function : module.getOps<func::FuncOp>())
    function.walk([&](func::CallOp call) {
      call.getOperandsMutable().assign(llvm::to_vector(llvm::concat<Value>(
          SmallVector<Value>{function.getArgument(0)}, SmallVector<Value>(call.getOperands()))));
    });
  return success();
}

LogicalResult LaunchLowering::run() {
  if (failed(addQueue()))
    return failure();
  SmallVector<gpu::LaunchFuncOp> launches;
  module.walk([&](gpu::LaunchFuncOp launch) { launches.push_back(launch); });
  for (gpu::LaunchFuncOp launch : launches) {
    auto function = launch->getParentOfType<func::FuncOp>();
    if (!function)
      return launch.emitError("expected a launch in a function [gpu-unsupported-operation]");
    if (failed(lower(launch, function.getArgument(0))))
      return failure();
  }
  return success();
}

struct GPULowerLaunchPass : etrace::impl::GPULowerLaunchPassBase<GPULowerLaunchPass> {
  void runOnOperation() override {
    if (failed(LaunchLowering(getOperation()).run()))
      signalPassFailure();
  }
};

} // namespace
