//===- TestPasses.cpp - Passes for tests of the libraries -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "TestPasses.h"

void etrace::test::registerTestPasses() {
  registerDifferentiationTestPasses();
  registerModelsTestPass();
  registerPositionAnalysisTestPass();
  registerPositionRelationTestPass();
}
