//===- EtraceGraphOps.cpp - Groups, relations, buffers --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/IR/Etrace.h"

using namespace mlir;
using namespace etrace;

/// Prints and parses a bare keyword of an enumeration.
template <typename EnumAttr, typename Symbolize>
static ParseResult parseKeyword(OpAsmParser &parser, EnumAttr &attr, Symbolize symbolize,
                                StringRef what) {
  StringRef keyword;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseKeyword(&keyword))
    return failure();
  auto value = symbolize(keyword);
  if (!value)
    return parser.emitError(loc) << "unknown " << what << " '" << keyword << "'";
  attr = EnumAttr::get(parser.getContext(), *value);
  return success();
}

/// Parses an attribute of an interface; says which one was expected.
template <typename Interface>
static ParseResult parseInterfaceAttr(OpAsmParser &parser, Interface &attr, StringRef expected) {
  Attribute parsed;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseAttribute(parsed))
    return failure();
  attr = dyn_cast<Interface>(parsed);
  if (attr)
    return success();
  return parser.emitError(loc) << "expected " << expected << ", found " << parsed;
}

static ParseResult parseInitializer(OpAsmParser &parser, InitializerAttrInterface &init) {
  return parseInterfaceAttr(parser, init, "an initialiser such as #etrace.zeros");
}
static void printInitializer(OpAsmPrinter &printer, Operation *, Attribute init) {
  printer.printAttribute(init);
}
/// [32, ?]: extents of a shape.
static ParseResult parseExtents(OpAsmParser &parser, DenseI64ArrayAttr &extents) {
  SmallVector<int64_t> values;
  auto parseExtent = [&]() -> ParseResult {
    if (succeeded(parser.parseOptionalQuestion())) {
      values.push_back(ShapedType::kDynamic);
      return success();
    }
    return parser.parseInteger(values.emplace_back());
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseExtent))
    return failure();
  extents = parser.getBuilder().getDenseI64ArrayAttr(values);
  return success();
}
static void printExtents(OpAsmPrinter &printer, Operation *, DenseI64ArrayAttr extents) {
  printer << '[';
  llvm::interleaveComma(extents.asArrayRef(), printer, [&](int64_t extent) {
    if (ShapedType::isDynamic(extent))
      printer << '?';
    else
      printer << extent;
  });
  printer << ']';
}
static ParseResult parseRelationKind(OpAsmParser &parser, RelationKindAttr &kind) {
  return parseKeyword(parser, kind, [](StringRef s) { return symbolizeRelationKind(s); },
                      "kind of relation");
}
static void printRelationKind(OpAsmPrinter &printer, Operation *, RelationKindAttr kind) {
  printer << stringifyRelationKind(kind.getValue());
}
static ParseResult parseStateWrite(OpAsmParser &parser, StateWriteAttr &written) {
  return parseKeyword(parser, written, [](StringRef s) { return symbolizeStateWrite(s); },
                      "extent of writing");
}
static void printStateWrite(OpAsmPrinter &printer, Operation *, StateWriteAttr written) {
  printer << stringifyStateWrite(written.getValue());
}
static ParseResult parseBufferKind(OpAsmParser &parser, BufferKindAttr &kind) {
  return parseKeyword(parser, kind, [](StringRef s) { return symbolizeBufferKind(s); },
                      "kind of buffer");
}
static void printBufferKind(OpAsmPrinter &printer, Operation *, BufferKindAttr kind) {
  printer << stringifyBufferKind(kind.getValue());
}

#define GET_OP_CLASSES
#include "etrace/IR/EtraceOps.cpp.inc"

LogicalResult GroupOp::verify() {
  auto model = (*this)->getParentOfType<ModelOp>();
  // GR1.
  llvm::SmallDenseSet<Attribute> seen;
  for (Attribute member : getMembers()) {
    StringRef path = cast<StringAttr>(member).getValue();
    if (!seen.insert(member).second)
      return emitOpError("names the member '") << path << "' twice";
    Declaration declaration = lookupDeclaration(model, path);
    if (!declaration.op || declaration.role != kHiddenAttr)
      return emitOpError("member '") << path << "' is not a hidden state of the model";
    // A declaration without a type is an error of its own.
    if (declaration.type && declaration.type.getShape() != ArrayRef<int64_t>(getPositions())) {
      InFlightDiagnostic diag = emitOpError("member '")
                                << path << "' has type " << declaration.type
                                << ", which is not the position shape of the group";
      diag.attachNote(declaration.op->getLoc()) << "declared here";
      return diag;
    }
  }
  if (getMembers().empty())
    return emitOpError("has no members");
  // GR2.
  int64_t states = getMembers().size();
  if (getEdges().size() % 2)
    return emitOpError("edges come in pairs, found ") << getEdges().size() << " numbers";
  for (int64_t index : getEdges())
    if (index < 0 || index >= states)
      return emitOpError("edge names member #") << index << ", but there are " << states;
  return success();
}

LogicalResult RelationOp::verify() {
  // R1.
  if (getReach().size() != getGroups().size())
    return emitOpError("has ") << getGroups().size() << " groups, but " << getReach().size()
                               << " entries of 'reach'";
  if (getTails().size() != getGroups().size())
    return emitOpError("has ") << getGroups().size() << " groups, but " << getTails().size()
                               << " entries of 'tails'";
  for (Attribute reach : getReach())
    if (!isa<DenseI64ArrayAttr>(reach))
      return emitOpError("'reach' holds lists of member numbers, found ") << reach;
  // R2.
  if (getParams().size() != getLeaves().size() || getChains().size() != getLeaves().size())
    return emitOpError("needs one entry of 'params' and 'chains' for each leaf");
  for (Attribute list : llvm::concat<const Attribute>(getParams(), getChains(), getTails())) {
    auto names = dyn_cast<ArrayAttr>(list);
    if (!names || llvm::any_of(names, [](Attribute a) { return !isa<StringAttr>(a); }))
      return emitOpError("'params', 'chains' and 'tails' hold lists of strings, found ") << list;
  }
  return success();
}

LogicalResult RelationOp::verifySymbolUses(SymbolTableCollection &) {
  auto model = (*this)->getParentOfType<ModelOp>();
  for (auto [symbol, reach] : llvm::zip(getGroups(), getReach())) {
    auto group = dyn_cast_or_null<GroupOp>(
        SymbolTable::lookupSymbolIn(model, cast<SymbolRefAttr>(symbol)));
    if (!group)
      return emitOpError("names ") << symbol << ", which is not a group of the model";
    for (int64_t member : cast<DenseI64ArrayAttr>(reach).asArrayRef())
      if (member < 0 || member >= int64_t(group.getMembers().size()))
        return emitOpError("reaches member #") << member << " of " << symbol << ", which has "
                                               << group.getMembers().size() << " members";
  }
  for (Attribute list : getParams())
    for (Attribute name : cast<ArrayAttr>(list)) {
      StringRef path = cast<StringAttr>(name).getValue();
      Declaration declaration = lookupDeclaration(model, path);
      if (!declaration.op || declaration.role != kParamAttr)
        return emitOpError("names '") << path << "', which is not a parameter of the model";
    }
  return success();
}

LogicalResult RecurrenceOp::verifySymbolUses(SymbolTableCollection &) {
  // RE1.
  std::string path = getPath(getState());
  auto model = (*this)->getParentOfType<ModelOp>();
  Declaration declaration = lookupDeclaration(model, path);
  if (!declaration.op || declaration.role == kParamAttr)
    return emitOpError("names '") << path << "', which is not a state of the model";
  for (auto other : model.getBody().getOps<RecurrenceOp>()) {
    if (other == *this)
      break;
    if (other.getState() != getState())
      continue;
    InFlightDiagnostic diag = emitOpError("names '") << path << "' a second time";
    diag.attachNote(other.getLoc()) << "first named here";
    return diag;
  }
  return success();
}

LogicalResult ExcludedOp::verifySymbolUses(SymbolTableCollection &) {
  std::string path = getPath(getParam());
  Declaration declaration = lookupDeclaration((*this)->getParentOfType<ModelOp>(), path);
  if (!declaration.op || declaration.role != kParamAttr)
    return emitOpError("names '") << path << "', which is not a parameter of the model";
  return success();
}

LogicalResult BufferOp::verify() {
  auto type = dyn_cast<RankedTensorType>(getType());
  if (!type || !type.hasStaticShape() || !type.getElementType().isIntOrFloat())
    return emitOpError("must be a tensor of static shape, found ") << getType();
  return detail::verifyInitializer(*this, type, cast<InitializerAttrInterface>(getInitAttr()));
}
