//===- BodyFirstGeneric.h - linalg.generic, body first ----------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_INTERFACES_MODELS_BODYFIRSTGENERIC_H
#define ETRACE_LIB_INTERFACES_MODELS_BODYFIRSTGENERIC_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace etrace::detail {

/// `OpBuilder::atBlockEnd` for blocks of regions that have no operation yet.
inline mlir::OpBuilder atBlockEnd(mlir::MLIRContext *context, mlir::Block *block) {
  mlir::OpBuilder builder(context);
  builder.setInsertionPointToEnd(block);
  return builder;
}

/// Erases the operations of the block that nothing needs, the terminator aside.
void eraseDeadOps(mlir::Block &block);

/// A `linalg.generic` whose body is written before its operands are chosen: declare
/// everything the body may read, write the body, then `finish` keeps what it reads.
class BodyFirstGeneric {
public:
  BodyFirstGeneric(mlir::Location loc, llvm::ArrayRef<mlir::utils::IteratorType> iterators);

  /// A builder at the end of the body.
  mlir::OpBuilder atEnd() { return atBlockEnd(loc.getContext(), body); }
  mlir::Block &getBody() { return *body; }

  /// Declares an input; returns the scalar it is in the body.
  mlir::BlockArgument addInput(mlir::Value operand, mlir::AffineMap map);
  /// Declares a result of the given type that starts as `init` (null: zeros); returns
  /// the accumulator in the body. `like` has the extents of the result.
  mlir::BlockArgument addResult(mlir::RankedTensorType type, mlir::Value like, mlir::Value init,
                                mlir::AffineMap map);

  /// Ends the body with one value for each result (null: the result is not made) and
  /// erases what these do not need. Afterwards arguments without uses are not needed.
  void yield(llvm::ArrayRef<mlir::Value> values);
  /// Makes the operation; returns one value for each declared result.
  llvm::SmallVector<mlir::Value> finish(mlir::OpBuilder &builder);

private:
  struct Input {
    mlir::Value operand;
    mlir::AffineMap map;
    mlir::BlockArgument arg;
  };
  struct Result {
    mlir::RankedTensorType type;
    mlir::Value like, init;
    mlir::AffineMap map;
    mlir::BlockArgument arg;
    bool made = true;
  };
  llvm::SmallVector<Input> selectInputs() const;
  void addExtents(mlir::OpBuilder &builder, llvm::ArrayRef<Result> made,
                  llvm::SmallVectorImpl<Input> &selected);
  mlir::Value makeInit(mlir::OpBuilder &builder, const Result &result) const;

  mlir::Location loc;
  llvm::SmallVector<mlir::utils::IteratorType> iterators;
  mlir::Region region;
  mlir::Block *body;
  llvm::SmallVector<Input> inputs;
  llvm::SmallVector<Result> results;
};

} // namespace etrace::detail

#endif // ETRACE_LIB_INTERFACES_MODELS_BODYFIRSTGENERIC_H
