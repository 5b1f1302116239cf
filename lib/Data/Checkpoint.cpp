//===- Checkpoint.cpp - All state of a training run -----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Data/Checkpoint.h"
#include "etrace/Data/Files.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace etrace;
using llvm::Error;
using llvm::Expected;
using llvm::StringRef;
namespace json = llvm::json;

static constexpr llvm::StringLiteral kMember = "checkpoint.json";
static constexpr llvm::StringLiteral kFormat = "etrace-checkpoint";
static constexpr int64_t kVersion = 1;

/// 64 bits as text, because numbers in JSON have 53.
static std::string printHex(uint64_t value) {
  return "0x" + llvm::utohexstr(value, /*LowerCase=*/true, /*Width=*/16);
}

Error etrace::writeCheckpoint(StringRef path, const Checkpoint &checkpoint) {
  json::Object options;
  for (const auto &[name, value] : checkpoint.options)
    options[name] = value;
  json::Object header{{"format", kFormat},
                      {"version", kVersion},
                      {"model", checkpoint.model},
                      {"model_hash", printHex(checkpoint.modelHash)},
                      {"rule", checkpoint.rule},
                      {"options", std::move(options)},
                      {"seed", printHex(checkpoint.seed)},
                      {"epochs", checkpoint.epochs},
                      {"batches", checkpoint.batches},
                      {"loss_sum", checkpoint.lossSum},
                      {"history", json::Array(checkpoint.history)}};
  Archive archive;
  archive.arrays = checkpoint.arrays;
  archive.texts[kMember.str()] = llvm::formatv("{0:2}\n", json::Value(std::move(header)));
  return writeNPZ(path, archive);
}

static Error makeHeaderError(StringRef path, StringRef message) {
  return makeFileError(path, "expected a checkpoint of etrace-run, found " + message);
}

/// Fills everything but the arrays.
static Error parseHeader(StringRef path, const json::Object &header, Checkpoint &result) {
  if (header.getString("format") != StringRef(kFormat))
    return makeHeaderError(path, "format '" + header.getString("format").value_or("").str() + "'");
  if (header.getInteger("version") != kVersion)
    return makeHeaderError(path, llvm::formatv("version {0} (this tool reads version {1})",
                                               header.getInteger("version").value_or(0), kVersion)
                                     .str());
  auto model = header.getString("model"), hash = header.getString("model_hash"),
       rule = header.getString("rule"), seed = header.getString("seed");
  auto epochs = header.getInteger("epochs"), batches = header.getInteger("batches");
  auto lossSum = header.getNumber("loss_sum");
  const json::Object *options = header.getObject("options");
  const json::Array *history = header.getArray("history");
  if (!model || !hash || hash->getAsInteger(0, result.modelHash) || !rule || !seed ||
      seed->getAsInteger(0, result.seed) || !epochs || *epochs < 0 || !batches || *batches < 0 ||
      !lossSum || !options || !history)
    return makeHeaderError(path, "an incomplete header");
  result.model = model->str();
  result.rule = rule->str();
  for (const auto &[name, value] : *options)
    result.options[StringRef(name).str()] = value.getAsString().value_or("").str();
  result.epochs = *epochs;
  result.batches = *batches;
  result.lossSum = *lossSum;
  result.history = *history;
  return Error::success();
}

Expected<Checkpoint> etrace::readCheckpoint(StringRef path) {
  Expected<Archive> archive = readNPZ(path);
  if (!archive)
    return archive.takeError();
  auto member = archive->texts.find(kMember.str());
  if (member == archive->texts.end())
    return makeHeaderError(path, "no member '" + kMember.str() + "'");
  Expected<json::Value> value = json::parse(member->second);
  if (!value)
    return makeHeaderError(path, "a broken header: " + llvm::toString(value.takeError()));
  const json::Object *header = value->getAsObject();
  if (!header)
    return makeHeaderError(path, "a header that is no object");
  Checkpoint checkpoint;
  if (Error error = parseHeader(path, *header, checkpoint))
    return error;
  checkpoint.arrays = std::move(archive->arrays);
  return checkpoint;
}
