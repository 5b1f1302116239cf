//===- BufferEntries.cpp - Entry functions over buffers -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "BufferEntries.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace etrace;

DictionaryAttr EntryValue::getAttributes(MLIRContext *context) const {
  Builder builder(context);
  SmallVector<NamedAttribute> attributes;
  if (name.empty())
    attributes.push_back(builder.getNamedAttr(kBufferAttr, builder.getStringAttr(buffer)));
  else
    attributes.push_back(builder.getNamedAttr(kNameAttr, builder.getStringAttr(name)));
  if (isSingleStep)
    attributes.push_back(builder.getNamedAttr(kSingleStepAttr, builder.getUnitAttr()));
  return builder.getDictionaryAttr(attributes);
}

static BufferKind getKind(const Declaration &declaration) {
  if (declaration.role == kParamAttr)
    return BufferKind::param;
  return declaration.role == kHiddenAttr ? BufferKind::hidden : BufferKind::state;
}

std::string etrace::getBufferSymbol(const Declaration &declaration) {
  return (stringifyBufferKind(getKind(declaration)) + "." + declaration.path).str();
}

void etrace::declareBuffer(OpBuilder &builder, Location loc, const Declaration &declaration) {
  BufferOp::create(builder, loc, builder.getStringAttr(getBufferSymbol(declaration)),
                   BufferKindAttr::get(builder.getContext(), getKind(declaration)),
                   builder.getStringAttr(declaration.path), TypeAttr::get(declaration.type),
                   cast<InitializerAttrInterface>(declaration.init));
}

func::FuncOp etrace::createEntry(OpBuilder &builder, Location loc, StringRef model,
                                 StringRef entry, ArrayRef<EntryValue> arguments,
                                 ArrayRef<EntryValue> results) {
  SmallVector<Type> argumentTypes, resultTypes;
  for (const EntryValue &value : arguments)
    argumentTypes.push_back(value.type);
  for (const EntryValue &value : results)
    resultTypes.push_back(value.type);
  auto function = func::FuncOp::create(builder, loc, (model + "_" + entry).str(),
                                       builder.getFunctionType(argumentTypes, resultTypes));
  function->setAttr(kEntryAttr, builder.getStringAttr(entry));
  for (auto [index, value] : llvm::enumerate(arguments))
    function.setArgAttrs(index, value.getAttributes(builder.getContext()));
  for (auto [index, value] : llvm::enumerate(results))
    function.setResultAttrs(index, value.getAttributes(builder.getContext()));
  function.addEntryBlock();
  return function;
}

/// Fills a buffer in place with the constant of its initialiser.
static Value fillBuffer(OpBuilder &builder, Location loc, Value buffer, Attribute init) {
  Type element = getElementTypeOrSelf(buffer);
  auto initializer = cast<InitializerAttrInterface>(init);
  double value = initializer.isConstant() ? initializer.getConstant() : 0.0;
  TypedAttr attribute = isa<FloatType>(element)
                            ? TypedAttr(builder.getFloatAttr(element, value))
                            : TypedAttr(builder.getIntegerAttr(element, int64_t(value)));
  Value constant = arith::ConstantOp::create(builder, loc, attribute);
  return linalg::FillOp::create(builder, loc, constant, buffer).getResult(0);
}

void etrace::buildResetEntry(OpBuilder &builder, Location loc, Operation *module,
                             StringRef model, StringRef name, bool everything) {
  SmallVector<EntryValue> values;
  SmallVector<Attribute> inits;
  for (auto buffer : module->getRegion(0).getOps<BufferOp>()) {
    BufferKind kind = buffer.getKind();
    bool isReset = kind == BufferKind::hidden || kind == BufferKind::state ||
                   kind == BufferKind::trace || kind == BufferKind::counter;
    if (!isReset && !everything)
      continue;
    values.push_back({buffer.getType(), "", buffer.getSymName().str()});
    inits.push_back(buffer.getInitAttr());
  }
  func::FuncOp entry = createEntry(builder, loc, model, name, values, values);
  OpBuilder body = OpBuilder::atBlockEnd(&entry.front());
  SmallVector<Value> results;
  for (auto [argument, init] : llvm::zip(entry.getArguments(), inits))
    results.push_back(fillBuffer(body, loc, argument, init));
  func::ReturnOp::create(body, loc, results);
}

LogicalResult etrace::verifyInitialState(const Declaration &declaration) {
  if (cast<InitializerAttrInterface>(declaration.init).isConstant())
    return success();
  return declaration.op->emitOpError("starts at random values, which a compiled reset cannot "
                                     "make; start it at a constant and load the values "
                                     "[initial-state]");
}
