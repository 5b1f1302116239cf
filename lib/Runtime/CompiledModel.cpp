//===- CompiledModel.cpp - A model in executable memory -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Runtime/CompiledModel.h"
#include "Codegen.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"

using namespace mlir;
using namespace etrace;

namespace {
/// Calls an entry with values whose addresses lie in an array.
using Trampoline = int (*)(void *block, void *const *arguments, EtraceParallel *parallel);

std::string getTrampolineName(StringRef entry) { return "etrace_call_" + entry.str(); }
} // namespace

struct CompiledModel::Implementation {
  ModelABI abi;
  std::unique_ptr<llvm::orc::LLJIT> jit;
  llvm::StringMap<Trampoline> trampolines;
};

CompiledModel::CompiledModel() : implementation(std::make_unique<Implementation>()) {}
CompiledModel::~CompiledModel() = default;

const ModelABI &CompiledModel::getABI() const { return implementation->abi; }

static llvm::Type *getLLVMType(llvm::LLVMContext &context, ElementType type) {
  switch (type) {
  case ElementType::f32:
    return llvm::Type::getFloatTy(context);
  case ElementType::f64:
    return llvm::Type::getDoubleTy(context);
  case ElementType::i32:
    return llvm::Type::getInt32Ty(context);
  case ElementType::i64:
    break;
  }
  return llvm::Type::getInt64Ty(context);
}

/// One trampoline for each entry, outside the object of the model.
static void buildTrampolines(llvm::Module &module, const ModelABI &abi) {
  llvm::LLVMContext &context = module.getContext();
  llvm::IRBuilder<> builder(context);
  llvm::Type *pointer = builder.getPtrTy();
  for (const EntryInfo &entry : abi.entries) {
    SmallVector<llvm::Type *> types = {pointer};
    for (const EntryArgument &argument : entry.arguments)
      types.push_back(argument.isScalar && !argument.isResult
                          ? getLLVMType(context, argument.type)
                          : pointer);
    types.push_back(pointer);
    auto *type = llvm::FunctionType::get(builder.getInt32Ty(), types, /*isVarArg=*/false);
    llvm::FunctionCallee callee = module.getOrInsertFunction(abi.model + "_" + entry.name, type);
    auto *signature =
        llvm::FunctionType::get(builder.getInt32Ty(), {pointer, pointer, pointer},
                                /*isVarArg=*/false);
    auto *trampoline = llvm::Function::Create(signature, llvm::Function::ExternalLinkage,
                                              getTrampolineName(entry.name), module);
    builder.SetInsertPoint(llvm::BasicBlock::Create(context, "", trampoline));
    SmallVector<llvm::Value *> operands = {trampoline->getArg(0)};
    for (auto [index, operandType] : llvm::enumerate(llvm::ArrayRef(types).drop_front().drop_back())) {
      llvm::Value *slot =
          builder.CreateConstGEP1_64(pointer, trampoline->getArg(1), static_cast<uint64_t>(index));
      llvm::Value *value = builder.CreateLoad(pointer, slot);
      if (operandType != pointer)
        value = builder.CreateLoad(operandType, value);
      operands.push_back(value);
    }
    operands.push_back(trampoline->getArg(2));
    builder.CreateRet(builder.CreateCall(callee, operands));
  }
}

llvm::Expected<std::unique_ptr<CompiledModel>>
CompiledModel::create(ModuleOp module, const CodegenOptions &options) {
  FailureOr<ModelABI> abi = readModelABI(module);
  if (failed(abi))
    return llvm::createStringError(llvm::inconvertibleErrorCode(), "the module has no ABI");
  auto object = compileToObject(module, options);
  if (!object)
    return object.takeError();
  auto machine = createTargetMachine(options);
  if (!machine)
    return machine.takeError();
  llvm::LLVMContext context;
  llvm::Module code("trampolines", context);
  buildTrampolines(code, *abi);
  auto trampolines = emitObject(code, **machine);
  if (!trampolines)
    return trampolines.takeError();
  auto jit = llvm::orc::LLJITBuilder().create();
  if (!jit)
    return jit.takeError();
  if (llvm::Error error = (*jit)->addObjectFile(std::move(*object)))
    return std::move(error);
  if (llvm::Error error = (*jit)->addObjectFile(std::move(*trampolines)))
    return std::move(error);
  std::unique_ptr<CompiledModel> model(new CompiledModel());
  for (const EntryInfo &entry : abi->entries) {
    auto address = (*jit)->lookup(getTrampolineName(entry.name));
    if (!address)
      return address.takeError();
    model->implementation->trampolines[entry.name] = address->toPtr<Trampoline>();
  }
  model->implementation->abi = std::move(*abi);
  model->implementation->jit = std::move(*jit);
  return model;
}

int CompiledModel::invoke(StringRef entry, void *block, ArrayRef<void *> arguments,
                          EtraceParallel *parallel) const {
  auto trampoline = implementation->trampolines.find(entry);
  const EntryInfo *info = implementation->abi.findEntry(entry);
  if (trampoline == implementation->trampolines.end() || !info ||
      info->arguments.size() != arguments.size())
    return 1;
  return trampoline->second(block, arguments.data(), parallel);
}
