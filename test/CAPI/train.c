// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %build_c %s -o %t
// RUN: %t %src_root/examples/leaky-tanh.mlir | FileCheck %s

// A C program compiles a model and lets it learn: the loss of a constant input and target
// falls. The interface of the model is asked for, not known.
#include "etrace-c/Etrace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void show(EtraceSeverity severity, const char *location, const char *message, void *count) {
  if (severity < ETRACE_WARNING)
    return;
  fprintf(stderr, "%s: %s\n", location, message);
  ++*(int *)count;
}

static void *allocate(uint64_t bytes) {
  size_t size = (size_t)((bytes + 63) / 64 * 64);
  void *block = malloc(size + 64);
  if (!block)
    exit(1);
  memset(block, 0, size + 64);
  return (void *)(((uintptr_t)block + 63) / 64 * 64);
}

/* One array or scalar of 8 bytes an element for each external of an entry. */
static size_t prepare(const EtraceModel *model, const char *entry, void **arguments) {
  ptrdiff_t n = etraceModelGetNumArguments(model, entry);
  for (ptrdiff_t i = 0; i < n; ++i) {
    EtraceArgument argument;
    uint64_t elements = 1;
    if (etraceModelGetArgument(model, entry, (size_t)i, &argument))
      exit(1);
    for (size_t d = 0; d < argument.rank; ++d)
      elements *= (uint64_t)argument.shape[d];
    arguments[i] = allocate(elements * 8);
    printf("%s %s%s %d\n", entry, argument.isResult ? "-> " : "", argument.name,
           (int)argument.rank);
    if (!argument.isResult && argument.type == ETRACE_F32)
      for (uint64_t k = 0; k < elements; ++k)
        ((float *)arguments[i])[k] = 0.5f;
  }
  return (size_t)n;
}

static float *find(const EtraceModel *model, const char *entry, void **arguments,
                   const char *name) {
  EtraceArgument argument;
  for (size_t i = 0; !etraceModelGetArgument(model, entry, i, &argument); ++i)
    if (!strcmp(argument.name, name))
      return arguments[i];
  fprintf(stderr, "no external '%s' of '%s'\n", name, entry);
  exit(1);
}

int main(int argc, char **argv) {
  int problems = 0;
  EtraceContext *context = etraceContextCreate();
  etraceContextSetDiagnosticCallback(context, show, &problems);
  EtraceModule *module = argc == 2 ? etraceModuleParseFile(context, argv[1]) : NULL;
  if (!module || etraceModuleRunPipeline(module, "etrace-analyze,etrace-derive-pipeline{rule=d-rtrl "
                                         "optimizer=sgd}"))
    return 1;
  EtraceModel *model = etraceModelCompile(module, NULL, 2);
  if (!model)
    return 1;
  /* The code does not need what it was made from. */
  etraceModuleDestroy(module);
  etraceContextDestroy(context);

  // CHECK: model leaky
  // CHECK: param w {{[0-9]+}} bytes
  printf("model %s\n", etraceModelGetName(model));
  EtraceBuffer buffer;
  for (size_t i = 0; !etraceModelGetBuffer(model, i, &buffer); ++i)
    if (buffer.kind == ETRACE_PARAM)
      printf("param %s %d bytes\n", buffer.path, (int)buffer.bytes);
  if (etraceModelFindBuffer(model, ETRACE_PARAM, "w", &buffer))
    return 1;

  void *block = allocate(etraceModelGetSize(model));
  void *learn[16], *apply[16];
  // CHECK: learn
  // CHECK: learn -> loss
  size_t numLearn = prepare(model, "learn", learn), numApply = prepare(model, "apply", apply);
  *find(model, "apply", apply, "scale") = 1.0f;
  *find(model, "apply", apply, "learning_rate") = 0.05f;
  float *loss = find(model, "learn", learn, "loss"), first = 0;
  if (etraceModelInvoke(model, "init", block, NULL, 0, NULL))
    return 1;
  for (int step = 0; step < 20; ++step) {
    if (etraceModelInvoke(model, "learn", block, learn, numLearn, NULL) ||
        etraceModelInvoke(model, "apply", block, apply, numApply, NULL) ||
        etraceModelInvoke(model, "reset", block, NULL, 0, NULL))
      return 1;
    if (!step)
      first = *loss;
  }
  // CHECK: learned yes
  printf("learned %s\n", *loss > 0 && *loss < 0.9f * first ? "yes" : "no");
  float moved = 0;
  for (uint64_t k = 0; k < buffer.bytes / sizeof(float); ++k)
    moved += ((float *)((char *)block + buffer.offset))[k] != 0;
  // CHECK: weights moved yes
  printf("weights moved %s\n", moved > 0 ? "yes" : "no");
  // CHECK: unknown entry refused yes
  // CHECK: misaligned block refused yes
  printf("unknown entry refused %s\n",
         etraceModelInvoke(model, "nothing", block, NULL, 0, NULL) ? "yes" : "no");
  printf("misaligned block refused %s\n",
         etraceModelInvoke(model, "init", (char *)block + 4, NULL, 0, NULL) ? "yes" : "no");
  etraceModelDestroy(model);
  return problems != 0;
}
