//===- Etrace.cpp - The compiler from C -----------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace-c/Etrace.h"

#include "etrace/InitAll.h"
#include "etrace/Pipelines/Pipelines.h"
#include "etrace/Runtime/CompiledModel.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

#include <mutex>

using namespace mlir;
using namespace etrace;

struct EtraceContext {
  EtraceContext(const DialectRegistry &registry) : context(registry) {}
  MLIRContext context;
  EtraceDiagnosticCallback callback = nullptr;
  void *userData = nullptr;
};

struct EtraceModule {
  EtraceContext *context;
  OwningOpRef<ModuleOp> module;
};

struct EtraceModel {
  std::unique_ptr<CompiledModel> model;
};

//===----------------------------------------------------------------------===//
// Contexts
//===----------------------------------------------------------------------===//

static EtraceSeverity convertSeverity(DiagnosticSeverity severity) {
  switch (severity) {
  case DiagnosticSeverity::Note:
    return ETRACE_NOTE;
  case DiagnosticSeverity::Remark:
    return ETRACE_REMARK;
  case DiagnosticSeverity::Warning:
    return ETRACE_WARNING;
  case DiagnosticSeverity::Error:
    break;
  }
  return ETRACE_ERROR;
}

static void report(EtraceContext *context, Diagnostic &diagnostic) {
  if (context->callback)
    context->callback(convertSeverity(diagnostic.getSeverity()),
                      printLocation(diagnostic.getLocation()).c_str(), diagnostic.str().c_str(),
                      context->userData);
  for (Diagnostic &note : diagnostic.getNotes())
    report(context, note);
}

EtraceContext *etraceContextCreate(void) {
  static std::once_flag once;
  std::call_once(once, [] {
    mlir::registerAllPasses();
    etrace::registerAllPasses();
  });
  DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registerAllToLLVMIRTranslations(registry);
  etrace::registerAllDialects(registry);
  auto *context = new EtraceContext(registry);
  context->context.getDiagEngine().registerHandler(
      [context](Diagnostic &diagnostic) { report(context, diagnostic); });
  // A module that is printed after a verifier failed helps nobody who has a callback.
  context->context.printOpOnDiagnostic(false);
  return context;
}

void etraceContextDestroy(EtraceContext *context) { delete context; }

void etraceContextSetDiagnosticCallback(EtraceContext *context, EtraceDiagnosticCallback callback,
                                        void *userData) {
  context->callback = callback;
  context->userData = userData;
}

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

static EtraceModule *parse(EtraceContext *context, std::unique_ptr<llvm::MemoryBuffer> buffer) {
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(buffer), llvm::SMLoc());
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(sources, &context->context);
  if (!module)
    return nullptr;
  return new EtraceModule{context, std::move(module)};
}

EtraceModule *etraceModuleParse(EtraceContext *context, const char *text, size_t length,
                                const char *name) {
  return parse(context,
               llvm::MemoryBuffer::getMemBufferCopy(StringRef(text, length), name ? name : "-"));
}

EtraceModule *etraceModuleParseFile(EtraceContext *context, const char *path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  if (!buffer) {
    emitError(UnknownLoc::get(&context->context))
        << "cannot read '" << path << "': " << buffer.getError().message();
    return nullptr;
  }
  return parse(context, std::move(*buffer));
}

void etraceModuleDestroy(EtraceModule *module) { delete module; }

namespace {
/// Hands text on in the pieces in which it is written.
class CallbackStream : public llvm::raw_ostream {
public:
  CallbackStream(EtraceStringCallback callback, void *userData)
      : callback(callback), userData(userData) {}
  ~CallbackStream() override { flush(); }

private:
  void write_impl(const char *text, size_t length) override {
    position += length;
    callback(text, length, userData);
  }
  uint64_t current_pos() const override { return position; }

  EtraceStringCallback callback;
  void *userData;
  uint64_t position = 0;
};
} // namespace

void etraceModulePrint(EtraceModule *module, EtraceStringCallback callback, void *userData) {
  CallbackStream stream(callback, userData);
  module->module->print(stream);
}

int etraceModuleRunPipeline(EtraceModule *module, const char *pipeline) {
  MLIRContext *context = &module->context->context;
  PassManager manager(context, ModuleOp::getOperationName());
  std::string message;
  llvm::raw_string_ostream stream(message);
  if (failed(parsePassPipeline(pipeline, manager, stream))) {
    emitError(UnknownLoc::get(context)) << StringRef(message).trim();
    return 1;
  }
  return failed(manager.run(*module->module));
}

//===----------------------------------------------------------------------===//
// Compiled models
//===----------------------------------------------------------------------===//

/// From learner IR to the LLVM dialect, with the vectors of the processor.
static LogicalResult lower(ModuleOp module, const CodegenOptions &options) {
  auto vectorBits = getVectorBits(options);
  if (!vectorBits)
    return module.emitError(llvm::toString(vectorBits.takeError()));
  PassManager manager(module.getContext());
  buildNativePipeline(manager, *vectorBits);
  return runPipelines(manager, module);
}

EtraceModel *etraceModelCompile(EtraceModule *module, const char *cpu, unsigned optimisation) {
  Location loc = module->module->getLoc();
  if (optimisation > 3) {
    emitError(loc) << "the level of optimisation is 0 to 3, found " << optimisation;
    return nullptr;
  }
  CodegenOptions options;
  if (cpu)
    options.cpu = cpu;
  options.optimisation = optimisation;
  if (isLearner(*module->module) && failed(lower(*module->module, options)))
    return nullptr;
  auto model = CompiledModel::create(*module->module, options);
  if (!model) {
    emitError(loc) << llvm::toString(model.takeError());
    return nullptr;
  }
  return new EtraceModel{std::move(*model)};
}

void etraceModelDestroy(EtraceModel *model) { delete model; }

const char *etraceModelGetName(const EtraceModel *model) {
  return model->model->getABI().model.c_str();
}
uint64_t etraceModelGetSize(const EtraceModel *model) { return model->model->getABI().size; }
uint64_t etraceModelGetHash(const EtraceModel *model) { return model->model->getABI().hash; }

static EtraceElementType convertType(ElementType type) {
  switch (type) {
  case ElementType::f32:
    return ETRACE_F32;
  case ElementType::f64:
    return ETRACE_F64;
  case ElementType::i32:
    return ETRACE_I32;
  case ElementType::i64:
    break;
  }
  return ETRACE_I64;
}

static_assert(int(BufferKind::param) == ETRACE_PARAM && int(BufferKind::hidden) == ETRACE_HIDDEN &&
                  int(BufferKind::state) == ETRACE_STATE &&
                  int(BufferKind::trace) == ETRACE_TRACE &&
                  int(BufferKind::gradient) == ETRACE_GRADIENT &&
                  int(BufferKind::optimizer) == ETRACE_OPTIMIZER &&
                  int(BufferKind::counter) == ETRACE_COUNTER &&
                  int(BufferKind::query) == ETRACE_QUERY,
              "the kinds of buffers have the numbers of the dialect");

static void fill(EtraceBuffer *out, const BufferInfo &info) {
  *out = {info.path.c_str(),   EtraceBufferKind(info.kind), convertType(info.type),
          info.shape.size(),   info.shape.data(),           info.offset,
          info.bytes,          !info.layout.has_value()};
}

size_t etraceModelGetNumBuffers(const EtraceModel *model) {
  return model->model->getABI().buffers.size();
}

int etraceModelGetBuffer(const EtraceModel *model, size_t index, EtraceBuffer *buffer) {
  const ModelABI &abi = model->model->getABI();
  if (index >= abi.buffers.size())
    return 1;
  fill(buffer, abi.buffers[index]);
  return 0;
}

int etraceModelFindBuffer(const EtraceModel *model, EtraceBufferKind kind, const char *path,
                          EtraceBuffer *buffer) {
  const BufferInfo *info = model->model->getABI().findBuffer(BufferKind(kind), path);
  if (!info)
    return 1;
  fill(buffer, *info);
  return 0;
}

size_t etraceModelGetNumEntries(const EtraceModel *model) {
  return model->model->getABI().entries.size();
}

const char *etraceModelGetEntryName(const EtraceModel *model, size_t index) {
  const ModelABI &abi = model->model->getABI();
  return index < abi.entries.size() ? abi.entries[index].name.c_str() : nullptr;
}

ptrdiff_t etraceModelGetNumArguments(const EtraceModel *model, const char *entry) {
  const EntryInfo *info = model->model->getABI().findEntry(entry);
  return info ? ptrdiff_t(info->arguments.size()) : -1;
}

int etraceModelGetArgument(const EtraceModel *model, const char *entry, size_t index,
                           EtraceArgument *argument) {
  const EntryInfo *info = model->model->getABI().findEntry(entry);
  if (!info || index >= info->arguments.size())
    return 1;
  const EntryArgument &from = info->arguments[index];
  *argument = {from.name.c_str(),  convertType(from.type), from.shape.size(),
               from.shape.data(), from.isScalar,          from.isResult};
  return 0;
}

EtraceParallel *etraceParallelCreate(unsigned threads) {
  return new ThreadPool(std::max(threads, 1u));
}

void etraceParallelDestroy(EtraceParallel *parallel) { delete static_cast<ThreadPool *>(parallel); }

int etraceModelInvoke(const EtraceModel *model, const char *entry, void *block,
                      void *const *arguments, size_t numArguments, EtraceParallel *parallel) {
  ArrayRef<void *> addresses(const_cast<void **>(arguments), numArguments);
  return model->model->invoke(entry, block, addresses, parallel);
}
