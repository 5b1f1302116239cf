# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The rate cells of examples/zoo, written a second time in numpy."""

import math

import numpy as np

from . import dual
from .dual import concat, exp, logistic, tanh
from .model import Model, single, squared_error


def cfn(c, p, s, x):
    h, xh = s["h"], concat(x, s["h"])
    f = logistic(c.matmul("f", xh, p["wf"], p["bf"]))
    i = logistic(c.matmul("i", xh, p["wi"], p["bi"]))
    return c.set("h", f * tanh(h) + i * tanh(c.matmul("h", x, p["wh"], p["bh"])))


def urlstm(c, p, s, x):
    f, r, u, o = (c.matmul(k, concat(x, s["h"]), p["w" + k]) for k in "fruo")
    f = logistic(f + c.elementwise("up", p["beta"]))
    r = logistic(r - c.elementwise("down", p["beta"]))
    g = 2 * r * f + (1 - 2 * r) * dual.square(f)
    cell = c.set("c", g * s["c"] + (1 - g) * tanh(u))
    return c.set("h", logistic(o) * tanh(cell))


def minimal_rnn(c, p, s, x):
    z = tanh(c.matmul("z", x, p["wz"], p["bz"]))
    u = logistic(c.matmul("u", concat(z, s["h"]), p["wu"], p["bu"]))
    return c.set("h", u * s["h"] + (1 - u) * z)


def minilstm(c, p, s, x):
    f, i = (logistic(c.matmul(k, concat(x, s["h"]), p["w" + k], p["b" + k])) for k in "fi")
    return c.set("h", f * s["h"] + i * c.matmul("x", x, p["wx"], p["bx"]))


def lru(c, p, s, x):
    a = exp(-exp(c.elementwise("nu", p["nu"])))
    phase = exp(c.elementwise("theta", p["theta"]))
    scale = exp(c.elementwise("gamma", p["gamma"]))
    p_re, p_im = a * dual.cos(phase), a * dual.sin(phase)
    re, im = s["re"], s["im"]
    new_re = c.set("re", p_re * re - p_im * im + scale * c.matmul("re", x, p["b_re"]))
    new_im = c.set("im", p_im * re + p_re * im + scale * c.matmul("im", x, p["b_im"]))
    read = c.matmul("c_re", new_re, p["c_re"]) - c.matmul("c_im", new_im, p["c_im"])
    return read + c.elementwise("d", p["d"]) * x


def indrnn(c, p, s, x):
    y = c.matmul("y", x, p["w"], p["b"])
    return c.set("h", dual.relu(y + c.elementwise("u", p["u"]) * s["h"]))


def sru(c, p, s, x):
    old = s["c"]
    y = c.matmul("y", x, p["w"])
    f = logistic(c.matmul("f", x, p["wf"], p["bf"]) + c.elementwise("vf", p["vf"]) * old)
    r = logistic(c.matmul("r", x, p["wr"], p["br"]) + c.elementwise("vr", p["vr"]) * old)
    return r * c.set("c", f * old + (1 - f) * y) + (1 - r) * x


def peephole_lstm(c, p, s, x):
    def gate(k, cell):
        y = c.matmul(k, concat(x, s["h"]), p["w" + k], p["b" + k])
        return logistic(y + c.elementwise("p" + k, p["p" + k]) * cell)

    old = s["c"]
    i, f = gate("i", old), gate("f", old)
    g = tanh(c.matmul("g", concat(x, s["h"]), p["wg"], p["bg"]))
    new = c.set("c", f * old + i * g)
    return c.set("h", gate("o", new) * tanh(new))


def cornn(c, p, s, x):
    y, z = s["y"], s["z"]
    force = tanh(c.matmul("a", concat(x, concat(y, z)), p["w"], p["b"]))
    velocity = c.set("z", z + 0.25 * (force - 1.5 * y - 0.8 * z))
    return c.set("y", y + 0.25 * velocity)


def leaky_rate_readout(c, p, s, x):
    h = c.set("h", 0.8 * s["h"] + tanh(c.matmul("h", concat(x, s["h"]), p["w"], p["b"])))
    return c.set("r", math.exp(-1 / 4) * s["r"] + c.matmul("r", h, p["wo"], p["bo"]))


def fast_slow(c, p, s, x):
    u = c.set("u", 0.5 * s["u"] + tanh(c.matmul("y", concat(x, s["u"]), p["w"], p["b"])))
    return u - c.set("v", 0.95 * s["v"] + 0.05 * u)


def input_delay(c, p, s, x):
    window = concat(x, concat(s["d1"], s["d2"]))
    c.set("d2", s["d1"])
    c.set("d1", x)
    return c.set("h", 0.9 * s["h"] + tanh(c.matmul("y", window, p["w"], p["b"])))


def delayed_feedback(c, p, s, x):
    drive = tanh(c.matmul("y", x, p["w"], p["b"]))
    c.set("d2", s["d1"])
    c.set("d1", s["h"])
    return c.set("h", 0.5 * s["h"] + drive + 0.3 * s["d2"])


def block_diagonal(c, p, s, x):
    own = c.einsum("u", "gk,gkn->gn", s["h"], p["u"], p["b"])
    return c.set("h", tanh(c.einsum("x", "k,kgn->gn", x, p["wx"]) + own))


def softmax_competition(c, p, s, x):
    e = exp(s["h"])
    share = e / c.mixed(dual.row_sum(e))
    return c.set("h", 0.8 * s["h"] + c.matmul("y", x, p["w"], p["b"]) - 0.5 * share)


def layer_norm(c, p, s, x):
    a = c.matmul("a", concat(x, s["h"]), p["w"])
    n = np.shape(s["h"])[-1]
    centred = a - dual.row_sum(a) * (1 / n)
    deviation = dual.rsqrt(dual.row_sum(dual.square(centred)) * (1 / n) + 1e-5)
    drive = centred * deviation * c.elementwise("gain", p["gain"]) + c.elementwise("b", p["b"])
    return c.set("h", 0.8 * s["h"] + tanh(drive))


LRU = single(lru, ["re", "im"], ["nu", "theta", "gamma", "re", "im"])

MODELS = {
    "cfn": single(cfn, ["h"], ["f", "i", "h"]),
    "urlstm": single(urlstm, ["h", "c"], ["f", "r", "u", "o", "up", "down"]),
    "minimal-rnn": single(minimal_rnn, ["h"], ["z", "u"]),
    "minilstm": single(minilstm, ["h"], ["f", "i", "x"]),
    "lru": LRU,
    "lru-complex": LRU,
    "indrnn": single(indrnn, ["h"], ["y", "u"]),
    "sru": single(sru, ["c"], ["y", "f", "vf"]),
    "peephole-lstm": single(peephole_lstm, ["h", "c"], ["i", "pi", "f", "pf", "g", "o", "po"]),
    "cornn": single(cornn, ["y", "z"], ["a"]),
    "leaky-rate-readout": Model(leaky_rate_readout, {"group0": ["h"], "group1": ["r"]},
                                {"h": ["group0"], "r": ["group1"]}, squared_error),
    "fast-slow": single(fast_slow, ["u", "v"], ["y"]),
    "input-delay": single(input_delay, ["h"], ["y"]),
    "delayed-feedback": single(delayed_feedback, ["d1", "d2", "h"], ["y"]),
    "delay-line": single(delayed_feedback, ["h"], ["y"]),
    "block-diagonal": single(block_diagonal, ["h"], ["x", "u"]),
    "softmax-competition": single(softmax_competition, ["h"], ["y"]),
    "layer-norm": single(layer_norm, ["h"], ["gain", "b"]),
}
