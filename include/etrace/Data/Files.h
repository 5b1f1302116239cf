//===- Files.h - Reading arrays, writing files whole ------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every error is one line: the file, what was expected, what was found. A file that
// is written appears whole or not at all: the bytes go to a file beside it, are
// synchronised to the disk, and take the name by a rename.
//===----------------------------------------------------------------------===//
#ifndef ETRACE_DATA_FILES_H
#define ETRACE_DATA_FILES_H

#include "etrace/Data/Array.h"

#include "llvm/ADT/Twine.h"
#include "llvm/Support/MemoryBuffer.h"

namespace llvm::json {
class Value;
} // namespace llvm::json

namespace etrace {

/// The error "<path>: <message>".
llvm::Error makeFileError(llvm::StringRef path, const llvm::Twine &message);

/// The bytes of a file.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> readBytes(llvm::StringRef path);
/// Writes a file whole or not at all. Something that is no regular file (a pipe,
/// /dev/stdout) is written directly; "-" is standard output.
llvm::Error writeAtomically(llvm::StringRef path, llvm::StringRef bytes);
/// Finds out now whether `writeAtomically` could make this file at the end of a long run.
llvm::Error checkWritable(llvm::StringRef path);

//===----------------------------------------------------------------------===//
// IDX
//===----------------------------------------------------------------------===//

/// Reads an IDX file; one that starts with the gzip magic is inflated first.
llvm::Expected<Array> readIDX(llvm::StringRef path);
llvm::Expected<Array> parseIDX(llvm::StringRef path, llvm::StringRef bytes);
/// Inflates gzip data (one or more members).
llvm::Expected<std::string> inflateGzip(llvm::StringRef path, llvm::StringRef bytes);

//===----------------------------------------------------------------------===//
// NPY and NPZ
//===----------------------------------------------------------------------===//

/// Little-endian f4 f8 i1 i2 i4 i8 u1 b1; Fortran order is turned into C order.
llvm::Expected<Array> parseNPY(llvm::StringRef path, llvm::StringRef bytes);
llvm::Expected<Array> readNPY(llvm::StringRef path);
std::string printNPY(const Array &array);
llvm::Error writeNPY(llvm::StringRef path, const Array &array);

/// What an NPZ file holds: arrays, and members that are not arrays (such as JSON).
struct Archive {
  ArrayMap arrays;
  std::map<std::string, std::string> texts;
};
llvm::Expected<Archive> readNPZ(llvm::StringRef path);
llvm::Error writeNPZ(llvm::StringRef path, const Archive &archive);

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

/// A number, nested lists of one shape, or {"shape": [...], "data": [flat]} (also
/// "values"; an optional "dtype"). Numbers without fraction everywhere make i64.
llvm::Expected<Array> parseJSONArray(const llvm::json::Value &value);
/// Arrays by name from an object. A list or number at the top is an array with the name "".
llvm::Expected<ArrayMap> readJSONArrays(llvm::StringRef path);
/// {"shape", "dtype", "data"} per name, 17 significant digits; what is not finite
/// becomes a string ("NaN", "Infinity", "-Infinity").
std::string printJSONArrays(const ArrayMap &arrays);

//===----------------------------------------------------------------------===//
// By the extension
//===----------------------------------------------------------------------===//

/// All arrays of a file: .npz and .json by name; .npy and IDX as one array named "".
llvm::Expected<ArrayMap> readArrays(llvm::StringRef path);
/// Writes .npz or .json.
llvm::Error writeArrays(llvm::StringRef path, const ArrayMap &arrays);
/// Refuses a name that `writeArrays` would refuse.
llvm::Error checkArraysPath(llvm::StringRef path);

} // namespace etrace

#endif // ETRACE_DATA_FILES_H
