# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Networks of the seed documents through the compiler: graph_seeds_test.py FOLDER NAME...

The models carry the sizes of the documents; the reference's arrays are of smaller ones, its
summaries (sum, 2-norm, first, last, greatest) of the same. Parameters and states have the
reference's names. Every check names the row of the seed checklist that it belongs to.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from .harness import OUTPUT, Report, deviation, run
from .jacobians_test import resize
from .seeds_test import SINGLE, WINDOW, Seed, array, check

sys.path.insert(0, str(Path(__file__).parents[1] / "Differentiation" / "Inputs"))
from native import differences  # noqa: E402

#: Extents of the documents -> those of the small golden files.
SMALL = {"two-layer-rnn": {"10": "3", "16": "4", "8": "2"},
         "gru2-readout": {"10": "3", "32": "4", "42": "7", "64": "8", "5": "2"},
         "conv-rnn-first": {"28": "5", "8": "2", "6272": "50", "6336": "54", "64": "4",
                            "10": "3"}}
SMALL["conv-rnn-last"] = SMALL["conv-rnn-first"]
#: The number of outputs, which the mean of the loss divides by.
OUTPUTS = {"two-layer-rnn": ("8.0", "2.0"), "gru2-readout": ("5.0", "2.0"),
           "conv-rnn-first": ("10.0", "3.0"), "conv-rnn-last": ("10.0", "3.0")}


class Network(Seed):
    """A golden file, its model, and the runs that every network is asked for."""

    def __init__(self, folder, golden, model, row, part=None):
        doc = json.loads((folder / f"{golden}.json").read_text())
        self.doc = doc[part] if part else doc
        self.row, self.folder = row, folder
        self.parameters = {k: k for k in self.doc["weights"]}
        self.states = {k: k for k in self.doc["initial_state"]}
        self.p = {k: array(v) for k, v in self.doc["weights"].items()}
        self.s = {k: array(v) for k, v in self.doc["initial_state"].items()}
        self.inputs, self.targets = array(self.doc["inputs"][0]), array(self.doc["targets"])
        self.text = small(folder, model)
        self.window = self.run(self.text, WINDOW)
        self.single = self.run(self.text, SINGLE, options=["--queries"])
        self.compat = self.run(self.text, SINGLE, compat=True, options=["--queries"])

    def norm(self, report, rule, figures):
        """The 2-norms that the checklist cites."""
        out = {"window_1": self.window, "single_step": self.compat}[rule]
        for k, figure in figures.items():
            report.equal(f"{self.row} {rule} |{k}|", np.linalg.norm(out[f"gradient:{k}"]), figure,
                         1e-7)

    def check_rules(self, report, loss, excluded=()):
        """Both windows by default, single-step as the reference has it; `excluded` parameters
        learn by their gradient within a step in every window."""
        self.check_forward(report, self.row, self.single)
        report.equal(f"{self.row} total loss", self.single["loss"].sum(), loss, 1e-12)
        once = self.gradients("window_1")
        check(report, f"{self.row} window(1)", self.window, once)
        check(report, f"{self.row} compat single-step", self.compat, self.gradients("single_step"))
        for k in excluded:
            report.equal(f"{self.row} {k} in single-step", self.single[f"gradient:{k}"], once[k],
                         1e-10)
            report.check(f"{self.row} {k} in the reference",
                         not np.any(self.compat[f"gradient:{k}"]) and np.any(once[k]),
                         "zero there, not here")

    def differs_from_bptt(self, report, least):
        bptt = self.gradients("bptt")
        report.check(f"{self.row} is not BPTT", max(
            deviation(self.window[f"gradient:{k}"], v) for k, v in bptt.items()) > least,
                     f"by more than {least}")

    def check_quantities(self, report, relations):
        """D, f and x of every step, and the trace behind the last one. `relations`: the name of
        the reference -> our number."""
        for group, entry in self.doc["D"].items():
            D = array(entry)
            for a, b in np.ndindex(D.shape[-2:]):
                # What is zero by proof is not stored.
                found = self.compat.get(f"query:D/group{group}/{a}/{b}", np.zeros(D.shape[:-2]))
                report.equal(f"{self.row} D {a} {b}", found, D[..., a, b], 1e-9)
        for theirs, number in relations.items():
            x = self.compat[f"query:x/relation{number}"]
            expected = array(self.doc["x"][theirs])
            report.equal(f"{self.row} x of {theirs}", x, expected.reshape(x.shape), 1e-9)
            for entry, name in ((self.doc["f"], theirs), (self.doc["trace_final"], None)):
                for key, value in entry.items():
                    path, group = key.split("->")
                    weight, _, leaf = path.partition(":")
                    if weight != theirs or (leaf and name):
                        continue
                    self.check_slots(report, number, leaf, group, array(value))

    def check_slots(self, report, number, leaf, group, full):
        kind = (f"trace:relation{number}/{leaf}/group{group}" if leaf
                else f"query:f/relation{number}/group{group}")
        for a in range(full.shape[-1]):
            expected = full[..., a]
            found = self.compat.get(f"{kind}/{a}")
            if found is None:
                found = np.zeros_like(expected)
            report.equal(f"{self.row} {kind} {a}", found, expected.reshape(found.shape), 1e-9)


def small(folder, name):
    """The model with the extents of the golden arrays."""
    text = (folder / f"{name}.mlir").read_text()
    if name in SMALL:
        text = resize(text, SMALL[name]).replace(*OUTPUTS[name])
    return text


def analyze(text):
    """The JSON report."""
    return json.loads(subprocess.run(
        ["etrace-opt", "-", "--etrace-analyze", "--etrace-print-graph=format=json", "-o",
         os.devnull], input=text, capture_output=True, text=True, check=True).stdout)


# ---- S000 ---------------------------------------------------------------------------------

def adaptive(folder, report):
    """S000-14: V' = .9V + x + V w - I, I' = .95 I + .1 V in every declaration."""
    files = folder.parents[1] / "Integration" / "CPU" / "seeds" / "Inputs"
    seed = Seed(files, "hidden_adaptive", {"w": "w"}, {"V": "V", "I": "I"})
    figures = {"single": 41.4498437362, "window": 50.0399066906}
    block = np.array([[0.9, -1.0], [0.1, 0.95]])
    for form, path in (("separate", "{}"), ("group", "state.{}"), ("group-read-back", "state.{}")):
        file = next(f for f in (files / f"adaptive-{form}.mlir",
                                folder.parents[2] / "examples/zoo" / f"adaptive-{form}.mlir")
                    if f.exists())
        states = {k: path.format(k) for k in "VI"}
        single = seed.run(file, SINGLE, states=states, options=["--queries"])
        window = seed.run(file, WINDOW, states=states)
        report.equal(f"S000-14 {form} loss", single["loss"].sum(), 15.885462274859512, 1e-12)
        for out, key in ((single, "single"), (window, "window")):
            report.equal(f"S000-14 {form} {key}", np.linalg.norm(out["gradient:w"]), figures[key],
                         1e-10)
        for a, b in np.ndindex(2, 2):
            report.equal(f"S000-14 S000-23 {form} D {a} {b}", single[f"query:D/group0/{a}/{b}"],
                         np.full((5, 4), block[a, b]), 1e-15)
    report.equal("S000-14 BPTT", np.linalg.norm(seed.gradients("bptt")["w"]), 57.1572470567, 1e-10)


def manual_batch(folder, report):
    """S000-30: states with a batch axis from the start, (16, 32): in group and trace; the numbers
    of sixteen samples one by one."""
    examples = folder.parents[2] / "examples"
    text = (examples / "gru-batch.mlir").read_text()
    for ours, theirs in (("3x5x", "16x32x"), ("3x3x", "16x10x"), ("8x5x", "42x32x"),
                         ("3x8x", "16x42x"), ("<5x", "<32x")):
        text = text.replace(ours, theirs)
    graph = analyze(text)
    report.check("S000-30 group", graph["groups"][0]["positions"] == [16, 32],
                 f"{graph['groups'][0]['positions']}")
    for relation in graph["relations"]:
        leaf = relation["trace"]["leaves"][0]
        report.check("S000-30 trace", sorted(leaf["extents"]) == [16, 32, 42],
                     f"{leaf['extents']}")
    one = resize((examples / "gru.mlir").read_text(), {"3": "10", "5": "32", "8": "42"})
    rng = np.random.default_rng(11)
    p = {"w" + g: rng.normal(scale=0.3, size=(42, 32)) for g in "zrc"}
    p |= {"b" + g: rng.normal(scale=0.3, size=32) for g in "zrc"}
    inputs, targets = rng.normal(size=(3, 16, 10)), rng.normal(size=(3, 16, 32))
    whole = run(text, p, {}, inputs, targets, *WINDOW)
    singles = [run(one, p, {}, inputs[:, b], targets[:, b], *WINDOW) for b in range(16)]
    report.equal("S000-30 state", whole["state:h"], np.stack([o["state:h"] for o in singles]),
                 1e-12)
    report.equal("S000-30 loss", whole["loss"], sum(o["loss"] for o in singles), 1e-12)
    for k in p:
        report.equal(f"S000-30 gradient {k}", whole[f"gradient:{k}"],
                     sum(o[f"gradient:{k}"] for o in singles), 1e-10)


def gif(folder, report):
    """S000-15: one group of four states, apart or as components."""
    block = np.array([[.9, 0, 0, 0], [0, .95, 0, 0], [1, 1, .8, 0], [0, 0, .01, .99]])
    for form, path in (("separate", "{}"), ("group", "state.{}")):
        net = Network(folder, "hidden_tree_gif", "gif-separate", f"S000-15 {form}", "separate")
        names = {k: path.format(k) for k in net.states}
        file = folder / f"gif-{form}.mlir"
        single = net.run(file, SINGLE, states=names, options=["--queries"])
        window = net.run(file, WINDOW, states=names)
        net.check_forward(report, net.row, single, names)
        report.equal(f"{net.row} loss", single["loss"].sum(), 6.2677533953304305, 1e-12)
        check(report, f"{net.row} single-step", single, net.gradients("single_step"))
        check(report, f"{net.row} window(1)", window, net.gradients("window_1"))
        for out, figure in ((single, 2.3535804863), (window, 2.595560245)):
            report.equal(f"{net.row} 2-norm", np.linalg.norm(out["gradient:w"]), figure, 1e-9)
        report.differs(f"{net.row} BPTT", window["gradient:w"], net.gradients("bptt")["w"], 0.05)
        for a, b in np.ndindex(4, 4):
            found = single.get(f"query:D/group0/{a}/{b}")
            report.check(f"{net.row} D {a} {b} is not stored", (found is None) == (not block[a, b]),
                         "as the block has it")
            if found is not None:
                report.equal(f"{net.row} D {a} {b}", found, np.full((5, 3), block[a, b]), 1e-15)
        if form == "separate":
            net.check_quantities(report, {"w": 0})


def two_layer(folder, report):
    """S000-16, S000-25: who learns by a trace is decided by the operation."""
    net = Network(folder, "hidden_two_layer", "two-layer-rnn", "S000-16")
    net.check_rules(report, 6.261759968492337, ("w1_in", "w2_in"))
    net.norm(report, "single_step", {"w1_rec": 3.6384809842, "w2_rec": 1.362891441})
    net.norm(report, "window_1", {"w1_in": 5.4833231761, "w2_in": 2.5315992418})
    net.differs_from_bptt(report, 0.05)
    net.check_quantities(report, {"w1_rec": 0, "w2_rec": 1})
    # S000-25: the same parameters through the other operation change sides.
    other = net.text
    for l, (n, m) in {"1": (3, 4), "2": (4, 2)}.items():
        x = "x" if l == "1" else "n1"
        t = f"tensor<{n}xf32>, tensor<{n}x{m}xf32>"
        ordinary = (f"linalg.vecmat ins(%{x}, %v{l} : {t})\n        outs(%z{l} : tensor<{m}xf32>)"
                    f" -> tensor<{m}xf32>")
        report.check(f"S000-25 layer {l} has an ordinary product", ordinary in other, ordinary)
        other = other.replace(ordinary, f"etrace.matmul %{x}, %v{l} : {t} -> tensor<{m}xf32>")
    out = net.run(other, SINGLE)
    traced = {k.split("/")[0] for k in out if k.startswith("trace:")}
    report.check("S000-25 three products more", len(traced) == 4, f"{len(traced)} relations")
    net.check_forward(report, "S000-25", out)


# ---- S002 ---------------------------------------------------------------------------------

def gru2(folder, report):
    """S002-20..22: recurrent, reset and readout weights of two gated layers."""
    net = Network(folder, "graph_gru2_readout", "gru2-readout", "S002-20")
    excluded = [f"rnn{q}.Wr.weight.{leaf}" for q in (1, 2) for leaf in ("weight", "bias")]
    net.check_rules(report, 2.0319747384140534, ["out.weight.weight", "out.weight.bias"])
    net.row = "S002-21"
    net.check_rules(report, 2.0319747384140534, excluded)
    net.norm(report, "single_step", {"rnn1.Wh.weight.weight": .8448636})
    net.norm(report, "window_1", {"rnn1.Wh.weight.weight": .79328382,
                                  "rnn2.Wr.weight.weight": .05382085})
    net.differs_from_bptt(report, 0.1)
    net.row = "S002-22"
    net.check_quantities(report, {f"rnn{q}.W{g}.weight": 2 * (q - 1) + n
                                  for q in (1, 2) for n, g in enumerate("zh")})
    report.check("S002-22 no D across layers", not any(
        k.startswith("query:D/group1/1") or k.startswith("query:D/group0/1") for k in net.compat),
                 "one state in each group")
    full_size(folder, report, "S002-20", "gru2_10_32_5", "gru2-readout")


def lstm(folder, report):
    """S002-28: four relations to one group of two states; its inner edge counts once."""
    net = Network(folder, "graph_lstm_readout", "lstm-readout", "S002-28")
    net.check_rules(report, 6.996779972166636, ["out.weight.weight", "out.weight.bias"])
    native = {k: array(v) for k, v in
              net.doc["rules"]["single_step_native"]["gradient"].items()}
    check(report, "S002-28 single-step", net.single, native)
    for gate, figure in zip("igfo", (1.5685152636, 1.2047236881, .4829835535, 1.2640869402)):
        k = f"rnn.W{gate}.weight.weight"
        report.equal(f"S002-28 |{k}|", np.linalg.norm(net.single[f"gradient:{k}"]), figure, 1e-9)
        factor = 1 if gate == "o" else 2
        report.equal(f"S002-28 the reference has {factor} x {k}", net.compat[f"gradient:{k}"],
                     factor * native[k], 1e-10)
    net.check_quantities(report, {f"rnn.W{g}.weight": n for n, g in enumerate("igfo")})


def convolution(folder, report):
    """S002-23, S002-24, S002-26: a kernel in front of a recurrent layer, both image layouts."""
    net = Network(folder, "graph_conv_rnn_readout", "conv-rnn-first", "S002-23")
    net.check_forward(report, "S002-23", net.single)
    check(report, "S002-23 window(1)", net.window, net.gradients("window_1"))
    check(report, "S002-23 compat single-step", net.compat, net.gradients("single_step"))
    kernel = "conv.weight.weight"
    net.norm(report, "window_1", {kernel: 4.54439612})
    report.equal("S002-24 the kernel in single-step", net.single[f"gradient:{kernel}"],
                 net.gradients("window_1")[kernel], 1e-10)
    report.check("S002-24 the reference", not np.any(net.compat[f"gradient:{kernel}"]), "zero")
    report.differs("S002-24 BPTT", net.window[f"gradient:{kernel}"],
                   net.gradients("bptt")[kernel], 0.02)
    # Channels last: the same numbers, features in the order (H, W, C).
    order = np.arange(50).reshape(2, 5, 5).transpose(1, 2, 0).ravel()
    w = "rnn.W.weight.weight"
    rows = np.concatenate([order, np.arange(50, 54)])
    p = net.p | {w: net.p[w][rows]}
    out = run(small(folder, "conv-rnn-last"), p, net.s, net.inputs.transpose(0, 2, 3, 1),
              net.targets, *WINDOW)
    report.equal("S002-26 outputs", out[f"output:{OUTPUT}"], array(net.doc["outputs"]), 1e-12)
    for k, v in net.gradients("window_1").items():
        report.equal(f"S002-26 {k}", out[f"gradient:{k}"], v[rows] if k == w else v, 1e-10)
    report.check("S002-26 the order matters", np.any(net.p[w][rows] != net.p[w]), "it is another")
    full_size(folder, report, "S002-23", "conv_1x28x28_8_64_10", "conv-rnn-first")


def conv_state(folder, report):
    """S002-25: a direct relation of a kernel; D = 0.9, so that every rule is exact."""
    net = Network(folder, "graph_conv_state", "conv-state", "S002-25")
    net.check_rules(report, 7.723940692495477)
    for out, what in ((net.single, "single-step"), (net.window, "window(1)")):
        check(report, f"S002-25 {what} = BPTT", out, net.gradients("bptt"))
        report.equal(f"S002-25 {what} 2-norm", np.linalg.norm(out["gradient:conv.weight.weight"]),
                     6.3304305, 1e-7)
    report.equal("S002-25 D", net.single["query:D/group0/0/0"], np.full((3, 4, 4, 2), .9), 1e-15)
    # The trace keeps kernel element and position apart.
    theirs = array(net.doc["trace_final"]["conv.weight:weight->0"])[0, ..., 0]
    ours = net.single["trace:relation0/weight/group0/0"]
    report.check("S002-25 extents of the trace", ours.size == theirs.size, f"{ours.shape}")
    report.equal("S002-25 trace", np.sort(ours, None), np.sort(theirs, None), 1e-9)


def layout(folder, report):
    """S002-10: the members of a group stand side by side in the order of first access, whatever
    they are declared as; D[..., a, b] and the slots of a trace are numbered by it."""
    text = (folder / "mixed-members.mlir").read_text()
    first = '    %a = etrace.get @a : tensor<3xf32>\n'
    last = '    %w = etrace.get @w : tensor<2x3xf32>\n'
    moved = text.replace(first, "").replace(last, first + last)
    D = {("a", "a"): .5, ("a", "n.V"): .1, ("n.V", "n.V"): .9, ("n.V", "n.I"): -1.,
         ("n.V", "a"): .2, ("n.I", "n.I"): .95, ("n.I", "n.V"): .1}
    rng = np.random.default_rng(3)
    p, s = {"w": rng.normal(size=(2, 3))}, {k: rng.normal(size=3) for k in ("a", "n.V", "n.I")}
    inputs, targets = rng.normal(size=(4, 2)), rng.normal(size=(4, 3))
    runs = []
    for model, members in ((text, ["a", "n.V", "n.I"]), (moved, ["n.V", "n.I", "a"])):
        out = run(model, p, s, inputs, targets, *WINDOW, options=["--queries"])
        for a, b in np.ndindex(3, 3):
            found = out.get(f"query:D/group0/{a}/{b}", np.zeros((4, 3)))
            expected = np.full((4, 3), D.get((members[a], members[b]), 0.))
            report.equal(f"S002-10 D of {members[a]} by {members[b]}", found, expected, 1e-15)
        # e <- D e + x f, with f = 1 for V.
        block = np.array([[D.get((a, b), 0.) for b in members] for a in members])
        e = np.zeros((2, 3, 3))
        for x in inputs:
            e = e @ block.T
            e[..., members.index("n.V")] += x[:, None]
        for a, member in enumerate(members):
            report.equal(f"S002-10 trace of {member}", out[f"trace:relation0/weight/group0/{a}"],
                         e[..., a], 1e-12)
        runs.append(out)
    report.equal("S002-10 the order is of no consequence", runs[1]["gradient:w"],
                 runs[0]["gradient:w"], 1e-13)


LAYER = """
    %h{k} = etrace.get @h{k} : tensor<3xf64>
    %w{k} = etrace.get @w{k} : tensor<3x3xf64>
    %y{k} = etrace.matmul {x}, %w{k} : tensor<3xf64>, tensor<3x3xf64> -> tensor<3xf64>
    %t{k} = math.tanh %y{k} : tensor<3xf64>
    %l{k} = arith.mulf %leak, %h{k} : tensor<3xf64>
    %n{k} = arith.addf %l{k}, %t{k} : tensor<3xf64>
    etrace.set @h{k}, %n{k} : tensor<3xf64>
"""


def stack_text(layers):
    text = "etrace.model @stack {\n"
    for k in range(layers):
        text += f"  etrace.param @w{k} : tensor<3x3xf64>\n  etrace.hidden @h{k} : tensor<3xf64>\n"
    text += ("  etrace.step @update(%x: tensor<3xf64>) -> tensor<3xf64> {\n"
             "    %leak = arith.constant dense<0.7> : tensor<3xf64>\n")
    for k in range(layers):
        text += LAYER.format(k=k, x=f"%n{k - 1}" if k else "%x")
    return text + f"""    etrace.yield %n{layers - 1} : tensor<3xf64>
  }}
  etrace.loss @squared_error(%out: tensor<3xf64>, %target: tensor<3xf64>) -> f64 {{
    %d = arith.subf %out, %target : tensor<3xf64>
    %s = arith.mulf %d, %d : tensor<3xf64>
    %zero = arith.constant dense<0.0> : tensor<f64>
    %sum = linalg.reduce {{ arith.addf }} ins(%s : tensor<3xf64>) outs(%zero : tensor<f64>)
        dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f64>
    etrace.yield %loss : f64
  }}
}}
"""


def stack(_, report):
    """S002-29: as many groups and relations as layers. The report says which trace is exact, that
    of the top layer; differences of the whole run agree, and do not for those below."""
    rng = np.random.default_rng(5)
    inputs, targets = rng.normal(size=(6, 3)), rng.normal(size=(6, 3))
    for layers in (1, 2, 3, 5):
        text = stack_text(layers)
        graph = analyze(text)
        report.check(f"S002-29 {layers} groups", graph["counts"] == {
            "hidden_groups": layers, "etp_weights": layers, "excluded_weights": 0,
            "warnings": graph["counts"]["warnings"]}, f"{graph['counts']}")
        report.check(f"S002-29 {layers} exact", [r["exact"] for r in graph["relations"]]
                     == [False] * (layers - 1) + [True], "the top layer alone")
        for k, relation in enumerate(graph["relations"][:-1]):
            report.check(f"S002-29 {layers} layer {k} names the way", relation["kind"] == "mixed"
                         and f"'h{k + 1}'" in relation["reason"], relation["reason"])
        p = {f"w{k}": rng.normal(scale=0.7, size=(3, 3)) for k in range(layers)}
        out = run(text, p, {}, inputs, targets, *WINDOW)

        def loss(*weights):
            h, total = np.zeros((layers, 3)), 0.
            for x, target in zip(inputs, targets):
                for k, w in enumerate(weights):
                    h[k] = 0.7 * h[k] + np.tanh((h[k - 1] if k else x) @ w)
                total += ((h[-1] - target) ** 2).sum()
            return total
        for k in range(layers):
            whole = differences(loss, list(p.values()), k)
            compare = report.equal if k == layers - 1 else report.differs
            compare(f"S002-29 {layers} layer {k} and differences", out[f"gradient:w{k}"], whole,
                    1e-7 if k == layers - 1 else 1e-2)


def wave(shapes, scale):
    """The weights of the summaries: scale sin(0.7 k + 0.3 j), leaf j in the order of names."""
    return {k: scale * np.sin(0.7 * np.arange(np.prod(n)) + 0.3 * j).reshape(n)
            for j, (k, n) in enumerate(sorted(shapes.items()))}


def full_size(folder, report, row, golden, model):
    """The sizes of the documents, against summaries."""
    doc = json.loads((folder / "graph_full_size.json").read_text())[golden]
    recipe = doc["recipe"]
    p = wave(doc["weight_shapes"], float(recipe["weights"].split()[-1]))
    shape = (recipe["T"], *recipe["x_shape"])
    inputs = np.sin(0.5 * np.arange(np.prod(shape)) + 0.1).reshape(shape)
    width = p["out.weight.bias"].size
    targets = np.cos(0.9 * np.arange(recipe["T"] * width)).reshape(recipe["T"], width)
    s = {k: np.zeros(v["size"]) for k, v in doc["initial_state"].items()}
    file = folder / f"{model}.mlir"
    for rule, key, compat in ((WINDOW, "window_1", False), (SINGLE, "single_step", True)):
        out = run(file, p, s, inputs, targets, *rule, compat)
        report.equal(f"{row} full size losses", out["loss"], np.array(doc["loss_per_step"]), 1e-12)
        for k, v in doc["rules"][key]["gradient"].items():
            g = out[f"gradient:{k}"].ravel()
            found = np.array([g.sum(), np.linalg.norm(g), g[0], g[-1], np.abs(g).max()])
            expected = np.array([v[n] for n in ("sum", "l2", "first", "last", "max_abs")])
            report.equal(f"{row} full size {key} {k}", found, expected, 1e-10)


TESTS = {f.__name__: f for f in (adaptive, gif, two_layer, gru2, lstm, convolution, conv_state,
                                 layout, stack, manual_batch)}


def main(folder, *names):
    status = 0
    for name in names:
        report = Report(name)
        TESTS[name](Path(folder).resolve(), report)
        status |= report.finish()
    return status


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
