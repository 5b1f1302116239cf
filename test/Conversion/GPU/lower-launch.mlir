// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --pass-pipeline='builtin.module(etrace-gpu-lower-launch)' | FileCheck %s

// CHECK-DAG: llvm.mlir.global internal constant @etrace_kernel_name_write("write\00")
module attributes {gpu.container_module} {
  // Distinct parts of one block do not overlap; the varying offset is the host's matter.
  // CHECK: gpu.func @write(%{{.*}}: memref<5xf32> {llvm.noalias}, %{{.*}}: memref<5xf32, strided<[1]{{.*}}>> {llvm.noalias}, %{{.*}}: f32)
  // CHECK: gpu.func @same(%{{.*}}: memref<5xf32>, %{{.*}}: memref<5xf32>)
  gpu.module @etrace_kernels {
    gpu.func @write(%a: memref<5xf32>, %b: memref<5xf32, strided<[1], offset: ?>>, %c: f32) kernel {
      %i = gpu.thread_id x
      memref.store %c, %a[%i] : memref<5xf32>
      memref.store %c, %b[%i] : memref<5xf32, strided<[1], offset: ?>>
      gpu.return
    }
    gpu.func @same(%a: memref<5xf32>, %b: memref<5xf32>) kernel {
      %i = gpu.thread_id x
      %x = memref.load %a[%i] : memref<5xf32>
      memref.store %x, %b[%i] : memref<5xf32>
      gpu.return
    }
  }

  // CHECK: func.func @body(%[[QUEUE:.*]]: !llvm.ptr, %[[BLOCK:.*]]: memref<256xi8>, %[[X:.*]]: memref<4x5xf32>, %[[T:.*]]: index, %[[C:.*]]: f32)
  // CHECK: %[[SUB:.*]] = memref.subview %[[X]][%[[T]], 0]
  // CHECK: %[[OFFSET:.*]] = arith.muli %{{.*}}, %c4
  // CHECK: arith.addi %{{.*}}, %[[OFFSET]]
  // CHECK: llvm.store %[[C]], %{{.*}} : f32, !llvm.ptr
  // CHECK: %[[NAME:.*]] = llvm.mlir.addressof @etrace_kernel_name_write
  // CHECK: %[[LAUNCH:.*]] = llvm.load %[[QUEUE]] : !llvm.ptr -> !llvm.ptr
  // CHECK: llvm.call %[[LAUNCH]](%[[QUEUE]], %[[NAME]], %{{.*}}, %{{.*}}, %{{.*}})
  func.func @body(%block: memref<256xi8>, %x: memref<4x5xf32>, %t: index, %c: f32) {
    %c1 = arith.constant 1 : index
    %c5 = arith.constant 5 : index
    %c64 = arith.constant 64 : index
    %a = memref.view %block[%c64][] : memref<256xi8> to memref<5xf32>
    %b = memref.subview %x[%t, 0] [1, 5] [1, 1]
        : memref<4x5xf32> to memref<5xf32, strided<[1], offset: ?>>
    gpu.launch_func @etrace_kernels::@write blocks in (%c1, %c1, %c1) threads in (%c5, %c1, %c1)
        args(%a : memref<5xf32>, %b : memref<5xf32, strided<[1], offset: ?>>, %c : f32)
    %u = memref.view %block[%c5][] : memref<256xi8> to memref<5xf32>
    %v = memref.view %block[%c1][] : memref<256xi8> to memref<5xf32>
    gpu.launch_func @etrace_kernels::@same blocks in (%c1, %c1, %c1) threads in (%c5, %c1, %c1)
        args(%u : memref<5xf32>, %v : memref<5xf32>)
    return
  }

  // A caller hands the queue on.
  // CHECK: func.func @entry(%[[Q:.*]]: !llvm.ptr, %{{.*}}: memref<256xi8>
  // CHECK: call @body(%[[Q]], %{{.*}}
  func.func @entry(%block: memref<256xi8>, %x: memref<4x5xf32>, %t: index, %c: f32) {
    call @body(%block, %x, %t, %c) : (memref<256xi8>, memref<4x5xf32>, index, f32) -> ()
    return
  }
}
