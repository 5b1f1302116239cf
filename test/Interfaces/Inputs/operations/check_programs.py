# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random programs: both modes against central differences.

Usage: check_programs.py <directory> [programs [seed]]

A program that fails is reduced and printed. With ETRACE_TEST_FAULT=<operation> the expected
slopes of programs with this operation are wrong on purpose, so that they fail.
"""

import os
import pathlib
import sys
import tempfile

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import pointwise
import programs
from check import pairing
from compiled import Library

STEPS, BATCH, STEP, TOLERANCE = 5, 300, 1e-5, 1e-5
REDRAWS = 20
FAULT = os.environ.get("ETRACE_TEST_FAULT")
#: How many are differentiated twice.
SECOND = 100


def slopes(library, function, arguments, tangents, step):
    up = library.value(function, [a + step * t for a, t in zip(arguments, tangents)])
    down = library.value(function, [a - step * t for a, t in zip(arguments, tangents)])
    fault = 1.01 if FAULT and f" {FAULT} " in function.text() else 1
    return [fault * (p - m) / (2 * step) for p, m in zip(up, down)]


def apart(a, b):
    with np.errstate(invalid="ignore"):
        worst = max(float(np.max(abs(x - y) / np.maximum(1, abs(y)))) for x, y in zip(a, b))
    return worst if np.isfinite(worst) else np.inf


def near_kink(library, function, arguments, tangents, slope):
    """Differences at several steps and on both sides disagree; the derivatives have no say."""
    middle = library.value(function, arguments)
    sides = [[(p - m) / s for p, m in zip(library.value(
        function, [a + s * t for a, t in zip(arguments, tangents)]), middle)]
        for s in (STEP, -STEP)]
    wide = slopes(library, function, arguments, tangents, 10 * STEP)
    return apart(sides[0], sides[1]) > 3e-2 or apart(wide, slope) > TOLERANCE / 2


def point(library, function, rng):
    """Arguments, a direction and the slope there; the number of redraws."""
    for redraws in range(REDRAWS):
        arguments = [rng.uniform(-1.5, 1.5, a.shape) for a in function.arguments]
        tangents = [rng.uniform(-1, 1, a.shape) for a in function.arguments]
        slope = slopes(library, function, arguments, tangents, STEP)
        if not near_kink(library, function, arguments, tangents, slope):
            return arguments, tangents, slope, redraws
    return None


def check(library, function, rng):
    """A failure or an empty text, and the number of redraws. Where differences say nothing at any
    point, as of the sine of a large power, the redraws count against the limit of all programs."""
    drawn = point(library, function, rng)
    if drawn is None:
        return "", REDRAWS
    arguments, tangents, slope, redraws = drawn
    forward = library.jvp(function, arguments, tangents)
    cotangents = [rng.uniform(-1, 1, r.shape) for r in function.results]
    reverse = library.vjp(function, arguments, cotangents)
    error = apart(forward, slope)
    left, scale = pairing(slope, cotangents)
    right, _ = pairing(tangents, reverse)
    text = "" if error < TOLERANCE else f"jvp differs from differences by {error}"
    if not abs(left - right) <= TOLERANCE * max(1.0, scale):
        text += f" <dy, u> = {left}, <v, J'u> = {right}"
    return text, redraws


def check_second(library, function, rng):
    """Forward over reverse against differences of the vjp; as `check`."""
    drawn = point(library, function, rng)
    if drawn is None:
        return "", REDRAWS
    arguments, tangents, _, redraws = drawn
    cotangents = [rng.uniform(-1, 1, r.shape) for r in function.results]

    def vjp_at(step):
        return library.vjp(function, [a + step * t for a, t in zip(arguments, tangents)],
                           cotangents)
    slope = [(p - m) / (2 * STEP) for p, m in zip(vjp_at(STEP), vjp_at(-STEP))]
    wide = [(p - m) / (20 * STEP) for p, m in zip(vjp_at(10 * STEP), vjp_at(-10 * STEP))]
    if apart(wide, slope) > TOLERANCE / 2:  # Large higher derivatives.
        return "", redraws + 1
    error = apart(library.second(function, arguments, cotangents, tangents), slope)
    return "" if error < TOLERANCE else f"second derivative differs by {error}", redraws


def batches(count):
    """Ranges of programs; those of the first are differentiated twice."""
    yield range(min(count, SECOND)), True
    for start in range(SECOND, count, BATCH):
        yield range(start, min(count, start + BATCH)), False


def report(run, function, text, directory):
    """Prints a failure: the program as it is left when nothing more can be taken away."""
    import reduce_program  # It runs the checks of this file.
    with tempfile.TemporaryDirectory(dir=directory) as place:
        small, operations = reduce_program.reduce(run.__name__, function, 1, pathlib.Path(place))
    print("FAILED", function.name, text)
    print(f"reduced to {operations} operations:\n{small}", flush=True)


def check_batch(library, drawn, second, rng, directory):
    """Failures and redraws of programs that are compiled together."""
    failures, redraws = 0, 0
    for function, _ in drawn:
        for run in (check, check_second) if second else (check,):
            text, again = run(library, function, rng)
            redraws += again
            if text:
                failures += 1
                report(run, function, text, directory)
    return failures, redraws


def show(done, count, failures):
    """How far it is, for those who watch."""
    if sys.stderr.isatty():
        print(f"\r{done} of {count} programs, {failures} failures", end="\n" if done == count else "",
              file=sys.stderr, flush=True)


def main(directory, count=1000, seed=11):
    count, seed = int(count), int(seed)
    rng = np.random.default_rng(seed)
    used, failures, redraws = set(), 0, 0
    for numbers, second in batches(count):
        # The tangent of a loop is not a matter of these operations.
        without = {"tensor.generate"} if second else set()
        drawn = [programs.draw(rng, k, STEPS, without) for k in numbers]
        used.update(*(ops for _, ops in drawn))
        with tempfile.TemporaryDirectory(dir=directory) as place:
            library = Library([function for function, _ in drawn], place, second=second)
            failed, again = check_batch(library, drawn, second, rng, directory)
        failures, redraws = failures + failed, redraws + again
        show(numbers.stop, count, failures)
    missing = (set(pointwise.UNARY) | set(pointwise.BINARY) | set(programs.TEMPLATES)) - used
    if missing:
        print("FAILED no program uses", sorted(missing))
    if redraws > count / 10:
        print(f"FAILED {redraws} points redrawn")
    print(f"{count} programs, seed {seed}, {len(used)} operations, {redraws} points redrawn, "
          f"{failures} failures")
    return 1 if failures or missing or redraws > count / 10 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
