// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A C program that learns for the number of steps it is given, and prints its peak of
// resident memory in kilobytes (`getrusage` would count what ran before exec). The inputs of a
// step are overwritten by the next.

#include "model.h"

#include <stdio.h>
#include <stdlib.h>

static float x[INPUTS], target[OUTPUTS], out[OUTPUTS], loss;

static long peak(void) {
  char line[128];
  long kilobytes = -1;
  FILE *status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof line, status))
    sscanf(line, "VmHWM: %ld", &kilobytes);
  if (status)
    fclose(status);
  return kilobytes;
}

int main(int argc, char **argv) {
  long steps = argc > 1 ? atol(argv[1]) : 1;
  void *block = aligned_alloc(64, (MODEL_SIZE + 63) / 64 * 64);
  if (!block || model_init(block, NULL))
    return 1;
  for (long t = 0; t < steps; ++t) {
    for (long i = 0; i < INPUTS; ++i)
      x[i] = (float)((t * 31 + i * 7) % 101) / 101 - 0.5f;
    if (model_learn(block, x, target, &loss, out, NULL) ||
        model_apply(block, 1.0f, 1e-3f, 0.9f, 0.999f, 1e-8f, NULL))
      return 1;
  }
  printf("%ld\n", peak());
  free(block);
  return loss != loss;
}
