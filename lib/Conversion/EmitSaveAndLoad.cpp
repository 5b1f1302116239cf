//===- EmitSaveAndLoad.cpp - The state of a learner to and from memory ----===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Conversion/ABIRecord.h"
#include "etrace/Conversion/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"

namespace etrace {
#define GEN_PASS_DEF_EMITSAVEANDLOADPASS
#include "etrace/Conversion/Passes.h.inc"
} // namespace etrace

using namespace mlir;
using namespace etrace;

namespace {

/// Bytes that lie together in the block and in the saved memory.
struct Run {
  int64_t inBlock, inMemory, bytes;
};

/// The buffers without the gaps between them; neighbours without a gap are one run.
SmallVector<Run> collectRuns(DictionaryAttr record) {
  SmallVector<Run> runs;
  int64_t position = kSavedHeader;
  for (auto buffer : record.getAs<ArrayAttr>("buffers").getAsRange<DictionaryAttr>()) {
    int64_t offset = buffer.getAs<IntegerAttr>("offset").getInt();
    int64_t bytes = buffer.getAs<IntegerAttr>("bytes").getInt();
    // Buffers that share an array are saved with the first of them.
    auto layout = buffer.getAs<DictionaryAttr>("layout");
    if (auto array = layout ? layout.getAs<FlatSymbolRefAttr>("array") : nullptr) {
      if (array.getAttr() != buffer.getAs<StringAttr>("symbol"))
        continue;
      bytes *= layout.getAs<IntegerAttr>("members").getInt();
    }
    if (!runs.empty() && runs.back().inBlock + runs.back().bytes == offset)
      runs.back().bytes += bytes;
    else
      runs.push_back({offset, position, bytes});
    position += bytes;
  }
  return runs;
}

/// Builds one of the two functions.
class FunctionBuilder {
public:
  FunctionBuilder(ModuleOp module, DictionaryAttr record)
      : builder(OpBuilder::atBlockEnd(module.getBody())), loc(module.getLoc()), module(module),
        runs(collectRuns(record)) {
    int64_t bytes = 0;
    for (const Run &run : runs)
      bytes += run.bytes;
    header = {static_cast<int64_t>(hashRecord(record)), bytes};
    static_assert(kSavedHeader == 2 * sizeof(int64_t));
  }

  LogicalResult build(const Twine &name, bool isLoad);

private:
  Value integer(int64_t value, unsigned bits = 64) {
    return LLVM::ConstantOp::create(builder, loc, builder.getIntegerType(bits),
                                    builder.getIntegerAttr(builder.getIntegerType(bits), value));
  }
  Value at(Value pointer, int64_t offset) {
    return LLVM::GEPOp::create(builder, loc, pointer.getType(), builder.getI8Type(), pointer,
                               ArrayRef<LLVM::GEPArg>{integer(offset)});
  }
  Value isNot(Value a, Value b) {
    return LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::ne, a, b);
  }
  Value either(Value a, Value b) { return LLVM::OrOp::create(builder, loc, a, b); }
  /// A null or misaligned block, or null memory.
  Value checkPointers(Value block, Value memory);
  /// Whether the header in memory is that of another program.
  Value checkHeader(Value memory);
  void copyRuns(Value block, Value memory, bool isLoad);
  void exit(Block *block, int64_t status) {
    builder.setInsertionPointToEnd(block);
    LLVM::ReturnOp::create(builder, loc, integer(status, 32));
  }

  OpBuilder builder;
  Location loc;
  ModuleOp module;
  SmallVector<Run> runs;
  /// Hash and number of bytes, as they stand in front of the saved buffers.
  SmallVector<int64_t> header;
};

} // namespace

Value FunctionBuilder::checkPointers(Value block, Value memory) {
  Type type = builder.getI64Type();
  Value address = LLVM::PtrToIntOp::create(builder, loc, type, block);
  Value rest = LLVM::AndOp::create(builder, loc, address, integer(kAlignment - 1));
  Value null = LLVM::ZeroOp::create(builder, loc, block.getType());
  auto isNull = [&](Value pointer) -> Value {
    return LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::eq, pointer, null);
  };
  return either(either(isNull(block), isNull(memory)), isNot(rest, integer(0)));
}

Value FunctionBuilder::checkHeader(Value memory) {
  Value differs;
  for (auto [index, expected] : llvm::enumerate(header)) {
    Value found = LLVM::LoadOp::create(builder, loc, builder.getI64Type(), at(memory, 8 * index),
                                       /*alignment=*/1);
    Value isOther = isNot(found, integer(expected));
    differs = differs ? either(differs, isOther) : isOther;
  }
  return differs;
}

void FunctionBuilder::copyRuns(Value block, Value memory, bool isLoad) {
  if (!isLoad)
    for (auto [index, value] : llvm::enumerate(header))
      LLVM::StoreOp::create(builder, loc, integer(value), at(memory, 8 * index),
                            /*alignment=*/1);
  for (const Run &run : runs) {
    Value inBlock = at(block, run.inBlock), inMemory = at(memory, run.inMemory);
    LLVM::MemcpyOp::create(builder, loc, isLoad ? inBlock : inMemory, isLoad ? inMemory : inBlock,
                           integer(run.bytes), /*isVolatile=*/false);
  }
}

LogicalResult FunctionBuilder::build(const Twine &name, bool isLoad) {
  std::string symbol = name.str();
  if (Operation *other = module.lookupSymbol(symbol))
    return other->emitError() << "has the name of the function that "
                              << (isLoad ? "loads" : "saves") << " the state of the model";
  OpBuilder::InsertionGuard guard(builder);
  Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
  auto function = LLVM::LLVMFuncOp::create(
      builder, loc, symbol,
      LLVM::LLVMFunctionType::get(builder.getI32Type(), {pointer, pointer}));
  Block *entry = function.addEntryBlock(builder);
  Value block = entry->getArgument(0), memory = entry->getArgument(1);
  Region &body = function.getBody();
  Block *check = builder.createBlock(&body, body.end());
  Block *copy = builder.createBlock(&body, body.end());
  Block *refuse = builder.createBlock(&body, body.end());
  builder.setInsertionPointToEnd(entry);
  LLVM::CondBrOp::create(builder, loc, checkPointers(block, memory), refuse, check);
  builder.setInsertionPointToEnd(check);
  if (isLoad)
    LLVM::CondBrOp::create(builder, loc, checkHeader(memory), refuse, copy);
  else
    LLVM::BrOp::create(builder, loc, copy);
  builder.setInsertionPointToEnd(copy);
  copyRuns(block, memory, isLoad);
  exit(copy, 0);
  exit(refuse, 1);
  return success();
}

namespace {
struct EmitSaveAndLoad : etrace::impl::EmitSaveAndLoadPassBase<EmitSaveAndLoad> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    DictionaryAttr record = getABIRecord(module);
    if (!record)
      return signalPassFailure();
    FunctionBuilder functions(module, record);
    StringRef model = record.getAs<StringAttr>("model").getValue();
    if (failed(functions.build(model + "_save", /*isLoad=*/false)) ||
        failed(functions.build(model + "_load", /*isLoad=*/true)))
      signalPassFailure();
  }
};
} // namespace
