# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models of the seed documents through the compiler: seeds_test.py FOLDER NAME...

Every check names the row of the seed checklist that it belongs to.
"""

import json
import sys
from pathlib import Path

import numpy as np

from .appendix import CASES, ROWS, figures
from .harness import OUTPUT, Report, model_file, run

SINGLE = ("d-rtrl", "single-step")
WINDOW = ("d-rtrl", 1)


def array(entry):
    return np.asarray(entry["data"], float).reshape(entry["shape"])


class Seed:
    """A golden file of one seed model."""

    def __init__(self, folder, name, parameters, states):
        self.doc = json.loads((folder / f"{name}.json").read_text())
        self.parameters, self.states = parameters, states
        self.p = {k: array(self.doc["weights"][v]) for k, v in parameters.items()}
        self.s = {k: array(self.doc["initial_state"][v]) for k, v in states.items()}
        self.inputs, self.targets = array(self.doc["inputs"][0]), array(self.doc["targets"])

    def gradients(self, rule):
        run_ = self.doc["rules"][rule]["gradient"]
        return {k: array(run_[v]) for k, v in self.parameters.items()}

    def run(self, file, rule, compat=False, states=None, options=()):
        """`states` renames our states for a model that declares them otherwise."""
        s = {(states or {}).get(k, k): v for k, v in self.s.items()}
        return run(file, self.p, s, self.inputs, self.targets, *rule, compat, options)

    def check_forward(self, report, what, out, states=None):
        report.equal(f"{what} outputs", out[f"output:{OUTPUT}"], array(self.doc["outputs"]), 1e-12)
        report.equal(f"{what} losses", out["loss"], np.array(self.doc["loss_per_step"]), 1e-12)
        for k, theirs in self.states.items():
            report.equal(f"{what} state {k}", out[f"state:{(states or {}).get(k, k)}"],
                         array(self.doc["states"][theirs])[-1], 1e-12)


def check(report, what, out, expected):
    for k, v in expected.items():
        report.equal(f"{what} {k}", out.get(f"gradient:{k}"), v, 1e-10)


def simple_neuron(folder, report):
    """S000-01, S000-13: h = tanh(x + h w), state in, state out, numbers of the document."""
    seed = Seed(folder, "hidden_simple_neuron", {"w": "w"}, {"h": "h"})
    file = model_file("simple-neuron", folder)
    once = seed.run(file, SINGLE)
    seed.check_forward(report, "S000-13", once)
    check(report, "S000-13 single-step", once, seed.gradients("single_step"))
    check(report, "S000-13 window(1)", seed.run(file, WINDOW), seed.gradients("window_1"))
    report.equal("S000-13 total loss", once["loss"].sum(), 5.629431912057497, 1e-12)
    report.differs("S000-13 D = 0 is not BPTT", once["gradient:w"], seed.gradients("bptt")["w"],
                   0.1)
    first = run(file, seed.p, seed.s, seed.inputs[:2], seed.targets[:2], *SINGLE)
    then = run(file, seed.p, {"h": first["state:h"]}, seed.inputs[2:], seed.targets[2:], *SINGLE)
    report.equal("S000-01 two calls are one sequence", then["state:h"], once["state:h"], 0.0)


def adaptive(folder, report):
    """S000-03, S000-07, S000-12: one mathematics in every declaration, one set of numbers."""
    seed = Seed(folder, "hidden_adaptive", {"w": "w"}, {"V": "V", "I": "I"})
    names = {"V": "state.V", "I": "state.I"}
    for form, states in (("separate", None), ("group", names), ("group-read-back", names),
                         ("tree", names)):
        file = model_file(f"adaptive-{form}", folder)
        rows = {"separate": "S000-07", "group": "S000-12 S000-07",
                "group-read-back": "S000-03 S000-07", "tree": "S000-12 S000-07"}[form]
        for rule, theirs in ((SINGLE, "single_step"), (WINDOW, "window_1")):
            out = seed.run(file, rule, states=states)
            seed.check_forward(report, f"{rows} {form}", out, states)
            check(report, f"{rows} {form} {theirs}", out, seed.gradients(theirs))
    bound = seed.gradients("bptt")
    for rule in ("single_step", "window_1"):
        report.differs(f"S000-07 {rule} is not BPTT", seed.gradients(rule)["w"], bound["w"], 0.1)


GIF = ("I1", "I2", "V", "V_th")


def tree(folder, report):
    """S000-04, S000-06, S000-15: named leaves with their own start; containers that nest."""
    seed = Seed(folder, "hidden_tree_gif", {"w": "w"}, {k: k for k in GIF})
    nested = ("currents.0", "currents.1", "soma.V", "soma.threshold.V")
    for form, leaves in (("tree", GIF), ("nested", nested)):
        row = {"tree": "S000-15", "nested": "S000-06"}[form]
        states = dict(zip(GIF, (f"state.{leaf}" for leaf in leaves)))
        file = folder / f"gif-{form}.mlir"
        for rule, theirs in ((SINGLE, "single_step"), (WINDOW, "window_1")):
            out = seed.run(file, rule, states=states)
            seed.check_forward(report, f"{row} {form}", out, states)
            check(report, f"{row} {form} {theirs}", out, seed.gradients(theirs))
        packed = seed.run(file, SINGLE, compat=True, states=states)
        if form == "nested":  # no state of the reference: as if each component stood alone
            check(report, "S000-06 compat", packed, seed.gradients("single_step"))
        else:  # y (3) does not fit the buffer (3, 4) of the reference: no relation
            report.differs("S000-26 compat", packed["gradient:w"],
                           seed.gradients("single_step")["w"], 0.1)
        declared = run(file, seed.p, {}, 0 * seed.inputs[:1], seed.targets[:1], *WINDOW)
        report.equal(f"S000-04 {form}: V_th starts at 1", declared[f"state:{states['V_th']}"],
                     np.full(3, 0.99), 1e-15)
    report.equal("S000-15 total loss", out["loss"].sum(), 6.2677533953304305, 1e-12)
    report.differs("S000-15 window(1) is not BPTT", seed.gradients("window_1")["w"],
                   seed.gradients("bptt")["w"], 0.05)


def partial_write(folder, report):
    """S000-08, S000-09: one component is written, the others keep their values."""
    golden = json.loads((folder / "state_classes.json").read_text())["tree"]
    start, after = np.array([[0.0, 0.0, 0.0, 1.0]] * 3), array(golden["after_set_V_only"])
    report.equal("S000-08 V_th of the reference", array(golden["get_V_th"]), start[:, 3], 0.0)
    out = run(folder / "gif-partial.mlir", {"w": np.eye(3)}, {}, after[:1, 2] * np.ones((1, 3)),
              np.zeros((1, 9)), *WINDOW)
    new = np.stack([out[f"state:state.{k}"] for k in GIF], axis=1)
    report.equal("S000-09 only V changes", new, after, 0.0)
    report.differs("S000-09 V changes", new, start, 0.1)
    report.equal("S000-08 V_th, I1, I2 as read", out[f"output:{OUTPUT}"][0],
                 start[:, [3, 0, 1]].T.ravel(), 0.0)


def unequal(folder, report):
    """S000-05: leaves of unequal shape; w is credited to h, and to h alone in single-step."""
    seed = Seed(folder, "hidden_unequal_shapes", {"w": "w"}, {"h": "h", "p": "p"})
    states = {"h": "state.h", "p": "state.p"}
    file = folder / "unequal-tree.mlir"
    for rule, theirs, compat in ((SINGLE, "single_step", False), (SINGLE, "single_step", True),
                                 (WINDOW, "window_1", False)):
        out = seed.run(file, rule, compat=compat, states=states)
        seed.check_forward(report, "S000-05", out, states)
        check(report, f"S000-05 {theirs}", out, seed.gradients(theirs))
    report.differs("S000-05 a trace of p would see more", seed.gradients("window_1")["w"],
                   seed.gradients("bptt")["w"], 0.1)


def lstm_tree(folder, report):
    """S000-18: the LSTM as a tree state is the LSTM with two states; paths of nested modules."""
    parts = [f"rnn.W{gate}.weight" for gate in "igfo"] + ["out.weight"]
    names = {f"{part}.{leaf}": f"{part}.{leaf}" for part in parts for leaf in ("weight", "bias")}
    seed = Seed(folder, "graph_lstm_readout", names, {"h": "rnn.h", "c": "rnn.c"})
    states = {"h": "rnn.h", "c": "rnn.c"}
    cell = [k for k in names if k.startswith("rnn")]
    for rule, theirs in ((SINGLE, "single_step_native"), (WINDOW, "window_1")):
        outs = [seed.run(folder / f"{file}.mlir", rule, states=states)
                for file in ("lstm-readout", "lstm-readout-tree")]
        for form, out in zip(("states", "tree"), outs):
            seed.check_forward(report, f"S000-18 {form}", out, states)
            golden = seed.doc["rules"][theirs]["gradient"]
            check(report, f"S000-18 {form} {theirs}", out,
                  {k: array(golden[k]) for k in (cell if rule == SINGLE else names)})
        for k in outs[0]:
            report.equal(f"S000-18 {theirs}: tree = states, {k}", outs[1].get(k), outs[0][k], 0.0)
    bias = "rnn.Wf.weight.bias"
    report.differs("S000-18 window(1) is not BPTT", seed.gradients("window_1")[bias],
                   seed.gradients("bptt")[bias], 1e-3)


def relu_readout(folder, report):
    """S002-19, S002-27: relu, and a readout without a relation that learns all the same."""
    names = {"w": "rnn.W.weight.weight", "b": "rnn.W.weight.bias", "wo": "out.weight.weight",
             "bo": "out.weight.bias"}
    seed = Seed(folder, "graph_vanilla_readout", names, {"h": "rnn.h"})
    file = model_file("relu-readout", folder)
    windowed, compat, ours = (seed.run(file, WINDOW), seed.run(file, SINGLE, compat=True),
                              seed.run(file, SINGLE))
    seed.check_forward(report, "S002-19", ours)
    report.equal("S002-19 total loss", ours["loss"].sum(), 26.218239176789204, 1e-12)
    check(report, "S002-19 window(1)", windowed, seed.gradients("window_1"))
    check(report, "S002-19 compat single-step", compat, seed.gradients("single_step"))
    cell = {k: v for k, v in seed.gradients("single_step").items() if k in ("w", "b")}
    check(report, "S002-19 single-step", ours, cell)
    readout = {k: v for k, v in seed.gradients("window_1").items() if k in ("wo", "bo")}
    check(report, "S002-27 readout in single-step", ours, readout)
    report.equal("S002-27 2-norm", np.linalg.norm(ours["gradient:wo"]), 43.18863161888617, 1e-10)
    # relu'(0) = 0: with no bias, input and state every unit sits at the kink.
    zero = {k: np.zeros_like(v) for k, v in seed.p.items()}
    zero["wo"] = seed.p["wo"]
    out = run(file, zero, seed.s, 0 * seed.inputs, seed.targets, *WINDOW)
    report.equal("S002-19 relu'(0)", out["gradient:b"], np.zeros(4), 0.0)


def lif_synapse(folder, report):
    """S000-17: spiking units behind a synapse, figures of the published table."""
    _, p, widths, inputs, target = CASES["lifsyn"]
    s = {k: np.zeros(n) for k, n in widths.items()}
    targets = np.full((len(inputs), 3), target)
    file = folder / "lif-synapse.mlir"
    outs = {"native": run(file, p, s, inputs, targets, *SINGLE),
            "w1": run(file, p, s, inputs, targets, *WINDOW),
            "compat": run(file, p, s, inputs, targets, *SINGLE, True)}
    for line in ROWS.strip().splitlines():
        head, numbers = line.split(":")
        name, parameter, *runs = head.split()
        for k in set(runs) & set(outs) if name == "lifsyn" else ():
            gap = np.abs(figures(outs[k][f"gradient:{parameter}"])
                         - np.array([float(v) for v in numbers.split()])).max()
            report.check(f"S000-17 {k}", gap < 6e-11, f"{gap:.1e}")
    report.differs("S000-17 compat counts the synapse twice", outs["compat"]["gradient:w"],
                   outs["native"]["gradient:w"], 0.1)


def initial_values(folder, report):
    """S000-29: without values in the data every state starts as declared."""
    out = run(folder / "initial-values.mlir", {"w": np.full((2, 2), 0.25)}, {},
              np.zeros((2, 2)), np.zeros((2, 6)), *WINDOW)
    start = np.array([-65.0, -65.0, 1.0, 1.0, 0.0, 0.0])
    report.equal("S000-29", out[f"output:{OUTPUT}"], np.stack([start, start / 2]), 0.0)


TESTS = {f.__name__: f for f in (simple_neuron, adaptive, tree, partial_write, unequal,
                                 lstm_tree, relu_readout, lif_synapse, initial_values)}


def main(folder, *names):
    status = 0
    for name in names:
        report = Report(name)
        TESTS[name](Path(folder), report)
        status |= report.finish()
    return status


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
