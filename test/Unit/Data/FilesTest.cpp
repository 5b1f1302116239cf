//===- FilesTest.cpp - IDX, NPY, NPZ and whole files ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "TestFiles.h"

using namespace etrace;
using llvm::StringRef;

/// Whether `text` contains all parts.
static bool mentions(StringRef text, std::initializer_list<StringRef> parts) {
  for (StringRef part : parts)
    if (!text.contains(part)) {
      ADD_FAILURE() << "'" << part.str() << "' is not in: " << text.str();
      return false;
    }
  return !text.contains('\n');
}

static const std::string kIDX("\0\0\x08\x02\0\0\0\x02\0\0\0\x03\1\2\3\4\5\6", 18);

TEST(IDX, ReadsBytesAndBigEndianNumbers) {
  Array bytes = valueOf(parseIDX("x", kIDX));
  EXPECT_EQ(bytes.getShape().vec(), (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(bytes.values<uint8_t>()[5], 6);
  Array ints = valueOf(parseIDX("x", StringRef("\0\0\x0c\x01\0\0\0\x02\0\0\1\2\xff\xff\xff\xfe", 16)));
  EXPECT_EQ(ints.values<int32_t>().vec(), (std::vector<int32_t>{258, -2}));
}

TEST(IDX, NamesFileExpectedAndFound) {
  EXPECT_TRUE(mentions(messageOf(parseIDX("a.idx", StringRef(kIDX).drop_back(2))),
                       {"a.idx", "truncated", "expected 6 bytes", "2x3", "found 4"}));
  EXPECT_TRUE(mentions(messageOf(parseIDX("a.idx", kIDX + "z")),
                       {"wrong size", "expected 6 bytes", "found 7"}));
  EXPECT_TRUE(mentions(messageOf(parseIDX("a.idx", "PNG pictures")),
                       {"wrong magic number", "found 0x504e4720"}));
  EXPECT_TRUE(mentions(messageOf(parseIDX("a.idx", StringRef(kIDX).take_front(9))),
                       {"truncated", "expected 12 bytes of IDX header", "found 9"}));
  EXPECT_TRUE(mentions(messageOf(parseIDX("a.idx", "")), {"found only 0 bytes"}));
  // Extents whose product does not fit must not be allocated.
  std::string huge("\0\0\x0e\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16);
  EXPECT_TRUE(mentions(messageOf(parseIDX("a.idx", huge)), {"truncated", "too many"}));
}

/// kIDX through `gzip -n`.
static const std::string kGzip("\x1f\x8b\x08\0\0\0\0\0\0\x03\x63\x60\xe0\x60\x62\x60\x60\0\x61\x66"
                               "\x46\x26\x66\x16\x56\x36\0\x48\x94\x3e\xe5\x12\0\0\0",
                               35);

TEST_F(FileTest, InflatesGzip) {
  std::string file = path("a.gz");
  llvm::cantFail(writeAtomically(file, kGzip));
  EXPECT_EQ(valueOf(readIDX(file)).get(5), 6);
  llvm::cantFail(writeAtomically(file, StringRef(kGzip).drop_back(12)));
  EXPECT_TRUE(mentions(messageOf(readIDX(file)), {"a.gz", "truncated gzip data"}));
  std::string broken = kGzip;
  broken[28] ^= 1; // the checksum
  llvm::cantFail(writeAtomically(file, broken));
  EXPECT_TRUE(mentions(messageOf(readIDX(file)), {"a.gz", "corrupt gzip data"}));
}

TEST(NPY, RoundTrip) {
  Array array = Array::from<float>({3, 2}, {1, 2, 3, 4, 5, 6});
  std::string bytes = printNPY(array);
  EXPECT_EQ((bytes.size() - array.getNumBytes()) % 64, 0u);
  Array back = valueOf(parseNPY("x", bytes));
  EXPECT_EQ(back.getShape(), array.getShape());
  EXPECT_EQ(back.values<float>(), array.values<float>());
  for (std::vector<int64_t> shape : {std::vector<int64_t>{}, {1}, {0, 4}})
    EXPECT_EQ(valueOf(parseNPY("x", printNPY(Array(DataType::i64, shape)))).getShape().vec(), shape);
}

/// An NPY file of version 1 with this dictionary.
static std::string makeNPY(StringRef dictionary, StringRef data) {
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += char(dictionary.size());
  bytes += '\0';
  return bytes + dictionary.str() + data.str();
}

TEST(NPY, TurnsFortranOrder) {
  Array array = valueOf(parseNPY(
      "x", makeNPY("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3)}", "\1\4\2\5\3\6")));
  EXPECT_EQ(array.values<uint8_t>().vec(), (std::vector<uint8_t>{1, 2, 3, 4, 5, 6}));
}

TEST(NPY, SaysWhatIsWrong) {
  EXPECT_TRUE(mentions(messageOf(parseNPY("a.npy", "PK\3\4............")),
                       {"a.npy", "wrong magic", "504b0304"}));
  std::string bytes = printNPY(Array(DataType::f64, {4}));
  EXPECT_TRUE(mentions(messageOf(parseNPY("a.npy", StringRef(bytes).drop_back(8))),
                       {"truncated", "expected 32 bytes", "found 24"}));
  EXPECT_TRUE(mentions(messageOf(parseNPY("a.npy", StringRef(bytes).take_front(40))),
                       {"truncated", "header"}));
  EXPECT_TRUE(mentions(
      messageOf(parseNPY("a", makeNPY("{'descr': '>f8', 'fortran_order': False, 'shape': ()}", ""))),
      {"<f8", "found '>f8'"}));
  EXPECT_TRUE(mentions(
      messageOf(parseNPY("a", makeNPY("{'descr': [('a', '<f4')], 'fortran_order': False, "
                                      "'shape': ()}", ""))),
      {"found '[('a', '<f4')]"}));
  EXPECT_TRUE(mentions(messageOf(parseNPY("a", makeNPY("{'descr': '<f8'}", ""))),
                       {"expected an NPY header"}));
  EXPECT_TRUE(mentions(
      messageOf(parseNPY("a", makeNPY("{'descr': '<f8', 'fortran_order': False, "
                                      "'shape': (9999999999, 9999999999)}", ""))),
      {"too many"}));
}

TEST_F(FileTest, NPZRoundTrip) {
  Archive archive;
  archive.arrays["param:cell.w"] = Array::from<double>({2}, {1.5, -2});
  archive.arrays["i"] = Array::from<int32_t>({}, {7});
  archive.texts["note.json"] = "{}";
  std::string file = path("a.npz");
  llvm::cantFail(writeNPZ(file, archive));
  Archive back = valueOf(readNPZ(file));
  EXPECT_EQ(back.texts, archive.texts);
  ASSERT_EQ(back.arrays.size(), 2u);
  EXPECT_EQ(back.arrays["param:cell.w"].get(1), -2);
  EXPECT_EQ(back.arrays["i"].getRank(), 0);
  // Equal contents, equal bytes.
  std::string other = path("b.npz");
  llvm::cantFail(writeNPZ(other, archive));
  EXPECT_EQ(valueOf(readBytes(file))->getBuffer(), valueOf(readBytes(other))->getBuffer());
  EXPECT_EQ(countFiles(), 2);
  llvm::cantFail(writeNPZ(file, Archive()));
  EXPECT_TRUE(valueOf(readNPZ(file)).arrays.empty());
}

TEST_F(FileTest, NPZSaysWhatIsWrong) {
  std::string file = path("a.npz");
  EXPECT_TRUE(mentions(messageOf(readNPZ(file)), {"a.npz", "No such file"}));
  llvm::cantFail(writeAtomically(file, "no archive"));
  EXPECT_TRUE(mentions(messageOf(readNPZ(file)), {"a.npz", "expected an NPZ archive"}));
  Archive archive;
  archive.arrays["x"] = Array(DataType::f64, {64});
  llvm::cantFail(writeNPZ(file, archive));
  std::string bytes = valueOf(readBytes(file))->getBuffer().str();
  llvm::cantFail(writeAtomically(file, StringRef(bytes).drop_back(100)));
  EXPECT_NE(messageOf(readNPZ(file)), "");
  bytes[200] ^= 1; // an element: the checksum disagrees
  llvm::cantFail(writeAtomically(file, bytes));
  EXPECT_TRUE(mentions(messageOf(readNPZ(file)), {"corrupt member 'x.npy'"}));
}

TEST_F(FileTest, WritesWholeOrNotAtAll) {
  std::string file = path("a.txt");
  llvm::cantFail(writeAtomically(file, "one"));
  llvm::cantFail(writeAtomically(file, "two"));
  EXPECT_EQ(valueOf(readBytes(file))->getBuffer(), "two");
  EXPECT_TRUE(mentions(messageOf(writeAtomically(path("no/such"), "x")),
                       {"no/such", "cannot write", "No such file"}));
  EXPECT_TRUE(mentions(messageOf(writeAtomically(directory, "x")), {"is a directory"}));
  EXPECT_TRUE(mentions(messageOf(checkWritable(path("no/such"))), {"cannot write"}));
  EXPECT_EQ(messageOf(checkWritable(file)), "");
  EXPECT_EQ(messageOf(checkWritable(path("new"))), "");
  EXPECT_TRUE(mentions(messageOf(writeAtomically("/dev/full", "x")), {"No space left"}));
  EXPECT_EQ(valueOf(readBytes(file))->getBuffer(), "two");
  EXPECT_EQ(countFiles(), 1);
}

TEST_F(FileTest, ReadsByExtension) {
  llvm::cantFail(writeAtomically(path("a.json"), R"({"x": [1, 2], "y": 3.5})"));
  EXPECT_EQ(valueOf(readArrays(path("a.json")))["x"].get(1), 2);
  llvm::cantFail(writeAtomically(path("b.json"), "[1, 2"));
  EXPECT_TRUE(mentions(messageOf(readArrays(path("b.json"))), {"b.json", "not JSON"}));
  llvm::cantFail(writeAtomically(path("c.json"), R"({"x": [[1], []]})"));
  EXPECT_TRUE(mentions(messageOf(readArrays(path("c.json"))), {"c.json", "'x'", "one shape"}));
  llvm::cantFail(writeNPY(path("a.npy"), Array::from<float>({1}, {4})));
  EXPECT_EQ(valueOf(readArrays(path("a.npy")))[""].get(0), 4);
  llvm::cantFail(writeAtomically(path("a-ubyte"), kIDX));
  EXPECT_EQ(valueOf(readArrays(path("a-ubyte")))[""].get(0), 1);
  EXPECT_TRUE(mentions(messageOf(writeArrays(path("a.txt"), {})), {"ends in .npz or .json"}));
}
