# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""128 images of 28 x 28 and their labels, for examples/fashion-gru.mlir."""
import numpy as np

rng = np.random.default_rng(5)
np.save("x.npy", rng.integers(0, 256, (128, 28, 28)).astype(np.float32))
np.save("y.npy", rng.integers(0, 10, 128).astype(np.int32))
