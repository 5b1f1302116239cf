//===- Etrace.h - The etrace dialect ----------------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_IR_ETRACE_H
#define ETRACE_IR_ETRACE_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/RegionKindInterface.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/bit.h"

namespace etrace {
class LossOp;
class StepOp;

/// A dimension of an iteration space that an integer tensor gives: it[dim] = index[map(it)], taken
/// into the extent of the dimension (a smaller value is 0, a larger one the last).
struct DimIndex {
  unsigned dim;
  mlir::Value index;
  mlir::AffineMap map;
};

namespace detail {
/// A double as a parameter of an attribute: uniqued by its bits (NaN equals itself).
struct Double {
  double value;
  Double(double value) : value(value) {}
  operator double() const { return value; }
  bool operator==(const Double &other) const {
    return llvm::bit_cast<uint64_t>(value) == llvm::bit_cast<uint64_t>(other.value);
  }
  friend llvm::hash_code hash_value(const Double &d) {
    return llvm::hash_value(llvm::bit_cast<uint64_t>(d.value));
  }
};
mlir::FailureOr<Double> parseDouble(mlir::AsmParser &parser);
void printDouble(mlir::AsmPrinter &printer, double value);
/// Checks what every ETP primitive promises: one element type, maps and ranks that fit.
mlir::LogicalResult verifyETPOp(mlir::Operation *op);
/// Checks that the float operands and the result have one element type.
mlir::LogicalResult verifyElementTypes(mlir::Operation *op);
/// Checks operands and result against maps of dimensions from one iteration space.
mlir::LogicalResult verifyIndexing(mlir::Operation *op, llvm::ArrayRef<mlir::AffineMap> maps);
/// Checks that what integer operands give has positions.
mlir::LogicalResult verifyDimIndices(mlir::Operation *op, llvm::ArrayRef<DimIndex> indices,
                                     llvm::ArrayRef<mlir::AffineMap> maps);
/// Maps that select dimensions of one iteration space.
llvm::SmallVector<mlir::AffineMap>
selectDims(mlir::MLIRContext *context, unsigned dims,
           llvm::ArrayRef<llvm::SmallVector<unsigned>> operands);
/// (0, ..., count - 1) followed by `rest`.
llvm::SmallVector<unsigned> appendDims(unsigned count, llvm::ArrayRef<unsigned> rest);
llvm::SmallVector<mlir::OpOperand *> getOperandsFrom(mlir::Operation *op, unsigned first);
/// Checks what every derivative of a function promises: one that can be asked for, and types.
mlir::LogicalResult verifyDerivativeOp(mlir::Operation *op, mlir::SymbolTableCollection &tables);
} // namespace detail

/// The letters of "x,w->y", none twice in an operand: lower-case ones, each in two of the three,
/// and upper-case ones, in all three, along which windows of x move.
struct EinsumEquation {
  llvm::StringRef x, weight, y;
  /// Nothing if the text is no equation.
  static std::optional<EinsumEquation> parse(llvm::StringRef text);
  /// The upper-case letters, in the order of x.
  llvm::SmallVector<char> getWindows() const;
};

/// Zeros around and between the elements of a tensor: element i of an axis has the place
/// low + i * step, and `high` zeros follow the last one.
struct ZeroPadding {
  llvm::SmallVector<int64_t> low, high, step;
};

/// Names of the attributes that give arguments and results their roles.
constexpr llvm::StringLiteral kHiddenAttr = "etrace.hidden";
constexpr llvm::StringLiteral kStateAttr = "etrace.state";
constexpr llvm::StringLiteral kParamAttr = "etrace.param";
constexpr llvm::StringLiteral kSingleStepAttr = "etrace.single_step";
constexpr llvm::StringLiteral kInitAttr = "etrace.init";
constexpr llvm::StringLiteral kBufferAttr = "etrace.buffer";
constexpr llvm::StringLiteral kEntryAttr = "etrace.entry";
constexpr llvm::StringLiteral kNameAttr = "etrace.name";
/// On the module of a learner: how it was derived, {rule, window, decay, optimizer, compat,
/// batch_dim}.
constexpr llvm::StringLiteral kLearnerAttr = "etrace.learner";
/// On an entry of `etrace-build-differences`: what a difference of its results is.
constexpr llvm::StringLiteral kDifferenceAttr = "etrace.difference";
/// On a loop: what its reverse pass keeps (`#etrace.checkpoint<sqrt>`).
constexpr llvm::StringLiteral kCheckpointAttr = "etrace.checkpoint";
/// On a loop: an upper bound of its trip count (an integer).
constexpr llvm::StringLiteral kMaxTripsAttr = "etrace.max_trips";
/// On an operation that an operation of ours stood for: it is no operation outside the primitive,
/// which `compat = braintrace` would ignore.
constexpr llvm::StringLiteral kWithinPrimitiveAttr = "etrace.within_primitive";
/// On a derived function: from which function and how it is derived (`by`), so that it is found
/// when the same is asked for again.
constexpr llvm::StringLiteral kDerivedAttr = "etrace.derived";

/// On a result of a derivative: which derivative, value or auxiliary result it is (a dictionary).
constexpr llvm::StringLiteral kResultAttr = "etrace.result";

/// The path of a (nested) symbol reference: `@neuron::@V` is "neuron.V".
std::string getPath(mlir::SymbolRefAttr symbol);

/// "file:line:column" of the first file that a location names, else its MLIR text.
std::string printLocation(mlir::Location loc);

/// The declared type and kind of a state or parameter.
struct Declaration {
  mlir::Operation *op = nullptr;
  mlir::RankedTensorType type;
  mlir::Attribute init;
  /// `etrace.hidden`, `etrace.state` or `etrace.param`.
  llvm::StringRef role;
  std::string path;
};
} // namespace etrace

#include "etrace/IR/EtraceEnums.h.inc"

#include "etrace/IR/EtraceDialect.h.inc"

#include "etrace/IR/EtraceAttrInterfaces.h.inc"
#include "etrace/IR/EtraceOpInterfaces.h.inc"

#define GET_ATTRDEF_CLASSES
#include "etrace/IR/EtraceAttrs.h.inc"

#define GET_OP_CLASSES
#include "etrace/IR/EtraceOps.h.inc"

namespace etrace {
/// The extents of a primitive's iteration space: dynamic ones where operands and result have no
/// static extent along an axis that is one dimension.
llvm::SmallVector<int64_t> getIterationExtents(ETPOpInterface primitive);

namespace detail {
/// Checks that an initialiser can fill a tensor of this type.
mlir::LogicalResult verifyInitializer(mlir::Operation *op, mlir::RankedTensorType type,
                                      InitializerAttrInterface init);
} // namespace detail

/// All declarations of a model in order, those in containers included.
llvm::SmallVector<Declaration> getDeclarations(ModelOp model);
/// Those in a container and its containers; paths begin behind its own name.
llvm::SmallVector<Declaration> getDeclarations(StateContainerOpInterface container);
/// The name of a declaration or container in its model: @neuron::@syn::@g.
mlir::SymbolRefAttr getLocalSymbol(mlir::Operation *declaration);
/// The outermost container that a declaration stands in, or null.
StateContainerOpInterface getRootContainer(mlir::Operation *declaration);
/// The declaration behind a path, or one with a null `op`.
Declaration lookupDeclaration(ModelOp model, llvm::StringRef path);
/// The declaration that a symbol means at `op`: in a step `@h` is a state of its model, in a
/// function `@model::@h` names the model first. One with a null `op` if there is none.
Declaration lookupState(mlir::Operation *op, mlir::SymbolRefAttr symbol,
                        mlir::SymbolTableCollection &tables);
} // namespace etrace

#endif // ETRACE_IR_ETRACE_H
