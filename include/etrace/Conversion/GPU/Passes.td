//===- Passes.td - From entries over buffers to the GPU ----*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_CONVERSION_GPU_PASSES_TD
#define ETRACE_CONVERSION_GPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def GPUParallelizePass : Pass<"etrace-gpu-parallelize", "::mlir::func::FuncOp"> {
  let summary = "Turn linalg operations on memrefs into parallel loops";
  let description = [{
    Parallel dimensions become one `scf.parallel` with the innermost dimension last;
    reduction dimensions become sequential loops inside it, whatever the order of
    the operation's iterators. Copies become parallel loops too.

    ```
    linalg.generic {indexing_maps = [...], iterator_types = ["reduction", "parallel"]}
        ins(%a : memref<3x5xf32>) outs(%s : memref<5xf32>) {...}
    // becomes
    scf.parallel (%j) = (%c0) to (%c5) step (%c1) {
      scf.for %b = %c0 to %c3 step %c1 {...}
    }
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect", "::mlir::affine::AffineDialect"];
}

def GPUIsolateScalarsPass : Pass<"etrace-gpu-isolate-scalars", "::mlir::func::FuncOp"> {
  let summary = "Move host accesses to device memory into parallel loops of one iteration";
  let description = [{
    Buffers live in device memory: the host may compute addresses and pass scalars
    that the caller gave, nothing else. Runs of operations that read or write
    memory, or that depend on what was read, become `scf.parallel` from 0 to 1. A
    scalar that leaves such a run goes through a temporary of rank 0.

    ```
    %n = memref.load %count[] : memref<f32>
    scf.parallel (%i) = (%c0) to (%c5) step (%c1) { ... use %n ... }
    // becomes
    %t = memref.alloc() : memref<f32>
    scf.parallel (%k) = (%c0) to (%c1) step (%c1) {
      %n = memref.load %count[] : memref<f32>
      memref.store %n, %t[] : memref<f32>
    }
    scf.parallel (%i) = (%c0) to (%c5) step (%c1) {
      %m = memref.load %t[] : memref<f32>
      ... use %m ...
    }
    ```

    An address, a loop bound or a value of a loop around kernels that depends on
    device memory is an error `[gpu-host-dependence]`.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect"];
}

def GPUMapParallelPass : Pass<"etrace-gpu-map-parallel", "::mlir::func::FuncOp"> {
  let summary = "Turn parallel loops into gpu.launch with one thread for each point";
  let description = [{
    The points of an outermost `scf.parallel` are numbered with the last dimension
    fastest, so that the lanes of a warp touch neighbouring addresses. Number
    n = block * threads + thread; threads beyond the last point do nothing.
    Constants and addresses of constant arrays move into the kernel.

    ```
    scf.parallel (%i, %j) = (%c0, %c0) to (%c3, %c500) step (%c1, %c1) {...}
    // becomes
    gpu.launch blocks(%bx, ...) in (%gx = %c6, ...) threads(%tx, ...) in (%sx = %c256, ...)
        module(@etrace_kernels) function(@m_step_0) {
      %n = arith.addi (%bx * 256), %tx
      %in = arith.cmpi ult, %n, %c1500
      scf.if %in { %i = %n / 500, %j = %n mod 500 ... }
    }
    ```
  }];
  let options = [Option<"threads", "threads", "int64_t", "256", "Threads in a block">];
  let dependentDialects = ["::mlir::gpu::GPUDialect", "::mlir::arith::ArithDialect",
                           "::mlir::scf::SCFDialect"];
}

def GPUExpandMathPass : Pass<"etrace-gpu-expand-math", "::mlir::gpu::GPUModuleOp"> {
  let summary = "Expand math so that device code calls no library";
  let description = [{
    f32 functions become the polynomial approximations that the CPU path uses too;
    `math.sqrt` becomes the correctly rounded `llvm.nvvm.sqrt.rn.f` (the usual
    conversion takes an approximate one); roundings, absolute value, sign and fused
    multiply-add become LLVM intrinsics that the target has instructions for.
    f64 is an error `[gpu-f32-only]`, a function without an expansion is an error
    `[gpu-math-unsupported]`.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}

def GPULowerLaunchPass : Pass<"etrace-gpu-lower-launch", "::mlir::ModuleOp"> {
  let summary = "Give kernels plain pointers and launch them through a queue";
  let description = [{
    Every function gets a first argument, the address of a queue, and hands it to
    those it calls: a structure whose first member is a function
    `void launch(queue, const char *kernel, int64_t blocks, int64_t threads, void **arguments)`.
    A `gpu.launch_func` becomes a call of it. Kernel arguments are addresses of
    first elements and scalars; the array behind each has a static shape and
    offset 0. Arguments whose storage no other argument of a launch shares get
    `llvm.noalias`.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::arith::ArithDialect"];
}

def GPUAttachTargetPass : Pass<"etrace-gpu-attach-target", "::mlir::gpu::GPUModuleOp"> {
  let summary = "Set the GPU that device code is compiled for";
  let description = [{
    An unknown chip is an error `[gpu-unknown-chip]`.

    ```
    gpu.module @etrace_kernels {...}
    // becomes
    gpu.module @etrace_kernels [#nvvm.target<O = 3, chip = "sm_90">] {...}
    ```
  }];
  let options = [Option<"chip", "chip", "std::string", "\"sm_80\"",
                        "Oldest GPU that can run the code">];
  let dependentDialects = ["::mlir::NVVM::NVVMDialect"];
}

def GPUEmbedCodePass : Pass<"etrace-gpu-embed-code", "::mlir::ModuleOp"> {
  let summary = "Replace gpu.binary by a constant with the PTX text";
  let description = [{
    The text becomes the zero-terminated constant `etrace_device_code`. The driver
    must be able to load it alone: an external function left in it is an error
    `[gpu-external-function]`.

    ```
    gpu.binary @etrace_kernels [#gpu.object<#nvvm.target<chip = "sm_90">, assembly = "...">]
    // becomes
    llvm.mlir.global external constant @etrace_device_code("...\00")
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // ETRACE_CONVERSION_GPU_PASSES_TD
