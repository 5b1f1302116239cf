# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""script_learner.py TOOL MODEL LEARNER: --mode=learn of both gives the same bits."""

import subprocess
import sys

import numpy as np

tool, model, learner = sys.argv[1:]
rng = np.random.default_rng(2)
np.savez("script.npz", **{
    "param:w": rng.normal(size=(4, 6)), "param:wo": rng.normal(size=(6, 3)),
    "param:bo": rng.normal(size=3), "input:x": rng.normal(size=(5, 4, 4)),
    "target:target": rng.integers(0, 3, 4)})


def run(source, out, *options):
    subprocess.run([tool, source, "--mode=learn", "--data=script.npz", f"--out={out}", *options],
                   check=True)
    return np.load(out)


a = run(model, "text.npz", "--rule=pp-prop", "--decay=0.75", "--optimizer=sgd")
b = run(learner, "derived.npz")
c = run(model, "other.npz", "--rule=d-rtrl", "--optimizer=sgd")
assert sorted(a.files) == sorted(b.files) and "gradient:w" in a.files, (a.files, b.files)
for name in a.files:
    assert a[name].tobytes() == b[name].tobytes(), name
assert a["gradient:w"].tobytes() != c["gradient:w"].tobytes(), "the rules agree"
