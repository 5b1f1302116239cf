//===- StateThreader.h - Gets and sets become values ------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// One walk in program order carries the current value of every state. Regions of scf.if and
// scf.for return what they set; anywhere else a set has no way out of its region and is an
// error.
//===----------------------------------------------------------------------===//
#ifndef ETRACE_LIB_TRANSFORMS_STATES_STATETHREADER_H
#define ETRACE_LIB_TRANSFORMS_STATES_STATETHREADER_H

#include "etrace/IR/Etrace.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/MapVector.h"

namespace etrace {

/// Current values by declaration, in order of first access.
struct StateEnvironment {
  llvm::MapVector<mlir::Operation *, mlir::Value> current;
  llvm::DenseSet<mlir::Operation *> written;

  void set(mlir::Operation *declaration, mlir::Value value) {
    current[declaration] = value;
    written.insert(declaration);
  }
};

class StateThreader {
public:
  explicit StateThreader(mlir::MLIRContext *context) : builder(context) {}
  virtual ~StateThreader() = default;

protected:
  /// The declaration that a `get` or `set` names.
  virtual mlir::Operation *resolve(mlir::SymbolRefAttr symbol) = 0;
  /// What a `get` behind a `set` reads.
  virtual mlir::Value readAgain(GetOp, mlir::Operation *, mlir::Value value) { return value; }
  /// Calls `visit` with the declarations that an operation other than `set` writes itself.
  virtual void forEachWrite(mlir::Operation *, llvm::function_ref<void(mlir::Operation *)>) {}
  /// Rewrites an operation other than `get` and `set` that uses states itself.
  virtual llvm::LogicalResult rewriteUser(mlir::Operation *, StateEnvironment &) {
    return mlir::success();
  }

  /// Rewrites a block whose states have their values in `env`.
  llvm::LogicalResult rewriteBlock(mlir::Block &block, StateEnvironment &env);

  mlir::OpBuilder builder;

private:
  /// What is written anywhere in `op`, in program order.
  llvm::SmallVector<mlir::Operation *> getWrites(mlir::Operation *op);
  void rewriteGet(GetOp op, StateEnvironment &env);
  llvm::LogicalResult rewriteNested(mlir::Operation &op, StateEnvironment &env);
  llvm::LogicalResult rewriteIf(mlir::scf::IfOp op, StateEnvironment &env);
  llvm::LogicalResult rewriteFor(mlir::scf::ForOp op, StateEnvironment &env);
};

} // namespace etrace

#endif // ETRACE_LIB_TRANSFORMS_STATES_STATETHREADER_H
