# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random cells through the compiler against the rule by brute force: random_test.py FIRST COUNT

A failing cell is written to the working directory as MLIR.
"""

import sys
from pathlib import Path

import numpy as np

from .cells import text_of
from .generator import cell, data
from .golden_test import COMBINATIONS
from .harness import OUTPUT, Report, run
from .quantities import trajectory
from .rule import learn


def check(seed):
    program = cell(seed)
    model, text = program.model(), text_of(program)
    p, s, inputs, targets = data(program, seed)
    steps = trajectory(model, p, s, inputs, targets)
    report = Report(f"cell {seed}")
    for rule, window in COMBINATIONS:
        out = run(text, p, s, inputs, targets, rule, window)
        what = f"{rule} {window}"
        report.equal(f"{what} outputs", out.get(f"output:{OUTPUT}"),
                     np.stack([step.out for step in steps]), 1e-12)
        report.equal(f"{what} losses", out.get("loss"),
                     np.array([step.loss for step in steps]), 1e-12)
        for k, v in steps[-1].new.items():
            report.equal(f"{what} state {k}", out.get(f"state:{k}"), v, 1e-12)
        for k, v in learn(model, p, steps, rule, window)[0].items():
            report.equal(f"{what} gradient {k}", out.get(f"gradient:{k}"), v, 1e-10)
    if report.failures:
        Path(f"cell-{seed}.mlir").write_text(text)
    return report.finish()


def main(first, count):
    return max(check(seed) for seed in range(int(first), int(first) + int(count)))


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
