# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs a model in `etrace-run` and compares named arrays.

The tool is the environment variable ETRACE_RUN, or `etrace-run` on the path.
"""

import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np

INPUT, TARGET, OUTPUT = "x", "target", "out"
ZOO = Path(__file__).parents[2] / "examples" / "zoo"


def model_file(name, *folders):
    """The first of the folders, or the zoo, has the model."""
    return next(f for f in (Path(d) / f"{name}.mlir" for d in (*folders, ZOO)) if f.exists())


def deviation(a, b):
    """The relative 2-norm of a - b; for b = 0 the norm of a."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.shape != b.shape:
        return float("inf")
    scale = np.linalg.norm(b)
    return float(np.linalg.norm(a - b) / scale if scale else np.linalg.norm(a))


class Report:
    """Counts comparisons; `finish` gives the exit code."""

    def __init__(self, title):
        self.title, self.passed, self.failures = title, 0, 0

    def check(self, what, good, text):
        print(f"{'ok  ' if good else 'FAIL'} {self.title} {what}: {text}")
        self.passed += bool(good)
        self.failures += not good

    def equal(self, what, a, b, tolerance):
        if a is None:
            return self.check(what, False, "missing in the results")
        gap = deviation(a, b)
        shapes = "" if np.shape(a) == np.shape(b) else f", shapes {np.shape(a)} and {np.shape(b)}"
        return self.check(what, gap <= tolerance, f"{gap:.1e} (at most {tolerance:.0e}){shapes}")

    def differs(self, what, a, b, least):
        gap = deviation(a, b)
        return self.check(what, gap >= least, f"{gap:.1e} (at least {least:.0e})")

    def finish(self):
        print(f"{self.title}: {self.passed} passed, {self.failures} failed")
        return 1 if self.failures or not self.passed else 0


def tool():
    return os.environ.get("ETRACE_RUN", "etrace-run")


def in_double(text):
    """The text of a model in f64: written constants keep all their digits."""
    return text.replace("f32", "f64")


def in_tool(values):
    """Indices as they are, numbers in double."""
    values = np.asarray(values)
    return values if values.dtype == np.int32 else values.astype(float)


def run(model, p, s, inputs, targets, rule="d-rtrl", window=1, compat=False, options=()):
    """Learns over one sequence; returns the arrays that the tool writes, by key.

    `model` is the text of a model or the path of a file.
    """
    text = model.read_text() if isinstance(model, Path) else model
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "model.mlir").write_text(in_double(text))
        arrays = {f"param:{k}": v for k, v in p.items()}
        arrays |= {f"state:{k}": in_tool(v) for k, v in s.items()}
        arrays |= {f"input:{INPUT}": in_tool(inputs), f"target:{TARGET}": in_tool(targets)}
        np.savez(folder / "in.npz", **arrays)
        command = [tool(), "model.mlir", "--mode=learn", "--data=in.npz", "--out=out.npz",
                   "--reduction=sum", f"--rule={rule}", f"--window={window}",
                   *options]
        if compat:
            command.append("--compat=braintrace")
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}\nexit code {done.returncode}\n"
                             f"{done.stdout}{done.stderr}")
        with np.load(folder / "out.npz") as out:
            return {k: out[k] for k in out.files}
