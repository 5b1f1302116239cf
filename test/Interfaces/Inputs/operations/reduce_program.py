# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes a random program that fails small.

As a program: the script that tells the reducer whether what it has left still fails.
Usage: reduce_program.py <check> <name> <seed> <file>
"""

import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import check_programs
import programs
from compiled import Function, Library

#: How many points a program must pass.
POINTS = 3


class Written(Function):
    """A drawn program that has been rewritten as text."""

    def __init__(self, name, text):
        shapes = [programs.SHAPES[letter] for letter in "MABS"]
        super().__init__(name, shapes, shapes, "")
        self.name, self.written = name, text

    def text(self):
        return self.written


def fails(check, name, seed, text):
    """True if the program still compiles and fails; what does not compile is of no interest."""
    rng = np.random.default_rng(seed)
    function = Written(name, text)
    with tempfile.TemporaryDirectory() as place:
        try:
            library = Library([function], place, second=check == "check_second")
        except SystemExit:
            return False
        found = [getattr(check_programs, check)(library, function, rng)[0]
                 for _ in range(POINTS)]
    return any(found)


def reduce(check, function, seed, directory):
    """The text of the smallest program that the reducer finds, and its number of operations."""
    source, script = directory / "program.mlir", directory / "fails.sh"
    source.write_text(function.text())
    words = [sys.executable, __file__, check, function.name, str(seed)]
    # The reducer is interested in the exit status 1.
    script.write_text(f"#!/bin/sh\n{shlex.join(words)} \"$1\"\n")
    script.chmod(0o755)
    run = subprocess.run(["etrace-reduce", str(source), f"-reduce-dataflow=test={script}"],
                         capture_output=True, text=True)
    if run.returncode != 0:
        return f"{run.stderr}\nnot reduced:\n{source.read_text()}", 0
    return run.stdout, len(re.findall(r"^ +%\S+ = ", run.stdout, re.M))


if __name__ == "__main__":
    sys.exit(1 if fails(*sys.argv[1:3], int(sys.argv[3]),
                        pathlib.Path(sys.argv[4]).read_text()) else 0)
