//===- CheckpointTest.cpp - Checkpoints -----------------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "TestFiles.h"
#include "etrace/Data/Checkpoint.h"

using namespace etrace;

TEST_F(FileTest, CheckpointRoundTrip) {
  Checkpoint checkpoint;
  checkpoint.model = "gru";
  checkpoint.modelHash = 0xfedcba9876543210;
  checkpoint.rule = "pp-prop";
  checkpoint.options["decay"] = "0.9";
  checkpoint.seed = UINT64_MAX;
  checkpoint.epochs = 2;
  checkpoint.batches = 17;
  checkpoint.lossSum = 1.0 / 3;
  checkpoint.history.push_back(llvm::json::Object{{"epoch", 1}});
  checkpoint.arrays["param:w"] = Array::from<float>({2}, {1, 2});
  llvm::cantFail(writeCheckpoint(path("c.npz"), checkpoint));
  Checkpoint back = valueOf(readCheckpoint(path("c.npz")));
  EXPECT_EQ(back.model, "gru");
  EXPECT_EQ(back.modelHash, checkpoint.modelHash);
  EXPECT_EQ(back.rule, "pp-prop");
  EXPECT_EQ(back.options, checkpoint.options);
  EXPECT_EQ(back.seed, UINT64_MAX);
  EXPECT_EQ(back.epochs, 2);
  EXPECT_EQ(back.batches, 17);
  EXPECT_EQ(back.lossSum, 1.0 / 3);
  EXPECT_EQ(back.history, checkpoint.history);
  EXPECT_EQ(back.arrays["param:w"].get(1), 2);
}

TEST_F(FileTest, CheckpointSaysWhatIsWrong) {
  auto message = [&](const Archive &archive) {
    llvm::cantFail(writeNPZ(path("c.npz"), archive));
    return messageOf(readCheckpoint(path("c.npz")));
  };
  Archive archive;
  archive.arrays["x"] = Array(DataType::f32, {1});
  EXPECT_NE(message(archive).find("found no member 'checkpoint.json'"), std::string::npos);
  archive.texts["checkpoint.json"] = "{";
  EXPECT_NE(message(archive).find("broken header"), std::string::npos);
  archive.texts["checkpoint.json"] = "[]";
  EXPECT_NE(message(archive).find("no object"), std::string::npos);
  archive.texts["checkpoint.json"] = R"({"format": "other"})";
  EXPECT_NE(message(archive).find("format 'other'"), std::string::npos);
  archive.texts["checkpoint.json"] = R"({"format": "etrace-checkpoint", "version": 99})";
  EXPECT_NE(message(archive).find("version 99 (this tool reads version 1)"), std::string::npos);
  archive.texts["checkpoint.json"] = R"({"format": "etrace-checkpoint", "version": 1})";
  EXPECT_NE(message(archive).find("incomplete header"), std::string::npos);
}
