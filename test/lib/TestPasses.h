//===- TestPasses.h - Passes for tests of the libraries ---------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_TEST_LIB_TESTPASSES_H
#define ETRACE_TEST_LIB_TESTPASSES_H

namespace etrace::test {
/// Registers all passes whose names start with `test-etrace-`.
void registerTestPasses();
/// `test-etrace-linearize` and `test-etrace-transpose`.
void registerDifferentiationTestPasses();
/// `test-etrace-models`.
void registerModelsTestPass();
/// `test-etrace-position-analysis`.
void registerPositionAnalysisTestPass();
/// `test-etrace-position-relation`.
void registerPositionRelationTestPass();
} // namespace etrace::test

#endif // ETRACE_TEST_LIB_TESTPASSES_H
