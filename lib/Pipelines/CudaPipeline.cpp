//===- CudaPipeline.cpp - From learner IR to the GPU ----------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "etrace/Pipelines/CudaPipeline.h"
#include "HostCode.h"
#include "etrace/Conversion/GPU/Passes.h"
#include "etrace/Conversion/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Target/LLVM/NVVM/Target.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/GPU/GPUToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace etrace;

/// Tensors to memrefs in one block of memory; scalar code and loops to kernels. Slots for
/// scalars between kernels are planned with the other temporaries.
static void addDeviceLoops(OpPassManager &pm) {
  pm.addPass(createBindMemoryPass());
  pm.addPass(bufferization::createOneShotBufferizePass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createCanonicalizerPass());
  pm.addNestedPass<func::FuncOp>(createGPUParallelizePass());
  pm.addNestedPass<func::FuncOp>(createGPUIsolateScalarsPass());
  pm.addPass(createPlanWorkspacePass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createCSEPass());
}

static void addKernels(OpPassManager &pm, const ToCudaOptions &options) {
  GPUMapParallelPassOptions mapping;
  mapping.threads = options.threads;
  pm.addNestedPass<func::FuncOp>(createGPUMapParallelPass(mapping));
  pm.addPass(createGpuKernelOutliningPass());
  OpPassManager &device = pm.nest<gpu::GPUModuleOp>();
  device.addPass(createGPUExpandMathPass());
  device.addPass(createCanonicalizerPass());
  device.addPass(createCSEPass());
  pm.addPass(createGPULowerLaunchPass());
}

static void addDeviceCode(OpPassManager &pm) {
  OpPassManager &device = pm.nest<gpu::GPUModuleOp>();
  device.addPass(memref::createExpandStridedMetadataPass());
  device.addPass(createLowerAffinePass());
  device.addPass(createSCFToControlFlowPass());
  device.addPass(createCanonicalizerPass());
  ConvertGpuOpsToNVVMOpsOptions conversion;
  conversion.useBarePtrCallConv = true;
  device.addPass(createConvertGpuOpsToNVVMOps(conversion));
  device.addPass(createCanonicalizerPass());
  device.addPass(createCSEPass());
  device.addPass(createReconcileUnrealizedCastsPass());
}

void etrace::buildToCudaPipeline(OpPassManager &pm, const ToCudaOptions &options) {
  addDeviceLoops(pm);
  addKernels(pm, options);
  addDeviceCode(pm);
  // Scalars that the caller gives, and what is computed from them, as on the CPU path.
  addHostCode(pm);
  if (options.emit == DeviceCodeForm::nvvm)
    return;
  GPUAttachTargetPassOptions target;
  target.chip = options.chip;
  pm.addNestedPass<gpu::GPUModuleOp>(createGPUAttachTargetPass(target));
  GpuModuleToBinaryPassOptions binary;
  binary.compilationTarget = "isa";
  pm.addPass(createGpuModuleToBinaryPass(binary));
  pm.addPass(createGPUEmbedCodePass());
}

void etrace::registerCudaPipelines() {
  PassPipelineRegistration<ToCudaOptions>(
      "etrace-to-cuda", "Lower learner IR of linalg to GPU kernels and the host code for them",
      [](OpPassManager &pm, const ToCudaOptions &options) { buildToCudaPipeline(pm, options); });
}

void etrace::registerCudaTranslations(DialectRegistry &registry) {
  registerBuiltinDialectTranslation(registry);
  registerGPUDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerNVVMDialectTranslation(registry);
  NVVM::registerNVVMTargetInterfaceExternalModels(registry);
}
