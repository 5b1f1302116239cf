/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Learns with the compiled model of leaky.mlir and compares with plain loops. */
#include "leaky.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { B = 4, I = 3, O = 8, T = 7 };

static union {
  double align;
  char bytes[LEAKY_SIZE + 64];
} storage;

static float w[I][O], h[B][O], e[B][I][O], g[I][O];
static float x[T][B][I], target[T][B][O], losses[T], outs[T][B][O];
static float ref_loss[T], ref_out[T][B][O];

static int failures = 0;
static void check(const char *what, const float *found, const float *expected, int n) {
  int k;
  for (k = 0; k < n; ++k)
    if (!(fabsf(found[k] - expected[k]) <= 2e-6f * (1.0f + fabsf(expected[k])))) {
      printf("%s[%d]: found %.9g, expected %.9g\n", what, k, found[k], expected[k]);
      ++failures;
    }
}

static void reference(void) {
  int t, b, i, o;
  for (t = 0; t < T; ++t)
    for (b = 0; b < B; ++b)
      for (o = 0; o < O; ++o) {
        float y = 0, z, d;
        for (i = 0; i < I; ++i)
          y += x[t][b][i] * w[i][o];
        z = tanhf(y);
        h[b][o] = 0.9f * h[b][o] + z;
        ref_out[t][b][o] = h[b][o];
        d = h[b][o] - target[t][b][o];
        ref_loss[t] += 0.5f * d * d;
        for (i = 0; i < I; ++i) {
          e[b][i][o] = 0.9f * e[b][i][o] + x[t][b][i] * (1 - z * z);
          g[i][o] += d * e[b][i][o];
        }
      }
}

static void *find(char *block, const char *name, const char *kind) {
  int k;
  for (k = 0; k < LEAKY_BUFFERS; ++k)
    if (!strcmp(leaky_buffers[k].name, name) && !strcmp(leaky_buffers[k].kind, kind))
      return block + leaky_buffers[k].offset;
  return 0;
}

/* Learns on from where it was saved, twice; the second time with everything loaded. */
static void save_and_load(char *block) {
  static char saved[LEAKY_SAVED_SIZE + 1], first[LEAKY_SAVED_SIZE], second[LEAKY_SAVED_SIZE];
  static char before[LEAKY_SIZE];
  static float first_outs[T][B][O], second_outs[T][B][O];
  char *memory = saved + 1; /* of any alignment */
  const uint64_t abi = LEAKY_ABI;
  if (leaky_save(block, memory) || memcmp(memory, &abi, 8)) {
    printf("saving failed\n");
    ++failures;
  }
  leaky_learn_sequence(block, T, &x[0][0][0], &target[0][0][0], losses, &first_outs[0][0][0], NULL);
  leaky_apply(block, 0.5f, 0.01f, NULL);
  leaky_save(block, first);
  if (!memcmp(first, memory, LEAKY_SAVED_SIZE)) {
    printf("nothing was learnt\n");
    ++failures;
  }
  /* Bad calls and the state of another model change nothing. */
  memcpy(before, block, LEAKY_SIZE);
  memory[3] ^= 1;
  if (!leaky_load(block, memory) || !leaky_load(block, 0) || !leaky_load(0, memory) ||
      !leaky_load(block + 4, memory) || !leaky_save(0, second) || !leaky_save(block, 0) ||
      !leaky_save(block + 4, second) || memcmp(before, block, LEAKY_SIZE)) {
    printf("a bad load or save was accepted\n");
    ++failures;
  }
  memory[3] ^= 1;
  memory[8] ^= 1; /* another number of bytes */
  if (!leaky_load(block, memory) || memcmp(before, block, LEAKY_SIZE)) {
    printf("a state of another size was accepted\n");
    ++failures;
  }
  memory[8] ^= 1;
  memset(block, 0xee, LEAKY_SIZE);
  if (leaky_load(block, memory)) {
    printf("loading failed\n");
    ++failures;
  }
  leaky_learn_sequence(block, T, &x[0][0][0], &target[0][0][0], losses, &second_outs[0][0][0], NULL);
  leaky_apply(block, 0.5f, 0.01f, NULL);
  leaky_save(block, second);
  if (memcmp(first, second, LEAKY_SAVED_SIZE) ||
      memcmp(first_outs, second_outs, sizeof first_outs)) {
    printf("learning after a load differs\n");
    ++failures;
  }
}

int main(void) {
  char *block = storage.bytes + (64 - (uintptr_t)storage.bytes % 64) % 64;
  float *weights;
  int64_t *steps;
  int k;
  for (k = 0; k < T * B * I; ++k)
    (&x[0][0][0])[k] = 0.1f * (float)(k % 17) - 0.7f;
  for (k = 0; k < T * B * O; ++k)
    (&target[0][0][0])[k] = 0.05f * (float)(k % 23) - 0.5f;
  memset(block, 0xff, LEAKY_SIZE);
  if (leaky_init(block, NULL))
    return 1;
  weights = find(block, "w", "param");
  for (k = 0; k < I * O; ++k)
    weights[k] = (&w[0][0])[k] = 0.3f * (float)(k % 5) - 0.4f;

  if (!leaky_init(0, NULL) || !leaky_init(block + 4, NULL) ||
      !leaky_learn_sequence(block, -1, &x[0][0][0], &target[0][0][0], losses, &outs[0][0][0], NULL)) {
    printf("a bad call was accepted\n");
    return 1;
  }
  if (leaky_learn_sequence(block, T, &x[0][0][0], &target[0][0][0], losses, &outs[0][0][0], NULL))
    return 1;
  reference();
  check("loss", losses, ref_loss, T);
  check("out", &outs[0][0][0], &ref_out[0][0][0], T * B * O);
  check("h", find(block, "h", "hidden"), &h[0][0], B * O);
  check("e", find(block, "e", "trace"), &e[0][0][0], B * I * O);
  check("g", find(block, "w", "gradient"), &g[0][0], I * O);
  steps = find(block, "steps", "counter");
  if (*steps != T)
    printf("steps: found %d\n", (int)*steps), ++failures;

  if (leaky_apply(block, 0.5f, 0.01f, NULL))
    return 1;
  for (k = 0; k < I * O; ++k) {
    (&w[0][0])[k] -= 0.5f * 0.01f * (&g[0][0])[k];
    (&g[0][0])[k] = 0;
  }
  check("w", weights, &w[0][0], I * O);
  check("g after apply", find(block, "w", "gradient"), &g[0][0], I * O);
  save_and_load(block);
  if (leaky_reset(block, NULL))
    return 1;
  memset(e, 0, sizeof e);
  check("e after reset", find(block, "e", "trace"), &e[0][0][0], B * I * O);
  printf(failures ? "FAILED\n" : "OK\n");
  return failures != 0;
}
