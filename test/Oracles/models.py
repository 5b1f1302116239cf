# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The example models and the models of the golden vectors, written a second time in numpy."""

import math

import numpy as np

from . import branching_zoo, dual, rate_zoo, spiking_zoo
from .dual import concat, logistic, square, tanh
from .model import Model, cross_entropy, mean_squared_error, single, squared_error

# ---- rate cells ------------------------------------------------------------------------

LEAKS = np.array([0.5, 0.7, 0.8, 0.9, 0.95])


def leaky_scalar(c, p, s, x):
    return c.set("h", 0.9 * s["h"] + c.matmul("y", x, p["w"], p["b"]))


def leaky_tanh(c, p, s, x):
    return c.set("h", LEAKS * s["h"] + tanh(c.matmul("y", x, p["w"], p["b"])))


def vanilla_rnn(c, p, s, x):
    return c.set("h", tanh(c.matmul("y", concat(x, s["h"]), p["w"], p["b"])))


def rnn_plain_io(c, p, s, x):
    h = c.set("h", tanh(c.dot(x, p["win"]) + c.matmul("y", s["h"], p["w"])))
    return c.dot(h, p["wout"])


def gru_layer(c, p, s, x, q=""):
    h = s[q + "h"]
    z = logistic(c.matmul(q + "z", concat(x, h), p[q + "wz"], p[q + "bz"]))
    r = logistic(c.matmul(q + "r", concat(x, h), p[q + "wr"], p[q + "br"]))
    new = tanh(c.matmul(q + "c", concat(x, r * h), p[q + "wc"], p[q + "bc"]))
    return c.set(q + "h", (1 - z) * h + z * new)


def two_layer(c, p, s, x):
    first = gru_layer(c, p, s, x, "first_")
    return c.matmul("out", gru_layer(c, p, s, first, "second_"), p["wo"], p["bo"])


def mgu(c, p, s, x):
    h = s["h"]
    f = logistic(c.matmul("f", concat(x, h), p["wf"], p["bf"]))
    new = tanh(c.matmul("c", concat(x, f * h), p["wh"], p["bh"]))
    return c.set("h", (1 - f) * h + f * new)


def minigru(c, p, s, x):
    h = s["h"]
    z = logistic(c.matmul("z", concat(x, h), p["wz"], p["bz"]))
    return c.set("h", (1 - z) * h + z * c.matmul("x", x, p["wx"], p["bx"]))


def lstm(c, p, s, x):
    i, g, f, o = (c.matmul(k, concat(x, s["h"]), p["w" + k], p["b" + k]) for k in "igfo")
    cell = c.set("c", logistic(f + 1) * s["c"] + logistic(i) * tanh(g))
    return c.set("h", logistic(o) * tanh(cell))


# ---- spiking layers --------------------------------------------------------------------

def lif_layer(c, p, s, x, tau, v="V", w="w", b="b"):
    spikes = c.spike(s[v] - 1)
    y = c.matmul("y", concat(x, spikes), p[w], p[b])
    new = c.set(v, math.exp(-1 / tau) * (s[v] - spikes) + y)
    return c.spike(new - 1)


def lif(c, p, s, x):
    return lif_layer(c, p, s, x, 5.0)


def lif_substeps(c, p, s, x):
    spikes = c.spike(s["V"] - 1)
    y = c.matmul("y", concat(x, spikes), p["w"], p["b"])
    v = s["V"]
    for k in range(3):
        v = v + 0.2 * (0.5 * tanh(v) - v + y)
        if k == 1:
            v = v + 0.5 * (v * y)
        v = v - c.spike(v - 1)
    return c.spike(c.set("V", v) - 1)


def lif_exp(c, p, s, x):
    keep = math.exp(-1 / 5.0)
    spikes = c.spike(s["V"] - 1)
    y = c.matmul("y", concat(x, spikes), p["w"], p["b"])
    g = c.set("g", math.exp(-1 / 3.0) * s["g"] + y)
    return c.spike(c.set("V", keep * (s["V"] - spikes) + (1 - keep) * g) - 1)


def alif(c, p, s, x):
    spikes = c.spike(s["V"] - 1 - 0.4 * s["a"])
    y = c.matmul("y", concat(x, spikes), p["w"], p["b"])
    v = c.set("V", math.exp(-1 / 5.0) * (s["V"] - spikes) + y)
    a = c.set("a", math.exp(-1 / 20.0) * (s["a"] + spikes))
    return c.spike(v - 1 - 0.4 * a)


def lif_leaky_readout(c, p, s, x):
    spikes = lif_layer(c, p, s, x, 6.0)
    return c.set("r", math.exp(-1 / 4.0) * s["r"] + c.matmul("r", spikes, p["wo"]))


# ---- several states, other primitives, awkward cases -----------------------------------

def two_state_vi(c, p, s, x):
    v, i = s["V"], s["I"]
    out = c.set("V", 0.9 * v + 0.3 * tanh(i))
    c.set("I", 0.7 * i + c.matmul("y", x, p["w"]) - 0.2 * square(v))
    return out


def elemwise_decay(c, p, s, x):
    keep = logistic(c.elementwise("a", p["a"]))
    drive = c.matmul("y", x, p["w"]) + c.elementwise("b", p["b"])
    return c.set("h", keep * s["h"] + tanh(drive))


def fan_out(c, p, s, x):
    y = c.matmul("y", x, p["w"])
    return concat(c.set("a", tanh(0.9 * s["a"] + y)), c.set("b", tanh(0.5 * s["b"] - 2 * y)))


def tied_weight(c, p, s, x):
    return c.set("h", tanh(c.matmul("x", x, p["w"]) + c.matmul("h", s["h"], p["w"])))


def same_step_edge(c, p, s, x):
    cell = c.set("c", 0.8 * s["c"] + c.matmul("y", x, p["w"]))
    return c.set("h", 0.6 * s["h"] + 0.5 * cell)


BLOCK_LEAKS = np.array([[0.4, 0.4714, 0.5429, 0.6143], [0.6857, 0.7571, 0.8286, 0.9]])


def products(equation):
    """h <- leak h + tanh(einsum(x, w) (+ b))."""
    def step(c, p, s, x):
        y = c.einsum("y", equation, x, p["w"], p.get("b"))
        return c.set("h", BLOCK_LEAKS * s["h"] + tanh(y))
    return single(step, ["h"], ["y"])


CONV_LEAKS = np.linspace(0.5, 0.95, 15).round(4).reshape(5, 3)


def convolution(equation, leaks, **options):
    """h <- leaks h + tanh(conv(x, k) + b); a bias of rank 2 has one row."""
    def step(c, p, s, x):
        b = p["b"] if len(p["b"].shape) == 1 else p["b"][0]
        y = c.conv("y", equation, x, p["k"], b, **options)
        return c.set("h", leaks * s["h"] + tanh(y))
    return single(step, ["h"], ["y"])


def conv_gated(c, p, s, x):
    h = s["h"]
    z, new = (c.conv(k, "Li,Lio->Lo", concat(x, h), p["k" + k], p["b" + k], low=[1], high=[1])
              for k in "zc")
    z = logistic(z)
    return c.set("h", (1 - z) * h + z * tanh(new))


def conv_rnn(c, p, s, x):
    v = tanh(c.conv("v", "nHi,Hio->nHo", x, p["k"]))
    rows = dual.linear(v, lambda u: u.reshape(u.shape[0], -1, u.shape[-1]))
    return c.set("h", tanh(c.matmul("y", concat(rows, s["h"]), p["w"], p["b"])))


def masked(mask):
    """h <- 0.7 h + tanh(x (mask w)) for a constant mask."""
    def step(c, p, s, x):
        return c.set("h", 0.7 * s["h"] + tanh(c.matmul("y", x, mask * p["w"])))
    return single(step, ["h"], ["y"])


def lora(c, p, s, x):
    w = 0.5 * dual.dot(p["B"], p["A"])
    return c.set("h", 0.7 * s["h"] + tanh(c.matmul("y", concat(x, s["h"]), w, p["bias"])))


def one_hot(index, rows):
    """Rows of the unit matrix; an index outside counts as the nearest row."""
    return np.eye(rows)[np.clip(index, 0, rows - 1)]


def embedding(c, p, s, x):
    row = c.matmul("row", one_hot(x, p["table"].shape[0]), p["table"])
    return c.set("h", 0.5 * s["h"] + tanh(row + c.matmul("r", s["h"], p["w"])))


def scatter(w, rows, cols, shape):
    """The dense matrix of stored entries; entries of one place are added up."""
    places = np.zeros((len(rows), *shape))
    places[np.arange(len(rows)), rows, cols] = 1
    return dual.einsum("e,eij->ij", w, places)


def sparse(rows, cols):
    """h <- 0.6 h + 0.5 tanh(x win + h m) for a matrix m of stored entries."""
    def step(c, p, s, x):
        m = scatter(p["w"], rows, cols, (s["h"].shape[-1],) * 2)
        return c.set("h", 0.6 * s["h"] + 0.5 * tanh(c.dot(x, p["win"])
                                                    + c.matmul("y", s["h"], m)))
    return single(step, ["h"], ["y"])


def weight_twice(c, p, s, x):
    h = c.set("h", 0.9 * s["h"] + c.matmul("y", x, p["w"]))
    return c.dot(h, p["w"]) + c.dot(np.ones(p["w"].shape[0]), p["w"] * p["w"])


# ---- models of the seeds ---------------------------------------------------------------

def simple_neuron(c, p, s, x):
    return c.set("h", tanh(x + c.matmul("y", s["h"], p["w"])))


def adaptive_neuron(c, p, s, x):
    v, i = s["V"], s["I"]
    c.set("I", 0.95 * i + 0.1 * v)
    return c.set("V", 0.9 * v + x + c.matmul("y", v, p["w"]) - i)


def tree_neuron(c, p, s, x):
    v, first, second = s["V"], s["I1"], s["I2"]
    c.set("I1", 0.9 * first)
    c.set("I2", 0.95 * second)
    c.set("th", 0.99 * s["th"] + 0.01 * v)
    return c.set("V", 0.8 * v + x + c.matmul("y", v, p["w"]) + first + second)


def two_recurrent_layers(c, p, s, x):
    h1 = c.set("h1", tanh(c.dot(x, p["v1"]) + c.matmul("first", s["h1"], p["w1"])))
    return c.set("h2", tanh(c.dot(h1, p["v2"]) + c.matmul("second", s["h2"], p["w2"])))


def relu_readout(c, p, s, x):
    h = c.set("h", dual.relu(c.matmul("y", concat(x, s["h"]), p["w"], p["b"])))
    return c.matmul("out", h, p["wo"], p["bo"])


TWO_LAYER = Model(
    two_layer, {"group0": ["first_h"], "group1": ["second_h"]},
    {"first_z": ["group0"], "first_c": ["group0"], "second_z": ["group1"], "second_c": ["group1"]},
    mean_squared_error)
READOUT = Model(lif_leaky_readout, {"group0": ["V"], "group1": ["r"]},
                {"y": ["group0"], "r": ["group1"]}, cross_entropy)

MODELS = {
    "leaky-scalar": single(leaky_scalar, ["h"], ["y"]),
    "leaky-tanh": single(leaky_tanh, ["h"], ["y"]),
    "vanilla-rnn": single(vanilla_rnn, ["h"], ["y"]),
    "rnn-plain-io": single(rnn_plain_io, ["h"], ["y"]),
    "gru": single(gru_layer, ["h"], ["z", "c"]),
    "two-layer": TWO_LAYER,
    "mgu": single(mgu, ["h"], ["f", "c"]),
    "minigru": single(minigru, ["h"], ["z", "x"]),
    "lstm": single(lstm, ["h", "c"], list("igfo")),
    "lif": single(lif, ["V"], ["y"]),
    "lif-batch": single(lif, ["V"], ["y"], mean_squared_error),
    "lif-substeps": single(lif_substeps, ["V"], ["y"]),
    "lif-exp": single(lif_exp, ["V", "g"], ["y"]),
    "alif": single(alif, ["V", "a"], ["y"]),
    "alif-group": single(alif, ["V", "a"], ["y"]),
    "lif-leaky-readout": READOUT,
    "two-state-vi": single(two_state_vi, ["V", "I"], ["y"]),
    "elemwise-decay": single(elemwise_decay, ["h"], ["a", "y", "b"]),
    "fan-out": Model(fan_out, {"group0": ["a"], "group1": ["b"]}, {"y": ["group0", "group1"]},
                     squared_error),
    "tied-weight": single(tied_weight, ["h"], ["x", "h"]),
    "same-step-edge": single(same_step_edge, ["c", "h"], ["y"]),
    "einsum-diagonal": products("bgk,gkn->bgn"),
    "einsum-shared": products("bsk,kn->bsn"),
    "grouped": products("gk,gkn->gn"),
    "conv1d-leaky": convolution("nHi,Hio->nHo", CONV_LEAKS, low=[1], high=[1]),
    "conv2d-valid-leaky": convolution("nHWi,HWio->nHWo", 0.8, strides=[2, 1]),
    "conv-gated": single(conv_gated, ["h"], ["z", "c"]),
    "conv-rnn": single(conv_rnn, ["h"], ["y"]),
    "lora": single(lora, ["h"], ["y"]),
    "embedding": single(embedding, ["h"], ["row", "r"]),
    "weight-twice": single(weight_twice, ["h"], ["y"]),
    "simple-neuron": single(simple_neuron, ["h"], ["y"], mean_squared_error),
    "adaptive-group": single(adaptive_neuron, ["V", "I"], ["y"], mean_squared_error),
    "tree-neuron": single(tree_neuron, ["I1", "I2", "V", "th"], ["y"]),
    "two-recurrent-layers": Model(
        two_recurrent_layers, {"group0": ["h1"], "group1": ["h2"]},
        {"first": ["group0"], "second": ["group1"]}, squared_error),
    "relu-readout": single(relu_readout, ["h"], ["y"], mean_squared_error),
} | rate_zoo.MODELS | spiking_zoo.MODELS | branching_zoo.MODELS


def find(name):
    """The model of a file; the batched form is the same program."""
    return MODELS.get(name) or MODELS[name.removesuffix("-batch")]
