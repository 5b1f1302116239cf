# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models on random data against the rule by brute force: examples_test.py FOLDER NAME..."""

import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from .golden_test import COMBINATIONS
from .harness import OUTPUT, Report, deviation, run
from .models import find
from .quantities import trajectory
from .rule import learn

LEAST = 1e-4  # of the gradient of every parameter
# Models with states that no weight moves or no loss sees.
UNTRAINED = {"gif", "tree-neuron"}
DECLARED = re.compile(r"etrace\.(param|hidden|state|component) @(\w+) : tensor<([\dx]+)xf32>"
                      r"(?: init #etrace\.constant<value = (\S+)>)?")
INPUT = re.compile(r"etrace\.step @\w+\(%\w+: tensor<([\dx]+)xf32>\) -> tensor<([\dx]+)xf32>")
TARGET = re.compile(r"%target: tensor<((?:\d+x)*)(f32|i32)>")


def extents(text):
    return tuple(int(n) for n in re.findall(r"\d+", text))


def draw(text, steps=6):
    """Parameters, states, inputs and targets; units that spike get inputs that make them.

    States with a value of rest start near it, the others from 0 to 2.
    """
    rng = np.random.default_rng(7)
    p, s = {}, {}
    for kind, name, shape, rest in DECLARED.findall(text):
        if kind == "param":
            p[name] = rng.normal(0.3, 0.8, extents(shape))
        else:
            noise = rng.uniform(0, 2, extents(shape))
            s[name] = float(rest) * (1 + 0.1 * noise) if rest else noise
    x, out = (extents(shape) for shape in INPUT.search(text).groups())
    inputs = rng.uniform(0, 3 if "etrace.spike" in text else 1, (steps,) + x)
    shape, type_ = TARGET.search(text).groups()
    if type_ == "i32":
        targets = rng.integers(out[-1], size=(steps,) + extents(shape), dtype=np.int32)
    else:
        targets = rng.uniform(0, 1, (steps,) + out)
    return p, s, inputs, targets


def paths(text, s):
    """States by path: components have the name of their group before their own."""
    group = re.search(r"etrace\.group_state @(\w+)", text)
    return {f"{group[1]}.{k}" if group else k: v for k, v in s.items()}


def check_transition(report, model, p, steps):
    """The gradient feels a hundredth of every entry of D, so a wrong D cannot pass."""
    expected, _ = learn(model, p, steps)
    for g, members in model.groups.items():
        for a, b in np.ndindex(len(members), len(members)):
            if not any(np.any(step.D[g][:, a, b]) for step in steps):
                continue
            wrong = [replace(step, D=step.D | {g: step.D[g].copy()}) for step in steps]
            for step in wrong:
                step.D[g][:, a, b] *= 1.01
            found, _ = learn(model, p, wrong)
            report.check(f"feels D {members[a]} {members[b]}",
                         max(deviation(found[k], expected[k]) for k in p) > 1e-9, "1 % off")


def check(folder, name):
    file = Path(folder) / f"{name}.mlir"
    report, model, text = Report(name), find(name), file.read_text()
    p, s, inputs, targets = draw(text)
    steps = trajectory(model, p, s, inputs, targets)
    if name not in UNTRAINED:
        check_transition(report, model, p, steps)
    for rule, window in COMBINATIONS:
        what = f"{rule} {window}"
        expected, _ = learn(model, p, steps, rule, window)
        out = run(file, p, paths(text, s), inputs, targets, rule, window)
        report.equal(f"{what} outputs", out.get(f"output:{OUTPUT}"),
                     np.stack([step.out for step in steps]), 1e-12)
        report.equal(f"{what} losses", out.get("loss"), np.array([t.loss for t in steps]), 1e-12)
        for k, v in expected.items():
            report.equal(f"{what} gradient {k}", out.get(f"gradient:{k}"), v, 1e-10)
            size = np.linalg.norm(v)
            report.check(f"{what} gradient {k} is alive", size > LEAST, f"{size:.1e}")
    return report.finish()


def main(folder, *names):
    return max(check(folder, name) for name in names)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
