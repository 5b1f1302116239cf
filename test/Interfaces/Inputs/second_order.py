# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Second derivatives of control flow, forward over reverse: the jvp of a vjp against central
differences of the vjp."""

import os
import sys

import numpy as np

from compiled import Function, invoke, load, pipe
from control_flow import CASES

NAMES = ("for", "for_sqrt", "for_none", "fibonacci", "switch", "while", "nested", "bodies")


def main(directory):
    rng = np.random.default_rng(11)
    cases = [case for case in CASES if case[0] in NAMES]
    functions = [Function(name, [(), (5,), (5,)], [(5,)] * results, body)
                 for name, body, _, results, _ in cases]
    text = pipe(["etrace-opt", "-test-etrace-transpose", "-canonicalize", "-cse",
                 "-test-etrace-linearize"], "".join(function.text() for function in functions))
    library, failures = load(text, os.path.join(directory, "second")), 0
    for function, (name, _, _, _, points) in zip(functions, cases):
        for first in points:
            x = [np.array(first), 0.5 + rng.random(5), 0.5 + rng.random(5)]
            x += [rng.standard_normal(r.shape) for r in function.results]
            v = [np.array(0.0)] + [rng.standard_normal(a.shape) for a in x[1:]]
            inputs, results = function.arguments + function.results, function.arguments
            got = invoke(library, function.name + "_vjp_jvp", inputs * 2, results, x + v)
            up, down = (invoke(library, function.name + "_vjp", inputs, results,
                               [a + h * b for a, b in zip(x, v)]) for h in (1e-6, -1e-6))
            error = max(np.max(abs(g - (a - b) / 2e-6) / np.maximum(1, abs(g)))
                        for g, a, b in zip(got, up, down))
            if not error < 1e-6:
                failures += 1
                print("FAILED", name, "at", first, error)
    print(f"{len(cases)} functions, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
