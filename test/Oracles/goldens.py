# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The golden vectors of braintrace 0.2.6 in the names of our models."""

import json
from dataclasses import dataclass

import numpy as np

from .models import find, masked, sparse


def affine(path, weight="w", bias="b"):
    return {weight: f"{path}:weight", bias: f"{path}:bias"}


def same(*names):
    return {n: n for n in names}


def gru(prefix="", ours=""):
    names = {}
    for k, theirs in zip("zrc", ("Wz", "Wr", "Wh")):
        names |= affine(f"{prefix}{theirs}.weight", f"{ours}w{k}", f"{ours}b{k}")
    return names


LSTM = {}
for gate in "igfo":
    LSTM |= affine(f"W{gate}.weight", "w" + gate, "b" + gate)
TWO = gru("first.", "first_") | gru("second.", "second_") | affine("readout.weight", "wo", "bo")
COMM = affine("syn.comm.weight")

# case: (model, our parameter -> theirs, our state -> theirs)
CASES = {
    "leaky_scalar": ("leaky-scalar", same("w", "b"), same("h")),
    "leaky_dense_tanh": ("leaky-tanh", same("w", "b"), same("h")),
    "vanilla_rnn": ("vanilla-rnn", affine("W.weight"), same("h")),
    "rnn_plain_io": ("rnn-plain-io", same("w", "win", "wout"), same("h")),
    "gru": ("gru", gru(), same("h")),
    "gru_b3": ("gru-batch", gru(), same("h")),
    "mgu": ("mgu", affine("Wf.weight", "wf", "bf") | affine("Wh.weight", "wh", "bh"), same("h")),
    "minigru": ("minigru", affine("W_z.weight", "wz", "bz") | affine("W_x.weight", "wx", "bx"),
                same("h")),
    "lstm": ("lstm", LSTM, same("h", "c")),
    "gru2_linear": ("two-layer", TWO, {"first_h": "first.h", "second_h": "second.h"}),
    "lif_delta": ("lif", COMM, {"V": "neu.V"}),
    "lif_delta_b3": ("lif-batch", COMM, {"V": "neu.V"}),
    "lif_expcu": ("lif-exp", COMM, {"V": "neu.V", "g": "syn.syn.g"}),
    "alif_delta": ("alif", COMM, {"V": "neu.V", "a": "neu.a"}),
    "lif_leaky_readout": ("lif-leaky-readout",
                          affine("rec.syn.comm.weight") | {"wo": "out.W"},
                          {"V": "rec.neu.V", "r": "out.r"}),
    "two_state_vi": ("two-state-vi", same("w"), same("V", "I")),
    "group_state_vi": ("group-state-vi", same("w"), {"s.V": 0, "s.I": 1}),
    "group_state_vi_n2": ("group-state-vi-n2", same("w"), {"s.V": 0, "s.I": 1}),
    "elemwise_decay": ("elemwise-decay", same("w", "a", "b"), same("h")),
    "elemwise_decay_b3": ("elemwise-decay-batch", same("w", "a", "b"), same("h")),
    "fan_out": ("fan-out", same("w"), same("a", "b")),
    "tied_weight": ("tied-weight", same("w"), same("h")),
    "outer_mask": ("outer-mask", same("w"), same("h")),
    "einsum_diagonal": ("einsum-diagonal", same("w"), same("h")),
    "einsum_shared": ("einsum-shared", same("w"), same("h")),
    "grouped": ("grouped", same("w", "b"), same("h")),
    "conv1d_leaky": ("conv1d-leaky", affine("conv.weight", "k"), same("h")),
    "conv1d_leaky_b3": ("conv1d-leaky-batch", same("k", "b"), same("h")),
    "conv2d_valid_leaky": ("conv2d-valid-leaky", same("k", "b"), same("h")),
    "conv_rnn": ("conv-rnn", {"k": "conv.weight:weight"} | affine("rnn.W.weight"),
                 {"h": "rnn.h"}),
    "lora": ("lora", same("B", "A", "bias"), same("h")),
    "lora_b3": ("lora-batch", same("B", "A", "bias"), same("h")),
    "embedding": ("embedding", same("table", "w"), same("h")),
    "embedding_b3": ("embedding-batch", same("table", "w"), same("h")),
    "sparse_csr": ("sparse-csr", same("w", "win"), same("h")),
    "sparse_csc": ("sparse-csc", same("w", "win"), same("h")),
    "same_step_edge": ("same-step-edge", same("w"), same("c", "h")),
}
SPIKING = {"lif_delta", "lif_delta_b3", "lif_expcu", "alif_delta"}
# Weights shared by positions: braintrace sums over the positions before it multiplies.
INEXACT = {"einsum_shared"}
RUNS = {"d-rtrl": ("D_RTRL", {}), "pp-prop": ("pp_prop", {"decay_or_rank": 0.9})}


def array(entry):
    return np.asarray(entry["values"], float).reshape(entry["shape"])


@dataclass
class Golden:
    case: str
    model: str        # the name of the model file
    p: dict
    s: dict
    inputs: np.ndarray
    targets: np.ndarray
    doc: dict
    parameters: dict  # ours -> theirs
    states: dict

    def state(self, entries, ours):
        theirs = self.states[ours]
        if isinstance(theirs, int):  # a column of a packed group buffer
            return array(next(iter(entries.values())))[..., theirs]
        return array(entries[theirs])

    def gradients(self, rule, window):
        """The run of a rule: window 1 or "single-step"; rule "bptt" has no window. Nothing if
        braintrace refuses it."""
        if rule == "bptt":
            run = self.doc["bptt"]
        else:
            algorithm, options = RUNS[rule]
            chunk = None if window == "single-step" else window
            run = next(r.get("gradients") for r in self.doc["gradients"]
                       if (r["algorithm"], r["options"], r["chunk"]) == (algorithm, options, chunk))
        if run is None:
            return {}
        return {ours: np.asarray(run[theirs], float).reshape(self.p[ours].shape)
                for ours, theirs in self.parameters.items()}

    def numpy_model(self):
        if self.case == "outer_mask":
            return masked(np.array(self.doc["constants"]["mask"]))
        if self.case.startswith("sparse"):
            return sparse(**self.doc["constants"])
        return find("two-state-vi" if self.case.startswith("group_state") else self.model)


def load(folder, case):
    doc = json.loads((folder / f"{case}.json").read_text())
    model, parameters, states = CASES[case]
    inputs = array(doc["inputs"])
    if "index" in doc["model"]:
        inputs = inputs.astype(np.int32)
    golden = Golden(case, model, {}, {}, inputs, array(doc["targets"]), doc, parameters, states)
    golden.p = {ours: array(doc["params"][theirs]) for ours, theirs in parameters.items()}
    golden.s = {ours: golden.state(doc["initial_states"], ours) for ours in states}
    return golden
