// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// S000-20: which states a step reads, which it writes, and on which paths; the same in the
// written and in the functional form.
// RUN: etrace-opt %s -split-input-file -etrace-analyze -remarks-filter=etrace-graph -remark-policy=all 2>%t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARK --input-file=%t.remarks
// RUN: etrace-opt %s -split-input-file -etrace-analyze -etrace-print-graph -o /dev/null | FileCheck %s --check-prefix=TEXT
// RUN: etrace-opt %s -split-input-file -etrace-analyze -etrace-print-graph=format=dot -o /dev/null | FileCheck %s --check-prefix=DOT
// RUN: etrace-opt %s -split-input-file -etrace-analyze -etrace-print-graph=format=json -o /dev/null | FileCheck %s --check-prefix=JSON

// A condition: c is set on one branch, d on both, e on one branch and read there too.
// CHECK-LABEL: etrace.model @written
// CHECK:      etrace.recurrence @n::@V read written(always)
// CHECK-NEXT: etrace.recurrence @last written(always)
// CHECK-NEXT: etrace.recurrence @const read written(never)
// CHECK-NEXT: etrace.recurrence @c written(sometimes)
// CHECK-NEXT: etrace.recurrence @d written(always)
// CHECK-NEXT: etrace.recurrence @e read written(sometimes)
// CHECK-NEXT: etrace.recurrence @n::@idle written(never)
// REMARK: [Analysis] state-recurrent {{.*}}"'n.V' is read before it is written [state-recurrent]"
// REMARK: [Analysis] state-not-read {{.*}}"'last' is written, never read: nothing is carried [state-not-read]"
// REMARK: [Analysis] state-not-written {{.*}}"'const' is read, never written: it keeps its initial value [state-not-written]"
// REMARK: [Analysis] state-written-sometimes {{.*}}"'c' is written on some paths only, kept on the others, never read [state-written-sometimes]"
// REMARK: [Analysis] state-not-read {{.*}}"'d'
// REMARK: [Analysis] state-written-sometimes {{.*}}"'e' is read before it is written, written on some paths only
// REMARK: [Analysis] state-not-used {{.*}}"'n.idle' is neither read nor written [state-not-used]"
// TEXT:      The states are used by the step as follows:
// TEXT:      State 0: n.V  (hidden) read before it is written{{$}}
// TEXT-NEXT: State 1: last  (plain) written, never read: nothing is carried
// TEXT-NEXT: State 2: const  (plain) read, never written: it keeps its initial value
// TEXT-NEXT: State 3: c  (hidden) written on some paths only, kept on the others, never read
// TEXT-NEXT: State 4: d  (hidden) written, never read
// TEXT-NEXT: State 5: e  (hidden) read before it is written, written on some paths only
// TEXT-NEXT: State 6: n.idle  (hidden) neither read nor written
// DOT: "state n.V" [label="n.V", shape
// DOT: "state c" [label="c
// DOT-NEXT: written on some paths only, kept on the others, never read", shape
// DOT: "state last" [label="last
// DOT-NEXT: written, never read: nothing is carried", {{.*}}style=dashed
// JSON:      "state_groups": {
// JSON:      "states": [
// JSON-NEXT: {
// JSON-NEXT:   "kind": "hidden",
// JSON-NEXT:   "path": "n.V",
// JSON-NEXT:   "read": true,
// JSON-NEXT:   "recurrent": true,
// JSON-NEXT:   "written": "always"
// JSON:        "path": "last",
// JSON-NEXT:   "read": false,
// JSON-NEXT:   "recurrent": false,
// JSON-NEXT:   "written": "always"
// JSON:        "path": "const",
// JSON-NEXT:   "read": true,
// JSON-NEXT:   "recurrent": false,
// JSON-NEXT:   "written": "never"
// JSON:        "path": "c",
// JSON-NEXT:   "read": false,
// JSON-NEXT:   "recurrent": true,
// JSON-NEXT:   "written": "sometimes"
etrace.model @written {
  etrace.group_state @n {
    etrace.component @V : tensor<3xf32>
    etrace.component @idle : tensor<3xf32>
  }
  etrace.hidden @c : tensor<3xf32>
  etrace.hidden @d : tensor<3xf32>
  etrace.hidden @e : tensor<3xf32>
  etrace.state @last : tensor<3xf32>
  etrace.state @const : tensor<3xf32>
  etrace.step @update(%x: tensor<3xf32>, %flag: tensor<i1>) -> tensor<3xf32> {
    %v = etrace.get @n::@V : tensor<3xf32>
    %v1 = arith.addf %v, %x : tensor<3xf32>
    etrace.set @n::@V, %v1 : tensor<3xf32>
    etrace.set @last, %v1 : tensor<3xf32>
    // A read after the write is no recurrence.
    %fresh = etrace.get @last : tensor<3xf32>
    %k = etrace.get @const : tensor<3xf32>
    %out = arith.mulf %fresh, %k : tensor<3xf32>
    %f = tensor.extract %flag[] : tensor<i1>
    scf.if %f {
      etrace.set @c, %x : tensor<3xf32>
      etrace.set @d, %x : tensor<3xf32>
      %e = etrace.get @e : tensor<3xf32>
      %e1 = arith.addf %e, %x : tensor<3xf32>
      etrace.set @e, %e1 : tensor<3xf32>
    } else {
      etrace.set @d, %v1 : tensor<3xf32>
    }
    etrace.yield %out : tensor<3xf32>
  }
}

// -----

// The same in functional form, where a branch that does not set a state hands it on.
// CHECK-LABEL: etrace.model @functional
// CHECK:      etrace.recurrence @v read written(always)
// CHECK-NEXT: etrace.recurrence @last written(always)
// CHECK-NEXT: etrace.recurrence @const read written(never)
// CHECK-NEXT: etrace.recurrence @c written(sometimes)
// CHECK-NEXT: etrace.recurrence @d written(always)
// CHECK-NEXT: etrace.recurrence @e read written(sometimes)
etrace.model @functional {
  etrace.hidden @v : tensor<3xf32>
  etrace.hidden @c : tensor<3xf32>
  etrace.hidden @d : tensor<3xf32>
  etrace.hidden @e : tensor<3xf32>
  etrace.state @last : tensor<3xf32>
  etrace.state @const : tensor<3xf32>
  etrace.step @update(%x: tensor<3xf32>, %flag: tensor<i1>,
      %v: tensor<3xf32> {etrace.hidden = "v"}, %last: tensor<3xf32> {etrace.state = "last"},
      %k: tensor<3xf32> {etrace.state = "const"}, %c: tensor<3xf32> {etrace.hidden = "c"},
      %d: tensor<3xf32> {etrace.hidden = "d"}, %e: tensor<3xf32> {etrace.hidden = "e"})
      -> (tensor<3xf32>, tensor<3xf32> {etrace.hidden = "v"}, tensor<3xf32> {etrace.state = "last"},
          tensor<3xf32> {etrace.state = "const"}, tensor<3xf32> {etrace.hidden = "c"},
          tensor<3xf32> {etrace.hidden = "d"}, tensor<3xf32> {etrace.hidden = "e"}) {
    %v1 = arith.addf %v, %x : tensor<3xf32>
    %out = arith.mulf %v1, %k : tensor<3xf32>
    %f = tensor.extract %flag[] : tensor<i1>
    %new:3 = scf.if %f -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) {
      %e1 = arith.addf %e, %x : tensor<3xf32>
      scf.yield %x, %x, %e1 : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
    } else {
      scf.yield %c, %v1, %e : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
    }
    etrace.yield %out, %v1, %v1, %k, %new#0, %new#1, %new#2 : tensor<3xf32>, tensor<3xf32>,
        tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
  }
}

// -----

// Other ways to hand a value on, and what only looks like a reading or a writing.
// CHECK-LABEL: etrace.model @handed_on
// A branch that returns it on both sides never writes it.
// CHECK:      etrace.recurrence @same written(never)
// A get behind a set on one branch may see the old value.
// CHECK-NEXT: etrace.recurrence @maybe read written(sometimes)
// CHECK-NEXT: etrace.recurrence @chosen written(sometimes)
// The condition of a choice is read.
// CHECK-NEXT: etrace.recurrence @switch read written(never)
// CHECK-NEXT: etrace.recurrence @looped read written(sometimes)
// Carried through a loop that does not change it.
// CHECK-NEXT: etrace.recurrence @through written(never)
// A fill overwrites its destination.
// CHECK-NEXT: etrace.recurrence @filled written(always)
// A delay line: each state is read for the next.
// CHECK-NEXT: etrace.recurrence @first read written(always)
// CHECK-NEXT: etrace.recurrence @second written(always)
etrace.model @handed_on {
  etrace.state @same : tensor<f32>
  etrace.state @maybe : tensor<f32>
  etrace.state @chosen : tensor<f32>
  etrace.state @switch : tensor<i1>
  etrace.state @looped : tensor<f32>
  etrace.state @through : tensor<f32>
  etrace.state @filled : tensor<f32>
  etrace.hidden @first : tensor<f32>
  etrace.hidden @second : tensor<f32>
  etrace.step @update(%x: tensor<f32>, %n: tensor<index>,
      %same: tensor<f32> {etrace.state = "same"}, %maybe: tensor<f32> {etrace.state = "maybe"},
      %chosen: tensor<f32> {etrace.state = "chosen"}, %switch: tensor<i1> {etrace.state = "switch"},
      %looped: tensor<f32> {etrace.state = "looped"},
      %through: tensor<f32> {etrace.state = "through"},
      %filled: tensor<f32> {etrace.state = "filled"}, %first: tensor<f32> {etrace.hidden = "first"},
      %second: tensor<f32> {etrace.hidden = "second"})
      -> (tensor<f32>, tensor<f32> {etrace.state = "same"}, tensor<f32> {etrace.state = "maybe"},
          tensor<f32> {etrace.state = "chosen"}, tensor<i1> {etrace.state = "switch"},
          tensor<f32> {etrace.state = "looped"}, tensor<f32> {etrace.state = "through"},
          tensor<f32> {etrace.state = "filled"}, tensor<f32> {etrace.hidden = "first"},
          tensor<f32> {etrace.hidden = "second"}) {
    %f = tensor.extract %switch[] : tensor<i1>
    %if:2 = scf.if %f -> (tensor<f32>, tensor<f32>) {
      scf.yield %same, %x : tensor<f32>, tensor<f32>
    } else {
      scf.yield %same, %maybe : tensor<f32>, tensor<f32>
    }
    %out = arith.addf %if#1, %x : tensor<f32>
    %choice = arith.select %f, %chosen, %x : tensor<f32>
    %zero = arith.constant 0 : index
    %one = arith.constant 1 : index
    %count = tensor.extract %n[] : tensor<index>
    %for:2 = scf.for %i = %zero to %count step %one iter_args(%l = %looped, %t = %through)
        -> (tensor<f32>, tensor<f32>) {
      %l1 = arith.addf %l, %x : tensor<f32>
      scf.yield %l1, %t : tensor<f32>, tensor<f32>
    }
    %c = arith.constant 0.5 : f32
    %fill = linalg.fill ins(%c : f32) outs(%filled : tensor<f32>) -> tensor<f32>
    etrace.yield %out, %if#0, %if#1, %choice, %switch, %for#0, %for#1, %fill, %x, %first
        : tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<i1>, tensor<f32>, tensor<f32>,
          tensor<f32>, tensor<f32>, tensor<f32>
  }
}
