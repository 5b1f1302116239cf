# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The machine: description, memory, C libraries, clocks."""

import ctypes
import glob
import itertools
import os
import subprocess

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
PLACES = itertools.count()
CACHE = "/sys/devices/system/cpu/cpu0/cache/index"


def read(path):
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return ""


def caches():
    """Bytes of each data cache by level."""
    sizes = {}
    for index in glob.glob(CACHE + "*"):
        size = read(index + "/size")
        if read(index + "/type") != "Instruction" and size.endswith("K"):
            sizes[int(read(index + "/level"))] = int(size[:-1]) * 1024
    return sizes


def describe(cores):
    fields = {}
    for line in read("/proc/cpuinfo").split("\n\n")[0].splitlines():
        name, _, value = line.partition(":")
        fields[name.strip()] = value.strip()
    wide = "AVX-512" if "avx512f" in fields.get("flags", "") else "no AVX-512"
    sizes = ", ".join(f"L{level} {size // 1024} KB" for level, size in sorted(caches().items()))
    pages = read("/sys/kernel/mm/transparent_hugepage/enabled")
    pages = pages[pages.find("[") + 1:pages.find("]")] if "[" in pages else "unknown"
    return (f"Machine: {fields.get('model name', 'unknown processor')}, {cores} cores, {wide}; "
            f"{sizes}; huge pages: {pages}. All figures: one thread on one core, f32.")


def array(shape, rng=None, low=0.0, high=0.0):
    """An f32 array at a multiple of 64 bytes whose pages are there. Arrays start at different
    places of a page: at equal ones, a load waits for a store to another array."""
    count = int(np.prod(shape))
    raw = np.empty(count + 2048, np.float32)
    raw.fill(0)
    start = (-raw.ctypes.data) % 4096 // 4 + 16 * (5 * next(PLACES) % 64)
    result = raw[start:start + count].reshape(shape)
    if rng is not None:
        result[...] = rng.uniform(low, high, shape)
    return result


def pointer(values):
    return values.ctypes.data_as(ctypes.POINTER(ctypes.c_float))


class Compiler:
    """Compiles the C files beside this one into a folder."""

    def __init__(self, cc, folder):
        self.cc, self.folder = cc, folder

    def run(self, sources, output, *flags):
        path = os.path.join(self.folder, output)
        files = [os.path.join(HERE, source) for source in sources]
        subprocess.run([self.cc, "-std=gnu11", "-O3", "-march=native", *flags, *files, "-o", path,
                        "-lm"], check=True)
        return path

    def library(self, sources, output, *flags):
        return ctypes.CDLL(self.run(sources, output, "-shared", "-fPIC", *flags))


def clocks(compiler):
    library = compiler.library(["machine.c"], "machine.so")
    for name in ("time_stream", "time_fma", "time_learn", "time_step"):
        getattr(library, name).restype = ctypes.c_double
    library.time_stream.argtypes = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64]
    library.time_fma.argtypes = [ctypes.c_int64, ctypes.c_void_p]
    library.time_learn.argtypes = [ctypes.c_void_p] * 6 + [ctypes.c_int64]
    library.time_step.argtypes = [ctypes.c_void_p] * 4 + [ctypes.c_int64]
    return library
