//===- EtraceDialect.cpp - The etrace dialect -----------------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/IR/Etrace.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Transforms/InliningUtils.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace etrace;

#include "etrace/IR/EtraceDialect.cpp.inc"
#include "etrace/IR/EtraceEnums.cpp.inc"

namespace {
/// The pure operations of the dialect may be inlined anywhere, those on states and derivatives
/// where their symbols mean the same.
struct EtraceInlinerInterface : DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;
  bool isLegalToInline(Region *, Region *, bool, IRMapping &) const final { return true; }
  bool isLegalToInline(Operation *op, Region *region, bool, IRMapping &) const final {
    return isPure(op) || (isa<GetOp, SetOp, DerivativeOpInterface>(op) &&
                          region->getParentOfType<ModelOp>() == op->getParentOfType<ModelOp>());
  }
};
} // namespace

void EtraceDialect::initialize() {
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "etrace/IR/EtraceOps.cpp.inc"
      >();
  addInterfaces<EtraceInlinerInterface>();
}

std::string etrace::getPath(SymbolRefAttr symbol) {
  std::string path = symbol.getRootReference().str();
  for (FlatSymbolRefAttr nested : symbol.getNestedReferences())
    path += "." + nested.getValue().str();
  return path;
}

std::string etrace::printLocation(Location loc) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (auto file = loc->findInstanceOf<FileLineColLoc>())
    stream << file.getFilename().getValue() << ":" << file.getLine() << ":" << file.getColumn();
  else
    stream << loc;
  return text;
}

static LogicalResult verifyRole(Operation *op, NamedAttribute attribute) {
  StringRef name = attribute.getName().getValue();
  if (name == kHiddenAttr || name == kStateAttr || name == kParamAttr ||
      name == kBufferAttr || name == kNameAttr) {
    if (!isa<StringAttr>(attribute.getValue()))
      return op->emitError() << "attribute '" << name << "' must be a string, the path it names";
    return success();
  }
  if (name == kInitAttr) {
    if (!isa<InitializerAttrInterface>(attribute.getValue()))
      return op->emitError() << "attribute '" << name
                             << "' must be an initialiser such as #etrace.zeros, found "
                             << attribute.getValue();
    return success();
  }
  if (name == kResultAttr) {
    if (!isa<DictionaryAttr>(attribute.getValue()))
      return op->emitError() << "attribute '" << name << "' must be a dictionary";
    return success();
  }
  if (name == kSingleStepAttr) {
    if (!isa<UnitAttr>(attribute.getValue()))
      return op->emitError() << "attribute '" << name << "' takes no value";
    return success();
  }
  return op->emitError() << "unknown attribute '" << name << "' on an argument or result";
}

LogicalResult EtraceDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  StringRef name = attribute.getName().getValue();
  if (name == "etrace.primitive" || name == kEntryAttr) {
    if (!isa<StringAttr>(attribute.getValue()))
      return op->emitError() << "attribute '" << name << "' must be a string";
    return success();
  }
  if ((name == kCheckpointAttr || name == kMaxTripsAttr) && !isa<LoopLikeOpInterface>(op))
    return op->emitError() << "attribute '" << name << "' belongs on a loop";
  if (name == kCheckpointAttr && !isa<CheckpointPolicyAttr>(attribute.getValue()))
    return op->emitError() << "attribute '" << name
                           << "' must be #etrace.checkpoint<all>, <sqrt> or <none>";
  auto trips = dyn_cast<IntegerAttr>(attribute.getValue());
  if (name == kMaxTripsAttr && (!trips || !trips.getValue().isStrictlyPositive()))
    return op->emitError() << "attribute '" << name << "' must be a positive integer";
  return success();
}

LogicalResult EtraceDialect::verifyRegionArgAttribute(Operation *op, unsigned, unsigned,
                                                      NamedAttribute attribute) {
  return verifyRole(op, attribute);
}

LogicalResult EtraceDialect::verifyRegionResultAttribute(Operation *op, unsigned, unsigned,
                                                         NamedAttribute attribute) {
  return verifyRole(op, attribute);
}
