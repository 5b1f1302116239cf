//===- Array.cpp - A dense array of numbers -------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Data/Array.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace etrace;

size_t etrace::getByteWidth(DataType type) {
  return dispatch(type, [](auto zero) { return sizeof(zero); });
}

llvm::StringRef etrace::getName(DataType type) {
  static const llvm::StringRef names[] = {"u8", "i8", "i16", "i32", "i64", "f32", "f64"};
  return names[static_cast<int>(type)];
}

bool etrace::isFloat(DataType type) { return type == DataType::f32 || type == DataType::f64; }

std::string etrace::printShape(llvm::ArrayRef<int64_t> shape) {
  if (shape.empty())
    return "scalar";
  std::string text;
  for (int64_t extent : shape)
    text += (text.empty() ? "" : "x") + (extent < 0 ? "?" : std::to_string(extent));
  return text;
}

std::optional<int64_t> etrace::countElements(llvm::ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t extent : shape)
    if (extent < 0 || llvm::MulOverflow(count, extent, count))
      return std::nullopt;
  // The widest element has eight bytes.
  if (count > INT64_MAX / 8)
    return std::nullopt;
  return count;
}

Array::Array(DataType type, std::vector<int64_t> shape)
    : type(type), shape(std::move(shape)),
      bytes(*countElements(this->shape) * etrace::getByteWidth(type)) {}

Array Array::convertTo(DataType target) const {
  if (target == type)
    return *this;
  Array result(target, shape);
  dispatch(type, [&](auto from) {
    dispatch(target, [&](auto to) {
      auto source = values<decltype(from)>();
      auto sink = result.mutableValues<decltype(to)>();
      for (size_t i = 0; i < source.size(); ++i)
        sink[i] = static_cast<decltype(to)>(source[i]);
    });
  });
  return result;
}

Array Array::reshape(std::vector<int64_t> newShape) const {
  assert(countElements(newShape) == getNumElements() && "another number of elements");
  Array result = *this;
  result.shape = std::move(newShape);
  return result;
}

double Array::get(int64_t index) const {
  return dispatch(type, [&](auto zero) { return double(values<decltype(zero)>()[index]); });
}
