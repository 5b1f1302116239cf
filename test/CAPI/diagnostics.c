// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %build_c %s -o %t
// RUN: %t | FileCheck %s

// What goes wrong reaches the callback with its place, and nothing else happens.
#include "etrace-c/Etrace.h"

#include <stdio.h>
#include <string.h>

static void show(EtraceSeverity severity, const char *location, const char *message, void *data) {
  (void)data;
  printf("%d %s: %s\n", severity, location, message);
}

static void print(const char *text, size_t length, void *data) {
  fwrite(text, 1, length, (FILE *)data);
}

static EtraceModule *parse(EtraceContext *context, const char *text) {
  return etraceModuleParse(context, text, strlen(text), "text.mlir");
}

int main(void) {
  EtraceContext *context = etraceContextCreate();
  etraceContextSetDiagnosticCallback(context, show, NULL);

  // CHECK: 3 text.mlir:2:3: custom op 'etrace.nothing' is unknown
  if (parse(context, "module {\n  etrace.nothing\n}\n"))
    return 1;
  // CHECK: 3 text.mlir:4:3: 'etrace.set' op has type 'tensor<4xf32>', but 'h' has 'tensor<3xf32>'
  // CHECK-NEXT: 0 text.mlir:2:3: declared here
  if (parse(context, "etrace.model @m {\n"
                     "  etrace.hidden @h : tensor<3xf32>\n"
                     "  etrace.step @update(%x: tensor<4xf32>) {\n"
                     "  etrace.set @h, %x : tensor<4xf32>\n"
                     "  etrace.yield\n  }\n}\n"))
    return 1;
  // CHECK: 3 {{.*}}: cannot read '/nonexistent/model.mlir': No such file or directory
  if (etraceModuleParseFile(context, "/nonexistent/model.mlir"))
    return 1;

  EtraceModule *module = parse(context, "func.func @f(%x: f32) -> f32 {\n  return %x : f32\n}\n");
  if (!module)
    return 1;
  // CHECK: 3 {{.*}}'no-such-pass' does not refer to a registered pass or pass pipeline
  if (!etraceModuleRunPipeline(module, "no-such-pass"))
    return 1;
  // CHECK: 3 text.mlir:0:0: option 'to' must be f32 or f64, found 'f8'
  if (!etraceModuleRunPipeline(module, "etrace-convert-float{to=f8}"))
    return 1;
  etraceModuleDestroy(module);

  module = parse(context, "func.func @f(%x: f32) -> f32 {\n  return %x : f32\n}\n");
  if (!module || etraceModuleRunPipeline(module, "etrace-convert-float{to=f64}"))
    return 1;
  // CHECK: func.func @f(%arg0: f64) -> f64
  etraceModulePrint(module, print, stdout);
  // CHECK: 3 {{.*}}: {{.+}}
  if (etraceModelCompile(module, NULL, 2))
    return 1;
  // CHECK: 3 {{.*}}: the level of optimisation is 0 to 3, found 7
  if (etraceModelCompile(module, NULL, 7))
    return 1;
  etraceModuleDestroy(module);
  etraceContextDestroy(context);
  // CHECK: done
  puts("done");
  return 0;
}
