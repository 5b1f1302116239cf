# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""S002-13: the perturbed step as a function: perturbed_test.py SEEDS DIRECTORY.

At p = 0 it is the step; the gradient of the loss by p is the learning signal dL/dh that
single-step contracts with the traces, and for one layer the closed form of it; a step away from
0 it is what differences of the function say.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from .graph_seeds_test import small
from .harness import OUTPUT, Report, in_double, run
from .seeds_test import SINGLE, array

sys.path.insert(0, str(Path(__file__).parents[1] / "Differentiation" / "Inputs"))
from native import ENTRY, Module, differences  # noqa: E402

#: model: golden file, members of each group.
CASES = {"lstm-readout": ("graph_lstm_readout", [["rnn.h", "rnn.c"]]),
         "gru2-readout": ("graph_gru2_readout", [["rnn1.h"], ["rnn2.h"]])}
VALUE = re.compile(r'(tensor<[^>]*>) \{etrace\.name = "([^"]+)"\}')


class Perturbed:
    """The function of one group: its arguments and results by name, a loss of it, and more."""

    def __init__(self, text, symbol, number):
        head = re.search(rf"func\.func @{re.escape(symbol)}\((.*)\{{$", text, re.M)[1]
        takes, gives = (VALUE.findall(part) for part in head.split(") -> ("))
        self.names, self.results = [n for _, n in takes], [n for _, n in gives]
        self.number, self.symbol = number, symbol
        self.types, self.given = [t for t, _ in takes], [t for t, _ in gives]
        self.moved = [k for k, n in enumerate(self.names) if n.startswith("perturbation:")]

    def text(self):
        out = self.results.index(f"output:{OUTPUT}")
        width, = re.findall(r"\d+(?=x)", self.given[out])
        target = self.given[out]
        values = [f"%a{k}" for k in range(len(self.types))]
        arguments = ", ".join(f"{v}: {t}" for v, t in zip(values, self.types))
        call = (f"call @{self.symbol}({', '.join(values)}) : ({', '.join(self.types)}) -> "
                f"({', '.join(self.given)})")
        gradients = [self.types[k] for k in self.moved]
        names = ", ".join(f"%g#{k}" for k in range(len(gradients)))
        bundle = f"%g:{len(gradients)}"
        if len(gradients) == 1:
            names = bundle = "%g"
        return f"""
func.func @run{self.number}({arguments}) -> ({', '.join(self.given)}) {ENTRY} {{
  %r:{len(self.given)} = {call}
  return {', '.join(f'%r#{k}' for k in range(len(self.given)))} : {', '.join(self.given)}
}}
func.func @loss{self.number}({arguments}, %t: {target}) -> f64 {ENTRY} {{
  %r:{len(self.given)} = {call}
  %d = arith.subf %r#{out}, %t : {target}
  %s = arith.mulf %d, %d : {target}
  %zero = arith.constant dense<0.0> : tensor<f64>
  %sum = linalg.reduce {{ arith.addf }} ins(%s : {target}) outs(%zero : tensor<f64>)
      dimensions = [0]
  %all = tensor.extract %sum[] : tensor<f64>
  %n = arith.constant {width}.0 : f64
  %mean = arith.divf %all, %n : f64
  return %mean : f64
}}
func.func @signal{self.number}({arguments}, %t: {target}) -> ({', '.join(gradients)}) {ENTRY} {{
  {bundle} = etrace.grad @loss{self.number}({', '.join(values)}, %t)
      wrt {self.moved} : ({', '.join(self.types)}, {target}) -> ({', '.join(gradients)})
  return {names} : {', '.join(gradients)}
}}
"""

    def arguments(self, values, perturbations):
        return [values[n] if n in values else perturbations[n.removeprefix("perturbation:")]
                for n in self.names]


def ranks(types):
    return [t.count("x") for t in types]


def check(name, folder, directory, report):
    golden, groups = CASES[name]
    doc = json.loads((folder / f"{golden}.json").read_text())
    source = small(folder, name)
    symbol = re.search(r"etrace\.model @(\w+)", source)[1]
    text = subprocess.run(["etrace-opt", "-", "--etrace-analyze", "--etrace-outline-graph"],
                          input=in_double(source), capture_output=True, text=True,
                          check=True).stdout
    parts = [Perturbed(text, f"{symbol}.group{n}.perturbed", n) for n in range(len(groups))]
    text = text.rstrip().removesuffix("}") + "".join(p.text() for p in parts) + "}\n"
    library = Module(text, ["--etrace-lower-derivatives", "--convert-etrace-to-linalg"],
                     directory, name.replace("-", "_"))

    p = {k: array(v) for k, v in doc["weights"].items()}
    s = {k: np.full(v["shape"], 0.3) for k, v in doc["initial_state"].items()}
    x, target = array(doc["inputs"][0])[0], array(doc["targets"])[0]
    out = run(source, p, s, x[None], target[None], *SINGLE, options=["--queries"])
    values = {f"param:{k}": v for k, v in p.items()} | {f"state:{k}": v for k, v in s.items()}
    values["input:x"] = x
    for part, members in zip(parts, groups):
        zero = {m: np.zeros_like(s[m]) for m in members}
        step = library.call(f"run{part.number}", part.arguments(values, zero), ranks(part.given))
        for result, value in zip(part.results, step):
            key = result.replace("input:", "")
            expected = out[key][0] if key.startswith("output:") else out[key]
            report.equal(f"{name} {result} at p = 0", value, expected, 1e-14)
        signal = library.call(f"signal{part.number}", [*part.arguments(values, zero), target],
                              [1] * len(members))
        for a, member in enumerate(members):
            stored = out.get(f"query:signal/group{part.number}/{a}")
            expected = np.zeros_like(s[member]) if stored is None else stored[0]
            report.equal(f"{name} signal of {member}", signal[a], expected, 1e-12)
        moved = {m: np.full_like(s[m], 0.1) for m in members}
        at = part.arguments(values, moved)
        loss = lambda *a, n=part.number: library.call(f"loss{n}", [*a, target], [None])[0]
        signal = library.call(f"signal{part.number}", [*at, target], [1] * len(members))
        for a, (member, k) in enumerate(zip(members, part.moved)):
            report.equal(f"{name} differences by {member}", signal[a], differences(loss, at, k),
                         1e-8)
    if name == "lstm-readout":
        y, w = out[f"output:{OUTPUT}"][0], p["out.weight.weight"]
        report.equal("closed form", out["query:signal/group0/0"][0], w @ (y - target), 1e-12)
        report.check("no signal of c", np.all(library.call(
            "signal0", [*parts[0].arguments(values, {m: np.zeros(4) for m in groups[0]}), target],
            [1, 1])[1] == 0), "its way leads through h, which the trace has")
    else:
        report.check("a signal through the upper layer", np.any(
            out["query:signal/group0/0"][0]), "not zero")


def main(seeds, directory):
    report = Report("S002-13 perturbed step")
    for name in CASES:
        check(name, Path(seeds), directory, report)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
