# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every operation with a rule: jvp against central differences, jvp against vjp."""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from case import random
from catalogue import all_cases, holes, models
from compiled import Library
from edges import Edges
from positions import analyse, missed


def pairing(a, b):
    """The real part of the sum of products, complex numbers included; and its scale."""
    terms = [(x * y).real.ravel() for x, y in zip(a, b)]
    flat = np.concatenate(terms) if terms else np.zeros(0)
    return float(flat.sum()), float(abs(flat).sum())


def shifted(function, arguments, tangents, step):
    moved, tangents = [], iter(tangents)
    for spec, value in zip(function.arguments, arguments):
        moved.append(value + step * next(tangents) if spec.differentiable() else value)
    return moved


def difference(library, function, arguments, tangents, step):
    """The largest difference of the jvp from central differences, relative to its scale."""
    forward = library.jvp(function, arguments, tangents)
    up = library.value(function, shifted(function, arguments, tangents, step))
    down = library.value(function, shifted(function, arguments, tangents, -step))
    error = 0.0
    for spec, t, p, m in zip(function.results, forward, up, down):
        if spec.differentiable() and t.size:
            slope = (p - m) / (2 * step)
            worst = np.max(abs(t - slope) / np.maximum(1, abs(slope)))
            error = max(error, worst if np.isfinite(worst) else np.inf)
    return error, forward


def check(library, case, shapes, rng):
    """Failures of one run of a case."""
    function = case.function
    arguments = case.arguments(rng, shapes)
    inputs = [s for a, s in zip(function.arguments, shapes[0]) if a.differentiable()]
    tangents = [random(rng, a, s) for a, s in zip(function.inputs, inputs)]
    error, forward = difference(library, function, arguments, tangents, case.step)
    if not error < case.tolerance:
        yield f"jvp differs from differences by {error}"
    if not function.reverse:
        return
    cotangents = [random(rng, r, s) for r, s in zip(function.results, shapes[1])]
    reverse = library.vjp(function, arguments, cotangents)
    left, scale = pairing(forward, cotangents)
    right, _ = pairing(tangents, reverse)
    if not abs(left - right) <= case.parting * max(1.0, scale):
        yield f"<Jv, u> = {left}, <v, J'u> = {right}"


def check_positions(library, cases, rng):
    """Failures, and how many pairs of argument and result do not mix positions."""
    cases = [case for case in cases if all(None not in s.shape for s in case.function.arguments)]
    sets = analyse([case.function for case in cases])
    failures, exact = [], 0
    for case in cases:
        found, pairs = missed(sets, library, case.function, case.arguments(rng, case.shapes[0]))
        failures, exact = failures + found, exact + pairs
    return failures, exact


def main(directory):
    rng = np.random.default_rng(7)
    cases = all_cases()
    tested = {case.op for case in cases}
    failures = list(holes(models(), tested))
    edges = Edges()
    library = Library([case.function for case in cases] + edges.functions, directory)
    runs = 0
    for case in cases:
        for shapes in case.shapes:
            runs += 1
            failures += [f"{case.function.name} {shapes}: {text}"
                         for text in check(library, case, shapes, rng)]
    failures += edges.failures(library)
    found, exact = check_positions(library, cases, rng)
    failures += found
    for failure in failures:
        print("FAILED", failure)
    print(f"{len(tested)} operations, {len(cases)} functions, {runs} runs, positions of {exact} "
          f"pairs, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
