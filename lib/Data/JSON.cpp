//===- JSON.cpp - Arrays as JSON ------------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Data/Files.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <limits>

using namespace etrace;
using llvm::createStringError;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
namespace json = llvm::json;

namespace {
/// The numbers of an array in the order of the text.
struct Numbers {
  std::vector<double> floats;
  std::vector<int64_t> integers;
  bool allIntegers = true;

  bool add(const json::Value &value);
  Array take(std::vector<int64_t> shape, std::optional<DataType> type) const;
};
} // namespace

/// Text for what JSON has no numbers for.
static std::optional<double> parseNonFinite(StringRef text) {
  if (text.equals_insensitive("nan"))
    return std::numeric_limits<double>::quiet_NaN();
  bool negative = text.consume_front("-");
  if (text.equals_insensitive("inf") || text.equals_insensitive("infinity"))
    return negative ? -INFINITY : INFINITY;
  return std::nullopt;
}

bool Numbers::add(const json::Value &value) {
  std::optional<double> number = value.getAsNumber();
  if (auto boolean = value.getAsBoolean())
    number = *boolean;
  if (auto text = value.getAsString())
    number = parseNonFinite(*text);
  if (!number)
    return false;
  floats.push_back(*number);
  // -0.0 equals an integer, but an integer has not its sign.
  bool negativeZero = *number == 0 && std::signbit(*number);
  auto integer = value.getAsInteger();
  allIntegers = allIntegers && !negativeZero && (integer || value.getAsBoolean());
  integers.push_back(integer ? *integer : int64_t(std::isfinite(*number) ? *number : 0));
  return true;
}

Array Numbers::take(std::vector<int64_t> shape, std::optional<DataType> type) const {
  Array array = allIntegers ? Array::from<int64_t>(std::move(shape), integers)
                            : Array::from<double>(std::move(shape), floats);
  return type ? array.convertTo(*type) : array;
}

/// Collects nested lists; the first path down the lists decides the shape.
static Error collect(const json::Value &value, size_t depth, std::vector<int64_t> &shape,
                     bool known, Numbers &numbers) {
  const json::Array *list = value.getAsArray();
  if (!list) {
    if (known && depth != shape.size())
      return createStringError("expected lists of one shape, found a number beside lists");
    if (!numbers.add(value))
      return createStringError("expected a number or a list of numbers");
    return Error::success();
  }
  if (!known)
    shape.push_back(list->size());
  else if (depth >= shape.size() || shape[depth] != int64_t(list->size()))
    return createStringError("expected lists of one shape, found one of " +
                             llvm::Twine(list->size()) + " at depth " + llvm::Twine(depth));
  bool first = true;
  for (const json::Value &element : *list) {
    if (Error error = collect(element, depth + 1, shape, known || !first, numbers))
      return error;
    first = false;
  }
  return Error::success();
}

static Expected<std::vector<int64_t>> parseShape(const json::Value &value) {
  std::vector<int64_t> shape;
  const json::Array *list = value.getAsArray();
  if (!list)
    return createStringError("expected 'shape' to be a list of extents");
  for (const json::Value &element : *list) {
    std::optional<int64_t> extent = element.getAsInteger();
    if (!extent || *extent < 0)
      return createStringError("expected 'shape' to be a list of extents");
    shape.push_back(*extent);
  }
  return shape;
}

static Expected<std::optional<DataType>> parseType(const json::Object &object) {
  const json::Value *value = object.get("dtype");
  if (!value)
    return std::nullopt;
  StringRef name = value->getAsString().value_or("");
  for (DataType type : {DataType::u8, DataType::i8, DataType::i16, DataType::i32, DataType::i64,
                        DataType::f32, DataType::f64})
    if (getName(type) == name)
      return type;
  return createStringError("expected 'dtype' u8, i8, i16, i32, i64, f32 or f64, found '" + name +
                           "'");
}

/// {"shape", "data"}.
static Expected<Array> parseFlat(const json::Object &object) {
  const json::Value *shapeValue = object.get("shape");
  const json::Array *data = object.getArray("data");
  if (!data)
    data = object.getArray("values");
  if (!shapeValue || !data)
    return createStringError("expected an object with 'shape' and 'data'");
  Expected<std::vector<int64_t>> shape = parseShape(*shapeValue);
  if (!shape)
    return shape.takeError();
  Expected<std::optional<DataType>> type = parseType(object);
  if (!type)
    return type.takeError();
  std::optional<int64_t> count = countElements(*shape);
  if (!count || *count != int64_t(data->size()))
    return createStringError("expected as many numbers as the shape " + printShape(*shape) +
                             " has, found " + llvm::Twine(data->size()));
  Numbers numbers;
  for (const json::Value &element : *data)
    if (!numbers.add(element))
      return createStringError("expected 'data' to be a flat list of numbers");
  return numbers.take(std::move(*shape), *type);
}

Expected<Array> etrace::parseJSONArray(const json::Value &value) {
  if (const json::Object *object = value.getAsObject())
    return parseFlat(*object);
  std::vector<int64_t> shape;
  Numbers numbers;
  if (Error error = collect(value, 0, shape, false, numbers))
    return error;
  return numbers.take(std::move(shape), std::nullopt);
}

Expected<ArrayMap> etrace::readJSONArrays(StringRef path) {
  auto buffer = readBytes(path);
  if (!buffer)
    return buffer.takeError();
  Expected<json::Value> value = json::parse((*buffer)->getBuffer());
  if (!value)
    return makeFileError(path, "not JSON: " + llvm::toString(value.takeError()));
  ArrayMap arrays;
  auto add = [&](StringRef name, const json::Value &element) -> Error {
    Expected<Array> array = parseJSONArray(element);
    if (!array)
      return makeFileError(path, (name.empty() ? "" : "'" + name + "': ") +
                                     llvm::toString(array.takeError()));
    arrays[name.str()] = std::move(*array);
    return Error::success();
  };
  const json::Object *object = value->getAsObject();
  if (!object || (object->get("shape") && (object->get("data") || object->get("values")))) {
    if (Error error = add("", *value))
      return error;
    return arrays;
  }
  for (const auto &[name, element] : *object)
    if (Error error = add(StringRef(name), element))
      return error;
  return arrays;
}

static void printNumber(llvm::raw_ostream &os, double value) {
  if (value == 0 && std::signbit(value))
    os << "-0.0"; // "-0" would be read as an integer
  else if (std::isfinite(value))
    os << llvm::format("%.17g", value);
  else
    os << (std::isnan(value) ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
}

std::string etrace::printJSONArrays(const ArrayMap &arrays) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "{";
  StringRef separator = "\n";
  for (const auto &[name, array] : arrays) {
    os << separator << "  " << json::Value(name) << ": {\"shape\": ["
       << llvm::join(llvm::map_range(array.getShape(), [](int64_t e) { return std::to_string(e); }),
                     ", ")
       << "], \"dtype\": \"" << getName(array.getType()) << "\", \"data\": [";
    for (int64_t i = 0, e = array.getNumElements(); i < e; ++i) {
      os << (i ? ", " : "");
      // A double cannot hold every int64.
      if (array.getType() == DataType::i64)
        os << array.values<int64_t>()[i];
      else
        printNumber(os, array.get(i));
    }
    os << "]}";
    separator = ",\n";
  }
  os << "\n}\n";
  return text;
}
