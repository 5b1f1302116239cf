// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %build_c %s -o %t
// RUN: %t %src_root/examples/fashion-gru.mlir x86-64 | FileCheck %s --check-prefix=SSE
// RUN: %t %src_root/examples/fashion-gru.mlir x86-64-v4 | FileCheck %s --check-prefix=AVX512
// RUN: not %t %src_root/examples/fashion-gru.mlir pdp-11 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// A learner is lowered for the processor that is asked for: the vectors have its width.
// SSE-NOT: vector<16xf32>
// SSE: vector<4xf32>
// SSE-NOT: vector<16xf32>
// SSE: compiled fashion_gru
// AVX512: vector<16xf32>
// AVX512: compiled fashion_gru
// UNKNOWN: unknown processor 'pdp-11'
#include "etrace-c/Etrace.h"

#include <stdio.h>

static void show(EtraceSeverity severity, const char *location, const char *message, void *data) {
  (void)data;
  if (severity >= ETRACE_WARNING)
    fprintf(stderr, "%s: %s\n", location, message);
}

static void print(const char *text, size_t length, void *stream) {
  fwrite(text, 1, length, stream);
}

int main(int argc, char **argv) {
  EtraceContext *context = etraceContextCreate();
  etraceContextSetDiagnosticCallback(context, show, NULL);
  EtraceModule *module = argc == 3 ? etraceModuleParseFile(context, argv[1]) : NULL;
  if (!module || etraceModuleRunPipeline(module, "etrace-analyze,etrace-derive-pipeline"))
    return 1;
  EtraceModel *model = etraceModelCompile(module, argv[2], 0);
  if (!model)
    return 1;
  etraceModulePrint(module, print, stdout);
  printf("compiled %s\n", etraceModelGetName(model));
  etraceModelDestroy(model);
  etraceModuleDestroy(module);
  etraceContextDestroy(context);
  return 0;
}
