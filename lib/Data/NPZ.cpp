//===- NPZ.cpp - Archives of arrays ---------------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Data/Files.h"

#include "llvm/ADT/ScopeExit.h"

#include <zip.h>

using namespace etrace;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;

/// What went wrong in libzip, as text.
static std::string describe(zip_error_t *error) {
  std::string text = zip_error_strerror(error);
  zip_error_fini(error);
  return text;
}

/// One member, inflated; its checksum is verified by libzip.
static Expected<std::string> readMember(StringRef path, zip_t *zip, const zip_stat_t &entry) {
  zip_file_t *file = zip_fopen_index(zip, entry.index, 0);
  if (!file)
    return makeFileError(path, llvm::Twine("cannot read member '") + entry.name +
                                   "': " + zip_strerror(zip));
  llvm::scope_exit close([&] { zip_fclose(file); });
  std::string bytes;
  std::vector<char> chunk(1 << 20);
  // Not sized by the directory of the archive, which may lie.
  for (;;) {
    zip_int64_t count = zip_fread(file, chunk.data(), chunk.size());
    if (count < 0)
      return makeFileError(path, llvm::Twine("corrupt member '") + entry.name +
                                     "': " + zip_file_strerror(file));
    if (count == 0)
      return bytes;
    bytes.append(chunk.data(), count);
  }
}

Expected<Archive> etrace::readNPZ(StringRef path) {
  // libzip's message for a missing file is worse than ours.
  if (auto buffer = readBytes(path); !buffer)
    return buffer.takeError();
  int code = 0;
  zip_t *zip = zip_open(path.str().c_str(), ZIP_RDONLY, &code);
  if (!zip) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    return makeFileError(path, "expected an NPZ archive, found none: " + describe(&error));
  }
  llvm::scope_exit close([&] { zip_discard(zip); });
  Archive archive;
  for (zip_int64_t i = 0, e = zip_get_num_entries(zip, 0); i < e; ++i) {
    zip_stat_t entry;
    if (zip_stat_index(zip, i, 0, &entry))
      return makeFileError(path, llvm::Twine("corrupt archive: ") + zip_strerror(zip));
    Expected<std::string> bytes = readMember(path, zip, entry);
    if (!bytes)
      return bytes.takeError();
    StringRef name = entry.name;
    if (!name.consume_back(".npy")) {
      archive.texts[name.str()] = std::move(*bytes);
      continue;
    }
    Expected<Array> array = parseNPY((path + "(" + name + ")").str(), *bytes);
    if (!array)
      return array.takeError();
    archive.arrays[name.str()] = std::move(*array);
  }
  return archive;
}

/// Adds a member without compression, as `numpy.savez` does.
static bool addMember(zip_t *zip, const std::string &name, const std::string &bytes) {
  zip_source_t *source = zip_source_buffer(zip, bytes.data(), bytes.size(), 0);
  if (!source)
    return false;
  zip_int64_t index = zip_file_add(zip, name.c_str(), source, ZIP_FL_ENC_UTF_8);
  if (index < 0) {
    zip_source_free(source);
    return false;
  }
  // The first day of the format's calendar: equal contents make equal files.
  return zip_set_file_compression(zip, index, ZIP_CM_STORE, 0) == 0 &&
         zip_file_set_dostime(zip, index, 0, (1 << 5) | 1, 0) == 0;
}

/// The bytes that libzip left in a buffer source.
static bool readSource(zip_source_t *source, std::string &bytes) {
  zip_stat_t stat;
  if (zip_source_stat(source, &stat) || zip_source_open(source))
    return false;
  bytes.resize(stat.size);
  bool complete = zip_source_read(source, bytes.data(), bytes.size()) == zip_int64_t(bytes.size());
  zip_source_close(source);
  return complete;
}

/// The archive as bytes; the members live in `members` until the archive is closed.
static Expected<std::string> printArchive(StringRef path,
                                          const std::map<std::string, std::string> &members) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t *target = zip_source_buffer_create(nullptr, 0, 0, &error);
  if (!target)
    return makeFileError(path, "cannot make an archive: " + describe(&error));
  zip_source_keep(target);
  llvm::scope_exit release([&] { zip_source_free(target); });
  zip_t *zip = zip_open_from_source(target, ZIP_CREATE | ZIP_TRUNCATE, &error);
  if (!zip) {
    zip_source_free(target);
    return makeFileError(path, "cannot make an archive: " + describe(&error));
  }
  bool complete = true;
  for (const auto &[name, bytes] : members)
    complete = complete && addMember(zip, name, bytes);
  if (!complete || zip_close(zip)) {
    std::string reason = zip_strerror(zip);
    zip_discard(zip);
    return makeFileError(path, "cannot make an archive: " + reason);
  }
  std::string bytes;
  if (!readSource(target, bytes))
    return makeFileError(path, "cannot make an archive: no bytes");
  return bytes;
}

Error etrace::writeNPZ(StringRef path, const Archive &archive) {
  std::map<std::string, std::string> members = archive.texts;
  for (const auto &[name, array] : archive.arrays)
    members[name + ".npy"] = printNPY(array);
  // An archive without members is no file for libzip: write the empty directory.
  if (members.empty())
    return writeAtomically(path, StringRef("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22));
  Expected<std::string> bytes = printArchive(path, members);
  if (!bytes)
    return bytes.takeError();
  return writeAtomically(path, *bytes);
}
