# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Two checkpoints hold the same arrays, bit for bit: same_arrays.py ONE TWO."""
import sys

import numpy as np

one, two = (np.load(path) for path in sys.argv[1:])
assert one.files == two.files and len(one.files) > 8, (one.files, two.files)
for name in one.files:
    if name != "checkpoint.json":
        assert one[name].tobytes() == two[name].tobytes(), name
