//===- IDX.cpp - The IDX format of the MNIST family -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Magic 00 00 <type> <rank>, then `rank` big-endian 32-bit extents, then the elements,
// big-endian, row-major.
//===----------------------------------------------------------------------===//

#include "etrace/Data/Files.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <cstring>
#include <zlib.h>

using namespace etrace;
using llvm::Expected;
using llvm::StringRef;

Expected<std::string> etrace::inflateGzip(StringRef path, StringRef bytes) {
  z_stream stream = {};
  // 16: expect a gzip header.
  if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK)
    return makeFileError(path, "cannot start zlib");
  std::string result;
  std::vector<char> chunk(1 << 20);
  stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(bytes.data()));
  stream.avail_in = bytes.size();
  int status = Z_OK;
  while (status == Z_OK || (status == Z_STREAM_END && stream.avail_in)) {
    if (status == Z_STREAM_END)
      inflateReset(&stream);
    stream.next_out = reinterpret_cast<Bytef *>(chunk.data());
    stream.avail_out = chunk.size();
    status = inflate(&stream, Z_NO_FLUSH);
    result.append(chunk.data(), chunk.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (status == Z_STREAM_END)
    return result;
  if (status == Z_BUF_ERROR)
    return makeFileError(path, llvm::formatv("truncated gzip data: the stream does not end within "
                                             "the {0} bytes of the file",
                                             bytes.size()));
  return makeFileError(path, "corrupt gzip data: " +
                                 llvm::Twine(stream.msg ? stream.msg : "unknown error"));
}

static std::optional<DataType> getIDXType(uint8_t code) {
  switch (code) {
  case 0x08:
    return DataType::u8;
  case 0x09:
    return DataType::i8;
  case 0x0B:
    return DataType::i16;
  case 0x0C:
    return DataType::i32;
  case 0x0D:
    return DataType::f32;
  case 0x0E:
    return DataType::f64;
  default:
    return std::nullopt;
  }
}

Expected<Array> etrace::parseIDX(StringRef path, StringRef bytes) {
  using llvm::formatv;
  if (bytes.size() < 4)
    return makeFileError(path, formatv("expected an IDX file, found only {0} bytes", bytes.size()));
  uint32_t magic = llvm::support::endian::read32be(bytes.data());
  std::optional<DataType> type = getIDXType((magic >> 8) & 0xff);
  if (magic >> 16 || !type)
    return makeFileError(path, formatv("wrong magic number: expected an IDX file (0x0000TTRR, type "
                                       "TT 08, 09, 0b, 0c, 0d or 0e), found {0:x8}",
                                       magic)
                                   .str());
  size_t rank = magic & 0xff, header = 4 + 4 * rank;
  if (bytes.size() < header)
    return makeFileError(path, formatv("truncated: expected {0} bytes of IDX header for rank {1}, "
                                       "found {2}",
                                       header, rank, bytes.size()));
  std::vector<int64_t> shape;
  for (size_t axis = 0; axis < rank; ++axis)
    shape.push_back(llvm::support::endian::read32be(bytes.data() + 4 + 4 * axis));
  size_t width = getByteWidth(*type), found = bytes.size() - header;
  std::optional<int64_t> count = countElements(shape);
  if (!count || *count * width != found)
    return makeFileError(
        path, formatv("{0}: expected {1} bytes for {2} elements of {3}, found {4}",
                      !count || found < *count * width ? "truncated" : "wrong size",
                      count ? std::to_string(*count * width) : "too many", printShape(shape),
                      getName(*type), found));
  Array array(*type, shape);
  if (found)
    std::memcpy(array.data(), bytes.data() + header, found);
  if (width > 1 && llvm::sys::IsLittleEndianHost)
    for (size_t i = 0; i < found; i += width)
      std::reverse(array.data() + i, array.data() + i + width);
  return array;
}

Expected<Array> etrace::readIDX(StringRef path) {
  auto buffer = readBytes(path);
  if (!buffer)
    return buffer.takeError();
  StringRef bytes = (*buffer)->getBuffer();
  if (!bytes.starts_with("\x1f\x8b"))
    return parseIDX(path, bytes);
  Expected<std::string> inflated = inflateGzip(path, bytes);
  if (!inflated)
    return inflated.takeError();
  return parseIDX(path, *inflated);
}
