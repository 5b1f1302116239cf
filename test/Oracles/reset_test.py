# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""S000-32: after `reset` a second sequence gives the numbers of the first. reset_test.py MODEL

Compiles the model ahead of time and calls the library, as a program in C would.
"""

import ctypes
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from .harness import Report, in_double

STEPS = 4


class Library:
    """The functions of a compiled model over one block of memory."""

    def __init__(self, folder, text):
        self.name = re.search(r"etrace\.model @(\w+)", text)[1]
        (folder / "model.mlir").write_text(in_double(text))
        subprocess.run(["etrace-compile", "model.mlir", "-o", "model.so", "--header=model.h"],
                       cwd=folder, check=True)
        self.header = (folder / "model.h").read_text()
        self.code = ctypes.CDLL(str(folder / "model.so"))
        size = int(re.search(r"_SIZE (\d+)u", self.header)[1])
        self.memory = np.zeros(size + 64, np.uint8)
        start = -self.memory.ctypes.data % 64
        self.block = self.memory[start:start + size]

    def call(self, entry, *arguments):
        values = [ctypes.c_void_p(self.block.ctypes.data)]
        values += [a.ctypes.data_as(ctypes.c_void_p) if isinstance(a, np.ndarray)
                   else ctypes.c_int64(a) for a in arguments] + [None]
        status = getattr(self.code, f"{self.name}_{entry}")(*values)
        if status:
            raise SystemExit(f"{entry}: status {status}")

    def read(self, kind, path, shape):
        """A buffer without a blocked layout, by the table of the header."""
        row = re.search(rf'{{"{path}", "{kind}", "double", \d+, {{[\d, ]+}}, (\d+)u', self.header)
        count = int(np.prod(shape))
        return self.block[int(row[1]):][:8 * count].view(float).reshape(shape).copy()


def sequence(library):
    """Losses, outputs and the gradient that one sequence adds."""
    rng = np.random.default_rng(1)
    x, target = rng.normal(size=(STEPS, 2)), rng.normal(size=(STEPS, 6))
    losses, outputs = np.zeros(STEPS), np.zeros((STEPS, 6))
    before = library.read("gradient", "w", (2, 2))
    library.call("learn_sequence", STEPS, x, target, losses, outputs)
    return losses, outputs, library.read("gradient", "w", (2, 2)) - before


def main(file):
    report = Report("S000-32")
    with tempfile.TemporaryDirectory() as folder:
        library = Library(Path(folder), Path(file).read_text())
        library.call("init")
        first = sequence(library)
        kept = sequence(library)
        library.call("reset")
        second = sequence(library)
    for what, a, b in zip(("losses", "outputs"), second, first):
        report.equal(f"{what} after reset", a, b, 0.0)
    report.equal("gradient after reset", second[2], first[2], 1e-12)
    report.differs("outputs without reset", kept[1], first[1], 0.1)
    report.differs("gradient without reset", kept[2], first[2], 1e-3)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
