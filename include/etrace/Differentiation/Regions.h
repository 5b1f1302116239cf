//===- Regions.h - Deriving what regions and callees compute ----*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The derivative of an operation with regions is an operation whose regions are derived.
// A derived region computes the primal values that it reads again: from the values that it
// captures and from what the operation carries from region to region. These functions do
// the part that is the same for branches, loops, calls and custom derivatives.
//===----------------------------------------------------------------------===//
#ifndef ETRACE_DIFFERENTIATION_REGIONS_H
#define ETRACE_DIFFERENTIATION_REGIONS_H

#include "etrace/Interfaces/DifferentiationInterfaces.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/SetVector.h"

namespace etrace {

/// The values from outside that the regions of `op` read.
llvm::SetVector<mlir::Value> getCaptured(mlir::Operation *op);
/// All that `op` reads: its operands, and what its regions capture.
llvm::SetVector<mlir::Value> getReads(mlir::Operation *op);

/// Calls `edge` for every pair of values of which the first may become the second as control
/// passes from region to region: operands, yielded values; block arguments, results.
void forEachRegionEdge(mlir::RegionBranchOpInterface op,
                       llvm::function_ref<void(mlir::Value from, mlir::Value to)> edge);

/// True unless it is known that running `op`, with its regions and the functions that it
/// calls, only computes its results. Symbols are looked up from `scope`.
bool hasSideEffects(mlir::Operation *op, mlir::Operation *scope);
/// An error at `op` if it has side effects.
llvm::LogicalResult verifyNoSideEffects(mlir::Operation *op, mlir::Operation *scope);

/// Erases the operations without side effects whose results nothing reads.
void eraseDead(mlir::Block &block, mlir::Operation *scope);

/// Regions under construction. Their parent is an operation outside of the program, so that what
/// is built in them may ask for it.
class DetachedRegions {
public:
  explicit DetachedRegions(mlir::Location loc, unsigned number = 1);
  mlir::Region &operator[](unsigned number) { return holder->getRegion(number); }

private:
  mlir::OwningOpRef<mlir::Operation *> holder;
};

/// What a body computes in a derivative: its terminator's operands, mapped, and tangents or
/// cotangents beside them (null: zero).
struct DerivedBody {
  llvm::SmallVector<mlir::Value> primals, tangents;
};

/// The operations of `body`, last first, that `needed` depend on; extends `needed` by what they
/// read and is not known.
llvm::SmallVector<mlir::Operation *>
getSlice(mlir::Block &body, llvm::DenseSet<mlir::Value> &needed,
         llvm::function_ref<bool(mlir::Value)> isKnown = {});

/// Clones the operations of `body` that `values` depend on, as `mapping` says; what it maps is
/// not computed again. Returns the clones of `values`.
llvm::SmallVector<mlir::Value> cloneSlice(mlir::OpBuilder &builder, mlir::Block &body,
                                          mlir::ValueRange values, mlir::IRMapping &mapping);

/// True if computing `values` in `body` reads one of `others`.
bool readsInSlice(mlir::Block &body, mlir::ValueRange values, mlir::ValueRange others);

/// Tangents of what the regions of `op` capture, to begin those of a clone with.
TangentMap getCapturedTangents(mlir::Operation *op, const TangentMap &tangents);

/// Clones the operations of `body` behind those of the builder's block, which holds nothing but
/// clones, and linearises them: `values` of the body and their tangents.
llvm::FailureOr<DerivedBody> linearizeBody(mlir::OpBuilder &builder, mlir::Block &body,
                                           mlir::ValueRange values, mlir::IRMapping &mapping,
                                           TangentMap &inside);

/// Clones the operations of `body` that `outputs` depend on and transposes them: the cotangents
/// of `inputs` (values after the mapping; null: zero), given those of `outputs`. The clones of
/// linear operations are erased again. Values of `inputCotangents`, one for each input if there are
/// any, are added to.
llvm::FailureOr<llvm::SmallVector<mlir::Value>>
transposeBody(mlir::OpBuilder &builder, mlir::Block &body, mlir::ValueRange inputs,
              mlir::ValueRange outputs, mlir::ValueRange cotangents, mlir::IRMapping &mapping,
              const DifferentiationContext &context, mlir::ValueRange inputCotangents = {});

} // namespace etrace

#endif // ETRACE_DIFFERENTIATION_REGIONS_H
