// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A driver library without a GPU: memory is the host's, launches are only printed. With
// MOCK_CUDA_FAIL set, every launch fails.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long address;

int cuInit(unsigned flags) { return flags != 0; }
int cuDeviceGet(int *device, int number) { return *device = number; }
int cuDevicePrimaryCtxRetain(void **context, int device) {
  *context = "context";
  return device;
}
int cuDevicePrimaryCtxRelease_v2(int device) {
  fprintf(stderr, "release context %d\n", device);
  return 0;
}
int cuCtxSetCurrent(void *context) { return context == NULL; }
int cuCtxSynchronize(void) {
  fprintf(stderr, "synchronize\n");
  return 0;
}
int cuModuleLoadDataEx(void **module, const void *text, unsigned count, void *keys,
                       void *values) {
  (void)keys;
  (void)values;
  fprintf(stderr, "load module, PTX: %s\n", strstr(text, ".visible .entry") ? "yes" : "no");
  *module = "module";
  return count != 0;
}
int cuModuleUnload(void *module) {
  fprintf(stderr, "unload %s\n", (const char *)module);
  return 0;
}
int cuModuleGetFunction(void **function, void *module, const char *name) {
  *function = strdup(name);
  return module == NULL;
}
int cuMemAlloc_v2(address *memory, size_t bytes) {
  *memory = (address)(size_t)aligned_alloc(256, (bytes + 255) / 256 * 256);
  return bytes == 0;
}
int cuMemFree_v2(address memory) {
  free((void *)(size_t)memory);
  return 0;
}
int cuMemcpyHtoD_v2(address device, const void *host, size_t bytes) {
  memcpy((void *)(size_t)device, host, bytes);
  return 0;
}
int cuMemcpyDtoH_v2(void *host, address device, size_t bytes) {
  memcpy(host, (const void *)(size_t)device, bytes);
  return 0;
}
int cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx,
                   unsigned by, unsigned bz, unsigned shared, void *stream, void **arguments,
                   void **extra) {
  if (getenv("MOCK_CUDA_FAIL"))
    return 700;
  fprintf(stderr, "launch %s grid %u,%u,%u block %u,%u,%u\n", (const char *)function, gx, gy, gz,
          bx, by, bz);
  return shared != 0 || stream || extra || !arguments;
}
int cuGetErrorString(int status, const char **text) {
  *text = status == 700 ? "an illegal memory access was encountered" : "mock error";
  return 0;
}
