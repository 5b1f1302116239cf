# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Modules of functions over f64 compiled to native code; functions called from numpy."""

import ctypes
import os
import pathlib
import re
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


class Signature:
    """A function in functional form: paths of the states it takes first and of those it returns
    last, and what `etrace.result` says of the results before them."""

    ROLE = re.compile(r'etrace\.(?:param|hidden|state) = "([^"]+)"')

    def __init__(self, arguments, results):
        self.taken = self.ROLE.findall(arguments)
        self.returned = self.ROLE.findall(results)
        self.results = [self.read(r) for r in re.findall(r"etrace\.result = {([^{}]*)}", results)]

    @staticmethod
    def read(text):
        fields = dict(re.findall(r'(\w+) = (\[[^\]]*\]|"[^"]*"|\d+)', text))
        return {key: [name(v) for v in value[1:-1].split(", ")] if value.startswith("[")
                else name(value) for key, value in fields.items()}


def name(text):
    return text.strip('"') if text.startswith('"') else int(text.split(" ")[0])


#: Makes a function one that `Module` can call.
ENTRY = "attributes {llvm.emit_c_interface}"


class Module:
    """MLIR text, passes to run on it first, and the name of the library."""

    def __init__(self, text, passes, directory, name):
        source = pipe(["etrace-opt"] + passes, text)
        self.signatures = {}
        for function, arguments, results in re.findall(
                r"func\.func @(\S+?)\((.*?)\) -> \(?(.*)", source):
            self.signatures[function] = Signature(arguments, results)
        # What is left of the models is declarations.
        source = re.sub(r"^  etrace\.model @.*?^  }\n", "", source, flags=re.M | re.S)
        self.library = load(source, os.path.join(directory, name))

    def run(self, name, states, arguments, ranks):
        """Calls a function that uses states. `states` holds them by path, before and after. The
        results with what they are: pairs of `etrace.result` (or None) and value."""
        signature = self.signatures[name]
        values = self.call(name, [states[path] for path in signature.taken] + arguments,
                           list(ranks) + [states[path].ndim for path in signature.returned])
        states.update(zip(signature.returned, values[len(ranks):]))
        return list(zip(signature.results or [None] * len(ranks), values))

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
