//===- Residuals.cpp - What a reverse pass keeps --------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Differentiation/Residuals.h"

#include "etrace/Differentiation/Regions.h"
#include "etrace/Interfaces/Contraction.h"
#include "etrace/Support/ByteWidth.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace etrace;

std::optional<int64_t> etrace::getBytes(ValueRange values) {
  int64_t bytes = 0;
  for (Value value : values) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (type && !type.hasStaticShape())
      return std::nullopt;
    bytes += getByteWidth(getElementTypeOrSelf(value)) * (type ? type.getNumElements() : 1);
  }
  return bytes;
}

/// What operations on the way from `cotangents` to `outgoing` read of what others compute.
/// Constants and extents are not kept.
static llvm::SetVector<Value> findResiduals(Block &body, ValueRange cotangents,
                                            ValueRange outgoing) {
  DenseSet<Value> dependent(cotangents.begin(), cotangents.end());
  DenseSet<Value> needed(outgoing.begin(), outgoing.end());
  llvm::SetVector<Value> residuals;
  auto isFixed = [](Value value) {
    return value.getDefiningOp<tensor::EmptyOp>() || matchPattern(value, m_Constant());
  };
  SmallVector<Operation *> slice = getSlice(body, needed);
  for (Operation *op : llvm::reverse(slice)) {
    llvm::SetVector<Value> reads = getReads(op);
    if (llvm::none_of(reads, [&](Value read) { return dependent.contains(read); }))
      continue;
    dependent.insert(op->result_begin(), op->result_end());
    for (Value read : reads)
      if (Operation *from = read.getDefiningOp();
          from && !dependent.contains(read) && from->getBlock() == &body &&
          !isKnownEverywhere(read, isFixed) && !read.getType().isIndex())
        residuals.insert(read);
  }
  return residuals;
}

/// "math.tanh 160 bytes, linalg.matmul 80 bytes", most first.
static std::string describeByOperation(ArrayRef<Value> residuals) {
  llvm::MapVector<StringRef, int64_t> byName;
  for (Value value : residuals)
    byName[value.getDefiningOp()->getName().getStringRef()] += getBytes(value).value_or(0);
  auto entries = byName.takeVector();
  llvm::sort(entries, [](auto &a, auto &b) {
    return std::pair(-a.second, a.first) < std::pair(-b.second, b.first);
  });
  std::string text;
  for (auto &[name, bytes] : entries)
    text += (text.empty() ? "" : ", ") + name.str() + " " + std::to_string(bytes) + " bytes";
  return text;
}

void etrace::reportResiduals(func::FuncOp source, Block &body, ValueRange cotangents,
                             ValueRange outgoing) {
  llvm::SetVector<Value> residuals = findResiduals(body, cotangents, outgoing);
  std::string text = ("the reverse pass of '" + source.getSymName() + "' keeps ").str();
  if (residuals.empty())
    text += "nothing but arguments";
  else if (std::optional<int64_t> bytes = getBytes(residuals.getArrayRef()))
    text += std::to_string(*bytes) + " bytes: " + describeByOperation(residuals.getArrayRef());
  else
    text += std::to_string(residuals.size()) + " values, some of dynamic extents";
  remark::analysis(source.getLoc(),
                   remark::RemarkOpts::name("residuals").category("etrace-differentiation"))
      << text + " [residuals]";
}
