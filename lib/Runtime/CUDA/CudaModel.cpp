//===- CudaModel.cpp - A learner on the GPU -------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Runtime/CUDA/CudaModel.h"
#include "etrace/Conversion/GPU/Passes.h"
#include "etrace/Runtime/CUDA/Device.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/TargetSelect.h"

#include <mutex>

using namespace etrace;
using namespace llvm;

namespace {

/// The queue that compiled host code sees: passes launches on and keeps the first failure.
struct Queue : EtraceQueue {
  explicit Queue(Device &device) : device(device) { launch = forward; }

  static void forward(EtraceQueue *base, const char *kernel, int64_t blocks, int64_t threads,
                      void **arguments) {
    auto &queue = *static_cast<Queue *>(base);
    // A grid without blocks is legal here and an error for the driver.
    if (queue.failure || blocks == 0)
      return;
    if (Error error = queue.device.launch(kernel, blocks, threads, arguments))
      queue.failure = toString(std::move(error));
  }

  Device &device;
  std::optional<std::string> failure;
};

/// Memory of the device for the duration of a call.
class Staged {
public:
  explicit Staged(Device &device) : device(device) {}
  Staged(const Staged &) = delete;
  ~Staged() {
    for (Array &array : arrays)
      device.release(array.device);
  }

  /// Copies the array to the device; `isWritten` ones return with `fetch`.
  Expected<void *> add(void *host, size_t bytes, bool isWritten) {
    Expected<void *> memory = device.allocate(bytes);
    if (!memory)
      return memory.takeError();
    arrays.push_back({host, *memory, bytes, isWritten});
    if (Error error = device.copyToDevice(*memory, host, bytes))
      return std::move(error);
    return *memory;
  }

  Error fetch() {
    for (Array &array : arrays)
      if (array.isWritten)
        if (Error error = device.copyToHost(array.host, array.device, array.bytes))
          return error;
    return Error::success();
  }

private:
  struct Array {
    void *host;
    void *device;
    size_t bytes;
    bool isWritten;
  };
  Device &device;
  SmallVector<Array> arrays;
};

/// Adds `int <function>.packed(queue, block, void **arguments)`: arrays are the entries of
/// `arguments`, scalars what they point to.
void addPackedCall(Function &function) {
  LLVMContext &context = function.getContext();
  Type *pointer = PointerType::get(context, 0);
  auto *type = FunctionType::get(function.getReturnType(), {pointer, pointer, pointer}, false);
  auto *packed = Function::Create(type, GlobalValue::ExternalLinkage,
                                  function.getName() + ".packed", function.getParent());
  IRBuilder<> builder(BasicBlock::Create(context, "entry", packed));
  SmallVector<Value *> values = {packed->getArg(0), packed->getArg(1)};
  for (unsigned index = 2; index < function.arg_size(); ++index) {
    Value *place = builder.CreateConstGEP1_64(pointer, packed->getArg(2), index - 2);
    Value *value = builder.CreateLoad(pointer, place);
    Type *wanted = function.getArg(index)->getType();
    values.push_back(wanted->isPointerTy() ? value : builder.CreateLoad(wanted, value));
  }
  builder.CreateRet(builder.CreateCall(&function, values));
}

Expected<std::unique_ptr<Device>> createDevice(mlir::ModuleOp module, bool emulate) {
  if (!emulate) {
    auto code = module.lookupSymbol<mlir::LLVM::GlobalOp>(kDeviceCode);
    if (!code)
      return createStringError("the module has no PTX; lower it with etrace-to-cuda{emit=ptx}");
    return createCudaDevice(cast<mlir::StringAttr>(code.getValueOrNull()).getValue());
  }
  auto kernels = module.lookupSymbol<mlir::gpu::GPUModuleOp>(kKernelModule);
  if (!kernels)
    return createStringError("the module has no device code to emulate; lower it with "
                             "etrace-to-cuda{emit=nvvm}");
  auto context = std::make_unique<LLVMContext>();
  std::unique_ptr<Module> code = mlir::translateModuleToLLVMIR(kernels, *context);
  if (!code)
    return createStringError("the device code cannot be translated to LLVM IR");
  return createEmulatedDevice(std::move(context), std::move(code));
}

/// Host code alone, with a packed call for each entry, in executable memory.
Expected<std::unique_ptr<orc::LLJIT>> compileHostCode(mlir::ModuleOp module,
                                                      const ModelABI &abi) {
  InitializeNativeTarget();
  InitializeNativeTargetAsmPrinter();
  mlir::OwningOpRef<mlir::ModuleOp> host = module.clone();
  for (auto kernels : make_early_inc_range(host->getOps<mlir::gpu::GPUModuleOp>()))
    kernels.erase();
  auto context = std::make_unique<LLVMContext>();
  std::unique_ptr<Module> code = mlir::translateModuleToLLVMIR(*host, *context);
  if (!code)
    return createStringError("the host code cannot be translated to LLVM IR");
  for (const EntryInfo &entry : abi.entries) {
    Function *function = code->getFunction(abi.model + "_" + entry.name);
    if (!function)
      return createStringError("the module has no function '" + abi.model + "_" + entry.name +
                               "'");
    addPackedCall(*function);
  }
  Expected<std::unique_ptr<orc::LLJIT>> jit = orc::LLJITBuilder().create();
  if (!jit)
    return jit.takeError();
  code->setDataLayout((*jit)->getDataLayout());
  code->setTargetTriple((*jit)->getTargetTriple());
  if (Error error =
          (*jit)->addIRModule(orc::ThreadSafeModule(std::move(code), std::move(context))))
    return std::move(error);
  return jit;
}

/// Elements of an external array; `steps` stands for a leading extent that varies.
size_t countElements(const EntryArgument &argument, int64_t steps) {
  size_t count = 1;
  for (int64_t extent : argument.shape)
    count *= extent < 0 ? steps : extent;
  return count;
}

} // namespace

struct CudaModel::Implementation {
  ModelABI abi;
  std::unique_ptr<Device> device;
  std::unique_ptr<orc::LLJIT> host;
  /// A device has one queue: calls from several threads take turns.
  std::mutex turn;
};

CudaModel::CudaModel() : implementation(std::make_unique<Implementation>()) {}
CudaModel::~CudaModel() = default;

const ModelABI &CudaModel::getABI() const { return implementation->abi; }

Expected<std::unique_ptr<CudaModel>> CudaModel::create(mlir::ModuleOp module,
                                                       const CudaModelOptions &options) {
  mlir::FailureOr<ModelABI> abi = readModelABI(module);
  if (mlir::failed(abi))
    return createStringError("the module does not describe a compiled model");
  std::unique_ptr<CudaModel> model(new CudaModel());
  model->implementation->abi = std::move(*abi);
  Expected<std::unique_ptr<Device>> device = createDevice(module, options.emulate);
  if (!device)
    return device.takeError();
  model->implementation->device = std::move(*device);
  Expected<std::unique_ptr<orc::LLJIT>> host =
      compileHostCode(module, model->implementation->abi);
  if (!host)
    return host.takeError();
  model->implementation->host = std::move(*host);
  return model;
}

Expected<int> CudaModel::invoke(StringRef name, void *block, ArrayRef<void *> arguments) {
  const ModelABI &abi = implementation->abi;
  Device &device = *implementation->device;
  const EntryInfo *entry = abi.findEntry(name);
  if (!entry)
    return createStringError("model '" + abi.model + "' has no entry '" + name + "'");
  if (arguments.size() != entry->arguments.size())
    return createStringError("entry '" + name + "' takes " + Twine(entry->arguments.size()) +
                             " external arguments, found " + Twine(arguments.size()));
  int64_t steps = 0;
  for (auto [argument, value] : zip(entry->arguments, arguments))
    if (argument.isSteps)
      steps = *static_cast<int64_t *>(value);
  if (!block || steps < 0)
    return 1;
  std::lock_guard<std::mutex> lock(implementation->turn);
  Staged staged(device);
  Expected<void *> memory = staged.add(block, abi.size, /*isWritten=*/true);
  if (!memory)
    return memory.takeError();
  SmallVector<void *> values(arguments);
  for (auto [argument, value] : zip(entry->arguments, values)) {
    if (argument.isScalar && !argument.isResult)
      continue;
    size_t bytes = countElements(argument, steps) * getByteWidth(argument.type);
    Expected<void *> array = staged.add(value, bytes, argument.isResult);
    if (!array)
      return array.takeError();
    value = *array;
  }
  Expected<orc::ExecutorAddr> function =
      implementation->host->lookup(abi.model + "_" + entry->name + ".packed");
  if (!function)
    return function.takeError();
  Queue queue(device);
  int status = function->toPtr<int(EtraceQueue *, void *, void **)>()(&queue, *memory,
                                                                     values.data());
  if (queue.failure)
    return createStringError(*queue.failure);
  if (Error error = device.synchronize())
    return std::move(error);
  if (Error error = staged.fetch())
    return std::move(error);
  return status;
}
