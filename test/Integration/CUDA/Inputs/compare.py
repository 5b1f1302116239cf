# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Write inputs for a model (write x.npz steps shape...), or compare two results of
etrace-run (same a.npz b.npz): every array to 1e-5 in the relative 2-norm, spikes exactly."""

import sys

import numpy as np


def write(path, *shape):
    shape = [int(extent) for extent in shape]
    random = np.random.default_rng(1)
    steps, batch, inputs, outputs = shape
    np.savez(path, **{
        "input:x": random.normal(size=(steps, batch, inputs)).astype(np.float32),
        "target:target": random.normal(size=(steps, batch, outputs)).astype(np.float32)})


def same(first, second):
    a, b = np.load(first), np.load(second)
    if sorted(a) != sorted(b) or not a.files:
        sys.exit(f"different arrays: {sorted(a)} and {sorted(b)}")
    for key in a.files:
        x, y = a[key].astype(np.float64), b[key].astype(np.float64)
        exact = np.isin(x, (0, 1)).all()
        distance, size = np.linalg.norm(x - y), np.linalg.norm(x)
        if not np.isfinite(size) or distance > (0 if exact else 1e-5 * size):
            sys.exit(f"{key}: distance {distance}, norm {size}")
    print(len(a.files), "arrays agree")


{"write": write, "same": same}[sys.argv[1]](*sys.argv[2:])
