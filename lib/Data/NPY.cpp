//===- NPY.cpp - NumPy's array files --------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// "\x93NUMPY", version, length of the header, a Python dictionary with the keys
// descr, fortran_order and shape, then the elements.
//===----------------------------------------------------------------------===//

#include "etrace/Data/Files.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FormatVariadic.h"

#include <cstring>

using namespace etrace;
using llvm::Expected;
using llvm::formatv;
using llvm::StringRef;

static_assert(llvm::endianness::native == llvm::endianness::little,
              "the elements of NPY files are copied as they are");

namespace {
struct Header {
  std::string descr;
  bool fortranOrder = false;
  std::vector<int64_t> shape;
};
} // namespace

/// The text after `'key':`, or nothing.
static std::optional<StringRef> findValue(StringRef dictionary, StringRef key) {
  for (StringRef quote : {"'", "\""}) {
    std::string quoted = (quote + key + quote).str();
    size_t position = dictionary.find(quoted);
    if (position == StringRef::npos)
      continue;
    StringRef rest = dictionary.drop_front(position + quoted.size()).ltrim();
    if (rest.consume_front(":"))
      return rest.ltrim();
  }
  return std::nullopt;
}

static std::optional<std::vector<int64_t>> parseTuple(StringRef text) {
  if (!text.consume_front("("))
    return std::nullopt;
  size_t close = text.find(')');
  if (close == StringRef::npos)
    return std::nullopt;
  std::vector<int64_t> shape;
  for (StringRef part : llvm::split(text.take_front(close), ",")) {
    part = part.trim();
    int64_t extent;
    if (part.empty())
      continue;
    if (part.getAsInteger(10, extent) || extent < 0)
      return std::nullopt;
    shape.push_back(extent);
  }
  return shape;
}

static std::optional<Header> parseDictionary(StringRef text) {
  std::optional<StringRef> descr = findValue(text, "descr");
  std::optional<StringRef> order = findValue(text, "fortran_order");
  std::optional<StringRef> tuple = findValue(text, "shape");
  if (!descr || !order || !tuple || descr->empty())
    return std::nullopt;
  std::optional<std::vector<int64_t>> shape = parseTuple(*tuple);
  if (!shape || !(order->starts_with("True") || order->starts_with("False")))
    return std::nullopt;
  Header header;
  // A structured type is a list, not a string; its text reaches the message as it is.
  char quote = descr->front();
  header.descr = (quote == '\'' || quote == '"' ? descr->drop_front().split(quote).first
                                                : descr->take_until([](char c) { return c == '}'; }))
                     .str();
  header.fortranOrder = order->starts_with("True");
  header.shape = std::move(*shape);
  return header;
}

static std::optional<DataType> getNPYType(StringRef descr) {
  static const std::pair<StringRef, DataType> types[] = {
      {"<f4", DataType::f32}, {"<f8", DataType::f64}, {"<i2", DataType::i16},
      {"<i4", DataType::i32}, {"<i8", DataType::i64}, {"|i1", DataType::i8},
      {"|u1", DataType::u8},  {"|b1", DataType::u8}};
  for (auto [name, type] : types)
    if (descr == name)
      return type;
  return std::nullopt;
}

static StringRef getDescr(DataType type) {
  static const StringRef names[] = {"|u1", "|i1", "<i2", "<i4", "<i8", "<f4", "<f8"};
  return names[static_cast<int>(type)];
}

/// Column-major elements of `shape` in row-major order.
static Array fromFortranOrder(const Array &columns) {
  Array rows(columns.getType(), columns.getShape().vec());
  llvm::ArrayRef<int64_t> shape = columns.getShape();
  size_t width = getByteWidth(columns.getType());
  std::vector<int64_t> strides(shape.size(), 1), index(shape.size(), 0);
  for (size_t axis = 1; axis < shape.size(); ++axis)
    strides[axis] = strides[axis - 1] * shape[axis - 1];
  for (int64_t i = 0, e = rows.getNumElements(); i < e; ++i) {
    int64_t source = 0;
    for (size_t axis = 0; axis < shape.size(); ++axis)
      source += index[axis] * strides[axis];
    std::memcpy(rows.data() + i * width, columns.data() + source * width, width);
    for (size_t axis = shape.size(); axis-- && ++index[axis] == shape[axis];)
      index[axis] = 0;
  }
  return rows;
}

/// The dictionary and the bytes behind it.
static Expected<std::pair<StringRef, StringRef>> splitNPY(StringRef path, StringRef bytes) {
  if (bytes.size() < 10 || !bytes.starts_with("\x93NUMPY")) {
    std::string found = llvm::toHex(bytes.take_front(6), /*LowerCase=*/true);
    return makeFileError(path, "wrong magic number: expected an NPY file (93 'NUMPY'), found " +
                                   (found.empty() ? "no bytes" : "0x" + found));
  }
  uint8_t version = bytes[6];
  if (version < 1 || version > 3)
    return makeFileError(path, formatv("expected NPY version 1, 2 or 3, found {0}", version));
  size_t prefix = version == 1 ? 10 : 12;
  if (bytes.size() < prefix)
    return makeFileError(path, formatv("truncated: found only {0} bytes", bytes.size()));
  size_t length = version == 1 ? llvm::support::endian::read16le(bytes.data() + 8)
                               : llvm::support::endian::read32le(bytes.data() + 8);
  if (bytes.size() - prefix < length)
    return makeFileError(path, formatv("truncated: expected an NPY header of {0} bytes, found {1}",
                                       length, bytes.size() - prefix));
  return std::make_pair(bytes.substr(prefix, length), bytes.drop_front(prefix + length));
}

Expected<Array> etrace::parseNPY(StringRef path, StringRef bytes) {
  auto parts = splitNPY(path, bytes);
  if (!parts)
    return parts.takeError();
  std::optional<Header> header = parseDictionary(parts->first);
  if (!header)
    return makeFileError(path, "expected an NPY header with descr, fortran_order and shape, found '" +
                                   parts->first.trim().take_front(80) + "'");
  std::optional<DataType> type = getNPYType(header->descr);
  if (!type)
    return makeFileError(path, "expected elements of type <f4, <f8, <i2, <i4, <i8, |i1, |u1 or "
                               "|b1, found '" + header->descr + "'");
  std::optional<int64_t> count = countElements(header->shape);
  size_t found = parts->second.size();
  size_t expected = count ? *count * getByteWidth(*type) : 0;
  if (!count || expected != found)
    return makeFileError(path, formatv("{0}: expected {1} bytes for {2} elements of {3}, found {4}",
                                       !count || found < expected ? "truncated" : "wrong size",
                                       count ? std::to_string(expected) : "too many",
                                       printShape(header->shape), getName(*type), found));
  Array array(*type, header->shape);
  if (found)
    std::memcpy(array.data(), parts->second.data(), found);
  return header->fortranOrder && array.getRank() > 1 ? fromFortranOrder(array) : array;
}

Expected<Array> etrace::readNPY(StringRef path) {
  auto buffer = readBytes(path);
  if (!buffer)
    return buffer.takeError();
  return parseNPY(path, (*buffer)->getBuffer());
}

std::string etrace::printNPY(const Array &array) {
  std::string shape;
  for (int64_t extent : array.getShape())
    shape += std::to_string(extent) + (array.getRank() == 1 ? "," : ", ");
  if (array.getRank() > 1)
    shape.resize(shape.size() - 2);
  std::string header = formatv("{{'descr': '{0}', 'fortran_order': False, 'shape': ({1}), }",
                               getDescr(array.getType()), shape);
  // The elements start at a multiple of 64; the header ends with a new line.
  header.resize(llvm::alignTo(10 + header.size() + 1, 64) - 10 - 1, ' ');
  header += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += char(header.size() & 0xff);
  bytes += char(header.size() >> 8);
  bytes += header;
  bytes.append(array.data(), array.getNumBytes());
  return bytes;
}

llvm::Error etrace::writeNPY(StringRef path, const Array &array) {
  return writeAtomically(path, printNPY(array));
}
