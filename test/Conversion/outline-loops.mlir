// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-outline-loops="minimum-work=16 minimum-shared=64" | FileCheck %s
// RUN: etrace-opt %s --etrace-outline-loops="minimum-work=16 minimum-shared=64" \
// RUN:   --convert-scf-to-cf --finalize-memref-to-llvm --convert-cf-to-llvm \
// RUN:   --convert-arith-to-llvm --convert-func-to-llvm=use-bare-ptr-memref-call-conv \
// RUN:   --reconcile-unrealized-casts --etrace-define-shared | FileCheck %s --check-prefix=LLVM

// CHECK: func.func private @part.shared(memref<8x8xf32>, memref<8x8xf32>, index, !llvm.ptr) attributes {etrace.shared_part = @part}

// A nest with a parallel outermost loop takes a range of its turns: lower + turn step. What
// it captures are arguments, arrays inside the workspace included.
// CHECK-LABEL: func.func private @part(
// CHECK-SAME: %{{.*}}: memref<8x8xf32> {llvm.noalias}, %{{.*}}: memref<8x8xf32> {llvm.noalias}, %[[BEGIN:.*]]: index, %[[END:.*]]: index)
// CHECK-DAG: %[[A:.*]] = arith.muli %[[BEGIN]], %c2
// CHECK-DAG: %[[B:.*]] = arith.muli %[[END]], %c2
// CHECK-DAG: %[[LOWER:.*]] = arith.addi %c0, %[[A]]
// CHECK-DAG: %[[UPPER:.*]] = arith.addi %c0, %[[B]]
// CHECK: scf.parallel (%{{.*}}) = (%[[LOWER]]) to (%[[UPPER]]) step (%c2

// A sum over the outermost loop is a function, but is not shared out.
// CHECK: func.func private @part_0(%{{.*}}: memref<8x8xf32> {llvm.noalias}, %{{.*}}: memref<8xf32> {llvm.noalias})
// CHECK-NOT: func.func private @part

// CHECK-LABEL: func.func private @first
// CHECK-SAME: %[[PARALLEL:[^:]*]]: !llvm.ptr)
// CHECK: call @part.shared(%{{.*}}, %{{.*}}, %c4{{.*}}, %[[PARALLEL]])
// CHECK-NEXT: call @part_0
// CHECK: memref.store

// The same nests inside a loop over steps: the same functions. What is short stays.
// CHECK-LABEL: func.func private @second
// CHECK: scf.for
// CHECK: call @part.shared
// CHECK: call @part_0
// CHECK: scf.parallel
// CHECK: memref.store
// CHECK-LABEL: func.func @m_learn(
// CHECK-SAME: %[[CALLER:[^:]*]]: !llvm.ptr)
// CHECK: call @second({{.*}}, %[[CALLER]])

// LLVM-LABEL: llvm.func internal @part.range(
// LLVM-SAME: %[[CLOSURE:.*]]: !llvm.ptr, %[[B:.*]]: i64, %[[E:.*]]: i64)
// LLVM: llvm.getelementptr %[[CLOSURE]][0, 1] : (!llvm.ptr) -> !llvm.ptr, !llvm.struct<(ptr, ptr)>
// LLVM: llvm.call @part(%{{.*}}, %{{.*}}, %[[B]], %[[E]])
// LLVM-LABEL: llvm.func internal @part.shared(
// LLVM-SAME: %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %[[TURNS:.*]]: i64, %[[SELF:.*]]: !llvm.ptr)
// LLVM: %[[NULL:.*]] = llvm.mlir.zero
// LLVM: %[[SERIAL:.*]] = llvm.icmp "eq" %[[SELF]], %[[NULL]]
// LLVM: llvm.cond_br %[[SERIAL]], ^bb1, ^bb2
// LLVM: ^bb1:
// LLVM: %[[ZERO:.*]] = llvm.mlir.constant(0 : i64)
// LLVM: llvm.call @part(%{{.*}}, %{{.*}}, %[[ZERO]], %[[TURNS]])
// LLVM: ^bb2:
// LLVM: %[[LOOP:.*]] = llvm.load %[[SELF]]
// LLVM: %[[RANGE:.*]] = llvm.mlir.addressof @part.range
// LLVM: llvm.call %[[LOOP]](%[[SELF]], %[[RANGE]], %{{.*}}, %[[TURNS]])

func.func private @first(%a: memref<8x8xf32> {llvm.noalias}, %work: memref<256xi8> {llvm.noalias},
                         %s: memref<8xf32> {llvm.noalias}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c8 = arith.constant 8 : index
  %b = memref.view %work[%c0][] : memref<256xi8> to memref<8x8xf32>
  scf.parallel (%i) = (%c0) to (%c8) step (%c2) {
    scf.for %j = %c0 to %c8 step %c1 {
      %x = memref.load %a[%i, %j] : memref<8x8xf32>
      %y = arith.mulf %x, %x : f32
      memref.store %y, %b[%i, %j] : memref<8x8xf32>
    }
    scf.reduce
  }
  scf.for %i = %c0 to %c8 step %c1 {
    scf.for %j = %c0 to %c8 step %c1 {
      %x = memref.load %b[%i, %j] : memref<8x8xf32>
      %y = memref.load %s[%j] : memref<8xf32>
      %z = arith.addf %x, %y : f32
      memref.store %z, %s[%j] : memref<8xf32>
    }
  }
  %one = arith.constant 1.0 : f32
  memref.store %one, %s[%c0] : memref<8xf32>
  return
}

func.func private @second(%a: memref<8x8xf32> {llvm.noalias}, %b: memref<8x8xf32> {llvm.noalias},
                          %s: memref<8xf32> {llvm.noalias}, %steps: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c8 = arith.constant 8 : index
  %one = arith.constant 1.0 : f32
  scf.for %t = %c0 to %steps step %c1 {
    scf.parallel (%i) = (%c0) to (%c8) step (%c2) {
      scf.for %j = %c0 to %c8 step %c1 {
        %x = memref.load %a[%i, %j] : memref<8x8xf32>
        %y = arith.mulf %x, %x : f32
        memref.store %y, %b[%i, %j] : memref<8x8xf32>
      }
      scf.reduce
    }
    scf.for %i = %c0 to %c8 step %c1 {
      scf.for %j = %c0 to %c8 step %c1 {
        %x = memref.load %b[%i, %j] : memref<8x8xf32>
        %y = memref.load %s[%j] : memref<8xf32>
        %z = arith.addf %x, %y : f32
        memref.store %z, %s[%j] : memref<8xf32>
      }
    }
    scf.parallel (%i) = (%c0) to (%c2) step (%c1) {
      memref.store %one, %s[%i] : memref<8xf32>
      scf.reduce
    }
  }
  return
}

func.func @m_learn(%a: memref<8x8xf32>, %b: memref<8x8xf32>, %s: memref<8xf32>, %steps: index)
    attributes {etrace.entry = "learn"} {
  call @second(%a, %b, %s, %steps) : (memref<8x8xf32>, memref<8x8xf32>, memref<8xf32>, index) -> ()
  return
}

// What a branch chooses has a layout that a bare pointer does not tell.
// CHECK-LABEL: func.func @chosen(
// CHECK-NOT: call
// CHECK: scf.parallel
// CHECK-NOT: call
func.func @chosen(%a: memref<8x8xf32>, %b: memref<8x8xf32, strided<[?, ?], offset: ?>>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
    scf.for %j = %c0 to %c8 step %c1 {
      %x = memref.load %b[%i, %j] : memref<8x8xf32, strided<[?, ?], offset: ?>>
      memref.store %x, %a[%i, %j] : memref<8x8xf32>
    }
    scf.reduce
  }
  return
}
