//===- EmbedCode.cpp - PTX as a constant of the module --------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Conversion/GPU/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/StringExtras.h"

namespace etrace {
#define GEN_PASS_DEF_GPUEMBEDCODEPASS
#include "etrace/Conversion/GPU/Passes.h.inc"
} // namespace etrace

using namespace mlir;

namespace {

/// The name after the first `.extern .func`, or nothing. Serialisation succeeds with such
/// a declaration when it finds no device library; loading the text would fail.
StringRef findExternalFunction(StringRef ptx) {
  size_t at = ptx.find(".extern .func");
  if (at == StringRef::npos)
    return {};
  StringRef rest = ptx.drop_front(at + StringRef(".extern .func").size()).ltrim();
  if (rest.starts_with("("))
    rest = rest.drop_front(rest.find(')') + 1).ltrim();
  return rest.take_while([](char c) { return llvm::isAlnum(c) || c == '_' || c == '$'; });
}

struct GPUEmbedCodePass : etrace::impl::GPUEmbedCodePassBase<GPUEmbedCodePass> {
  void runOnOperation() override;
  LogicalResult embed(gpu::BinaryOp binary);
};

LogicalResult GPUEmbedCodePass::embed(gpu::BinaryOp binary) {
  if (binary.getObjects().size() != 1)
    return binary.emitError("expected one object, found ")
           << binary.getObjects().size() << " [gpu-external-function]";
  auto object = cast<gpu::ObjectAttr>(binary.getObjects()[0]);
  if (object.getFormat() != gpu::CompilationTarget::Assembly)
    return binary.emitError("expected PTX text; serialise with format=isa "
                            "[gpu-external-function]");
  StringRef ptx = object.getObject().getValue().rtrim('\0');
  if (StringRef name = findExternalFunction(ptx); !name.empty())
    return binary.emitError("device code calls the external function '")
           << name << "', which the driver cannot load [gpu-external-function]";
  SmallString<0> text(ptx);
  text.push_back('\0');
  OpBuilder builder(binary);
  auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), text.size());
  LLVM::GlobalOp::create(builder, binary.getLoc(), type, /*isConstant=*/true,
                         LLVM::Linkage::External, etrace::kDeviceCode,
                         builder.getStringAttr(text));
  binary.erase();
  return success();
}

void GPUEmbedCodePass::runOnOperation() {
  SmallVector<gpu::BinaryOp> binaries(getOperation().getOps<gpu::BinaryOp>());
  for (gpu::BinaryOp binary : binaries)
    if (failed(embed(binary)))
      return signalPassFailure();
  getOperation()->removeAttr(gpu::GPUDialect::getContainerModuleAttrName());
}

} // namespace
