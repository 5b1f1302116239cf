// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pass over the trace of one D-RTRL step under window(1), by hand, for one number of states
// STATES = S and one form of blocks, OB x ROWS x SAMPLES:
//   G[i,o] += sum_b (sum_k l_k[b,o] e_k[b,i,o] + delta[b,o] x[b,i])
//   e_k[b,i,o] <- sum_j D_kj[b,o] e_j[b,i,o] + x[b,i] f_k[b,o]
// Small arrays are given as [S][S][B][O], [S][B][O]; in `fused_blocked` in the blocked form.

#include <stdint.h>

#ifndef STATES
#define STATES 1
#endif
#ifndef OB
#define OB 32
#endif
#ifndef ROWS
#define ROWS 1
#endif
#ifndef SAMPLES
#define SAMPLES 0 // all
#endif
enum { S = STATES };

typedef struct {
  int64_t B, I, O;
  float *e;    // the trace
  float *next; // the trace after the step, where that is another array
  float *work; // D e, where that is an array
  float *G;
  const float *x, *D, *f, *l, *delta;
} Arrays;

// G[i,o] += sum_b ...: once through the trace, in order.
static void reduce(const Arrays *a, const float *e) {
  int64_t B = a->B, I = a->I, O = a->O, N = B * I * O;
  for (int64_t b = 0; b < B; ++b)
    for (int64_t i = 0; i < I; ++i) {
      float *restrict G = a->G + i * O;
      const float x = a->x[b * I + i];
      const float *row = e + (b * I + i) * O, *l = a->l + b * O, *delta = a->delta + b * O;
      for (int64_t o = 0; o < O; ++o) {
        float sum = G[o] + delta[o] * x;
        for (int k = 0; k < S; ++k)
          sum += l[k * B * O + o] * row[k * N + o];
        G[o] = sum;
      }
    }
}

// The form of a compiler that fuses elementwise operations out of place and reduces on its
// own. With several states D e is a contraction, so its result is an array.
void two_pass(const Arrays *a) {
  int64_t B = a->B, I = a->I, O = a->O, N = B * I * O, P = B * O;
  reduce(a, a->e);
  for (int64_t b = 0; S > 1 && b < B; ++b)
    for (int64_t i = 0; i < I; ++i) {
      const float *restrict row = a->e + (b * I + i) * O, *restrict D = a->D + b * O;
      float *restrict to = a->work + (b * I + i) * O;
      for (int64_t o = 0; o < O; ++o)
        for (int k = 0; k < S; ++k) {
          float sum = 0;
          for (int j = 0; j < S; ++j)
            sum += D[(k * S + j) * P + o] * row[j * N + o];
          to[k * N + o] = sum;
        }
    }
  for (int k = 0; k < S; ++k)
    for (int64_t b = 0; b < B; ++b)
      for (int64_t i = 0; i < I; ++i) {
        int64_t row = k * N + (b * I + i) * O;
        const float *restrict e = (S > 1 ? a->work : a->e) + row, *restrict D = a->D + b * O;
        const float *restrict f = a->f + k * P + b * O, x = a->x[b * I + i];
        float *restrict to = a->next + row;
        for (int64_t o = 0; o < O; ++o)
          to[o] = (S > 1 ? e[o] : D[o] * e[o]) + x * f[o];
      }
}

// In place, all in one loop nest, the trace in the order [S][B][I][O].
void fused_natural(const Arrays *a) {
  int64_t B = a->B, I = a->I, O = a->O, N = B * I * O, P = B * O;
  for (int64_t b = 0; b < B; ++b)
    for (int64_t i = 0; i < I; ++i) {
      const float *restrict D = a->D + b * O, *restrict f = a->f + b * O;
      const float *restrict l = a->l + b * O, *restrict delta = a->delta + b * O;
      float *restrict row = a->e + (b * I + i) * O, *restrict G = a->G + i * O;
      const float x = a->x[b * I + i];
#pragma clang loop vectorize(assume_safety)
      for (int64_t o = 0; o < O; ++o) {
        float old[S], gradient = G[o] + delta[o] * x;
        for (int k = 0; k < S; ++k) {
          old[k] = row[k * N + o];
          gradient += l[k * P + o] * old[k];
        }
        G[o] = gradient;
        for (int k = 0; k < S; ++k) {
          float sum = x * f[k * P + o];
          for (int j = 0; j < S; ++j)
            sum += D[(k * S + j) * P + o] * old[j];
          row[k * N + o] = sum;
        }
      }
    }
}

// In place, in one loop nest, the trace as [O/OB][B/SAMPLES][I/ROWS][SAMPLES][S][ROWS][OB]; a piece
// of G stays in registers over the samples of a block, and what is read of [b, o] serves
// ROWS rows. x [B/SAMPLES][I/ROWS][SAMPLES][ROWS]; D [O/OB][B][S][S][OB]; f, l [O/OB][B][S][OB];
// delta [O/OB][B][OB].
typedef float Vector __attribute__((vector_size(4 * OB)));
#define FULLY _Pragma("clang loop unroll(full)")

void fused_blocked(const Arrays *a) {
  const int64_t samples = SAMPLES ? SAMPLES : a->B;
  const int64_t groups = a->I / ROWS, blocks = a->O / OB * (a->B / samples);
  for (int64_t n = 0; n < blocks; ++n) {
    const int64_t first = n * samples;
    const Vector *D = (const Vector *)a->D + first * S * S, *f = (const Vector *)a->f + first * S;
    const Vector *l = (const Vector *)a->l + first * S, *delta = (const Vector *)a->delta + first;
    const float *x = a->x + n % (a->B / samples) * groups * samples * ROWS;
    Vector *restrict e = (Vector *)a->e + n * groups * samples * S * ROWS;
    for (int64_t i = 0; i < groups; ++i) {
      float *restrict G = a->G + i * ROWS * a->O + n / (a->B / samples) * OB;
      Vector sum[ROWS];
      FULLY for (int r = 0; r < ROWS; ++r)
        sum[r] = *(Vector *)(G + r * a->O);
      for (int64_t b = 0; b < samples; ++b, e += S * ROWS, x += ROWS) {
        Vector old[S][ROWS], next[ROWS], value = delta[b];
        FULLY for (int r = 0; r < ROWS; ++r)
          sum[r] += value * x[r];
        FULLY for (int k = 0; k < S; ++k) {
          value = l[b * S + k];
          FULLY for (int r = 0; r < ROWS; ++r) {
            old[k][r] = e[k * ROWS + r];
            sum[r] += value * old[k][r];
          }
        }
        FULLY for (int k = 0; k < S; ++k) {
          value = f[b * S + k];
          FULLY for (int r = 0; r < ROWS; ++r)
            next[r] = value * x[r];
          FULLY for (int j = 0; j < S; ++j) {
            value = D[(b * S + k) * S + j];
            FULLY for (int r = 0; r < ROWS; ++r)
              next[r] += value * old[j][r];
          }
          FULLY for (int r = 0; r < ROWS; ++r)
            e[k * ROWS + r] = next[r];
        }
      }
      FULLY for (int r = 0; r < ROWS; ++r)
        *(Vector *)(G + r * a->O) = sum[r];
    }
  }
}

double seconds(void);

double time_pass(void (*pass)(const Arrays *), const Arrays *arrays, int64_t repetitions) {
  double start = seconds();
  for (int64_t r = 0; r < repetitions; ++r)
    pass(arrays);
  return (seconds() - start) / repetitions;
}
