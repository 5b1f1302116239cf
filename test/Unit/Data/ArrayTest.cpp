//===- ArrayTest.cpp - Arrays and their JSON form -------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "TestFiles.h"

#include "llvm/Support/JSON.h"

#include <cmath>

using namespace etrace;

TEST(Array, CountsOnlyWhatFits) {
  EXPECT_EQ(countElements({}), 1);
  EXPECT_EQ(countElements({3, 0, 5}), 0);
  EXPECT_EQ(countElements({60000, 28, 28}), 60000 * 28 * 28);
  EXPECT_FALSE(countElements({-1, 2}));
  EXPECT_FALSE(countElements({INT64_MAX, 2}));
  EXPECT_FALSE(countElements({INT64_MAX / 4}));
}

TEST(Array, Converts) {
  Array bytes = Array::from<uint8_t>({2, 2}, {0, 1, 127, 255});
  Array floats = bytes.convertTo(DataType::f32);
  EXPECT_EQ(floats.getShape(), bytes.getShape());
  EXPECT_EQ(floats.values<float>().vec(), (std::vector<float>{0, 1, 127, 255}));
  Array doubles = Array::from<double>({3}, {-1.75, 0.5, 2.9});
  EXPECT_EQ(doubles.convertTo(DataType::i64).values<int64_t>().vec(),
            (std::vector<int64_t>{-1, 0, 2}));
  EXPECT_EQ(doubles.get(2), 2.9);
  EXPECT_EQ(doubles.reshape({3, 1}).getRank(), 2);
}

TEST(Array, PrintsShapes) {
  EXPECT_EQ(printShape({}), "scalar");
  EXPECT_EQ(printShape({-1, 32}), "?x32");
}

static std::string jsonError(llvm::StringRef text) {
  return messageOf(parseJSONArray(llvm::cantFail(llvm::json::parse(text))));
}
static Array jsonArray(llvm::StringRef text) {
  return valueOf(parseJSONArray(llvm::cantFail(llvm::json::parse(text))));
}

TEST(JSON, NestedLists) {
  Array integers = jsonArray("[[1, 2, 3], [4, 5, 6]]");
  EXPECT_EQ(integers.getShape().vec(), (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(integers.getType(), DataType::i64);
  Array floats = jsonArray("[1, 2.5, \"NaN\", \"-Infinity\"]");
  EXPECT_EQ(floats.getType(), DataType::f64);
  EXPECT_TRUE(std::isnan(floats.get(2)));
  EXPECT_EQ(floats.get(3), -INFINITY);
  EXPECT_EQ(jsonArray("7").getRank(), 0);
}

TEST(JSON, FlatWithShape) {
  Array array = jsonArray(R"({"shape": [2, 2], "dtype": "f32", "data": [1, 2, 3, 4.5]})");
  EXPECT_EQ(array.getType(), DataType::f32);
  EXPECT_EQ(array.get(3), 4.5);
  EXPECT_EQ(jsonArray(R"({"shape": [1], "values": [4]})").get(0), 4);
}

TEST(JSON, SaysWhatIsWrong) {
  EXPECT_NE(jsonError("[[1, 2], [3]]").find("lists of one shape"), std::string::npos);
  EXPECT_NE(jsonError("[[1, 2], 3]").find("lists of one shape"), std::string::npos);
  EXPECT_NE(jsonError("[\"x\"]").find("expected a number"), std::string::npos);
  EXPECT_EQ(jsonError(R"({"shape": [2, 2], "data": [1]})"),
            "expected as many numbers as the shape 2x2 has, found 1");
  EXPECT_NE(jsonError(R"({"shape": [-1], "data": []})").find("extents"), std::string::npos);
  EXPECT_NE(jsonError(R"({"data": []})").find("'shape' and 'data'"), std::string::npos);
  EXPECT_NE(jsonError(R"({"shape": [1], "dtype": "f16", "data": [1]})").find("found 'f16'"),
            std::string::npos);
}

TEST(JSON, RoundTripIsExact) {
  ArrayMap arrays;
  arrays["output:y"] = Array::from<double>({2, 2}, {1.0 / 3, -0.0, 1e-300, INFINITY});
  arrays["label \"q\""] = Array::from<int64_t>({2}, {INT64_MAX, -1});
  llvm::json::Value value = llvm::cantFail(llvm::json::parse(printJSONArrays(arrays)));
  for (const auto &[name, array] : arrays) {
    Array back = valueOf(parseJSONArray(*value.getAsObject()->get(name)));
    EXPECT_EQ(back.getType(), array.getType());
    EXPECT_EQ(back.getShape(), array.getShape());
    EXPECT_EQ(std::string(back.data(), back.getNumBytes()),
              std::string(array.data(), array.getNumBytes()));
  }
}
