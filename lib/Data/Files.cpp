//===- Files.cpp - Reading bytes, writing files whole ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Data/Files.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Errno.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

using namespace etrace;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
namespace fs = llvm::sys::fs;

Error etrace::makeFileError(StringRef path, const llvm::Twine &message) {
  return llvm::createStringError(path + ": " + message);
}

Expected<std::unique_ptr<llvm::MemoryBuffer>> etrace::readBytes(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return makeFileError(path, "cannot read: " + buffer.getError().message());
  return std::move(*buffer);
}

/// Whether the name stands for something to write into, not a file to replace.
static bool isStream(StringRef path) {
  fs::file_status status;
  return path == "-" || (!fs::status(path, status) && fs::exists(status) &&
                         !fs::is_regular_file(status) && !fs::is_directory(status));
}

static Error writeDirectly(StringRef path, StringRef bytes) {
  std::error_code code;
  llvm::raw_fd_ostream stream(path, code, fs::OF_None);
  if (code)
    return makeFileError(path, "cannot write: " + code.message());
  stream << bytes;
  stream.flush();
  code = stream.error();
  stream.clear_error();
  return code ? makeFileError(path, "cannot write: " + code.message()) : Error::success();
}

/// A new file beside `path`.
static Error openBeside(StringRef path, int &descriptor, llvm::SmallString<128> &name) {
  if (fs::is_directory(path))
    return makeFileError(path, "cannot write: is a directory");
  // The name says whose it is if the machine dies before the rename.
  if (std::error_code code = fs::createUniqueFile(path + ".tmp-%%%%%%%%", descriptor, name))
    return makeFileError(path, "cannot write: " + code.message());
  return Error::success();
}

/// Writes all and synchronises; 0 or errno.
static int writeAndSync(int descriptor, StringRef bytes) {
  while (!bytes.empty()) {
    ssize_t written = ::write(descriptor, bytes.data(), std::min<size_t>(bytes.size(), 1 << 30));
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return written < 0 ? errno : ENOSPC;
    bytes = bytes.drop_front(written);
  }
  return ::fsync(descriptor) ? errno : 0;
}

/// Makes a rename durable.
static void syncDirectory(StringRef path) {
  StringRef parent = llvm::sys::path::parent_path(path);
  int descriptor = ::open(parent.empty() ? "." : parent.str().c_str(), O_RDONLY | O_DIRECTORY);
  if (descriptor < 0)
    return;
  ::fsync(descriptor);
  ::close(descriptor);
}

Error etrace::writeAtomically(StringRef path, StringRef bytes) {
  if (isStream(path))
    return writeDirectly(path, bytes);
  int descriptor;
  llvm::SmallString<128> temporary;
  if (Error error = openBeside(path, descriptor, temporary))
    return error;
  int code = writeAndSync(descriptor, bytes);
  if (::close(descriptor) && !code)
    code = errno;
  if (!code && ::rename(temporary.c_str(), path.str().c_str()))
    code = errno;
  if (code) {
    ::unlink(temporary.c_str());
    return makeFileError(path, "cannot write: " + llvm::sys::StrError(code));
  }
  syncDirectory(path);
  return Error::success();
}

Error etrace::checkWritable(StringRef path) {
  if (isStream(path))
    return Error::success();
  int descriptor;
  llvm::SmallString<128> temporary;
  if (Error error = openBeside(path, descriptor, temporary))
    return error;
  ::close(descriptor);
  ::unlink(temporary.c_str());
  return Error::success();
}

//===----------------------------------------------------------------------===//
// By the extension
//===----------------------------------------------------------------------===//

Expected<ArrayMap> etrace::readArrays(StringRef path) {
  StringRef extension = llvm::sys::path::extension(path);
  if (extension == ".npz") {
    Expected<Archive> archive = readNPZ(path);
    if (!archive)
      return archive.takeError();
    return std::move(archive->arrays);
  }
  if (extension == ".json")
    return readJSONArrays(path);
  Expected<Array> array = extension == ".npy" ? readNPY(path) : readIDX(path);
  if (!array)
    return array.takeError();
  ArrayMap result;
  result[""] = std::move(*array);
  return result;
}

Error etrace::checkArraysPath(StringRef path) {
  StringRef extension = llvm::sys::path::extension(path);
  if (extension == ".npz" || extension == ".json")
    return Error::success();
  return makeFileError(path, "expected a name that ends in .npz or .json, found '" +
                                 llvm::sys::path::filename(path) + "'");
}

Error etrace::writeArrays(StringRef path, const ArrayMap &arrays) {
  if (Error error = checkArraysPath(path))
    return error;
  if (path.ends_with(".json"))
    return writeAtomically(path, printJSONArrays(arrays));
  Archive archive;
  archive.arrays = arrays;
  return writeNPZ(path, archive);
}
