# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes small data sets to the working directory: sequences of 5 rows of 4 bytes whose
class is the column with the largest sum, good and bad files beside them."""

import gzip
import json

import numpy as np


def idx(array):
    """The bytes of an IDX file of unsigned bytes."""
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return header + array.astype(np.uint8).tobytes()


def write(name, data):
    with open(name, "wb") as file:
        file.write(data)


rng = np.random.default_rng(0)
for split, count in (("train", 402), ("test", 50)):
    x = rng.integers(0, 256, (count, 5, 4), dtype=np.uint8)
    y = x[..., :3].sum(1, dtype=int).argmax(1).astype(np.uint8)
    write(f"{split}-x.idx.gz", gzip.compress(idx(x)))
    write(f"{split}-y.idx", idx(y))
    np.save(f"{split}-x.npy", x)
    np.savez_compressed(f"{split}.npz", x=x)
    with open(f"{split}-y.json", "w", encoding="ascii") as file:
        json.dump(y.tolist(), file)
    # Fortran order and another axis for time.
    np.save(f"{split}-columns.npy", np.asfortranarray(x.swapaxes(1, 2)))

raw = idx(x)
write("truncated.idx", raw[:-7])
write("truncated.idx.gz", gzip.compress(raw)[:-20])
write("long.idx", raw + b"more")
write("magic.idx", b"\x89PNG" + raw[4:])
write("header.idx", raw[:6])
write("few-y.idx", idx(y[:-1]))
write("range-y.idx", idx(np.where(np.arange(50) == 17, 3, y)))
np.save("negative-y.npy", np.where(np.arange(50) == 4, -1, y.astype(int)))
np.save("wide-x.npy", np.zeros((50, 5, 7), np.float32))
np.save("nan-x.npy", np.full((50, 5, 4), np.nan, np.float32))
np.save("half.npy", np.zeros((50, 5, 4), np.float16))
write("broken.npz", b"no archive")
write("broken.json", b"[1, 2")
