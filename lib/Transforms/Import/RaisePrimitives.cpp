//===- RaisePrimitives.cpp - Marked operations become primitives ----------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "RaisePrimitives.h"

#include "etrace/Interfaces/Contraction.h"

#include "mlir/Analysis/FlatLinearValueConstraints.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace etrace;

namespace {
constexpr llvm::StringLiteral kPrimitiveAttr = "etrace.primitive";

/// y[.. p ..] = sum x[.. p * stride + k * dilation ..] w[.. k ..] as an equation of letters; axes
/// with one index are lower-case ones.
struct EquationProduct {
  static FailureOr<EquationProduct> match(Operation *op);

  std::string equation;
  /// Of the axes with windows.
  SmallVector<int64_t> strides, dilations;
  /// The axes of y that the weight has.
  SmallVector<int64_t> channels;

private:
  /// A letter for each axis of x; letters of windows also for the two loops behind them.
  bool nameInput(linalg::LinalgOp op);
  std::optional<std::string> getNames(AffineMap map) const;
  SmallVector<char> letters;
};

bool EquationProduct::nameInput(linalg::LinalgOp op) {
  AffineMap input = op.getIndexingMapsArray()[0], output = op.getIndexingMapsArray()[2];
  for (AffineExpr expr : input.getResults()) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
      equation += letters[dim.getPosition()];
      continue;
    }
    SmallVector<int64_t> factors;
    if (failed(getFlattenedAffineExpr(expr, input.getNumDims(), 0, &factors)) ||
        factors.size() != input.getNumDims() + 1 || factors.back() != 0)
      return false;
    equation += 'A' + strides.size();
    int64_t &stride = strides.emplace_back(0), &dilation = dilations.emplace_back(0);
    for (auto [dim, factor] : llvm::enumerate(ArrayRef(factors).drop_back())) {
      if (factor == 0)
        continue;
      letters[dim] = equation.back();
      (output.isFunctionOfDim(dim) ? stride : dilation) = factor;
    }
    if (stride <= 0 || dilation <= 0)
      return false;
  }
  return true;
}

std::optional<std::string> EquationProduct::getNames(AffineMap map) const {
  std::string names;
  for (AffineExpr expr : map.getResults()) {
    if (!isa<AffineDimExpr>(expr))
      return std::nullopt;
    names += letters[cast<AffineDimExpr>(expr).getPosition()];
  }
  return names;
}

FailureOr<EquationProduct> EquationProduct::match(Operation *op) {
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  auto isMultiplyAdd = [](Operation *product, Operation *sum) {
    return isa<arith::MulFOp>(product) && isa<arith::AddFOp>(sum);
  };
  if (!linalgOp || linalgOp.getNumDpsInputs() != 2 || linalgOp.getNumDpsInits() != 1 ||
      linalgOp.getNumLoops() > 26 ||
      !linalg::detail::isContractionBody(*linalgOp.getBlock(), isMultiplyAdd))
    return failure();
  EquationProduct product;
  for (unsigned dim = 0; dim < linalgOp.getNumLoops(); ++dim)
    product.letters.push_back('a' + dim);
  if (!product.nameInput(linalgOp))
    return failure();
  SmallVector<AffineMap> maps = linalgOp.getIndexingMapsArray();
  std::optional<std::string> weight = product.getNames(maps[1]), y = product.getNames(maps[2]);
  if (!weight || !y)
    return failure();
  product.equation += "," + *weight + "->" + *y;
  for (auto [axis, letter] : llvm::enumerate(*y))
    if (llvm::isLower(letter) && StringRef(*weight).contains(letter))
      product.channels.push_back(axis);
  if (!EinsumEquation::parse(product.equation))
    return failure();
  return product;
}

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
    if (family == "conv")
      return raiseConvolution(op);
    if (family == "einsum")
      return raiseEinsum(op);
    if (family == "elementwise")
      return raiseElementwise(op);
    return op->emitError() << "unknown primitive '" << family
                           << "'; the primitives are 'matmul', 'conv', 'einsum' and 'elementwise'";
  }

  LogicalResult raiseMatmul(Operation *op) {
    bool isMatvec = isa<linalg::MatvecOp>(op);
    if (!isa<linalg::MatmulOp, linalg::VecmatOp>(op) && !isMatvec)
      return op->emitError() << "'" << op->getName() << "' cannot become the primitive 'matmul'; "
                             << "expected linalg.matmul, linalg.vecmat or linalg.matvec";
    if (auto matmul = dyn_cast<linalg::MatmulOp>(op); matmul && matmul.hasUserDefinedMaps())
      return op->emitError("has its own indexing maps; transpose the operands before it instead");
    if (failed(verifyTypes(op)))
      return failure();
    auto linalgOp = cast<linalg::LinalgOp>(op);
    Value x = linalgOp.getDpsInputOperand(isMatvec ? 1 : 0)->get();
    Value weight = linalgOp.getDpsInputOperand(isMatvec ? 0 : 1)->get();
    Type type = op->getResult(0).getType();
    OpBuilder builder(op);
    if (isMatvec)
      weight = transpose(builder, op->getLoc(), weight);
    int64_t channels = cast<RankedTensorType>(type).getRank() - 1;
    Value bias = getBias(linalgOp.getDpsInitOperand(0)->get(), channels);
    finish(op, bias,
           MatmulOp::create(builder, op->getLoc(), type, x, weight, bias, StringAttr()));
    return success();
  }

  LogicalResult raiseConvolution(Operation *op) {
    FailureOr<EquationProduct> product = EquationProduct::match(op);
    if (failed(product) || product->strides.empty())
      return op->emitError() << "'" << op->getName() << "' cannot become the primitive 'conv'; "
                             << "expected a product summed over windows, as linalg.conv_2d";
    if (failed(verifyTypes(op)))
      return failure();
    auto linalgOp = cast<linalg::LinalgOp>(op);
    Value bias = getBias(linalgOp.getDpsInitOperand(0)->get(), product->channels);
    OpBuilder builder(op);
    auto numbers = [&](ArrayRef<int64_t> values) {
      bool areOnes = llvm::all_of(values, [](int64_t value) { return value == 1; });
      return areOnes ? DenseI64ArrayAttr() : builder.getDenseI64ArrayAttr(values);
    };
    finish(op, bias,
           ConvOp::create(builder, op->getLoc(), op->getResult(0).getType(), product->equation,
                          linalgOp.getDpsInputOperand(0)->get(),
                          linalgOp.getDpsInputOperand(1)->get(), bias, numbers(product->strides),
                          DenseI64ArrayAttr(), DenseI64ArrayAttr(), DenseI64ArrayAttr(),
                          numbers(product->dilations), StringAttr()));
    return success();
  }

  LogicalResult raiseEinsum(Operation *op) {
    FailureOr<EquationProduct> product = EquationProduct::match(op);
    if (failed(product) || !product->strides.empty())
      return op->emitError() << "'" << op->getName() << "' cannot become the primitive 'einsum'; "
                             << "expected a sum of products, as linalg.batch_matmul";
    if (failed(verifyTypes(op)))
      return failure();
    auto linalgOp = cast<linalg::LinalgOp>(op);
    OpBuilder builder(op);
    finish(op, /*bias=*/{},
           EinsumOp::create(builder, op->getLoc(), op->getResult(0).getType(), product->equation,
                            linalgOp.getDpsInputOperand(0)->get(),
                            linalgOp.getDpsInputOperand(1)->get(), StringAttr()));
    return success();
  }

  static LogicalResult verifyTypes(Operation *op) {
    if (op->getNumResults() != 1)
      return op->emitError("works on buffers; raise it before bufferisation");
    Type type = op->getResult(0).getType();
    for (Value value : cast<linalg::LinalgOp>(op).getDpsInputs())
      if (getElementTypeOrSelf(value) != getElementTypeOrSelf(type) ||
          !isa<FloatType>(getElementTypeOrSelf(type)))
        return op->emitError("a primitive has one float type throughout, found ")
               << value.getType() << " and " << type;
    return success();
  }

  /// The parameter that is broadcast to what is accumulated into, from the axes `channels`; null:
  /// that is no bias.
  Value getBias(Value init, ArrayRef<int64_t> channels) {
    auto type = cast<RankedTensorType>(init.getType());
    if (auto broadcast = init.getDefiningOp<linalg::BroadcastOp>()) {
      auto isChannel = [&](int64_t axis) { return llvm::is_contained(channels, axis); };
      bool addsOthers = int64_t(broadcast.getDimensions().size() + channels.size()) ==
                            type.getRank() &&
                        llvm::none_of(broadcast.getDimensions(), isChannel);
      return addsOthers && isParam(broadcast.getInput()) ? broadcast.getInput() : Value();
    }
    return type.getRank() == int64_t(channels.size()) && isParam(init) ? init : Value();
  }

  /// Puts `y` in place of a product; what this accumulates into is added unless it is the bias.
  void finish(Operation *op, Value bias, Value y) {
    OpBuilder builder(op);
    Value init = cast<linalg::LinalgOp>(op).getDpsInitOperand(0)->get();
    if (!bias && !isKnownZero(init))
      y = arith::AddFOp::create(builder, op->getLoc(), y, init);
    replace(op, y, init.getDefiningOp());
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
