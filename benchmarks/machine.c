// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the machine does at best: stream bandwidth in place and fused multiply-adds of one core.
// And the clock for calls of compiled models, so that no interpreter lies between two calls.

#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <time.h>

// Time of this thread on its core: what other programs take away does not count.
double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

// e <- d e + c: reads and writes n floats.
void stream(float *restrict e, int64_t n, float d, float c) {
  for (int64_t i = 0; i < n; ++i)
    e[i] = e[i] * d + c;
}

double time_stream(float *e, int64_t n, int64_t repetitions) {
  double start = seconds();
  for (int64_t r = 0; r < repetitions; ++r) {
    stream(e, n, 0.99f, 1e-3f);
    __asm__ volatile("" : : "r"(e) : "memory");
  }
  return (seconds() - start) / repetitions;
}

// Independent chains, enough to hide the latency of a fused multiply-add. Returns flop/s.
#ifdef __AVX512F__
enum { LANES = 16, CHAINS = 16 };
#else
enum { LANES = 8, CHAINS = 10 };
#endif
typedef float Lanes __attribute__((vector_size(4 * LANES)));

double time_fma(int64_t repetitions, float *sink) {
  Lanes sums[CHAINS], a = (Lanes){0} + 0.999f, b = (Lanes){0} + 0.001f;
  for (int i = 0; i < CHAINS; ++i)
    sums[i] = (Lanes){0} + (float)i;
  double start = seconds();
  for (int64_t r = 0; r < repetitions; ++r)
    for (int i = 0; i < CHAINS; ++i)
      sums[i] = sums[i] * a + b;
  double time = seconds() - start;
  for (int i = 0; i < CHAINS; ++i)
    for (int lane = 0; lane < LANES; ++lane)
      sink[0] += sums[i][lane];
  return 2.0 * LANES * CHAINS * repetitions / time;
}

typedef int (*Learn)(void *, const float *, const float *, float *, float *, void *);
typedef int (*Step)(void *, const float *, float *, void *);

// Seconds of a call, or -1 if the model refuses it.
double time_learn(Learn learn, void *block, const float *x, const float *target, float *loss,
                  float *out, int64_t repetitions) {
  int status = 0;
  double start = seconds();
  for (int64_t r = 0; r < repetitions; ++r)
    status |= learn(block, x, target, loss, out, 0);
  double time = (seconds() - start) / repetitions;
  return status ? -1 : time;
}

double time_step(Step step, void *block, const float *x, float *out, int64_t repetitions) {
  int status = 0;
  double start = seconds();
  for (int64_t r = 0; r < repetitions; ++r)
    status |= step(block, x, out, 0);
  double time = (seconds() - start) / repetitions;
  return status ? -1 : time;
}
