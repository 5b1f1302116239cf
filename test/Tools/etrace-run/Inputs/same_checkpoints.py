# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""same_checkpoints.py A B: fails unless the arrays of two checkpoints have the same bits."""

import sys

import numpy as np

a, b = np.load(sys.argv[1]), np.load(sys.argv[2])
assert sorted(a.files) == sorted(b.files), (a.files, b.files)
names = [name for name in a.files if name != "checkpoint.json"]
assert any(name.startswith("param:") for name in names), names
for name in names:
    assert a[name].dtype == b[name].dtype and a[name].tobytes() == b[name].tobytes(), name
