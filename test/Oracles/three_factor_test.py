# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""S002-16: a rule built out of tree on the graph: three_factor_test.py TOOL SEEDS DIRECTORY.

TOOL prints a model with the functions that its rule adds (test/Install/consumer). The traces
are those of the reference; the gradient is the sum over time of modulator times trace.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from .harness import Report, in_double
from .seeds_test import array

sys.path.insert(0, str(Path(__file__).parents[1] / "Differentiation" / "Inputs"))
from native import ENTRY, Module  # noqa: E402

STATES = ("I1", "I2", "V", "V_th")
MODULATORS = np.array([0.3, -1.0, 0.5, 2.0, -0.7])


def main(tool, seeds, directory):
    report = Report("three-factor")
    doc = json.loads((Path(seeds) / "hidden_tree_gif.json").read_text())["separate"]
    model = Path(directory) / "gif.mlir"
    model.write_text(in_double((Path(seeds) / "gif-separate.mlir").read_text()))
    text = subprocess.run([tool, model], capture_output=True, text=True, check=True).stdout
    # The function that the test calls, and the parts of the graph that this one calls.
    text = re.sub(r"(func\.func @)gif_separate\.relation0\.three_factor(\(.*) \{\n",
                  rf"\1learn\2 {ENTRY} {{\n", text)
    for part in ("group0.transition", "group0.jacobian", "relation0.factors"):
        report.check(f"calls {part}", f"call @gif_separate.{part}(" in text, "in the rule")
    library = Module(text, ["--etrace-lower-derivatives", "--convert-etrace-to-linalg"],
                     directory, "three_factor")

    state = [array(doc["initial_state"][k]) for k in STATES]
    w, e, gradient = array(doc["weights"]["w"]), [np.zeros((3, 3))] * 4, np.zeros((3, 3))
    for x, m in zip(array(doc["inputs"][0]), MODULATORS):
        out = library.call("learn", [x, *state, w, np.array(m), *e], [1] * 4 + [2] * 5)
        state, e = out[:4], out[4:8]
        gradient += out[8]
    final = array(doc["trace_final"]["w:weight->0"])
    for a, k in enumerate(STATES):
        report.equal(f"state {k}", state[a], array(doc["states"][k])[-1], 1e-12)
        report.equal(f"trace {k}", e[a], final[..., a], 1e-12)
    # The same from the reference's D, x and f.
    D, x, f = (array(doc[k][n]) for k, n in (("D", "0"), ("x", "w"), ("f", "w->0")))
    trace, expected = np.zeros((3, 3, 4)), np.zeros((3, 3))
    for t, m in enumerate(MODULATORS):
        trace = np.einsum("pab,ipb->ipa", D[t], trace) + np.einsum("i,pa->ipa", x[t], f[t])
        expected += m * trace.sum(-1)
    report.equal("gradient", gradient, expected, 1e-12)
    report.differs("gradient without D", gradient, np.einsum("t,ti,tpa->ip", MODULATORS, x, f),
                   0.1)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
