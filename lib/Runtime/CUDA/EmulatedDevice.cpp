//===- EmulatedDevice.cpp - Device code on this processor -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// For each kernel k of the device code two functions are made:
//   k.thread(block, thread, blocks, threads, arguments...)
// is the kernel with its special registers as arguments, and
//   k.grid(blocks, threads, void **arguments)
// calls it for all threads of all blocks, one after another. That order is one the GPU
// may choose, as long as threads do not talk to each other.
//
//===----------------------------------------------------------------------===//

#include "etrace/Runtime/CUDA/Device.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"

#include <cstdlib>
#include <cstring>

using namespace llvm;

namespace {

/// Rewrites the module of a device for this processor.
class DeviceCode {
public:
  explicit DeviceCode(Module &module) : module(module) {}
  Error translate();

private:
  Error translateKernel(Function &kernel);
  Error replaceIntrinsics(Function &function);
  Expected<Value *> replaceIntrinsic(CallInst &call, Function &function);
  void addGrid(Function &thread, StringRef name);

  Module &module;
};

/// Numbers of the arguments in front.
enum Register : unsigned { block, thread, blocks, threads, registerCount };

Expected<Value *> DeviceCode::replaceIntrinsic(CallInst &call, Function &function) {
  StringRef name = call.getCalledFunction()->getName();
  if (name == "llvm.nvvm.sqrt.rn.f") {
    IRBuilder<> builder(&call);
    return builder.CreateUnaryIntrinsic(Intrinsic::sqrt, call.getArgOperand(0));
  }
  StringRef special = name;
  if (!special.consume_front("llvm.nvvm.read.ptx.sreg."))
    return createStringError("the emulator cannot execute '" + name + "' in kernel '" +
                             function.getName() + "'");
  bool isFirst = special.ends_with(".x");
  auto other = [&](unsigned value) { return ConstantInt::get(call.getType(), value); };
  if (special.starts_with("tid."))
    return isFirst ? static_cast<Value *>(function.getArg(thread)) : other(0);
  if (special.starts_with("ctaid."))
    return isFirst ? static_cast<Value *>(function.getArg(block)) : other(0);
  if (special.starts_with("ntid."))
    return isFirst ? static_cast<Value *>(function.getArg(threads)) : other(1);
  if (special.starts_with("nctaid."))
    return isFirst ? static_cast<Value *>(function.getArg(blocks)) : other(1);
  return createStringError("the emulator has no special register '" + special + "'");
}

Error DeviceCode::replaceIntrinsics(Function &function) {
  SmallVector<CallInst *> calls;
  for (BasicBlock &body : function)
    for (Instruction &instruction : body)
      if (auto *call = dyn_cast<CallInst>(&instruction))
        calls.push_back(call);
  for (CallInst *call : calls) {
    Function *callee = call->getCalledFunction();
    if (!callee || !callee->isIntrinsic())
      return createStringError("the emulator expects device code without calls, found one in '" +
                               function.getName() + "'");
    if (!callee->getName().starts_with("llvm.nvvm."))
      continue;
    Expected<Value *> value = replaceIntrinsic(*call, function);
    if (!value)
      return value.takeError();
    call->replaceAllUsesWith(*value);
    call->eraseFromParent();
  }
  return Error::success();
}

/// void name.grid(i64 blocks, i64 threads, ptr arguments)
void DeviceCode::addGrid(Function &threadFunction, StringRef name) {
  LLVMContext &context = module.getContext();
  Type *i64 = Type::getInt64Ty(context), *i32 = Type::getInt32Ty(context);
  Type *pointer = PointerType::get(context, 0);
  auto *type = FunctionType::get(Type::getVoidTy(context), {i64, i64, pointer}, false);
  auto *grid = Function::Create(type, GlobalValue::ExternalLinkage, name + ".grid", module);
  auto *entry = BasicBlock::Create(context, "entry", grid);
  auto *loop = BasicBlock::Create(context, "loop", grid);
  auto *exit = BasicBlock::Create(context, "exit", grid);
  IRBuilder<> builder(entry);
  SmallVector<Value *> values(registerCount);
  values[blocks] = builder.CreateTrunc(grid->getArg(0), i32);
  values[threads] = builder.CreateTrunc(grid->getArg(1), i32);
  for (unsigned index = registerCount; index < threadFunction.arg_size(); ++index) {
    Value *place = builder.CreateConstGEP1_64(pointer, grid->getArg(2), index - registerCount);
    Value *slot = builder.CreateLoad(pointer, place);
    values.push_back(builder.CreateLoad(threadFunction.getArg(index)->getType(), slot));
  }
  Value *total = builder.CreateMul(grid->getArg(0), grid->getArg(1));
  builder.CreateCondBr(builder.CreateIsNull(total), exit, loop);
  builder.SetInsertPoint(loop);
  PHINode *number = builder.CreatePHI(i64, 2);
  values[block] = builder.CreateTrunc(builder.CreateUDiv(number, grid->getArg(1)), i32);
  values[thread] = builder.CreateTrunc(builder.CreateURem(number, grid->getArg(1)), i32);
  builder.CreateCall(&threadFunction, values);
  Value *next = builder.CreateAdd(number, builder.getInt64(1));
  number->addIncoming(builder.getInt64(0), entry);
  number->addIncoming(next, loop);
  builder.CreateCondBr(builder.CreateICmpEQ(next, total), exit, loop);
  builder.SetInsertPoint(exit);
  builder.CreateRetVoid();
}

Error DeviceCode::translateKernel(Function &kernel) {
  LLVMContext &context = module.getContext();
  SmallVector<Type *> types(registerCount, Type::getInt32Ty(context));
  llvm::append_range(types, kernel.getFunctionType()->params());
  auto *type = FunctionType::get(kernel.getReturnType(), types, false);
  std::string name = kernel.getName().str();
  auto *function =
      Function::Create(type, GlobalValue::InternalLinkage, name + ".thread", module);
  function->splice(function->begin(), &kernel);
  for (Argument &argument : kernel.args())
    argument.replaceAllUsesWith(function->getArg(argument.getArgNo() + registerCount));
  kernel.eraseFromParent();
  if (Error error = replaceIntrinsics(*function))
    return error;
  addGrid(*function, name);
  return Error::success();
}

Error DeviceCode::translate() {
  // Annotations name kernels to the NVPTX back end only.
  if (NamedMDNode *annotations = module.getNamedMetadata("nvvm.annotations"))
    annotations->eraseFromParent();
  SmallVector<Function *> kernels;
  for (Function &function : module) {
    if (function.getCallingConv() == CallingConv::PTX_Kernel)
      kernels.push_back(&function);
    else if (function.isDeclaration() && !function.isIntrinsic())
      return createStringError("device code calls the external function '" +
                               function.getName() + "'");
  }
  for (Function *kernel : kernels)
    if (Error error = translateKernel(*kernel))
      return error;
  return Error::success();
}

class EmulatedDevice : public etrace::Device {
public:
  Error open(std::unique_ptr<LLVMContext> context, std::unique_ptr<Module> module);

  Expected<void *> allocate(size_t bytes) override;
  void release(void *memory) override { std::free(memory); }
  Error copyToDevice(void *device, const void *host, size_t bytes) override {
    std::memcpy(device, host, bytes);
    return Error::success();
  }
  Error copyToHost(void *host, const void *device, size_t bytes) override {
    std::memcpy(host, device, bytes);
    return Error::success();
  }
  Error launch(StringRef kernel, int64_t blocks, int64_t threads, void **arguments) override;
  Error synchronize() override { return Error::success(); }

private:
  std::unique_ptr<orc::LLJIT> jit;
};

void optimise(Module &module) {
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  PassBuilder builder;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(OptimizationLevel::O2).run(module, modules);
}

Error EmulatedDevice::open(std::unique_ptr<LLVMContext> context, std::unique_ptr<Module> module) {
  InitializeNativeTarget();
  InitializeNativeTargetAsmPrinter();
  if (Error error = DeviceCode(*module).translate())
    return error;
  Expected<std::unique_ptr<orc::LLJIT>> created = orc::LLJITBuilder().create();
  if (!created)
    return created.takeError();
  jit = std::move(*created);
  module->setDataLayout(jit->getDataLayout());
  module->setTargetTriple(jit->getTargetTriple());
  optimise(*module);
  return jit->addIRModule(orc::ThreadSafeModule(std::move(module), std::move(context)));
}

Expected<void *> EmulatedDevice::allocate(size_t bytes) {
  // Multiples of 256, as the driver gives.
  if (void *memory = std::aligned_alloc(256, alignTo(std::max<size_t>(bytes, 1), 256)))
    return memory;
  return createStringError("cannot allocate " + Twine(bytes) + " bytes");
}

Error EmulatedDevice::launch(StringRef kernel, int64_t blocks, int64_t threads,
                             void **arguments) {
  Expected<orc::ExecutorAddr> grid = jit->lookup((kernel + ".grid").str());
  if (!grid)
    return grid.takeError();
  grid->toPtr<void(int64_t, int64_t, void **)>()(blocks, threads, arguments);
  return Error::success();
}

} // namespace

Expected<std::unique_ptr<etrace::Device>>
etrace::createEmulatedDevice(std::unique_ptr<LLVMContext> context,
                             std::unique_ptr<Module> module) {
  auto device = std::make_unique<EmulatedDevice>();
  if (Error error = device->open(std::move(context), std::move(module)))
    return std::move(error);
  return device;
}
