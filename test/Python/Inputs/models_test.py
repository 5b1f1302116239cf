# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models exported from Python, without JAX: losses and gradients are those of braintrace.

The files are written by test/Parity/check.py --freeze; its head says what they were made with.
"""

import sys
from pathlib import Path

import etrace
import numpy as np

MODELS = Path(__file__).with_name("models")
RUNS = [(rule, options, window) for rule, options in (
    ("D_RTRL", {}), ("pp_prop", {"decay_or_rank": 0.9})) for window in (
        "single-step", "multi-step")]


def deviation(a, b):
    scale, gap = np.linalg.norm(b), np.linalg.norm(a - b)
    return gap / scale if scale else gap


def learn(path, rule, options, window, compat):
    """(gradients by name, losses, what is stored) of one run."""
    learner = etrace.read(path, rule, window, compat, **options)
    views = {"param": learner.params, "initial": {**learner.hidden, **learner.states}}
    with np.load(path.with_suffix(".npz")) as stored:
        data = {key: stored[key] for key in stored.files}
    for key, value in data.items():
        kind, _, name = key.partition(":")
        if kind in views:
            views[kind][name][...] = value
    gradients, losses = learner.etrace_grad(data["x"], data["y"], return_value=True)
    return {name: value for (name,), value in gradients.items()}, losses, data


def check(path, rule, options, window):
    """The number of gradients that are not zero; all are those of the reference."""
    gradients, losses, data = learn(path, rule, options, window, "braintrace")
    assert deviation(losses, data["losses"]) <= 1e-12, (path.stem, rule, window)
    compared = 0
    for name, value in gradients.items():
        want = data[f"{rule}:{window}:{name}"]
        assert deviation(value, want) <= 1e-10, (path.stem, rule, window, name)
        compared += bool(np.any(want))
    return compared


def check_difference():
    """Without compat an LSTM does not count the path from c to h of one step twice."""
    run = RUNS[0]
    gradients, _, data = learn(MODELS / "braintrace-nn-lstmcell.mlir", *run, None)
    gaps = [deviation(value, data[f"{run[0]}:{run[2]}:{name}"])
            for name, value in gradients.items()]
    assert max(gaps) > 0.1, gaps


def main():
    files = sorted(MODELS.glob("*.mlir"))
    compared = [check(path, *run) for path in files for run in RUNS]
    check_difference()
    print(f"{len(files)} models, {sum(compared)} gradients that are not zero")
    return 0 if files and all(compared) else 1


if __name__ == "__main__":
    sys.exit(main())
