//===- ModelABI.cpp - What a compiled model looks like from outside -------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Runtime/ModelABI.h"
#include "etrace/Conversion/ABIRecord.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace etrace;

size_t etrace::getByteWidth(ElementType type) {
  return type == ElementType::f64 || type == ElementType::i64 ? 8 : 4;
}

StringRef etrace::getCName(ElementType type) {
  switch (type) {
  case ElementType::f32:
    return "float";
  case ElementType::f64:
    return "double";
  case ElementType::i32:
    return "int32_t";
  case ElementType::i64:
    return "int64_t";
  }
  return "void";
}

const BufferInfo *ModelABI::findBuffer(BufferKind kind, StringRef path) const {
  for (const BufferInfo &buffer : buffers)
    if (buffer.kind == kind && buffer.path == path)
      return &buffer;
  return nullptr;
}

uint64_t ModelABI::getSavedSize() const {
  uint64_t bytes = kSavedHeader;
  for (const BufferInfo &buffer : buffers)
    bytes += buffer.bytes;
  return bytes;
}

const EntryInfo *ModelABI::findEntry(StringRef name) const {
  for (const EntryInfo &entry : entries)
    if (entry.name == name)
      return &entry;
  return nullptr;
}

//===----------------------------------------------------------------------===//
// Reading the attribute
//===----------------------------------------------------------------------===//

namespace {

/// Reads fields of one dictionary; remembers whether all were there.
struct Record {
  DictionaryAttr fields;
  bool isValid = true;

  explicit Record(Attribute attribute) : fields(dyn_cast_or_null<DictionaryAttr>(attribute)) {
    isValid = !!fields;
  }
  template <typename AttrTy>
  AttrTy get(StringRef name) {
    AttrTy value = isValid ? fields.getAs<AttrTy>(name) : AttrTy();
    isValid &= !!value;
    return value;
  }
  std::string getString(StringRef name) {
    auto value = get<StringAttr>(name);
    return value ? value.getValue().str() : "";
  }
  int64_t getInteger(StringRef name) {
    auto value = get<IntegerAttr>(name);
    return value ? value.getInt() : 0;
  }
  std::vector<int64_t> getIntegers(StringRef name) {
    auto value = get<DenseI64ArrayAttr>(name);
    return value ? value.asArrayRef().vec() : std::vector<int64_t>();
  }
  ArrayRef<Attribute> getList(StringRef name) {
    auto value = get<ArrayAttr>(name);
    return value ? value.getValue() : ArrayRef<Attribute>();
  }
  bool has(StringRef name) const { return fields && fields.contains(name); }
  ElementType getElementType(StringRef name) {
    auto attribute = get<TypeAttr>(name);
    Type type = attribute ? attribute.getValue() : Type();
    if (type && type.isF32())
      return ElementType::f32;
    if (type && type.isF64())
      return ElementType::f64;
    if (type && type.isSignlessInteger(32))
      return ElementType::i32;
    isValid &= type && type.isSignlessInteger(64);
    return ElementType::i64;
  }
};

bool readBuffer(Attribute attribute, BufferInfo &info) {
  Record record(attribute);
  info.symbol = record.getString("symbol");
  info.path = record.getString("path");
  auto kind = symbolizeBufferKind(static_cast<uint32_t>(record.getInteger("kind")));
  if (!kind)
    return false;
  info.kind = *kind;
  info.type = record.getElementType("type");
  info.shape = record.getIntegers("shape");
  info.offset = record.getInteger("offset");
  info.bytes = record.getInteger("bytes");
  info.init = record.get<Attribute>("init");
  if (record.has("layout")) {
    Record layout(record.get<DictionaryAttr>("layout"));
    info.layout.emplace();
    info.layout->blocks = layout.getIntegers("blocks");
    info.layout->blockStrides = layout.getIntegers("block_strides");
    info.layout->strides = layout.getIntegers("strides");
    record.isValid &= layout.isValid;
  }
  return record.isValid;
}

bool readArgument(Attribute attribute, EntryArgument &argument) {
  Record record(attribute);
  argument.name = record.getString("name");
  argument.type = record.getElementType("type");
  argument.shape = record.getIntegers("shape");
  argument.isScalar = record.has("scalar");
  argument.isResult = record.has("result");
  argument.isSteps = record.has("steps");
  argument.isSingleStep = record.has("single_step");
  return record.isValid;
}

} // namespace

FailureOr<ModelABI> etrace::readModelABI(ModuleOp module) {
  Record record(module->getAttr(kABIAttr));
  ModelABI abi;
  abi.model = record.getString("model");
  abi.size = record.getInteger("size");
  bool isValid = true;
  for (Attribute attribute : record.getList("buffers"))
    isValid &= readBuffer(attribute, abi.buffers.emplace_back());
  for (Attribute attribute : record.getList("entries")) {
    Record entry(attribute);
    EntryInfo &info = abi.entries.emplace_back();
    info.name = entry.getString("name");
    for (Attribute argument : entry.getList("arguments"))
      isValid &= readArgument(argument, info.arguments.emplace_back());
    isValid &= entry.isValid;
  }
  if (!isValid || !record.isValid)
    return module.emitError() << "expected a complete attribute '" << kABIAttr
                              << "'; etrace-bind-memory writes it";
  abi.hash = hashRecord(record.fields);
  return abi;
}

//===----------------------------------------------------------------------===//
// C header
//===----------------------------------------------------------------------===//

/// Letters, digits and underscores, as a macro is named.
static std::string getMacroName(StringRef model) {
  std::string name = model.upper();
  for (char &c : name)
    if (!llvm::isAlnum(c))
      c = '_';
  return name;
}

static std::string getCString(StringRef text) {
  std::string result;
  llvm::raw_string_ostream stream(result);
  stream << '"';
  stream.write_escaped(text, /*UseHexEscapes=*/false) << '"';
  return result;
}

/// "batch", or "argument" followed by something if the name is no identifier of C.
static std::string getParameterName(const EntryArgument &argument, size_t index) {
  StringRef name = argument.name;
  bool isIdentifier = !name.empty() && !llvm::isDigit(name.front()) &&
                      llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; });
  std::string result = isIdentifier ? name.str() : "argument" + std::to_string(index);
  // Results may share the name of an argument or be a keyword.
  return result + (argument.isResult ? "_out" : argument.isScalar ? "" : "_in");
}

static void printPrototype(llvm::raw_ostream &os, const ModelABI &abi, const EntryInfo &entry) {
  os << "/* ";
  if (entry.arguments.empty())
    os << "no arrays";
  llvm::interleaveComma(entry.arguments, os, [&](const EntryArgument &argument) {
    os << StringRef(argument.name);
    for (int64_t extent : argument.shape)
      os << '[' << (extent < 0 ? "steps" : std::to_string(extent)) << ']';
  });
  os << " */\nint " << abi.model << '_' << entry.name << "(void *block";
  for (auto [index, argument] : llvm::enumerate(entry.arguments)) {
    os << ", ";
    bool isPointer = argument.isResult || !argument.isScalar;
    if (isPointer && !argument.isResult)
      os << "const ";
    os << getCName(argument.type) << (isPointer ? " *" : " ")
       << (argument.isSteps ? "steps" : getParameterName(argument, index));
  }
  os << ", etrace_parallel *parallel);\n\n";
}

static void printTable(llvm::raw_ostream &os, const ModelABI &abi, StringRef macro) {
  size_t rank = 1;
  for (const BufferInfo &buffer : abi.buffers)
    rank = std::max(rank, buffer.shape.size());
  os << "/* The buffers inside the block. `shape` is the natural one. If `blocks[0]` is 0, the\n"
        "   array is row-major; else index i of axis d adds\n"
        "   i / blocks[d] * block_strides[d] + i % blocks[d] * strides[d] elements. */\n"
     << "#define " << macro << "_BUFFERS " << abi.buffers.size() << "\n"
     << "typedef struct {\n"
        "  const char *name;\n  const char *kind;\n  const char *type;\n  int rank;\n"
     << "  int64_t shape[" << rank << "];\n  uint64_t offset;\n  uint64_t bytes;\n"
     << "  const char *unit;\n  int64_t blocks[" << rank << "], block_strides[" << rank
     << "], strides[" << rank << "];\n} "
     << abi.model << "_buffer;\n"
     << "static const " << abi.model << "_buffer " << abi.model << "_buffers["
     << std::max<size_t>(1, abi.buffers.size()) << "] = {\n";
  for (const BufferInfo &buffer : abi.buffers) {
    os << "  {" << getCString(buffer.path) << ", \"" << stringifyBufferKind(buffer.kind)
       << "\", \"" << getCName(buffer.type) << "\", " << buffer.shape.size() << ", {";
    if (buffer.shape.empty())
      os << 1;
    llvm::interleaveComma(buffer.shape, os);
    os << "}, " << buffer.offset << "u, " << buffer.bytes << "u, \"\", ";
    if (buffer.layout) {
      llvm::interleaveComma(ArrayRef({&buffer.layout->blocks, &buffer.layout->blockStrides,
                                      &buffer.layout->strides}),
                            os, [&](const std::vector<int64_t> *numbers) {
                              os << '{';
                              llvm::interleaveComma(*numbers, os);
                              os << '}';
                            });
      os << "},\n";
    } else {
      os << "{0}, {0}, {0}},\n";
    }
  }
  if (abi.buffers.empty())
    os << "  {0}\n";
  os << "};\n\n";
}

/// One definition for all models of a program.
static constexpr llvm::StringLiteral kParallelType =
    "#ifndef ETRACE_PARALLEL\n#define ETRACE_PARALLEL\n"
    "/* The last argument of an entry: threads of the caller, or NULL. `run` calls `body` with\n"
    "   `arguments` for ranges that cover [0, turns), in any order, on any threads, and returns\n"
    "   when all calls have returned. No result depends on how the turns are cut. */\n"
    "typedef struct etrace_parallel {\n"
    "  void (*run)(struct etrace_parallel *self,\n"
    "              void (*body)(void *arguments, int64_t begin, int64_t end), void *arguments,\n"
    "              int64_t turns);\n"
    "} etrace_parallel;\n"
    "#endif\n\n";

static void printSaveAndLoad(llvm::raw_ostream &os, const ModelABI &abi, StringRef macro) {
  os << "/* Saves all buffers to memory of " << macro << "_SAVED_SIZE bytes of any alignment, and\n"
        "   loads them again. What a program of another " << macro << "_ABI has saved is not\n"
        "   loaded: the result is 1 and the block stays as it is. */\n"
     << "#define " << macro << "_SAVED_SIZE " << abi.getSavedSize() << "u\n"
     << "int " << abi.model << "_save(const void *block, void *memory);\n"
     << "int " << abi.model << "_load(void *block, const void *memory);\n\n";
}

std::string etrace::printCHeader(const ModelABI &abi) {
  std::string text;
  llvm::raw_string_ostream os(text);
  std::string macro = getMacroName(abi.model);
  os << "/* Generated by etrace-compile. */\n#ifndef " << macro << "_H\n#define " << macro
     << "_H\n\n#include <stdint.h>\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
     << "/* Bytes of the block that the caller provides, aligned to 64 bytes. */\n#define " << macro
     << "_SIZE " << abi.size << "u\n"
     << "/* Differs if names, types, shapes or offsets differ. */\n#define " << macro
     << "_ABI UINT64_C(0x" << llvm::format_hex_no_prefix(abi.hash, 16) << ")\n\n"
     << "/* Every function returns 0, or 1 for a null or misaligned block or a negative\n"
        "   number of steps. One block serves one thread at a time. */\n\n";
  os << kParallelType;
  for (const EntryInfo &entry : abi.entries)
    printPrototype(os, abi, entry);
  printSaveAndLoad(os, abi, macro);
  printTable(os, abi, macro);
  os << "#ifdef __cplusplus\n}\n#endif\n\n#endif /* " << macro << "_H */\n";
  return text;
}
