# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Queries of Jacobians against the reference: jacobians_test.py SEEDS EXAMPLES DIRECTORY.

Each model is asked twice: as a learner, for the D, f and x of its rule, and as a function from
states and parameters to new states, for everything.
"""

import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .harness import Report, in_double, model_file, run
from .seeds_test import SINGLE, array

sys.path.insert(0, str(Path(__file__).parents[1] / "Differentiation" / "Inputs"))
from native import ENTRY, Module  # noqa: E402


@dataclass
class Case:
    file: str
    states: dict                # ours -> theirs
    params: dict
    #: Extents in the file -> those of the reference.
    extents: dict = field(default_factory=dict)
    #: Parameters of which the trace's f and x are the whole of dh/dw: primitive number, leaf.
    direct: dict = field(default_factory=dict)
    #: Whether a position reaches itself by several points of one value.
    mixes: bool = False


def affine(path, weight, bias):
    return {weight: f"{path}.weight.weight", bias: f"{path}.weight.bias"}


GATES = {k: v for gate, theirs in zip("zrc", ("Wz", "Wr", "Wh"))
         for k, v in affine(f"rnn.{theirs}", "w" + gate, "b" + gate).items()}
CELL = {k: v for gate in "igfo"
        for k, v in affine(f"rnn.W{gate}", "w" + gate, "b" + gate).items()}
SQUARE = {"4": "3"}
CASES = {
    "simple_neuron": Case("simple-neuron", {"h": "h"}, {"w": "w"}, SQUARE, {"w": 0}),
    "adaptive": Case("adaptive-separate", {"V": "V", "I": "I"}, {"w": "w"}, SQUARE, {"w": 0}),
    "gif": Case("tree-neuron", {"I1": "I1", "I2": "I2", "V": "V", "th": "V_th"}, {"w": "w"},
                SQUARE, {"w": 0}),
    "two_layer": Case("two-recurrent-layers", {"h1": "h1", "h2": "h2"},
                      {"v1": "w1_in", "w1": "w1_rec", "v2": "w2_in", "w2": "w2_rec"}),
    "vanilla": Case("relu-readout", {"h": "rnn.h"},
                    affine("rnn.W", "w", "b") | affine("out", "wo", "bo"),
                    {"7": "6", "4": "3"}, {"w": 0, "b": 0}),
    "gru": Case("gru", {"h": "rnn.h"}, GATES, {"8": "6", "5": "3"},
                {"wz": 0, "bz": 0, "wc": 2, "bc": 2}, True),
    "lstm": Case("lstm", {"h": "rnn.h", "c": "rnn.c"}, CELL, {"7": "6", "4": "3"},
                 {"w" + g: n for n, g in enumerate("igfo")}),
}


def resize(text, extents):
    """The model with other extents."""
    def swap(match):
        return re.sub(r"\d+(?=x)", lambda n: extents.get(n[0], n[0]), match[0])
    return re.sub(r"tensor<[^>]*>", swap, text)


class Function:
    """A step as a function of inputs, states and parameters, by name."""

    def __init__(self, text):
        form = subprocess.run(["etrace-opt", "--etrace-functionalize", "-"], input=text,
                              text=True, capture_output=True, check=True).stdout
        head, body = re.search(r"etrace\.step @\w+(\(.*?)\{\n(.*?)\n    \}\n", form, re.S).groups()
        self.arguments = [(value, type_, name) for value, type_, _, name in re.findall(
            r'(%\w+): (tensor<[^>]*>) \{etrace\.(\w+) = "(\w+)"\}', head.split(") -> (")[0])]
        states = re.findall(r'etrace\.hidden = "(\w+)"', head.split(") -> (")[1])
        returned, types = re.search(r"etrace\.yield (.*?) : (.*)", body).groups()
        returned, types = returned.split(", "), types.split(", ")
        self.results = dict(zip(states, zip(returned[-len(states):], types[-len(states):])))
        self.body = body[:body.rindex("etrace.yield")]

    def number(self, name):
        return next(i for i, (_, _, other) in enumerate(self.arguments) if other == name)

    def shape(self, name):
        return [int(n) for n in re.findall(r"\d+(?=x)", self.arguments[self.number(name)][1])]

    def text(self, name, states):
        """The function that returns the new values of some states."""
        arguments = ", ".join(f"{v}: {t}" for v, t, _ in self.arguments)
        values, types = zip(*(self.results[s] for s in states))
        return (f"func.func @{name}({arguments}) -> ({', '.join(types)}) {{\n{self.body}\n"
                f"  return {', '.join(values)} : {', '.join(types)}\n}}\n")

    def query(self, name, callee, op, wrt, shapes, extra=""):
        arguments = ", ".join(f"{v}: {t}" for v, t, _ in self.arguments)
        values = ", ".join(v for v, _, _ in self.arguments)
        types = ", ".join(t for _, t, _ in self.arguments)
        results = [f"tensor<{'x'.join(map(str, s))}xf64>" for s in shapes]
        names = ", ".join(f"%q#{i}" for i in range(len(results)))
        return (f"func.func @{name}({arguments}) -> ({', '.join(results)}) {ENTRY} {{\n"
                f"  %q:{len(results)} = etrace.{op} @{callee}({values}) wrt {list(wrt)} {extra}"
                f" : ({types}) -> ({', '.join(results)})\n"
                f"  return {names} : {', '.join(results)}\n}}\n")


class Model:
    def __init__(self, name, folders, directory, doc):
        self.name, self.case, self.doc, self.directory = name, CASES[name], doc[name], directory
        file = model_file(self.case.file, *folders)
        self.text = in_double(resize(file.read_text(), self.case.extents))
        self.p = {k: array(self.doc["weights"][v]) for k, v in self.case.params.items()}
        self.s = {k: array(self.doc["state"][v]) for k, v in self.case.states.items()}
        self.x = array(self.doc["x"])
        self.theirs = {**self.case.params, **self.case.states}

    def groups(self, mode):
        """Our states of each group of the reference, and what it says of the group."""
        ours = {v: k for k, v in self.case.states.items()}
        return [([ours[p] for p in group["paths"]], group)
                for group in self.doc[mode].values()]

    # ---- the learner's queries -----------------------------------------------------------

    def check_learner(self, report):
        """S000-33: D of the rule. S000-34: f and x, whose product is dh/dw."""
        outputs = re.search(r"-> tensor<(\d+)x", self.text.split("etrace.step")[1])[1]
        out = run(self.text, self.p, self.s, self.x[None], np.zeros((1, int(outputs))), *SINGLE,
                  options=["--queries"])
        for number, (states, group) in enumerate(self.groups("diagonal")):
            D = array(group["D"])
            for a, b in np.ndindex(D.shape[-2:]):
                # What is zero by proof is not stored.
                found = out.get(f"query:D/group{number}/{a}/{b}", np.zeros((1,) + D.shape[:-2]))
                report.equal(f"S000-33 {self.name} D {states[a]} {states[b]}", found[0],
                             D[..., a, b], 1e-12)
        (states, _), = self.groups("diagonal")[:1]
        for param, primitive in self.case.direct.items():
            x = out.get(f"query:x/relation{self.relation(primitive)}")
            for a, state in enumerate(states):
                f = out.get(f"query:f/relation{self.relation(primitive)}/group0/{a}")
                expected = array(self.doc["dh_dw"][self.theirs[state]][self.theirs[param]])
                eye = np.eye(len(expected)) * (0 if f is None else f[0][:, None])
                found = (eye if param.startswith("b") else
                         x[0][None, :, None] * eye[:, None, :])
                report.equal(f"S000-34 {self.name} f x = d{state}/d{param}", found, expected,
                             1e-12)

    def relation(self, primitive):
        """Relations count the primitives that have one."""
        return sum(p < primitive for p in set(self.case.direct.values()))

    # ---- the queries of a function -------------------------------------------------------

    def check_function(self, report):
        step = Function(self.text)
        names = list(step.results)
        text = step.text("step", names)
        blocks = [(a, b) for a in names for b in names + list(self.p)]
        text += step.query("all", "step", "jacfwd", [step.number(k) for k in
                                                     names + list(self.p)],
                           [step.shape(a) + step.shape(b) for a, b in blocks])
        queries = []
        for number, (states, group) in enumerate(self.groups("coupled")):
            callee, wrt = f"group{number}", [step.number(s) for s in states]
            text += step.text(callee, states)
            for op, key in (("block_jacobian", "D"), ("full_jacobian", "full")):
                extra = "mixing <full>" if self.case.mixes and key == "D" else ""
                text += step.query(f"{callee}_{key}", callee, op, wrt,
                                   [array(group[key]).shape], extra)
                queries.append((f"{callee}_{key}", f"S000-33 {self.name} {key} {states}",
                                array(group[key])))
        module = Module(text, ["--etrace-lower-derivatives", "--convert-etrace-to-linalg"],
                        self.directory, self.name)
        values = {"x": self.x, **self.s, **self.p}
        arguments = [values[name] for _, _, name in step.arguments]
        found = module.call("all", arguments, [len(step.shape(a)) + len(step.shape(b))
                                               for a, b in blocks])
        for (a, b), value in zip(blocks, found, strict=True):
            row, kind = ("S000-33", "dh_dh") if b in self.s else ("S000-34", "dh_dw")
            report.equal(f"{row} {self.name} d{a}/d{b}", value,
                         array(self.doc[kind][self.theirs[a]][self.theirs[b]]), 1e-12)
        for query, what, expected in queries:
            report.equal(what, module.call(query, arguments, [expected.ndim])[0], expected, 1e-12)
        self.check_difference(report)

    def check_difference(self, report):
        """Where a product carries the state, the rule's D is not the function's."""
        pairs = zip(self.groups("diagonal"), self.groups("coupled"))
        for (states, cut), (_, whole) in pairs:
            if self.name != "vanilla":  # All its units are off.
                report.differs(f"S000-33 {self.name} D of the rule {states}", array(cut["D"]),
                               array(whole["D"]), 1e-3)


def main(seeds, examples, directory):
    doc = json.loads((Path(seeds) / "hidden_jacobians.json").read_text())
    report = Report("Jacobians")
    for name in CASES:
        model = Model(name, [seeds, examples], directory, doc)
        model.check_learner(report)
        model.check_function(report)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
