//===- Learner.h - A compiled model and its memory --------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_RUN_LEARNER_H
#define ETRACE_RUN_LEARNER_H

#include "Options.h"

#include "etrace/Data/Array.h"
#include "etrace/Data/Random.h"
#include "etrace/Runtime/CUDA/CudaModel.h"
#include "etrace/Runtime/CompiledModel.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/SourceMgr.h"

#include <memory>
#include <string>

namespace etrace::run {

/// A model in executable memory and what the ABI does not say.
struct Program {
  /// The initialisers in the ABI live in it.
  std::unique_ptr<mlir::MLIRContext> context;
  std::unique_ptr<CompiledModel> code;
  /// Instead of `code` if entries run on a GPU.
  std::unique_ptr<CudaModel> gpuCode;
  /// The axis of inputs that counts samples.
  std::optional<int64_t> batchDim;

  const ModelABI &getABI() const { return code ? code->getABI() : gpuCode->getABI(); }
  /// Calls an entry; the status.
  llvm::Expected<int> invoke(llvm::StringRef entry, void *block, llvm::ArrayRef<void *> arguments,
                             EtraceParallel *parallel) const {
    if (code)
      return code->invoke(entry, block, arguments, parallel);
    return gpuCode->invoke(entry, block, arguments);
  }
};

/// Parses, runs the pipeline and compiles. Diagnostics of the compiler are printed; the
/// error is then empty text. For learner IR the options become those that it was derived with.
llvm::Expected<Program> compileProgram(RunOptions &options);

/// An entry of `etrace-build-differences`.
struct DifferenceInfo {
  std::string entry, kind;
  mlir::Location loc;
  /// The attribute `etrace.difference`.
  mlir::DictionaryAttr record;

  std::string getText(llvm::StringRef key) const;
  std::vector<std::string> getTexts(llvm::StringRef key) const;
};

/// Functions of a model whose differences are the derivatives of its learner.
struct DifferenceProgram {
  /// Text that diagnostics quote.
  std::unique_ptr<llvm::SourceMgr> sources;
  Program program;
  std::vector<DifferenceInfo> entries;
  /// Where states and parameters are declared, by path.
  std::map<std::string, mlir::Location> declarations;
  /// The model reproduces the reference's numbers.
  bool isCompat = false;

  /// The first entry of a kind.
  const DifferenceInfo *find(llvm::StringRef kind) const {
    return &*llvm::find_if(entries, [&](auto &entry) { return entry.kind == kind; });
  }
};

/// The same for differences; the model must be an `etrace.model`.
llvm::Expected<DifferenceProgram> compileDifferences(const RunOptions &options);

DataType getDataType(ElementType type);

/// One instance: the block of memory, buffers by name, entries with arguments by name.
class Learner {
public:
  explicit Learner(const Program &program);

  const ModelABI &getABI() const { return program.getABI(); }

  /// The contents of a buffer in its natural shape.
  Array read(const BufferInfo &buffer) const;
  /// Sets a buffer from an array of its natural shape.
  void write(const BufferInfo &buffer, const Array &array);
  void zero(const BufferInfo &buffer);

  /// `init`, then the parameters and states whose initialisers are random.
  llvm::Error initialize(uint64_t seed);
  /// `reset`, then the states whose initialisers are random.
  llvm::Error reset();
  /// Runs an entry; every external argument and result has its address here. Long loops run
  /// through `parallel`, if there is one.
  llvm::Error call(llvm::StringRef entry, const std::map<std::string, void *> &arguments,
                   EtraceParallel *parallel = nullptr);

  /// Copies parameters from another instance of the program.
  void copyParameters(const Learner &other);

private:
  struct Release {
    void operator()(char *block) const { std::free(block); }
  };
  llvm::Error callIfPresent(llvm::StringRef entry);

  const Program &program;
  std::unique_ptr<char, Release> block;
  /// Random initial states; the same at the start of every sequence.
  std::vector<std::pair<const BufferInfo *, Array>> randomStates;
};

/// The entry, or an error that names the model.
llvm::Expected<const EntryInfo *> getEntry(const ModelABI &abi, llvm::StringRef name);

/// What the externals of a model are for: the inputs are those of `step`, the targets
/// the other arguments of `learn`; the loss is the result that `step` has not.
struct Externals {
  std::vector<const EntryArgument *> inputs, targets, outputs;
  const EntryArgument *loss = nullptr;
  bool hasSteps = false;
};
/// `step_sequence` and `learn_sequence`, or `step` and `learn`.
llvm::Expected<Externals> getExternals(const ModelABI &abi, bool sequence);

/// "param:w", "state:h", "trace:...": how a buffer is called in files.
std::string getKey(const BufferInfo &buffer);

} // namespace etrace::run

#endif // ETRACE_RUN_LEARNER_H
