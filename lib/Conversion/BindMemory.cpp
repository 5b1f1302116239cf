//===- BindMemory.cpp - Buffers in one block, entries with a C signature --===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Destinations.h"
#include "etrace/Conversion/ABIRecord.h"
#include "etrace/Conversion/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"

namespace etrace {
#define GEN_PASS_DEF_BINDMEMORYPASS
#include "etrace/Conversion/Passes.h.inc"
} // namespace etrace

using namespace mlir;
using namespace etrace;

namespace {

/// Where a buffer lies.
struct Binding {
  BufferOp op;
  MemRefType type;
  int64_t offset = 0;

  int64_t getBytes() const {
    return type.getNumElements() * type.getElementTypeBitWidth() / 8;
  }
};

/// An argument or result of an entry as it was before binding.
struct Role {
  Type type;
  StringAttr buffer;
  StringAttr name;
  bool isSteps = false;
  bool isSingleStep = false;
};

/// Rewrites one entry.
class EntryBinder {
public:
  EntryBinder(func::FuncOp entry, llvm::StringMap<Binding> &bindings, int64_t size)
      : entry(entry), bindings(bindings), size(size), builder(entry.getContext()),
        loc(entry.getLoc()) {}

  /// Fails with a located error; else the record of the entry.
  FailureOr<DictionaryAttr> bind();
  StringRef getModel() const { return model; }

private:
  LogicalResult readRoles();
  LogicalResult readRole(Type type, DictionaryAttr attributes, const Twine &what, Role &role);
  LogicalResult checkExternal(Role &role, const Twine &what);
  /// The type with which an external value crosses a function: a memref of one step stands
  /// for the address of a sequence.
  Type getCrossingType(const Role &role) const;
  void createBody();
  void bindArguments(Block &block);
  void bindResults(Block &block);
  Value getDestination(const Role &role, BlockArgument memory);
  Value viewExternal(const Role &role, Value memory);
  Value viewBuffer(OpBuilder &b, const Binding &binding, Value memory);
  void createWrapper();
  DictionaryAttr describe() const;

  func::FuncOp entry;
  llvm::StringMap<Binding> &bindings;
  int64_t size;
  OpBuilder builder;
  Location loc;

  StringRef model;
  SmallVector<Role> arguments, results;
  /// Buffers in the order in which the body takes them; true if the entry writes it.
  llvm::MapVector<StringAttr, bool> buffers;
  func::FuncOp body;
  Value steps;
  llvm::DenseMap<StringAttr, Value> destinations;
};

} // namespace

//===----------------------------------------------------------------------===//
// Signature
//===----------------------------------------------------------------------===//

LogicalResult EntryBinder::checkExternal(Role &role, const Twine &what) {
  if (role.type.isIndex()) {
    role.isSteps = role.name.getValue() == "steps";
    if (!role.isSteps)
      return entry.emitError() << what << ": only 'steps' may have type index";
    return success();
  }
  auto tensor = dyn_cast<RankedTensorType>(role.type);
  Type element = getElementTypeOrSelf(role.type);
  if (!isABIType(element) || (isa<ShapedType>(role.type) && !tensor))
    return entry.emitError() << what << ": expected f32, f64, i32, i64 or a ranked tensor of "
                             << "these, found " << role.type;
  if (tensor)
    for (int64_t axis = 1; axis < tensor.getRank(); ++axis)
      if (tensor.isDynamicDim(axis))
        return entry.emitError() << what << ": only the leading dimension may be dynamic, found "
                                 << tensor;
  return success();
}

LogicalResult EntryBinder::readRole(Type type, DictionaryAttr attributes, const Twine &what,
                                    Role &role) {
  role.type = type;
  if (attributes) {
    role.buffer = attributes.getAs<StringAttr>(kBufferAttr);
    role.name = attributes.getAs<StringAttr>(kNameAttr);
    role.isSingleStep = attributes.contains(kSingleStepAttr);
  }
  if (!role.buffer == !role.name)
    return entry.emitError() << what << ": expected one of '" << kBufferAttr << "' and '"
                             << kNameAttr << "'";
  if (role.name)
    return checkExternal(role, what);
  auto binding = bindings.find(role.buffer);
  if (binding == bindings.end())
    return entry.emitError() << what << ": there is no buffer '" << role.buffer.getValue() << "'";
  if (binding->second.op.getType() != type)
    return entry.emitError() << what << ": buffer '" << role.buffer.getValue() << "' has type "
                             << binding->second.op.getType() << ", found " << type;
  return success();
}

LogicalResult EntryBinder::readRoles() {
  StringRef suffix = entry->getAttrOfType<StringAttr>(kEntryAttr).getValue();
  model = entry.getSymName();
  if (!model.consume_back(suffix) || !model.consume_back("_") || model.empty())
    return entry.emitError() << "expected the name '<model>_" << suffix << "'";
  if (!llvm::hasSingleElement(entry.getBody()))
    return entry.emitError("expected a body of one block");
  for (auto [index, type] : llvm::enumerate(entry.getArgumentTypes())) {
    if (failed(readRole(type, entry.getArgAttrDict(index), "argument #" + Twine(index),
                        arguments.emplace_back())))
      return failure();
    if (StringAttr buffer = arguments.back().buffer)
      if (!buffers.insert({buffer, false}).second)
        return entry.emitError() << "argument #" << index << ": buffer '" << buffer.getValue()
                                 << "' is already an argument";
  }
  llvm::DenseSet<StringAttr> written;
  for (auto [index, type] : llvm::enumerate(entry.getResultTypes())) {
    if (failed(readRole(type, entry.getResultAttrDict(index), "result #" + Twine(index),
                        results.emplace_back())))
      return failure();
    if (StringAttr buffer = results.back().buffer) {
      if (!written.insert(buffer).second)
        return entry.emitError() << "result #" << index << ": buffer '" << buffer.getValue()
                                 << "' is already a result";
      buffers[buffer] = true;
    }
  }
  bool hasSteps = llvm::any_of(arguments, [](const Role &role) { return role.isSteps; });
  for (const Role &role : llvm::concat<Role>(arguments, results))
    if (auto tensor = dyn_cast<RankedTensorType>(role.type))
      if (!tensor.hasStaticShape() && !hasSteps)
        return entry.emitError("arrays of unknown length need an index argument named 'steps'");
  return success();
}

Type EntryBinder::getCrossingType(const Role &role) const {
  auto tensor = dyn_cast<RankedTensorType>(role.type);
  if (!tensor)
    return role.type;
  ArrayRef<int64_t> shape = tensor.getShape();
  return MemRefType::get(tensor.hasStaticShape() ? shape : shape.drop_front(),
                         tensor.getElementType());
}

//===----------------------------------------------------------------------===//
// Body
//===----------------------------------------------------------------------===//

void EntryBinder::createBody() {
  SmallVector<Type> types;
  for (auto &[buffer, isWritten] : buffers)
    types.push_back(bindings[buffer.getValue()].type);
  for (const Role &role : arguments)
    if (role.name)
      types.push_back(getCrossingType(role));
  for (const Role &role : results)
    if (role.name)
      types.push_back(isa<RankedTensorType>(role.type) ? getCrossingType(role)
                                                       : MemRefType::get({}, role.type));
  builder.setInsertionPoint(entry);
  body = func::FuncOp::create(builder, loc, (entry.getSymName() + ".body").str(),
                              builder.getFunctionType(types, {}));
  body.setPrivate();
  MLIRContext *context = builder.getContext();
  body->setAttr("llvm.linkage", LLVM::LinkageAttr::get(context, LLVM::Linkage::Internal));
  // Inlined, the arguments would lose what is known of them: that they do not overlap.
  body->setAttr("passthrough", builder.getStrArrayAttr({"noinline"}));
  for (auto [index, type] : llvm::enumerate(types))
    if (isa<MemRefType>(type))
      body.setArgAttr(index, LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr());
  body.getBody().takeBody(entry.getBody());
  Block &block = body.getBody().front();
  for (auto [index, type] : llvm::enumerate(types))
    block.insertArgument(index, type, loc);
  bindArguments(block);
  unshareDestinations(body);
  bindResults(block);
  settleInsertions(body);
  settleLoops(body);
}

/// The whole array behind the address of one step.
Value EntryBinder::viewExternal(const Role &role, Value memory) {
  auto tensor = cast<RankedTensorType>(role.type);
  auto type = MemRefType::get(tensor.getShape(), tensor.getElementType());
  if (type.hasStaticShape())
    return memory;
  SmallVector<OpFoldResult> sizes = {steps};
  int64_t stride = 1;
  SmallVector<OpFoldResult> strides(type.getRank());
  for (int64_t axis = type.getRank(); axis-- > 0;) {
    strides[axis] = builder.getIndexAttr(stride);
    stride *= axis ? type.getDimSize(axis) : 1;
  }
  for (int64_t extent : type.getShape().drop_front())
    sizes.push_back(builder.getIndexAttr(extent));
  return memref::ReinterpretCastOp::create(builder, loc, type, memory, builder.getIndexAttr(0),
                                           sizes, strides);
}

/// Replaces the tensors of the entry by the contents of memory.
void EntryBinder::bindArguments(Block &block) {
  builder.setInsertionPointToStart(&block);
  unsigned count = block.getNumArguments() - arguments.size();
  unsigned external = buffers.size();
  for (auto [index, role] : llvm::enumerate(arguments))
    if (role.name && isa<IndexType>(role.type))
      steps = block.getArgument(external +
                                llvm::count_if(llvm::ArrayRef(arguments).take_front(index),
                                               [](const Role &r) { return !!r.name; }));
  for (auto [index, pair] : llvm::enumerate(buffers)) {
    auto &[buffer, isWritten] = pair;
    destinations[buffer] = bufferization::ToTensorOp::create(
        builder, loc, bindings[buffer.getValue()].op.getType(), block.getArgument(index),
        /*restrict=*/true, /*writable=*/isWritten);
  }
  for (auto [index, role] : llvm::enumerate(arguments)) {
    Value value;
    if (role.buffer) {
      value = destinations[role.buffer];
    } else {
      value = block.getArgument(external++);
      if (isa<RankedTensorType>(role.type))
        value = bufferization::ToTensorOp::create(builder, loc, role.type,
                                                  viewExternal(role, value), /*restrict=*/true);
    }
    block.getArgument(count + index).replaceAllUsesWith(value);
  }
  block.eraseArguments(count, arguments.size());
}

/// Results are computed in the memory that they belong to, or copied there at the end: all
/// copies as operations on tensors first, so that bufferisation sees every conflict.
void EntryBinder::bindResults(Block &block) {
  Operation *terminator = block.getTerminator();
  SmallVector<Value> values(terminator->getOperands());
  unsigned external = block.getNumArguments() -
                      llvm::count_if(results, [](const Role &role) { return !!role.name; });
  Block::iterator prologue = block.begin();
  while (isa<bufferization::ToTensorOp, memref::ReinterpretCastOp>(*prologue))
    ++prologue;
  SmallVector<std::pair<Value, Value>> settled;
  for (auto [value, role] : llvm::zip(values, results)) {
    Value memory, destination;
    if (role.buffer) {
      destination = destinations[role.buffer];
      memory = destination.getDefiningOp<bufferization::ToTensorOp>().getBuffer();
    } else {
      memory = block.getArgument(external++);
      if (isa<RankedTensorType>(role.type)) {
        builder.setInsertionPoint(&block, prologue);
        memory = viewExternal(role, memory);
        destination = bufferization::ToTensorOp::create(builder, loc, role.type, memory,
                                                        /*restrict=*/true, /*writable=*/true);
      }
    }
    builder.setInsertionPoint(terminator);
    if (destination)
      value = settle(builder, value, destination);
    settled.emplace_back(value, memory);
  }
  for (auto [value, memory] : settled) {
    if (!isa<RankedTensorType>(value.getType())) {
      memref::StoreOp::create(builder, loc, value, memory, ValueRange());
      continue;
    }
    auto write = bufferization::MaterializeInDestinationOp::create(builder, loc, Type(), value,
                                                                   memory);
    write.setWritable(true);
  }
  func::ReturnOp::create(builder, loc);
  terminator->erase();
}

//===----------------------------------------------------------------------===//
// Wrapper
//===----------------------------------------------------------------------===//

/// The buffer inside the block. A buffer that shares an array is a view with strides.
Value EntryBinder::viewBuffer(OpBuilder &b, const Binding &binding, Value memory) {
  Value offset = arith::ConstantIndexOp::create(b, loc, binding.offset);
  MemRefType type = binding.type;
  if (type.getLayout().isIdentity())
    return memref::ViewOp::create(b, loc, type, memory, offset, ValueRange());
  auto [strides, start] = type.getStridesAndOffset();
  int64_t span = 1;
  for (auto [extent, stride] : llvm::zip(type.getShape(), strides))
    span += (extent - 1) * stride;
  Value flat = memref::ViewOp::create(b, loc, MemRefType::get({span}, type.getElementType()),
                                      memory, offset, ValueRange());
  return memref::ReinterpretCastOp::create(b, loc, type, flat, start, type.getShape(), strides);
}

/// The C function: checks the block, then calls the body with views of it.
void EntryBinder::createWrapper() {
  SmallVector<Type> types = {MemRefType::get({size}, builder.getI8Type())};
  for (Type type : body.getArgumentTypes().drop_front(buffers.size()))
    types.push_back(type.isIndex() ? builder.getI64Type() : type);
  SmallVector<NamedAttribute> kept;
  kept.push_back(builder.getNamedAttr(kEntryAttr, entry->getAttr(kEntryAttr)));
  builder.setInsertionPoint(entry);
  auto wrapper = func::FuncOp::create(builder, loc, entry.getSymName(),
                                      builder.getFunctionType(types, builder.getI32Type()), kept);
  entry.erase();
  Block *block = wrapper.addEntryBlock();
  builder.setInsertionPointToStart(block);
  Value memory = block->getArgument(0);
  Value address = memref::ExtractAlignedPointerAsIndexOp::create(builder, loc, memory);
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value mask = arith::ConstantIndexOp::create(builder, loc, kAlignment - 1);
  Value rest = arith::AndIOp::create(builder, loc, address, mask);
  auto compare = [&](arith::CmpIPredicate predicate, Value value) -> Value {
    return arith::CmpIOp::create(builder, loc, predicate, value, zero);
  };
  Value isWrong = arith::OrIOp::create(builder, loc, compare(arith::CmpIPredicate::eq, address),
                                       compare(arith::CmpIPredicate::ne, rest));
  SmallVector<Value> external;
  for (auto [argument, type] :
       llvm::zip(block->getArguments().drop_front(),
                 body.getArgumentTypes().drop_front(buffers.size()))) {
    Value value = argument;
    if (type.isIndex()) {
      value = arith::IndexCastOp::create(builder, loc, type, value);
      isWrong = arith::OrIOp::create(builder, loc, isWrong,
                                     compare(arith::CmpIPredicate::slt, value));
    }
    external.push_back(value);
  }
  auto status = [&](OpBuilder &b, int64_t value) {
    Value constant = arith::ConstantIntOp::create(b, loc, value, 32);
    scf::YieldOp::create(b, loc, constant);
  };
  auto call = [&](OpBuilder &b, Location) {
    SmallVector<Value> operands;
    for (auto &[buffer, isWritten] : buffers) {
      const Binding &binding = bindings[buffer.getValue()];
      operands.push_back(viewBuffer(b, binding, memory));
    }
    llvm::append_range(operands, external);
    func::CallOp::create(b, loc, body, operands);
    status(b, 0);
  };
  auto ifOp = scf::IfOp::create(builder, loc, isWrong,
                                [&](OpBuilder &b, Location) { status(b, 1); }, call);
  func::ReturnOp::create(builder, loc, ifOp.getResult(0));
}

static Attribute describeShape(OpBuilder &builder, Type type) {
  SmallVector<int64_t> shape;
  if (auto tensor = dyn_cast<RankedTensorType>(type))
    for (int64_t extent : tensor.getShape())
      shape.push_back(ShapedType::isDynamic(extent) ? -1 : extent);
  return builder.getDenseI64ArrayAttr(shape);
}

DictionaryAttr EntryBinder::describe() const {
  OpBuilder b(builder.getContext());
  SmallVector<Attribute> list;
  auto add = [&](const Role &role, bool isResult) {
    if (!role.name)
      return;
    Type element = role.isSteps ? b.getI64Type() : getElementTypeOrSelf(role.type);
    NamedAttrList fields;
    fields.append("name", role.name);
    fields.append("type", TypeAttr::get(element));
    fields.append("shape", describeShape(b, role.type));
    if (!isa<RankedTensorType>(role.type))
      fields.append("scalar", b.getUnitAttr());
    if (isResult)
      fields.append("result", b.getUnitAttr());
    if (role.isSteps)
      fields.append("steps", b.getUnitAttr());
    if (role.isSingleStep)
      fields.append("single_step", b.getUnitAttr());
    list.push_back(fields.getDictionary(b.getContext()));
  };
  for (const Role &role : arguments)
    add(role, /*isResult=*/false);
  for (const Role &role : results)
    add(role, /*isResult=*/true);
  func::FuncOp function = entry;
  return b.getDictionaryAttr({b.getNamedAttr("name", function->getAttr(kEntryAttr)),
                              b.getNamedAttr("arguments", b.getArrayAttr(list))});
}

FailureOr<DictionaryAttr> EntryBinder::bind() {
  if (failed(readRoles()))
    return failure();
  DictionaryAttr record = describe();
  createBody();
  createWrapper();
  return record;
}

//===----------------------------------------------------------------------===//
// Module
//===----------------------------------------------------------------------===//

namespace {
struct BindMemory : etrace::impl::BindMemoryPassBase<BindMemory> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    // The model has been compiled into the functions.
    for (ModelOp model : llvm::make_early_inc_range(module.getOps<ModelOp>()))
      model.erase();
    if (failed(placeBuffers()) || failed(bindEntries()))
      return signalPassFailure();
    for (BufferOp buffer : llvm::make_early_inc_range(module.getOps<BufferOp>()))
      buffer.erase();
  }

private:
  LogicalResult placeBuffers();
  LogicalResult placeMember(Binding &binding, StringRef array, DictionaryAttr layout);
  void place(Binding &binding, int64_t bytes);
  LogicalResult bindEntries();
  Attribute describeBuffer(const Binding &binding);

  llvm::StringMap<Binding> bindings;
  int64_t size = 0;
};
} // namespace

Attribute BindMemory::describeBuffer(const Binding &binding) {
  Builder b(&getContext());
  BufferOp op = binding.op;
  auto type = cast<RankedTensorType>(op.getType());
  NamedAttrList fields;
  fields.append("symbol", op.getSymNameAttr());
  fields.append("path", op.getPathAttr());
  fields.append("kind", b.getI32IntegerAttr(static_cast<int32_t>(op.getKind())));
  fields.append("type", TypeAttr::get(type.getElementType()));
  fields.append("shape", b.getDenseI64ArrayAttr(type.getShape()));
  fields.append("offset", b.getI64IntegerAttr(binding.offset));
  fields.append("bytes", b.getI64IntegerAttr(binding.getBytes()));
  fields.append("init", op.getInit());
  if (auto layout = op->getAttrOfType<DictionaryAttr>(kLayoutAttr)) {
    fields.set("shape", layout.get("shape"));
    fields.append("layout", layout);
  }
  return fields.getDictionary(&getContext());
}

LogicalResult BindMemory::placeBuffers() {
  for (BufferOp buffer : getOperation().getOps<BufferOp>()) {
    auto type = dyn_cast<RankedTensorType>(buffer.getType());
    if (!type || !type.hasStaticShape() || !isABIType(type.getElementType()))
      return buffer.emitError() << "expected a tensor of f32, f64, i32 or i64 with static shape, "
                                << "found " << buffer.getType();
    Binding &binding = bindings[buffer.getSymName()];
    binding.op = buffer;
    binding.type = MemRefType::get(type.getShape(), type.getElementType());
    auto layout = buffer->getAttrOfType<DictionaryAttr>(kLayoutAttr);
    if (auto array = layout ? layout.getAs<FlatSymbolRefAttr>("array") : nullptr) {
      if (failed(placeMember(binding, array.getValue(), layout)))
        return failure();
      continue;
    }
    place(binding, binding.getBytes());
  }
  return success();
}

void BindMemory::place(Binding &binding, int64_t bytes) {
  binding.offset = placeArray(size, bytes, bindings.size());
  size = alignUp(binding.offset + bytes);
}

/// A buffer that shares an array with others: the first takes the place for all.
LogicalResult BindMemory::placeMember(Binding &binding, StringRef array, DictionaryAttr layout) {
  auto members = layout.getAs<IntegerAttr>("members"), start = layout.getAs<IntegerAttr>("start");
  auto strides = layout.getAs<DenseI64ArrayAttr>("stored_strides");
  auto first = bindings.find(array);
  if (!members || !start || !strides || strides.size() != binding.type.getRank() ||
      first == bindings.end())
    return binding.op.emitError() << "expected the layout to have members, start and one stored "
                                  << "stride for each dimension, behind the buffer '" << array
                                  << "' that is the first in its array";
  auto layoutOf = StridedLayoutAttr::get(&getContext(), /*offset=*/0, strides);
  binding.type =
      MemRefType::get(binding.type.getShape(), binding.type.getElementType(), layoutOf);
  if (first->second.op == binding.op)
    place(binding, binding.getBytes() * members.getInt());
  else
    binding.offset = first->second.offset +
                     start.getInt() * binding.type.getElementTypeBitWidth() / 8;
  return success();
}

LogicalResult BindMemory::bindEntries() {
  ModuleOp module = getOperation();
  SmallVector<func::FuncOp> entries, others;
  for (auto function : module.getOps<func::FuncOp>())
    (function->hasAttr(kEntryAttr) ? entries : others).push_back(function);
  if (entries.empty())
    return module.emitError("expected a learner: the module has no function with '")
           << kEntryAttr << "'";
  for (func::FuncOp entry : entries)
    if (entry.walk([](func::CallOp call) {
          call.emitError() << "calls must be inlined before memory is bound";
          return WalkResult::interrupt();
        }).wasInterrupted())
      return failure();
  for (func::FuncOp function : others)
    function.erase();
  SmallVector<Attribute> buffers, records;
  for (BufferOp buffer : module.getOps<BufferOp>())
    buffers.push_back(describeBuffer(bindings[buffer.getSymName()]));
  std::string model;
  for (func::FuncOp entry : entries) {
    std::string symbol = entry.getSymName().str();
    EntryBinder binder(entry, bindings, size);
    FailureOr<DictionaryAttr> record = binder.bind();
    if (failed(record))
      return failure();
    StringRef suffix = cast<StringAttr>(record->get("name")).getValue();
    StringRef prefix = StringRef(symbol).drop_back(suffix.size() + 1);
    if (!model.empty() && model != prefix)
      return module.emitError() << "expected the functions of one model, found '" << model
                                << "' and '" << prefix << "'";
    model = prefix.str();
    records.push_back(*record);
  }
  OpBuilder b(&getContext());
  module->setAttr(kABIAttr,
                  b.getDictionaryAttr({b.getNamedAttr("model", b.getStringAttr(model)),
                                       b.getNamedAttr("size", b.getI64IntegerAttr(size)),
                                       b.getNamedAttr("buffers", b.getArrayAttr(buffers)),
                                       b.getNamedAttr("entries", b.getArrayAttr(records))}));
  return success();
}
