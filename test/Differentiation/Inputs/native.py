# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Modules of functions over f64 compiled to native code; functions called from numpy."""

import ctypes
import os
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "Interfaces" / "Inputs"))
from compiled import describe, descriptor, load, pipe, read  # noqa: E402


def differences(function, at, number, step=1e-6):
    """Central differences of a function of a list of arrays by one of them; axes of the result
    first."""
    columns = []
    for index in np.ndindex(at[number].shape):
        values = []
        for sign in (1, -1):
            moved = [np.array(a, dtype=np.float64) for a in at]
            moved[number][index] += sign * step
            values.append(np.asarray(function(*moved)))
        columns.append((values[0] - values[1]) / (2 * step))
    return np.moveaxis(np.array(columns).reshape(at[number].shape + columns[0].shape),
                       range(at[number].ndim), range(-at[number].ndim, 0))


class Module:
    """MLIR text, passes to run on it first, and the name of the library."""

    def __init__(self, text, passes, directory, name):
        self.library = load(pipe(["etrace-opt"] + passes, text), os.path.join(directory, name))

    def call(self, name, arguments, ranks):
        """Arrays are tensors, Python floats are f64; so are results of rank None."""
        held = [a if isinstance(a, float) else np.array(a, np.float64, order="C")
                for a in arguments]
        memory = [a if isinstance(a, float) else describe(a) for a in held]
        passed = [ctypes.c_double(m) if isinstance(m, float) else ctypes.byref(m) for m in memory]
        function = getattr(self.library, "_mlir_ciface_" + name)
        if ranks == [None]:
            function.restype = ctypes.c_double
            return [np.float64(function(*passed))]

        class Results(ctypes.Structure):
            _fields_ = [(f"r{i}", ctypes.c_double if rank is None else descriptor(rank))
                        for i, rank in enumerate(ranks)]
        out = Results()
        function(ctypes.byref(out), *passed)
        values = [getattr(out, f"r{i}") for i in range(len(ranks))]
        return [np.float64(v) if rank is None else read(v, rank, np.float64)
                for v, rank in zip(values, ranks)]


class Checks:
    """Counts comparisons; prints those that fail."""

    def __init__(self):
        self.done = self.failures = 0

    def close(self, what, found, expected, tolerance):
        found, expected = np.asarray(found), np.asarray(expected)
        self.done += 1
        if found.shape == expected.shape:
            error = np.max(np.abs(found - expected) / np.maximum(1, np.abs(expected)), initial=0)
            if error <= tolerance:
                return
            self.failures += 1
            print(f"FAILED {what}: off by {error:.1e}\n{found}\n{expected}")
        else:
            self.failures += 1
            print(f"FAILED {what}: shape {found.shape}, expected {expected.shape}")

    def true(self, what, holds):
        self.done += 1
        if not holds:
            self.failures += 1
            print(f"FAILED {what}")

    def report(self):
        print(f"{self.done} comparisons, {self.failures} failures")
        return 1 if self.failures else 0
