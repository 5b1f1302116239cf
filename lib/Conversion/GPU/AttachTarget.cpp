//===- AttachTarget.cpp - The GPU that device code is for -----------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Conversion/GPU/Passes.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "llvm-c/Target.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"

namespace etrace {
#define GEN_PASS_DEF_GPUATTACHTARGETPASS
#include "etrace/Conversion/GPU/Passes.h.inc"
} // namespace etrace

using namespace mlir;

namespace {

constexpr llvm::StringLiteral kTriple = "nvptx64-nvidia-cuda";

/// Whether LLVM knows the chip. Asked here since code generation for an unknown one ends
/// the process.
bool isKnownChip(StringRef chip) {
  LLVMInitializeNVPTXTargetInfo();
  LLVMInitializeNVPTXTargetMC();
  llvm::Triple triple(kTriple);
  std::string reason;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, reason);
  if (!target || !chip.starts_with("sm_"))
    return false;
  std::unique_ptr<llvm::MCSubtargetInfo> info(target->createMCSubtargetInfo(triple, "", ""));
  return info && info->isCPUStringValid(chip);
}

struct GPUAttachTargetPass : etrace::impl::GPUAttachTargetPassBase<GPUAttachTargetPass> {
  using Base::Base;

  void runOnOperation() override {
    if (!isKnownChip(chip)) {
      getOperation().emitError("unknown GPU '")
          << chip << "'; expected the name of an NVIDIA chip such as sm_80, sm_90 or sm_120 "
          << "[gpu-unknown-chip]";
      return signalPassFailure();
    }
    // Without features the text is in the oldest PTX version that has the chip, which the
    // most drivers load.
    auto target = NVVM::NVVMTargetAttr::get(&getContext(), /*optLevel=*/3, kTriple, chip,
                                            /*features=*/"");
    getOperation().setTargetsAttr(ArrayAttr::get(&getContext(), target));
  }
};

} // namespace
