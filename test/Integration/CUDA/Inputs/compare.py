# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Write arrays of random numbers (write x.npz name=3x5 ...; name=3x5:7 are integers below 7), or
compare two results of etrace-run (same a.npz b.npz): every array to 1e-5 in the relative 2-norm, spikes exactly."""

import sys

import numpy as np


def write(path, *arrays):
    random = np.random.default_rng(1)
    contents = {}
    for array in arrays:
        name, _, shape = array.partition("=")
        shape, _, below = shape.partition(":")
        shape = [int(extent) for extent in shape.split("x")]
        contents[name] = (random.integers(int(below), size=shape, dtype=np.int32) if below
                          else random.normal(size=shape).astype(np.float32))
    np.savez(path, **contents)


def same(first, second):
    a, b = np.load(first), np.load(second)
    if sorted(a) != sorted(b) or not a.files:
        sys.exit(f"different arrays: {sorted(a)} and {sorted(b)}")
    if not any(np.any(a[key]) for key in a.files if key.startswith("gradient:")):
        sys.exit("every gradient is zero")
    for key in a.files:
        x, y = a[key].astype(np.float64), b[key].astype(np.float64)
        exact = np.isin(x, (0, 1)).all()
        distance, size = np.linalg.norm(x - y), np.linalg.norm(x)
        if not np.isfinite(size) or distance > (0 if exact else 1e-5 * size):
            sys.exit(f"{key}: distance {distance}, norm {size}")
    print(len(a.files), "arrays agree")


{"write": write, "same": same}[sys.argv[1]](*sys.argv[2:])
