# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs golden vectors through the compiler: golden_test.py FOLDER EXAMPLES CASE...

Under `compat = braintrace` against the numbers of braintrace; by default against the rule by
brute force. Then, for some models, where theory says equality and where it says difference.
"""

import sys
from pathlib import Path

import numpy as np

from . import goldens
from .dual import logistic_value
from .harness import OUTPUT, Report, model_file, run
from .models import one_hot
from .quantities import trajectory
from .rule import learn

COMBINATIONS = [(rule, window) for rule in ("d-rtrl", "pp-prop") for window in ("single-step", 1)]
FORWARD, GRADIENT, TRACE = 1e-12, 1e-10, 1e-9


class Case:
    def __init__(self, folder, examples, name):
        self.golden = goldens.load(folder, name)
        self.file = model_file(self.golden.model, folder, examples)
        self.report = Report(name)
        self.compat, self.default, self.oracle = {}, {}, {}

    def arrays(self):
        g = self.golden
        targets = g.targets
        if "class indices" in g.doc["model"]:
            targets = targets.astype(np.int32)
        return g.p, g.s, g.inputs, targets

    def run_all(self):
        for rule, window in COMBINATIONS:
            queries = ["--queries"] if window == "single-step" else []
            self.compat[rule, window] = run(self.file, *self.arrays(), rule, window, True, queries)
            self.default[rule, window] = run(self.file, *self.arrays(), rule, window)

    def check_forward(self, what, out):
        g, check = self.golden, self.report.equal
        check(f"{what} outputs", out.get(f"output:{OUTPUT}"), goldens.array(g.doc["outputs"]),
              0.0 if g.case in goldens.SPIKING else FORWARD)
        check(f"{what} losses", out.get("loss"), np.array(g.doc["losses"]), FORWARD)
        for ours in g.states:
            check(f"{what} state {ours}", out.get(f"state:{ours}"),
                  g.state(g.doc["final_states"], ours), FORWARD)

    def check_gradients(self, what, out, expected, tolerance=GRADIENT):
        for k, v in expected.items():
            self.report.equal(f"{what} gradient {k}", out.get(f"gradient:{k}"), v, tolerance)

    def check_compat(self):
        for (rule, window), out in self.compat.items():
            what = f"compat {rule} {window}"
            self.check_forward(what, out)
            if self.golden.case not in goldens.INEXACT:
                self.check_gradients(what, out, self.golden.gradients(rule, window))

    def check_default(self):
        g = self.golden
        states = {"s.V": "V", "s.I": "I"}
        s = {states.get(k, k): v for k, v in g.s.items()}
        steps = trajectory(g.numpy_model(), g.p, s, g.inputs, g.targets)
        for (rule, window), out in self.default.items():
            self.oracle[rule, window], _ = learn(g.numpy_model(), g.p, steps, rule, window)
            self.check_forward(f"{rule} {window}", out)
            self.check_gradients(f"{rule} {window}", out, self.oracle[rule, window])

    # ---- D, f, x and traces --------------------------------------------------------------

    def query(self, out, path, step, like):
        """A query at a step; what is zero by proof is not stored."""
        stored = out.get(f"query:{path}")
        return np.zeros_like(like) if stored is None else stored[step]

    def check_quantities(self):
        out = self.compat["d-rtrl", "single-step"]
        for entry in self.golden.doc["jacobians"]:
            t = entry["step"]
            for D in entry["D"]:
                full = goldens.array(D)
                for a, b in np.ndindex(full.shape[-2:]):
                    path, like = f"D/group{D['group']}/{a}/{b}", full[..., a, b]
                    self.report.equal(f"{path} at {t}", self.query(out, path, t, like), like, TRACE)
            for relation in entry["relations"]:
                self.check_relation(out, t, relation)

    def own_f(self, relation, f):
        """braintrace's f in our terms: its elementwise operation applies the logistic function
        to the weight, ours is an identity before it."""
        if not self.golden.case.startswith("elemwise_decay") or relation != 0:
            return f
        keep = logistic_value(self.golden.p["a"])
        return f * (keep * (1 - keep))[:, None]

    def own_x(self, relation, x):
        """Where braintrace looks up an index, x is a row of the unit matrix."""
        if not self.golden.case.startswith("embedding") or relation != 0:
            return x
        return one_hot(x.astype(int), len(self.golden.p["table"]))

    def check_relation(self, out, t, relation):
        r = relation["relation"]
        if relation.get("x"):
            x = self.own_x(r, goldens.array(relation["x"]))
            self.report.equal(f"x/relation{r} at {t}",
                              self.query(out, f"x/relation{r}", t, x), x, TRACE)
        for f in relation["f"]:
            full = self.own_f(r, goldens.array(f))
            for a in range(full.shape[-1]):
                path = f"f/relation{r}/group{f['group']}/{a}"
                self.report.equal(f"{path} at {t}", self.query(out, path, t, full[..., a]),
                                  full[..., a], TRACE)

    def check_traces(self):
        out = self.compat["d-rtrl", "single-step"]
        for e in self.golden.doc.get("traces_d_rtrl", []):
            key = e["key"]
            if key == "lora_b":  # braintrace's name of the trace of the whole matrix
                key = "weight"
            if key == "lora_a":
                self.check_second_factor(out, e)
            else:
                self.check_slots(out, f"relation{e['relation']}/{key}/group{e['group']}",
                                 goldens.array(e))
        out = self.compat["pp-prop", "single-step"]
        for e in self.golden.doc["traces_pp_prop"]:
            relation = f"relation{e['relation']}"
            if e["part"] == "f":
                self.check_slots(out, f"{relation}/f/group{e['group']}",
                                 self.own_f(e["relation"], goldens.array(e)))
            elif f"trace:{relation}/x" in out:  # relations that read the same x share its trace
                self.report.equal(f"trace {relation}/x", out[f"trace:{relation}/x"],
                                  goldens.array(e), TRACE)

    def check_second_factor(self, out, e):
        """braintrace's trace of A, of w = 0.5 B A, is what ours of w makes of B."""
        whole = out[f"trace:relation{e['relation']}/weight/group{e['group']}/0"]
        ours = 0.5 * np.einsum("ir,...io->...ro", self.golden.p["B"], whole)
        self.report.equal("trace of A", ours, goldens.array(e)[..., 0], TRACE)

    def check_slots(self, out, path, full):
        for a in range(full.shape[-1]):
            like = full[..., a]
            stored = out.get(f"trace:{path}/{a}", np.zeros_like(like))
            self.report.equal(f"trace {path}/{a}", stored, like, TRACE)

    # ---- equality and difference ---------------------------------------------------------

    def gradient(self, out, k):
        return out[f"gradient:{k}"]

    def check_theory(self):
        getattr(self, "theory_" + self.golden.case, lambda: None)()

    def bptt(self):
        return self.golden.gradients("bptt", None)

    def exact(self, rule, windows=("single-step", 1)):
        for window in windows:
            self.check_gradients(f"{rule} {window} = BPTT", self.default[rule, window], self.bptt())

    def apart(self, what, one, other, least):
        """The gradients of two runs (or arrays by name) are at least so far apart."""
        get = lambda run, k: run.get(f"gradient:{k}", run.get(k))
        flat = lambda run: np.concatenate([get(run, k).ravel() for k in self.golden.p])
        self.report.differs(what, flat(one), flat(other), least)

    def theory_leaky_dense_tanh(self):
        self.exact("d-rtrl")
        for window in ("single-step", 1):
            self.apart(f"pp-prop {window} is not BPTT", self.default["pp-prop", window],
                       self.bptt(), 0.2)

    theory_leaky_scalar = theory_leaky_dense_tanh
    theory_elemwise_decay = theory_leaky_dense_tanh
    theory_elemwise_decay_b3 = theory_leaky_dense_tanh

    def theory_two_state_vi(self):
        self.exact("d-rtrl")

    theory_group_state_vi = theory_two_state_vi
    theory_group_state_vi_n2 = theory_two_state_vi
    theory_fan_out = theory_two_state_vi
    theory_outer_mask = theory_two_state_vi
    theory_einsum_diagonal = theory_two_state_vi

    theory_grouped = theory_leaky_dense_tanh
    theory_conv1d_leaky = theory_leaky_dense_tanh
    theory_conv1d_leaky_b3 = theory_leaky_dense_tanh
    theory_conv2d_valid_leaky = theory_leaky_dense_tanh

    def theory_conv_rnn(self):
        """The kernel reaches the state through another product alone: a gradient, but no trace."""
        for window in ("single-step", 1):
            self.apart(f"{window} is not BPTT", self.default["d-rtrl", window], self.bptt(), 0.1)
        self.report.check("the kernel learns", np.any(self.gradient(self.default["d-rtrl", 1], "k")),
                          "a gradient")

    def theory_einsum_shared(self):
        """A trace for every position that shares the weight is exact; the reference's is not."""
        self.exact("d-rtrl")
        for window in ("single-step", 1):
            self.apart(f"{window} is not the reference's", self.default["d-rtrl", window],
                       self.golden.gradients("d-rtrl", window), 0.5)

    def theory_same_step_edge(self):
        self.exact("d-rtrl")
        self.apart("compat counts the edge twice", self.compat["d-rtrl", "single-step"],
                   self.bptt(), 0.5)

    def theory_lstm(self):
        twice, once = (r["d-rtrl", "single-step"] for r in (self.compat, self.default))
        for k in self.golden.p:
            factor = 1 if k.endswith("o") else 2
            self.report.equal(f"compat = {factor} x native, {k}", self.gradient(twice, k),
                              factor * self.gradient(once, k), GRADIENT)
        self.apart("single-step is not window(1)", once, self.default["d-rtrl", 1], 0.01)

    def theory_vanilla_rnn(self):
        """D = 0, so D-RTRL holds the last step only and pp-prop of rank 1 is the same."""
        queries = [k for k in self.compat["d-rtrl", "single-step"] if k.startswith("query:D")]
        self.report.check("D = 0", not queries, f"{len(queries)} blocks of D")
        rank1 = run(self.file, *self.arrays(), "pp-prop", "single-step", options=["--decay=0"])
        once = self.default["d-rtrl", "single-step"]
        for k in self.golden.p:
            self.report.equal(f"D-RTRL = pp-prop of rank 1, {k}", self.gradient(rank1, k),
                              self.gradient(once, k), GRADIENT)
        self.apart("single-step is not window(1)", once, self.default["d-rtrl", 1], 0.01)

    def theory_gru(self):
        for window in ("single-step", 1):
            self.apart(f"d-rtrl {window} is not BPTT", self.default["d-rtrl", window],
                       self.bptt(), 0.01)
        self.apart("single-step is not window(1)", self.default["d-rtrl", "single-step"],
                   self.default["d-rtrl", 1], 0.01)
        self.apart("D-RTRL is not pp-prop", self.default["d-rtrl", 1],
                   self.default["pp-prop", 1], 0.01)

    def theory_lora(self):
        for window in ("single-step", 1):
            self.apart(f"d-rtrl {window} is not BPTT", self.default["d-rtrl", window],
                       self.bptt(), 0.3)
            self.apart(f"D-RTRL {window} is not pp-prop", self.default["d-rtrl", window],
                       self.default["pp-prop", window], 0.05)

    theory_lora_b3 = theory_lora

    theory_gru_b3 = theory_gru
    theory_gru2_linear = theory_gru

    def check(self):
        self.run_all()
        self.check_compat()
        self.check_default()
        if self.golden.case != "group_state_vi":  # braintrace finds no relation there
            self.check_quantities()
            if self.golden.case not in goldens.INEXACT:
                self.check_traces()
        self.check_theory()
        return self.report.finish()


def main(folder, examples, *cases):
    return max(Case(Path(folder), Path(examples), name).check() for name in cases)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
