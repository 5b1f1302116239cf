//===- PictureTest.cpp - Learning curves and progress ---------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Data/Curve.h"
#include "etrace/Data/Progress.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace etrace;

TEST(Curve, TicksAreRound) {
  EXPECT_EQ(chooseTicks(0, 1, 5).size(), 6u);
  std::vector<double> ticks = chooseTicks(0.31, 2.27, 5);
  ASSERT_EQ(ticks.size(), 4u);
  EXPECT_DOUBLE_EQ(ticks.front(), 0.5);
  EXPECT_DOUBLE_EQ(ticks.back(), 2.0);
  EXPECT_EQ(chooseTicks(0, 3, 6), (std::vector<double>{0, 0.5, 1, 1.5, 2, 2.5, 3}));
  EXPECT_EQ(chooseTicks(2, 2, 5), std::vector<double>{2});
}

TEST(Curve, DrawsEveryPointInsideThePanel) {
  LearningCurve curve{"gru <1>", {{"train", {{0, 2.3}, {1, 0.9}, {2, NAN}}, false}}, {}};
  std::string svg = printSVG(curve);
  EXPECT_NE(svg.find("gru &lt;1&gt;"), std::string::npos);
  EXPECT_NE(svg.find(">train</text>"), std::string::npos);
  EXPECT_NE(svg.find(">epoch</text>"), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find(">accuracy</text>"), std::string::npos);
  curve.accuracies = {{"test", {{1, 0.776}, {2, 0.8}}, true}};
  svg = printSVG(curve);
  EXPECT_NE(svg.find(">accuracy</text>"), std::string::npos);
  EXPECT_NE(svg.find("<circle"), std::string::npos);
  EXPECT_NE(svg.find("width=\"920\""), std::string::npos);
}

TEST(Curve, WorksWithoutPoints) {
  std::string svg = printSVG({"empty", {}, {}});
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
}

TEST(Progress, PlainLinesNowAndThen) {
  std::string text;
  llvm::raw_string_ostream os(text);
  ProgressBar bar(os, /*isTerminal=*/false, "epoch 1", 1000, /*startTime=*/0);
  bar.update({100, 2.0, 0.5}, 1);
  EXPECT_EQ(text, "");
  bar.update({500, 1.5, 0.5}, 10);
  EXPECT_EQ(text, "epoch 1  50%  loss 1.5000  accuracy 0.500  50 samples/s  ETA 0:10\n");
  bar.clear();
  EXPECT_EQ(text.find('\r'), std::string::npos);
}

TEST(Progress, BarInPlaceOnATerminal) {
  std::string text;
  llvm::raw_string_ostream os(text);
  ProgressBar bar(os, /*isTerminal=*/true, "epoch 1", 4, 0);
  bar.update({1, 2.0, std::nullopt}, 0.2);
  bar.update({2, 1.0, std::nullopt}, 0.21);
  EXPECT_EQ(text.find("accuracy"), std::string::npos);
  EXPECT_NE(text.find("\repoch 1 "), std::string::npos);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_EQ(text.find("loss 1.0000"), std::string::npos);
  bar.clear();
  EXPECT_EQ(text.substr(text.size() - 4), "\r\x1b[K");
}

TEST(Progress, Durations) {
  EXPECT_EQ(printDuration(65), "1:05");
  EXPECT_EQ(printDuration(2 * 3600 + 3 * 60 + 4), "2:03:04");
  EXPECT_EQ(printDuration(-1), "0:00");
}
