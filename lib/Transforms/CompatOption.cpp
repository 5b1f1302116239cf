//===- CompatOption.cpp - The option `compat` of passes -------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "CompatOption.h"

using namespace mlir;
using namespace etrace;

LogicalResult etrace::setCompat(ModelOp model, StringRef name) {
  if (name.empty())
    return success();
  std::optional<Compat> value = symbolizeCompat(name);
  if (!value)
    return model.emitOpError("has no compatibility mode '")
           << name << "'; modes are 'none' and 'braintrace' [unknown-compat]";
  model.setCompatAttr(CompatAttr::get(model.getContext(), *value));
  return success();
}
