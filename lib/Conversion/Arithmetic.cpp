//===- Arithmetic.cpp - What native code may do to sums -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Arithmetic.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

void etrace::relaxArithmetic(linalg::GenericOp op) {
  bool sums = op.getNumLoops() > 0 && op.getIteratorTypesArray().back() ==
                                          utils::IteratorType::reduction;
  for (Operation &inner : *op.getBody()) {
    if (!isa<arith::AddFOp, arith::SubFOp, arith::MulFOp>(inner))
      continue;
    auto flags = cast<arith::ArithFastMathInterface>(inner).getFastMathFlagsAttr().getValue() |
                 arith::FastMathFlags::contract;
    bool accumulates = isa<arith::AddFOp>(inner) &&
                       llvm::any_of(inner.getOperands(), [&](Value value) {
                         return llvm::is_contained(op.getRegionOutputArgs(), value);
                       });
    if (sums && accumulates)
      flags = flags | arith::FastMathFlags::reassoc;
    inner.setAttr("fastmath", arith::FastMathFlagsAttr::get(op.getContext(), flags));
  }
}
