//===- DefineShared.cpp - Parts of a step through the caller's loop -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// part.shared(arguments..., turns, parallel):
//   parallel is null:  part(arguments..., 0, turns)
//   else:              parallel->run(parallel, part.range, {arguments...}, turns)
// part.range(closure, begin, end): part(closure->arguments..., begin, end)
//
//===----------------------------------------------------------------------===//

#include "etrace/Conversion/ABIRecord.h"
#include "etrace/Conversion/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace etrace {
#define GEN_PASS_DEF_DEFINESHAREDPASS
#include "etrace/Conversion/Passes.h.inc"
} // namespace etrace

using namespace mlir;
using namespace etrace;

namespace {

class SharedDefinition {
public:
  SharedDefinition(LLVM::LLVMFuncOp shared, LLVM::LLVMFuncOp part)
      : shared(shared), part(part), builder(shared), loc(shared.getLoc()),
        pointer(LLVM::LLVMPointerType::get(shared.getContext())),
        types(part.getArgumentTypes().drop_back(2)),
        closure(LLVM::LLVMStructType::getLiteral(shared.getContext(), types)) {}

  void define() {
    LLVM::LLVMFuncOp range = createRange();
    shared->removeAttr(kSharedPartAttr);
    shared.setLinkage(LLVM::Linkage::Internal);
    Block *entry = shared.addEntryBlock(builder);
    auto serial = new Block, parallel = new Block;
    shared.getBody().push_back(serial);
    shared.getBody().push_back(parallel);
    builder.setInsertionPointToStart(entry);
    Value null = LLVM::ZeroOp::create(builder, loc, pointer);
    Value isSerial = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::eq,
                                          entry->getArguments().back(), null);
    LLVM::CondBrOp::create(builder, loc, isSerial, serial, parallel);
    fillSerial(serial);
    fillParallel(parallel, range);
  }

private:
  Value constant(int64_t value) {
    return LLVM::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(value));
  }
  Value getField(Value memory, size_t index) {
    return LLVM::GEPOp::create(builder, loc, pointer, closure, memory,
                               ArrayRef<LLVM::GEPArg>{0, static_cast<int32_t>(index)});
  }
  void finish() { LLVM::ReturnOp::create(builder, loc, ValueRange()); }

  LLVM::LLVMFuncOp createRange() {
    Type i64 = builder.getI64Type();
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(builder.getContext()),
                                            {pointer, i64, i64});
    auto range = LLVM::LLVMFuncOp::create(builder, loc, (part.getSymName() + ".range").str(),
                                          type, LLVM::Linkage::Internal);
    Block *entry = range.addEntryBlock(builder);
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(entry);
    SmallVector<Value> operands;
    for (auto [index, field] : llvm::enumerate(types))
      operands.push_back(LLVM::LoadOp::create(builder, loc, field,
                                              getField(entry->getArgument(0), index)));
    operands.append({entry->getArgument(1), entry->getArgument(2)});
    LLVM::CallOp::create(builder, loc, part, operands);
    finish();
    return range;
  }

  void fillSerial(Block *block) {
    builder.setInsertionPointToStart(block);
    SmallVector<Value> operands(shared.getArguments().drop_back(2));
    operands.append({constant(0), shared.getArguments().drop_back().back()});
    LLVM::CallOp::create(builder, loc, part, operands);
    finish();
  }

  void fillParallel(Block *block, LLVM::LLVMFuncOp range) {
    builder.setInsertionPointToStart(block);
    Value memory = LLVM::AllocaOp::create(builder, loc, pointer, closure, constant(1));
    for (auto [index, value] : llvm::enumerate(shared.getArguments().drop_back(2)))
      LLVM::StoreOp::create(builder, loc, value, getField(memory, index));
    Value turns = shared.getArguments().drop_back().back(), self = shared.getArguments().back();
    Value run = LLVM::LoadOp::create(builder, loc, pointer, self);
    Value address = LLVM::AddressOfOp::create(builder, loc, range);
    auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(builder.getContext()),
                                            {pointer, pointer, pointer, builder.getI64Type()});
    LLVM::CallOp::create(builder, loc, type, ValueRange{run, self, address, memory, turns});
    finish();
  }

  LLVM::LLVMFuncOp shared, part;
  OpBuilder builder;
  Location loc;
  Type pointer;
  SmallVector<Type> types;
  LLVM::LLVMStructType closure;
};

struct DefineShared : etrace::impl::DefineSharedPassBase<DefineShared> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    for (auto shared : llvm::to_vector(getOperation().getOps<LLVM::LLVMFuncOp>())) {
      auto name = shared->getAttrOfType<FlatSymbolRefAttr>(kSharedPartAttr);
      if (!name)
        continue;
      auto part = symbols.lookup<LLVM::LLVMFuncOp>(name.getValue());
      if (!part || part.getNumArguments() != shared.getNumArguments()) {
        shared.emitError() << "expected a function '" << name.getValue()
                           << "' that takes the same arguments and a range";
        return signalPassFailure();
      }
      SharedDefinition(shared, part).define();
    }
  }
};

} // namespace
