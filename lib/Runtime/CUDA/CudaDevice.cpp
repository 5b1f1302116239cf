//===- CudaDevice.cpp - An NVIDIA GPU through its driver ------------------===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// The driver's C interface, resolved by name when a device is created: no header and no
// library of CUDA is needed to build or to run without a GPU. Names with `_v2` are the
// current ones; those without are kept by the driver for old programs.
//
//===----------------------------------------------------------------------===//

#include "etrace/Runtime/CUDA/Device.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/DynamicLibrary.h"

using namespace llvm;

namespace {

using Status = int;
using Handle = void *;
using Address = unsigned long long;

/// The functions of the driver that we call.
struct Driver {
  Status (*init)(unsigned);
  Status (*deviceGet)(int *, int);
  Status (*contextRetain)(Handle *, int);
  Status (*contextRelease)(int);
  Status (*contextSetCurrent)(Handle);
  Status (*contextSynchronize)();
  Status (*moduleLoad)(Handle *, const void *, unsigned, void *, void *);
  Status (*moduleUnload)(Handle);
  Status (*moduleGetFunction)(Handle *, Handle, const char *);
  Status (*memoryAllocate)(Address *, size_t);
  Status (*memoryFree)(Address);
  Status (*copyToDevice)(Address, const void *, size_t);
  Status (*copyToHost)(void *, Address, size_t);
  Status (*launchKernel)(Handle, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                         unsigned, Handle, void **, void **);
  Status (*getErrorString)(Status, const char **);

  Error open();
  Error check(Status status, const Twine &what) const;
};

Error Driver::open() {
  std::string reason;
  sys::DynamicLibrary library =
      sys::DynamicLibrary::getPermanentLibrary("libcuda.so.1", &reason);
  if (!library.isValid())
    return createStringError("no CUDA driver on this machine (%s); use the emulated target or "
                             "install the NVIDIA driver",
                             reason.c_str());
  const char *missing = nullptr;
  auto resolve = [&](auto &function, const char *name) {
    void *address = library.getAddressOfSymbol(name);
    if (!address && !missing)
      missing = name;
    function = reinterpret_cast<std::decay_t<decltype(function)>>(address);
  };
  resolve(init, "cuInit");
  resolve(deviceGet, "cuDeviceGet");
  resolve(contextRetain, "cuDevicePrimaryCtxRetain");
  resolve(contextRelease, "cuDevicePrimaryCtxRelease_v2");
  resolve(contextSetCurrent, "cuCtxSetCurrent");
  resolve(contextSynchronize, "cuCtxSynchronize");
  resolve(moduleLoad, "cuModuleLoadDataEx");
  resolve(moduleUnload, "cuModuleUnload");
  resolve(moduleGetFunction, "cuModuleGetFunction");
  resolve(memoryAllocate, "cuMemAlloc_v2");
  resolve(memoryFree, "cuMemFree_v2");
  resolve(copyToDevice, "cuMemcpyHtoD_v2");
  resolve(copyToHost, "cuMemcpyDtoH_v2");
  resolve(launchKernel, "cuLaunchKernel");
  resolve(getErrorString, "cuGetErrorString");
  if (missing)
    return createStringError("the CUDA driver has no function '%s'; expected CUDA 11 or newer",
                             missing);
  return check(init(0), "cannot initialise the CUDA driver");
}

Error Driver::check(Status status, const Twine &what) const {
  if (status == 0)
    return Error::success();
  const char *text = nullptr;
  getErrorString(status, &text);
  return createStringError(what + ": " + (text ? Twine(text) : "CUDA error " + Twine(status)));
}

class CudaDevice : public etrace::Device {
public:
  ~CudaDevice() override;
  Error open(StringRef ptx);

  Expected<void *> allocate(size_t bytes) override;
  void release(void *memory) override;
  Error copyToDevice(void *device, const void *host, size_t bytes) override;
  Error copyToHost(void *host, const void *device, size_t bytes) override;
  Error launch(StringRef kernel, int64_t blocks, int64_t threads, void **arguments) override;
  Error synchronize() override;

private:
  Expected<Handle> findKernel(StringRef name);
  /// The driver keeps one current context for each host thread.
  Error enter() { return driver.check(driver.contextSetCurrent(context), "no CUDA context"); }

  Driver driver = {};
  int number = 0;
  Handle context = nullptr;
  Handle module = nullptr;
  StringMap<Handle> kernels;
};

Address toAddress(const void *memory) { return reinterpret_cast<uintptr_t>(memory); }

Error CudaDevice::open(StringRef ptx) {
  if (Error error = driver.open())
    return error;
  if (Error error = driver.check(driver.deviceGet(&number, 0), "no CUDA device"))
    return error;
  if (Error error = driver.check(driver.contextRetain(&context, number), "no CUDA context"))
    return error;
  if (Error error = enter())
    return error;
  std::string text = ptx.str();
  return driver.check(driver.moduleLoad(&module, text.c_str(), 0, nullptr, nullptr),
                      "the CUDA driver refuses the device code");
}

CudaDevice::~CudaDevice() {
  if (!context)
    return;
  driver.contextSetCurrent(context);
  if (module)
    driver.moduleUnload(module);
  driver.contextRelease(number);
}

Expected<void *> CudaDevice::allocate(size_t bytes) {
  if (Error error = enter())
    return std::move(error);
  Address address = 0;
  // The driver refuses allocations of zero bytes.
  if (Error error = driver.check(driver.memoryAllocate(&address, std::max<size_t>(bytes, 1)),
                                 "cannot allocate " + Twine(bytes) + " bytes on the GPU"))
    return std::move(error);
  return reinterpret_cast<void *>(static_cast<uintptr_t>(address));
}

void CudaDevice::release(void *memory) {
  driver.contextSetCurrent(context);
  driver.memoryFree(toAddress(memory));
}

Error CudaDevice::copyToDevice(void *device, const void *host, size_t bytes) {
  if (Error error = enter())
    return error;
  return driver.check(driver.copyToDevice(toAddress(device), host, bytes), "copy to the GPU");
}

Error CudaDevice::copyToHost(void *host, const void *device, size_t bytes) {
  if (Error error = enter())
    return error;
  return driver.check(driver.copyToHost(host, toAddress(device), bytes), "copy from the GPU");
}

Expected<Handle> CudaDevice::findKernel(StringRef name) {
  Handle &kernel = kernels[name];
  if (!kernel)
    if (Error error = driver.check(
            driver.moduleGetFunction(&kernel, module, name.str().c_str()),
            "no kernel '" + name + "'"))
      return std::move(error);
  return kernel;
}

Error CudaDevice::launch(StringRef name, int64_t blocks, int64_t threads, void **arguments) {
  if (Error error = enter())
    return error;
  Expected<Handle> kernel = findKernel(name);
  if (!kernel)
    return kernel.takeError();
  return driver.check(driver.launchKernel(*kernel, blocks, 1, 1, threads, 1, 1, 0, nullptr,
                                          arguments, nullptr),
                      "cannot launch kernel '" + name + "'");
}

Error CudaDevice::synchronize() {
  if (Error error = enter())
    return error;
  return driver.check(driver.contextSynchronize(), "a kernel failed");
}

} // namespace

etrace::Device::~Device() = default;

Expected<std::unique_ptr<etrace::Device>> etrace::createCudaDevice(StringRef ptx) {
  auto device = std::make_unique<CudaDevice>();
  if (Error error = device->open(ptx))
    return std::move(error);
  return device;
}
