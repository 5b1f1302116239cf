//===- TestFiles.h - A directory for files of a test ------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_TEST_UNIT_DATA_TESTFILES_H
#define ETRACE_TEST_UNIT_DATA_TESTFILES_H

#include "etrace/Data/Files.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "gtest/gtest.h"

/// A fresh directory that is removed after the test.
class FileTest : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("etrace-data", directory));
  }
  void TearDown() override { llvm::sys::fs::remove_directories(directory); }

  std::string path(llvm::StringRef name) const { return (directory + "/" + name).str(); }
  /// How many files are in the directory.
  int countFiles() const {
    int count = 0;
    std::error_code code;
    for (llvm::sys::fs::directory_iterator i(directory, code), e; i != e && !code;
         i.increment(code))
      ++count;
    return count;
  }

  llvm::SmallString<128> directory;
};

/// The text of an error that is expected; "" if there is none.
template <typename T> std::string messageOf(llvm::Expected<T> result) {
  return result ? std::string() : llvm::toString(result.takeError());
}
inline std::string messageOf(llvm::Error error) { return llvm::toString(std::move(error)); }

/// The value, or a failure of the test.
template <typename T> T valueOf(llvm::Expected<T> result) {
  if (result)
    return std::move(*result);
  ADD_FAILURE() << llvm::toString(result.takeError());
  return T();
}

#endif // ETRACE_TEST_UNIT_DATA_TESTFILES_H
