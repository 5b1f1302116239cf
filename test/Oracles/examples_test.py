# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models on random data against the rule by brute force: examples_test.py FOLDER NAME..."""

import sys
from pathlib import Path

import numpy as np

from .golden_test import COMBINATIONS
from .harness import OUTPUT, Report, run
from .models import find
from .quantities import trajectory
from .rule import learn

BATCH = 3


def layer(prefix, width, n):
    return {f"{prefix}{k}{g}": s for g in "zrc" for k, s in (("w", (width + n, n)), ("b", (n,)))}


# name without "-batch": width (or shape) of the input, of the output, parameters, states
SHAPES = {
    "leaky-tanh": (3, 5, {"w": (3, 5), "b": (5,)}, {"h": 5}),
    "vanilla-rnn": (3, 4, {"w": (7, 4), "b": (4,)}, {"h": 4}),
    "lif-substeps": (3, 4, {"w": (7, 4), "b": (4,)}, {"V": 4}),
    "lif-exp": (3, 4, {"w": (7, 4), "b": (4,)}, {"V": 4, "g": 4}),
    "alif": (3, 4, {"w": (7, 4), "b": (4,)}, {"V": 4, "a": 4}),
    "alif-group": (3, 4, {"w": (7, 4), "b": (4,)}, {"V": 4, "a": 4}),
    "conv-gated": ((6, 2), (6, 3), {k + g: s for g in "zc"
                                    for k, s in (("k", (3, 5, 3)), ("b", (3,)))}, {"h": (6, 3)}),
    "weight-twice": (4, 4, {"w": (4, 4)}, {"h": 4}),
    "two-layer": (2, 2, layer("first_", 2, 3) | layer("second_", 3, 4)
                  | {"wo": (4, 2), "bo": (2,)}, {"first_h": 3, "second_h": 4}),
}


def draw(name, steps=6):
    """Parameters, states, inputs and targets; lively enough for spikes."""
    rng = np.random.default_rng(7)
    lead = (BATCH,) if name.endswith("-batch") else ()
    width, out, params, states = SHAPES[name.removesuffix("-batch")]
    p = {k: rng.normal(0.1, 0.8, shape) for k, shape in params.items()}
    full = lambda shape: lead + tuple(np.atleast_1d(shape))
    s = {k: rng.uniform(0, 0.8, full(n)) for k, n in states.items()}
    return p, s, rng.uniform(0, 1, (steps,) + full(width)), rng.uniform(0, 1, (steps,) + full(out))


def norm(gradients):
    return np.sqrt(sum(np.sum(v**2) for v in gradients.values()))


def check(folder, name):
    report, model = Report(name), find(name.replace("-group", ""))
    p, s, inputs, targets = draw(name)
    steps = trajectory(model, p, s, inputs, targets)
    names = {k: f"neuron.{k}" if "group" in name else k for k in s}
    for rule, window in COMBINATIONS:
        what = f"{rule} {window}"
        expected, _ = learn(model, p, steps, rule, window)
        report.check(f"{what} is alive", norm(expected) > 0.01, f"gradient {norm(expected):.1e}")
        out = run(Path(folder) / f"{name}.mlir", p, {names[k]: v for k, v in s.items()}, inputs,
                  targets, rule, window)
        report.equal(f"{what} outputs", out.get(f"output:{OUTPUT}"),
                     np.stack([step.out for step in steps]), 1e-12)
        report.equal(f"{what} losses", out.get("loss"), np.array([t.loss for t in steps]), 1e-12)
        for k, v in expected.items():
            report.equal(f"{what} gradient {k}", out.get(f"gradient:{k}"), v, 1e-10)
    return report.finish()


def main(folder, *names):
    return max(check(folder, name) for name in names)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
