//===- RaisePrimitives.cpp - Marked operations become primitives ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "RaisePrimitives.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace etrace;

namespace {
constexpr llvm::StringLiteral kPrimitiveAttr = "etrace.primitive";

/// Turns the marked operations of a step into ETP primitives.
class PrimitiveRaiser {
public:
  explicit PrimitiveRaiser(StepOp step) : step(step) {}

  LogicalResult run() {
    SmallVector<Operation *> marked;
    step.walk([&](Operation *op) {
      if (op->hasAttr(kPrimitiveAttr))
        marked.push_back(op);
    });
    for (Operation *op : marked)
      if (failed(raise(op)))
        return failure();
    return success();
  }

private:
  bool isParam(Value value) {
    auto argument = dyn_cast<BlockArgument>(value);
    return argument && argument.getOwner() == &step.getBody().front() &&
           step.getArgAttr(argument.getArgNumber(), kParamAttr);
  }

  LogicalResult raise(Operation *op) {
    StringRef family = op->getAttrOfType<StringAttr>(kPrimitiveAttr).getValue();
    op->removeAttr(kPrimitiveAttr);
    if (family == "matmul")
      return raiseMatmul(op);
    if (family == "elementwise")
      return raiseElementwise(op);
    return op->emitError() << "unknown primitive '" << family
                           << "'; the primitives are 'matmul' and 'elementwise'";
  }

  LogicalResult raiseMatmul(Operation *op) {
    bool isMatvec = isa<linalg::MatvecOp>(op);
    if (!isa<linalg::MatmulOp, linalg::VecmatOp>(op) && !isMatvec)
      return op->emitError() << "'" << op->getName() << "' cannot become the primitive 'matmul'; "
                             << "expected linalg.matmul, linalg.vecmat or linalg.matvec";
    if (auto matmul = dyn_cast<linalg::MatmulOp>(op); matmul && matmul.hasUserDefinedMaps())
      return op->emitError("has its own indexing maps; transpose the operands before it instead");
    auto linalgOp = cast<linalg::LinalgOp>(op);
    if (op->getNumResults() != 1)
      return op->emitError("works on buffers; raise it before bufferisation");
    Value x = linalgOp.getDpsInputOperand(isMatvec ? 1 : 0)->get();
    Value weight = linalgOp.getDpsInputOperand(isMatvec ? 0 : 1)->get();
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    for (Value value : {x, weight})
      if (getElementTypeOrSelf(value) != type.getElementType() ||
          !isa<FloatType>(type.getElementType()))
        return op->emitError("a primitive has one float type throughout, found ")
               << value.getType() << " and " << type;
    OpBuilder builder(op);
    if (isMatvec)
      weight = transpose(builder, op->getLoc(), weight);
    Value init = linalgOp.getDpsInitOperand(0)->get();
    Value bias = getBias(init);
    Value y = MatmulOp::create(builder, op->getLoc(), type, x, weight, bias, StringAttr());
    if (!bias && !isZero(init))
      y = arith::AddFOp::create(builder, op->getLoc(), y, init);
    replace(op, y, init.getDefiningOp());
    return success();
  }

  /// The operand that stands for a bias in what is accumulated into, or null.
  Value getBias(Value init) {
    if (auto broadcast = init.getDefiningOp<linalg::BroadcastOp>()) {
      auto type = cast<RankedTensorType>(broadcast.getInput().getType());
      auto result = cast<RankedTensorType>(init.getType());
      bool addsLeading = llvm::equal(broadcast.getDimensions(),
                                     llvm::seq<int64_t>(0, result.getRank() - 1));
      if (type.getRank() == 1 && addsLeading && isParam(broadcast.getInput()))
        return broadcast.getInput();
    }
    return cast<RankedTensorType>(init.getType()).getRank() == 1 && isParam(init) ? init : Value();
  }

  static bool isZero(Value value) {
    if (auto fill = value.getDefiningOp<linalg::FillOp>())
      value = fill.getInputs()[0];
    return matchPattern(value, m_AnyZeroFloat());
  }

  static Value transpose(OpBuilder &builder, Location loc, Value matrix) {
    auto type = cast<RankedTensorType>(matrix.getType());
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, matrix);
    std::swap(sizes[0], sizes[1]);
    Value empty = tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
    return linalg::TransposeOp::create(builder, loc, matrix, empty, ArrayRef<int64_t>{1, 0})
        ->getResult(0);
  }

  LogicalResult raiseElementwise(Operation *op) {
    OpBuilder builder(op);
    bool isIdentity = isa<linalg::CopyOp, tensor::CastOp>(op) && op->getNumResults() == 1 &&
                      op->getOperand(0).getType() == op->getResult(0).getType();
    if (isIdentity) {
      Operation *init = op->getNumOperands() > 1 ? op->getOperand(1).getDefiningOp() : nullptr;
      replace(op, ElementwiseOp::create(builder, op->getLoc(), op->getOperand(0), StringAttr()),
              init);
      return success();
    }
    OpOperand *weight = nullptr;
    unsigned params = 0;
    for (OpOperand &operand : op->getOpOperands())
      if (isParam(operand.get())) {
        weight = &operand;
        ++params;
      }
    if (!op->hasTrait<OpTrait::Elementwise>() || params != 1)
      return op->emitError() << "'" << op->getName()
                             << "' cannot become the primitive 'elementwise'; expected an "
                             << "identity or a pointwise operation with one operand that is a "
                             << "parameter, found " << params << " such operands";
    if (!isa<FloatType>(getElementTypeOrSelf(weight->get())))
      return op->emitError("a primitive works on floats, found ") << weight->get().getType();
    weight->set(ElementwiseOp::create(builder, op->getLoc(), weight->get(), StringAttr()));
    return success();
  }

  /// Replaces an operation, and drops what filled its destination if it is unused now.
  static void replace(Operation *op, Value value, Operation *init) {
    op->getResult(0).replaceAllUsesWith(value);
    op->erase();
    while (init && isOpTriviallyDead(init)) {
      auto destination = dyn_cast<DestinationStyleOpInterface>(init);
      Operation *next =
          destination ? destination.getDpsInitOperand(0)->get().getDefiningOp() : nullptr;
      init->erase();
      init = next;
    }
  }

  StepOp step;
};
} // namespace

LogicalResult etrace::raisePrimitives(StepOp step) { return PrimitiveRaiser(step).run(); }
