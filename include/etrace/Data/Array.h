//===- Array.h - A dense array of numbers -----------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_DATA_ARRAY_H
#define ETRACE_DATA_ARRAY_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cassert>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace etrace {

/// Element types of arrays in files.
enum class DataType { u8, i8, i16, i32, i64, f32, f64 };

/// Bytes of an element.
size_t getByteWidth(DataType type);
/// "u8", "f32", ...
llvm::StringRef getName(DataType type);
bool isFloat(DataType type);

/// "60000x28x28", or "scalar".
std::string printShape(llvm::ArrayRef<int64_t> shape);
/// The product of the extents, or nothing if an extent is negative or the product
/// does not fit (a broken header must not become an allocation).
std::optional<int64_t> countElements(llvm::ArrayRef<int64_t> shape);

template <typename T> constexpr DataType dataTypeOf() {
  if constexpr (std::is_same_v<T, uint8_t>)
    return DataType::u8;
  else if constexpr (std::is_same_v<T, int8_t>)
    return DataType::i8;
  else if constexpr (std::is_same_v<T, int16_t>)
    return DataType::i16;
  else if constexpr (std::is_same_v<T, int32_t>)
    return DataType::i32;
  else if constexpr (std::is_same_v<T, int64_t>)
    return DataType::i64;
  else if constexpr (std::is_same_v<T, float>)
    return DataType::f32;
  else {
    static_assert(std::is_same_v<T, double>, "not an element type");
    return DataType::f64;
  }
}

/// Calls `function` with a value of the C++ type that stands for `type`.
template <typename Function> decltype(auto) dispatch(DataType type, Function &&function) {
  switch (type) {
  case DataType::u8:
    return function(uint8_t());
  case DataType::i8:
    return function(int8_t());
  case DataType::i16:
    return function(int16_t());
  case DataType::i32:
    return function(int32_t());
  case DataType::i64:
    return function(int64_t());
  case DataType::f32:
    return function(float());
  case DataType::f64:
    break;
  }
  return function(double());
}

/// A dense row-major array that owns its bytes.
class Array {
public:
  Array() = default;
  /// An array of zeros. The number of elements must be countable.
  Array(DataType type, std::vector<int64_t> shape);

  template <typename T> static Array from(std::vector<int64_t> shape, llvm::ArrayRef<T> values) {
    Array array(dataTypeOf<T>(), std::move(shape));
    assert(array.getNumElements() == int64_t(values.size()) && "shape and values disagree");
    std::copy(values.begin(), values.end(), array.mutableValues<T>().begin());
    return array;
  }

  DataType getType() const { return type; }
  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  int64_t getRank() const { return shape.size(); }
  int64_t getNumElements() const { return bytes.size() / getByteWidth(type); }

  const char *data() const { return bytes.data(); }
  char *data() { return bytes.data(); }
  size_t getNumBytes() const { return bytes.size(); }

  template <typename T> llvm::ArrayRef<T> values() const {
    assert(type == dataTypeOf<T>() && "wrong element type");
    return {reinterpret_cast<const T *>(bytes.data()), bytes.size() / sizeof(T)};
  }
  template <typename T> llvm::MutableArrayRef<T> mutableValues() {
    assert(type == dataTypeOf<T>() && "wrong element type");
    return {reinterpret_cast<T *>(bytes.data()), bytes.size() / sizeof(T)};
  }

  /// The same numbers in another type. Floats become integers by truncation.
  Array convertTo(DataType type) const;
  /// The same numbers in another shape with as many elements.
  Array reshape(std::vector<int64_t> shape) const;
  /// One element as a double.
  double get(int64_t index) const;

private:
  DataType type = DataType::f64;
  std::vector<int64_t> shape = {0};
  std::vector<char> bytes;
};

/// Arrays by name, in the order of the names.
using ArrayMap = std::map<std::string, Array>;

} // namespace etrace

#endif // ETRACE_DATA_ARRAY_H
