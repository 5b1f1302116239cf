# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Traces that follow from others are left out and nothing else changes: slots_test.py FOLDER.

Every model learns with the traces of all states and with the least; the gradients agree, and the
traces that are left out are the stated multiples of those that stay. Models of which one path has
no part in the multiple keep all their traces.
"""

import sys
from pathlib import Path

import numpy as np

from .harness import Report, model_file, run

RULES = (("d-rtrl", "single-step"), ("d-rtrl", 1), ("pp-prop", "single-step"), ("pp-prop", 1))



def traces(out):
    return {k[len("trace:"):]: v for k, v in out.items() if k.startswith("trace:")}


def both(file, p, s, inputs, targets, rule):
    return [run(file, p, s, inputs, targets, *rule, options=(f"--slots={slots}",))
            for slots in ("all", "minimal")]


def compare(report, what, every, least, keys):
    """Equal gradients, and what is stored of the traces is what it was."""
    for k in keys:
        report.equal(f"{what} gradient {k}", least[f"gradient:{k}"], every[f"gradient:{k}"], 1e-12)
    kept = traces(least)
    for k, v in traces(every).items():
        if k in kept and v.dtype.kind == "f":
            report.equal(f"{what} trace {k}", kept[k], v, 1e-12)
    return [k for k in traces(every) if k not in kept]


def logistic(x):
    return 1 / (1 + np.exp(-x))


def lstm(folder, report):
    """e[h] = o (1 - tanh(c)^2) e[c] for the gates that act on c; the output gate has h alone."""
    rng = np.random.default_rng(5)
    shapes = {f"{kind}{gate}": (7, 4) if kind == "w" else (4,) for gate in "igfo" for kind in "wb"}
    p = {k: rng.standard_normal(shape) for k, shape in shapes.items()}
    s = {k: 0.3 * rng.standard_normal(4) for k in "hc"}
    inputs, targets = rng.standard_normal((6, 3)), rng.standard_normal((6, 4))
    file = model_file("lstm", folder)
    before = run(file, p, s, inputs[:-1], targets[:-1])
    x = np.concatenate([inputs[-1], before["state:h"]])
    for rule in RULES:
        every, least = both(file, p, s, inputs, targets, rule)
        gone = compare(report, f"lstm {rule}", every, least, p)
        # States in order of first access: h is 0, c is 1.
        names = [f"relation{r}/{leaf}/group0/0" for r in range(3) for leaf in ("weight", "bias")]
        if rule[0] == "pp-prop":
            names = [f"relation{r}/f/group0/0" for r in range(3)]
        report.check(f"lstm {rule} left out", sorted(gone) == sorted(names), str(gone))
        m = logistic(x @ p["wo"] + p["bo"]) * (1 - np.tanh(least["state:c"]) ** 2)
        for name in names:
            report.equal(f"lstm {rule} {name}", traces(every)[name],
                         m * traces(least)[name[:-1] + "1"], 1e-12)
            report.differs(f"lstm {rule} {name} is no copy", traces(every)[name],
                           traces(least)[name[:-1] + "1"], 0.1)
        stored = traces(least).get("multiple/group0/0/1")
        report.check(f"lstm {rule} keeps m where it is read later",
                     (stored is not None) == (rule[1] == 1), str(stored))


def variants(folder, report):
    """One path beside the multiple is enough to keep a trace."""
    rng = np.random.default_rng(7)
    for file in sorted(folder.glob("slots-*.mlir")):
        keeps = file.stem.startswith("slots-keep")
        p = {"w": rng.standard_normal((3, 4))}
        s = {k: rng.standard_normal(4) for k in "gv"}
        inputs, targets = rng.standard_normal((6, 3)), rng.standard_normal((6, 4))
        for rule in RULES:
            every, least = both(file, p, s, inputs, targets, rule)
            gone = compare(report, f"{file.stem} {rule}", every, least, p)
            report.check(f"{file.stem} {rule} left out", (not gone) == keeps, str(gone))


def main(folder):
    report = Report("slots")
    lstm(Path(folder), report)
    variants(Path(folder), report)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
