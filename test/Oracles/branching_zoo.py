# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The models of examples/zoo with primitives in loops and branches, written in numpy.

A primitive that a step does not run is called with x = 0, and its result is not used.
"""

import numpy as np

from . import dual
from .dual import concat, logistic, tanh, value
from .model import single


def leaky_substeps(c, p, s, x):
    h = s["h"]
    for k in range(3):
        h = h + 0.25 * (tanh(c.matmul(f"y{k}", x[k], p["w"], p["b"])) - h)
    return c.set("h", h)


def gated_update(c, p, s, x):
    h, is_open = s["h"], x[0] > 0.5
    y = c.matmul("y", concat(x, h) if is_open else np.zeros(8), p["w"], p["b"])
    return c.set("h", 0.5 * h + tanh(y) if is_open else 0.9 * h)


def two_regimes(c, p, s, x):
    h, is_above = s["h"], value(s["h"]).min() > 0.25
    xr = concat(x, sqrt(h - 0.25)) if is_above else np.zeros(8)
    drive = c.matmul("above", xr, p["w"], p["b"])
    rest = c.matmul("below", np.zeros(3) if is_above else x, p["v"])
    if is_above:
        return c.set("h", 0.6 * h + dual.log(1.5 + tanh(drive)))
    return c.set("h", 0.8 * h + 0.3 * logistic(rest))


def sqrt(u):
    return dual.apply(u, np.sqrt, lambda z: 0.5 / np.sqrt(z))


def modes(c, p, s, x):
    h, mode = s["h"], int(3 * x[0])
    for k, runs in enumerate((mode == 0, mode == 0 and x[1] > 0.5)):
        y = c.matmul(f"w{k}", x if runs else np.zeros(3), p["w"])
        h = h + 0.5 * (tanh(y) - h) if runs else h
    y = c.matmul("v", concat(x, s["h"]) if mode == 1 else np.zeros(8), p["v"])
    h = 0.7 * s["h"] + tanh(y) if mode == 1 else h
    return c.set("h", h + c.elementwise("c", p["c"]))


def counted_substeps(c, p, s, x):
    h = s["h"]
    for k in range(2):
        runs = k < int(3 * x[0])
        y = c.matmul(f"y{k}", np.sin(x) if runs else np.zeros(3), p["w"], p["b"])
        h = h + 0.5 * (tanh(y) - h) if runs else h
    return c.set("h", h)


COUNTED = single(counted_substeps, ["h"], ["y0", "y1"])

MODELS = {
    "counted-substeps": COUNTED,
    "while-substeps": COUNTED,
    "leaky-substeps": single(leaky_substeps, ["h"], ["y0", "y1", "y2"]),
    "gated-update": single(gated_update, ["h"], ["y"]),
    "two-regimes": single(two_regimes, ["h"], ["above", "below"]),
    "modes": single(modes, ["h"], ["w0", "w1", "v", "c"]),
}
