//===- CompiledModelTests.cpp - Just in time and ahead of time ------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/InitAll.h"
#include "etrace/Runtime/CompiledModel.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <gtest/gtest.h>

using namespace mlir;
using namespace etrace;

namespace {

constexpr int kSteps = 7;

class CompiledModelTest : public ::testing::Test {
protected:
  CompiledModelTest() {
    DialectRegistry registry;
    mlir::registerAllDialects(registry);
    registerAllExtensions(registry);
    etrace::registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    module = parseSourceFile<ModuleOp>(ETRACE_TEST_LEARNER, &context);
    PassManager pm(&context);
    buildLowerToLinalgPipeline(pm);
    // Every nest that threads could share is one that they share.
    ToLLVMOptions options;
    options.minimumShared = 1;
    buildToLLVMPipeline(pm, options);
    isLowered = module && succeeded(pm.run(*module));
    for (size_t k = 0; k < inputs.size(); ++k)
      inputs[k] = 0.1f * static_cast<float>(k % 17) - 0.7f;
    for (size_t k = 0; k < targets.size(); ++k)
      targets[k] = 0.05f * static_cast<float>(k % 23) - 0.5f;
  }

  static void fillWeights(const ModelABI &abi, char *block) {
    const BufferInfo *info = abi.findBuffer(BufferKind::param, "w");
    auto *weights = reinterpret_cast<float *>(block + info->offset);
    for (size_t k = 0; k < info->bytes / sizeof(float); ++k)
      weights[k] = 0.3f * static_cast<float>(k % 5) - 0.4f;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  bool isLowered = false;
  int64_t steps = kSteps;
  std::vector<float> inputs = std::vector<float>(kSteps * 4 * 3);
  std::vector<float> targets = std::vector<float>(kSteps * 4 * 8);
  std::vector<float> losses = std::vector<float>(kSteps);
  std::vector<float> outs = std::vector<float>(kSteps * 4 * 8);
  alignas(64) char block[4096] = {};
};

TEST_F(CompiledModelTest, ReadsABI) {
  ASSERT_TRUE(isLowered);
  FailureOr<ModelABI> abi = readModelABI(*module);
  ASSERT_TRUE(succeeded(abi));
  EXPECT_EQ(abi->model, "leaky");
  EXPECT_EQ(abi->size % 64, 0u);
  const BufferInfo *gradient = abi->findBuffer(BufferKind::gradient, "w");
  ASSERT_NE(gradient, nullptr);
  EXPECT_EQ(gradient->shape, (std::vector<int64_t>{3, 8}));
  EXPECT_EQ(gradient->offset % 64, 0u);
  EXPECT_EQ(abi->findBuffer(BufferKind::gradient, "h"), nullptr);
  const EntryInfo *entry = abi->findEntry("learn_sequence");
  ASSERT_NE(entry, nullptr);
  ASSERT_EQ(entry->arguments.size(), 5u);
  EXPECT_TRUE(entry->arguments[0].isSteps);
  EXPECT_EQ(entry->arguments[1].shape, (std::vector<int64_t>{-1, 4, 3}));
  EXPECT_TRUE(entry->arguments[3].isResult);
}

TEST_F(CompiledModelTest, RejectsBadCalls) {
  ASSERT_TRUE(isLowered);
  auto model = CompiledModel::create(*module, {});
  ASSERT_TRUE(!!model) << llvm::toString(model.takeError());
  EXPECT_EQ((*model)->invoke("init", block, {}), 0);
  EXPECT_EQ((*model)->invoke("init", nullptr, {}), 1);
  EXPECT_EQ((*model)->invoke("init", block + 8, {}), 1);
  EXPECT_EQ((*model)->invoke("no such entry", block, {}), 1);
  EXPECT_EQ((*model)->invoke("step", block, {}), 1);
}

TEST_F(CompiledModelTest, UnknownProcessorIsAnError) {
  ASSERT_TRUE(isLowered);
  auto model = CompiledModel::create(*module, {"pdp-11", 3});
  ASSERT_FALSE(!!model);
  EXPECT_NE(llvm::toString(model.takeError()).find("pdp-11"), std::string::npos);
}

/// Turns one by one, the last first.
void runBackwards(EtraceParallel *, void (*body)(void *, int64_t, int64_t), void *arguments,
                  int64_t turns) {
  for (int64_t turn = turns; turn-- > 0;)
    body(arguments, turn, turn + 1);
}

/// Neither the cut nor the order of the turns, nor the number of threads, changes a bit.
TEST_F(CompiledModelTest, ResultsDoNotDependOnThreads) {
  ASSERT_TRUE(isLowered);
  auto model = CompiledModel::create(*module, {});
  ASSERT_TRUE(!!model) << llvm::toString(model.takeError());
  const ModelABI &abi = (*model)->getABI();
  ASSERT_LE(abi.size, sizeof(block));
  int calls = 0;
  struct Counting : EtraceParallel {
    int *calls;
  } backwards{{[](EtraceParallel *self, void (*body)(void *, int64_t, int64_t), void *arguments,
                  int64_t turns) {
                ++*static_cast<Counting *>(self)->calls;
                runBackwards(self, body, arguments, turns);
              }},
              &calls};
  ThreadPool threads(3);
  auto learn = [&](EtraceParallel *parallel) {
    std::memset(block, 0, sizeof(block));
    EXPECT_EQ((*model)->invoke("init", block, {}, parallel), 0);
    fillWeights(abi, block);
    void *arguments[] = {&steps, inputs.data(), targets.data(), losses.data(), outs.data()};
    EXPECT_EQ((*model)->invoke("learn_sequence", block, arguments, parallel), 0);
    const BufferInfo *gradient = abi.findBuffer(BufferKind::gradient, "w");
    std::vector<char> result(block + gradient->offset,
                             block + gradient->offset + gradient->bytes);
    auto *outputs = reinterpret_cast<const char *>(outs.data());
    result.insert(result.end(), outputs, outputs + outs.size() * sizeof(float));
    return result;
  };
  std::vector<char> alone = learn(nullptr);
  EXPECT_EQ(learn(&backwards), alone);
  EXPECT_GT(calls, 0);
  EXPECT_EQ(learn(&threads), alone);
}

/// The object in a shared library gives the bits of the object in the JIT.
TEST_F(CompiledModelTest, AheadOfTimeEqualsJustInTime) {
  ASSERT_TRUE(isLowered);
  auto object = compileToObject(*module, {});
  ASSERT_TRUE(!!object) << llvm::toString(object.takeError());
  auto model = CompiledModel::create(*module, {});
  ASSERT_TRUE(!!model) << llvm::toString(model.takeError());
  const ModelABI &abi = (*model)->getABI();
  ASSERT_LE(abi.size, sizeof(block));
  ASSERT_EQ((*model)->invoke("init", block, {}), 0);
  fillWeights(abi, block);
  void *arguments[] = {&steps, inputs.data(), targets.data(), losses.data(), outs.data()};
  ASSERT_EQ((*model)->invoke("learn_sequence", block, arguments), 0);
  float scale = 0.5f, rate = 0.01f;
  void *update[] = {&scale, &rate};
  ASSERT_EQ((*model)->invoke("apply", block, update), 0);
  EXPECT_GT(losses[0], 0.0f);

  llvm::SmallString<128> objectPath, libraryPath;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("etrace", "o", objectPath));
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("etrace", "so", libraryPath));
  std::error_code code;
  {
    llvm::raw_fd_ostream stream(objectPath, code);
    stream << (*object)->getBuffer();
  }
  auto compiler = llvm::sys::findProgramByName(ETRACE_TEST_CC);
  ASSERT_TRUE(!!compiler);
  ASSERT_EQ(llvm::sys::ExecuteAndWait(*compiler, {*compiler, "-shared", "-o", libraryPath,
                                                  objectPath, "-lm"}),
            0);
  void *library = dlopen(libraryPath.c_str(), RTLD_NOW);
  ASSERT_NE(library, nullptr) << dlerror();
  auto init = reinterpret_cast<int (*)(void *, EtraceParallel *)>(dlsym(library, "leaky_init"));
  auto learn = reinterpret_cast<int (*)(void *, int64_t, const float *, const float *, float *,
                                        float *, EtraceParallel *)>(
      dlsym(library, "leaky_learn_sequence"));
  auto apply = reinterpret_cast<int (*)(void *, float, float, EtraceParallel *)>(
      dlsym(library, "leaky_apply"));
  alignas(64) static char other[4096];
  std::vector<float> otherLosses(losses.size()), otherOuts(outs.size());
  ASSERT_EQ(init(other, nullptr), 0);
  fillWeights(abi, other);
  ASSERT_EQ(learn(other, steps, inputs.data(), targets.data(), otherLosses.data(),
                  otherOuts.data(), nullptr),
            0);
  ASSERT_EQ(apply(other, scale, rate, nullptr), 0);
  for (const BufferInfo &buffer : abi.buffers)
    EXPECT_EQ(std::memcmp(block + buffer.offset, other + buffer.offset, buffer.bytes), 0)
        << buffer.symbol;
  EXPECT_EQ(losses, otherLosses);
  EXPECT_EQ(outs, otherOuts);
  dlclose(library);
  llvm::sys::fs::remove(objectPath);
  llvm::sys::fs::remove(libraryPath);
}

} // namespace
