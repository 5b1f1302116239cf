//===- CudaModelTests.cpp - The GPU path against the CPU path -------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// One model, lowered twice; the same calls on the same numbers; every buffer and every
// result compared after each call. Kernels run in the emulator, and on a GPU if there is
// one.
//
//===----------------------------------------------------------------------===//

#include "etrace/InitAll.h"
#include "etrace/Runtime/CUDA/CudaModel.h"
#include "etrace/Runtime/CUDA/Device.h"
#include "etrace/Runtime/CompiledModel.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <cmath>
#include <cstring>
#include <functional>
#include <gtest/gtest.h>

using namespace mlir;
using namespace etrace;

namespace {

constexpr int64_t kSteps = 6;

struct Case {
  const char *example;
  const char *rule;
  const char *window;
};

std::string printCase(const ::testing::TestParamInfo<Case> &info) {
  std::string name =
      std::string(info.param.example) + "_" + info.param.rule + "_" + info.param.window;
  std::replace_if(name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
  return name;
}

/// Numbers in (-1, 1) that depend on the seed only.
void fill(std::vector<float> &values, unsigned seed) {
  unsigned state = seed * 2654435761u + 1u;
  for (float &value : values) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(state >> 8) / 8388608.0f - 1.0f;
  }
}

/// One instance: its memory, and the arrays of its last call.
class Instance {
public:
  using Invoke = std::function<int(llvm::StringRef, void *, llvm::ArrayRef<void *>)>;

  Instance(const ModelABI &abi, Invoke invoke) : abi(abi), invoke(std::move(invoke)) {
    storage.resize(abi.size + 64);
    block = reinterpret_cast<char *>(llvm::alignTo(reinterpret_cast<uintptr_t>(storage.data()), 64));
  }

  void fillParameters() {
    for (auto [seed, buffer] : llvm::enumerate(abi.buffers)) {
      if (buffer.kind != BufferKind::param)
        continue;
      std::vector<float> values(buffer.bytes / sizeof(float));
      fill(values, 100 + seed);
      std::memcpy(block + buffer.offset, values.data(), buffer.bytes);
    }
  }

  void call(llvm::StringRef name, unsigned seed) {
    const EntryInfo *entry = abi.findEntry(name);
    ASSERT_NE(entry, nullptr) << name.str();
    arrays.assign(entry->arguments.size(), {});
    std::vector<void *> values;
    for (auto [index, argument] : llvm::enumerate(entry->arguments)) {
      ASSERT_TRUE(argument.isSteps || argument.type == ElementType::f32);
      size_t count = 1;
      for (int64_t extent : argument.shape)
        count *= extent < 0 ? kSteps : extent;
      arrays[index].resize(count);
      if (!argument.isResult)
        fill(arrays[index], seed + index);
      if (argument.isScalar && !argument.isResult)
        arrays[index][0] = 0.01f;
      values.push_back(argument.isSteps ? static_cast<void *>(&steps) : arrays[index].data());
    }
    ASSERT_EQ(invoke(name, block, values), 0) << name.str();
  }

  const ModelABI &abi;
  Invoke invoke;
  std::vector<char> storage;
  char *block;
  int64_t steps = kSteps;
  std::vector<std::vector<float>> arrays;
};

/// ||a - b|| <= 1e-5 ||a||; zeros and small integers (spikes) are equal exactly.
void expectClose(const float *a, const float *b, size_t count, const std::string &what) {
  double difference = 0, norm = 0;
  bool isSpikes = true;
  for (size_t k = 0; k < count; ++k) {
    difference += std::pow(double(a[k]) - double(b[k]), 2);
    norm += std::pow(double(a[k]), 2);
    isSpikes &= a[k] == 0.0f || a[k] == 1.0f;
  }
  EXPECT_TRUE(std::isfinite(norm)) << what;
  EXPECT_LE(std::sqrt(difference), isSpikes ? 0.0 : 1e-5 * std::sqrt(norm)) << what;
}

class CudaModelTest : public ::testing::TestWithParam<Case> {
protected:
  CudaModelTest() {
    DialectRegistry registry;
    mlir::registerAllDialects(registry);
    registerAllExtensions(registry);
    etrace::registerAllDialects(registry);
    context.appendDialectRegistry(registry);
  }

  /// The learner of the case, as linalg.
  OwningOpRef<ModuleOp> derive() {
    Case parameters = GetParam();
    auto module = parseSourceFile<ModuleOp>(
        std::string(ETRACE_TEST_EXAMPLES "/") + parameters.example + ".mlir", &context);
    PassManager pm(&context);
    PipelineOptions options;
    options.rule = parameters.rule;
    options.window = parameters.window;
    if (!module)
      return nullptr;
    buildLearnerPipeline(pm, options);
    buildLowerToLinalgPipeline(pm);
    return succeeded(pm.run(*module)) ? std::move(module) : nullptr;
  }

  void compare(bool emulate);

  MLIRContext context;
};

/// Everything the caller can see: external arrays of the last call, then all buffers.
void expectEqualInstances(const Instance &cpu, const Instance &gpu, const std::string &when) {
  ASSERT_EQ(cpu.arrays.size(), gpu.arrays.size());
  for (size_t k = 0; k < cpu.arrays.size(); ++k)
    expectClose(cpu.arrays[k].data(), gpu.arrays[k].data(), cpu.arrays[k].size(),
                when + ": external #" + std::to_string(k));
  for (const BufferInfo &buffer : cpu.abi.buffers) {
    const BufferInfo *other = gpu.abi.findBuffer(buffer.kind, buffer.path);
    ASSERT_NE(other, nullptr);
    ASSERT_EQ(buffer.bytes, other->bytes);
    const char *a = cpu.block + buffer.offset, *b = gpu.block + other->offset;
    if (buffer.type == ElementType::f32)
      expectClose(reinterpret_cast<const float *>(a), reinterpret_cast<const float *>(b),
                  buffer.bytes / sizeof(float), when + ": " + buffer.symbol);
    else
      EXPECT_EQ(std::memcmp(a, b, buffer.bytes), 0) << when << ": " << buffer.symbol;
  }
}

void CudaModelTest::compare(bool emulate) {
  OwningOpRef<ModuleOp> learner = derive();
  ASSERT_TRUE(learner);
  OwningOpRef<ModuleOp> native = learner->clone();
  PassManager toLLVM(&context), toCuda(&context);
  buildToLLVMPipeline(toLLVM);
  ToCudaOptions options;
  options.emit = emulate ? DeviceCodeForm::nvvm : DeviceCodeForm::ptx;
  // More threads than points in some kernels, several blocks in others.
  options.threads = 32;
  buildToCudaPipeline(toCuda, options);
  ASSERT_TRUE(succeeded(toLLVM.run(*native)));
  ASSERT_TRUE(succeeded(toCuda.run(*learner)));
  auto cpuModel = CompiledModel::create(*native, {});
  ASSERT_TRUE(!!cpuModel) << llvm::toString(cpuModel.takeError());
  auto gpuModel = CudaModel::create(*learner, {emulate});
  ASSERT_TRUE(!!gpuModel) << llvm::toString(gpuModel.takeError());

  Instance cpu((*cpuModel)->getABI(), [&](auto... arguments) {
    return (*cpuModel)->invoke(arguments...);
  });
  Instance gpu((*gpuModel)->getABI(), [&](auto... arguments) {
    llvm::Expected<int> status = (*gpuModel)->invoke(arguments...);
    if (!status)
      ADD_FAILURE() << llvm::toString(status.takeError());
    return status ? *status : -1;
  });
  unsigned seed = 1;
  // Results alike because nothing happened would prove nothing.
  double activity = 0;
  auto both = [&](const char *entry) {
    cpu.call(entry, seed);
    gpu.call(entry, seed);
    expectEqualInstances(cpu, gpu, std::to_string(seed) + " " + entry);
    for (auto [argument, values] : llvm::zip(cpu.abi.findEntry(entry)->arguments, cpu.arrays))
      for (float value : values)
        activity += argument.isResult && argument.name != "loss" ? std::abs(value) : 0.0;
    seed += 10;
  };
  both("init");
  cpu.fillParameters();
  gpu.fillParameters();
  for (const char *entry : {"learn", "learn", "learn", "advance", "learn", "step"})
    both(entry);
  double gradient = 0;
  for (const BufferInfo &buffer : cpu.abi.buffers)
    if (buffer.kind == BufferKind::gradient)
      for (size_t k = 0; k < buffer.bytes / sizeof(float); ++k)
        gradient += std::abs(reinterpret_cast<const float *>(cpu.block + buffer.offset)[k]);
  EXPECT_GT(gradient, 0.0);
  for (const char *entry :
       {"apply", "learn_sequence", "apply", "reset", "step_sequence", "learn"})
    both(entry);
  EXPECT_GT(activity, 0.0);
}

TEST_P(CudaModelTest, EmulatedKernelsAgreeWithTheCPU) { compare(/*emulate=*/true); }

TEST_P(CudaModelTest, KernelsOnTheGPUAgreeWithTheCPU) {
  auto device = createCudaDevice("");
  std::string reason = device ? "" : llvm::toString(device.takeError());
  if (llvm::StringRef(reason).starts_with("no CUDA"))
    GTEST_SKIP() << reason;
  compare(/*emulate=*/false);
}

INSTANTIATE_TEST_SUITE_P(
    Examples, CudaModelTest,
    ::testing::Values(Case{"gru", "d-rtrl", "1"}, Case{"gru", "pp-prop", "single-step"},
                      Case{"gru-batch", "d-rtrl", "single-step"}, Case{"gru-batch", "pp-prop", "1"},
                      Case{"lif", "d-rtrl", "1"}, Case{"lif", "pp-prop", "single-step"},
                      Case{"lif-batch", "d-rtrl", "single-step"}, Case{"lif-batch", "pp-prop", "1"},
                      Case{"alif-group-batch", "d-rtrl", "1"}),
    printCase);

} // namespace
