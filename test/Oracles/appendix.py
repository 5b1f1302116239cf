# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The oracles against published figures of small models (sum, 2-norm, first, last element).

Rows marked `compat` were computed with braintrace 0.2.6; `native` counts same-step edges once.
"""

import math

import numpy as np

from .bptt import bptt
from .context import Context
from .differences import differences
from .generator import cell, data
from .models import MODELS, single
from .dual import concat
from .quantities import trajectory
from .rtrl import rtrl
from .rule import learn


def weights(shape, scale, shift=0.0):
    n = int(np.prod(shape))
    return (scale * np.sin(1 + 3 * np.arange(n) + shift)).reshape(shape)


def inputs(steps, width):
    return np.cos(0.7 * np.arange(steps)[:, None] + 0.9 * np.arange(width)[None])


def two(c, p, s, x):
    v = c.set("v", 0.9 * s["v"] + c.matmul("y", x, p["w"]) - 0.1 * s["a"])
    c.set("a", 0.95 * s["a"] + s["v"])
    return v


def synapse(c, p, s, x):
    spikes = c.spike(s["V"] - 1)
    y = c.matmul("y", concat(x, spikes), p["w"])
    g = c.set("g", math.exp(-1 / 2) * s["g"] + y)
    keep = math.exp(-1 / 5)
    return c.spike(c.set("V", keep * (s["V"] - spikes) + (1 - keep) * g) - 1)


def gates(names, rows, n):
    p = {"w" + k: weights((rows, n), 0.6, j) for j, k in enumerate(names)}
    return p | {"b" + k: np.zeros(n) for k in names}


EYE = np.eye(4)
# name: model, parameters, states, inputs, target
CASES = {
    "leaky": (MODELS["leaky-scalar"], {"w": weights((3, 4), .5), "b": weights((4,), .2, 2)},
              {"h": 4}, inputs(5, 3), 0.0),
    "tanh": (MODELS["rnn-plain-io"],
             {"w": weights((4, 4), .5), "win": weights((3, 4), .5, 1), "wout": EYE}, {"h": 4},
             inputs(6, 3), 0.0),
    "gru": (MODELS["gru"], gates("zrc", 4, 2), {"h": 2}, inputs(6, 2), 0.0),
    "lstm": (MODELS["lstm"], gates("igfo", 4, 2), {"c": 2, "h": 2}, inputs(6, 2), 0.0),
    "two": (single(two, ["v", "a"], ["y"]), {"w": weights((3, 3), .5)}, {"v": 3, "a": 3},
            inputs(6, 3), 0.0),
    "lifsyn": (single(synapse, ["g", "V"], ["y"]), {"w": weights((6, 3), 2.5)},
               {"g": 3, "V": 3}, inputs(12, 3), 0.5),
}
# case, parameter, runs: figures
ROWS = """
leaky w compat native w1 bptt: +10.0766047954 33.0981658326 +8.0561950568 +17.8034105057
leaky b compat native w1 bptt: -11.4323340773 41.9977043412 +11.1881653865 -28.3944493253
tanh w compat native: +0.0069803737 5.4921411596 +1.3730963391 +1.3724127392
tanh w w1: -0.0570136553 5.1320187456 +1.0516026885 +0.8753631789
tanh w bptt: -0.0729396354 5.0304296965 +0.8368002667 +0.5994174926
tanh win compat native: 0 0 0 0
tanh win w1: +0.0691586908 6.6416244099 +2.4863744418 +0.1597150688
tanh win bptt: -1.4743098485 7.9914760750 +2.1607120012 -2.0199515080
gru wz compat native: -0.1066600815 0.0801171709 +0.0010458237 -0.0020813081
gru wz w1: -0.0772223823 0.0640821324 +0.0020071365 -0.0012651553
gru wz bptt: -0.0655931526 0.0624239408 -0.0002741734 -0.0008407417
gru wr compat native: 0 0 0 0
gru wr w1: +0.0232973559 0.0287299897 -0.0059705331 -0.0067420845
gru wr bptt: +0.0256670455 0.0336387679 -0.0090138095 -0.0080115580
gru wc compat native: -0.9681327428 1.6076558529 +0.4580836535 +0.1402156361
gru wc w1: -0.6039677465 1.4562548621 +0.4662226747 +0.1336685566
gru wc bptt: -0.7036216404 1.4543857130 +0.4128788031 +0.1367615005
lstm wi compat: -0.4166376546 0.2724108393 -0.1685895623 +0.0025967469
lstm wi native: -0.2083188273 0.1362054197 -0.0842947811 +0.0012983735
lstm wi w1: -0.2271413354 0.1468563472 -0.0900323924 +0.0017081349
lstm wi bptt: -0.2187222540 0.1593635271 -0.1032228544 +0.0009721919
lstm wf compat: -0.0045193297 0.0493444587 -0.0030190599 +0.0098984709
lstm wf native: -0.0022596648 0.0246722293 -0.0015095299 +0.0049492355
lstm wo compat native: -0.2096495500 0.1678651676 +0.0227663140 +0.0253358648
lstm wo w1: -0.1890332433 0.1633390247 +0.0322971431 +0.0249875472
lstm wo bptt: -0.1931394935 0.1518598487 +0.0165691293 +0.0234007627
two w compat native w1 bptt: -0.0341204106 14.7183380615 +5.7044061830 -6.5492380934
lifsyn w compat: -1.1254153663 0.8487003004 -0.5585619778 -0.2574230140
lifsyn w native: -0.9414972326 0.5339906141 -0.3512976529 -0.1893051832
lifsyn w w1: -1.0179882856 0.5599647833 -0.3577735095 -0.2050103182
lifsyn w bptt: -0.7030477305 0.9181643618 -0.4649780342 -0.2906794486
leaky w pp: +8.5991577692 29.7635725654 +7.5362890162 +15.7127140307
leaky b pp: -2.5413168072 14.3481276183 +5.0469951902 -8.8718150623
leaky w pp0: +6.5155787715 13.3059976199 +2.7499946120 +6.2631570123
tanh w pp: +0.0025025193 0.6619134759 +0.1827258713 +0.1093149545
tanh w pp0: +0.0069803737 5.4921411596 +1.3730963391 +1.3724127392
lstm wi ppcompat: +0.1287058030 0.1657701944 +0.0517705148 -0.0113509740
lstm wi pp: +0.0643529015 0.0828850972 +0.0258852574 -0.0056754870
lstm wg ppcompat: +0.1921067867 0.6746148076 +0.4277755430 +0.0023564888
lstm wg pp: +0.0960533933 0.3373074038 +0.2138877715 +0.0011782444
"""
RUNS = {
    "compat": dict(rule="d-rtrl", window="single-step", compat=True),
    "native": dict(rule="d-rtrl", window="single-step", instantaneous=False),
    "w1": dict(rule="d-rtrl", window=1),
    "pp": dict(rule="pp-prop", window="single-step", instantaneous=False),
    "ppcompat": dict(rule="pp-prop", window="single-step", compat=True),
    "pp0": dict(rule="pp-prop", window="single-step", instantaneous=False, decay=0.0),
}


def figures(g):
    g = g.ravel()
    return np.array([g.sum(), np.linalg.norm(g), g[0], g[-1]])


def check():
    failed, done = 0, {}
    for name, (model, p, widths, xs, target) in CASES.items():
        s = {k: np.zeros(n) for k, n in widths.items()}
        # Targets have the shape of the output.
        out = np.shape(model.step(Context(), p, s, xs[0]))
        targets = np.full((len(xs),) + out, target)
        steps = trajectory(model, p, s, xs, targets)
        done[name] = {run: learn(model, p, steps, **how)[0] for run, how in RUNS.items()}
        done[name]["bptt"] = bptt(p, steps)
        forward, finite = rtrl(p, steps), differences(model, p, s, xs, targets)
        for k, g in done[name]["bptt"].items():
            failed += report(f"{name} {k} rtrl", np.abs(forward[k] - g).max(), 1e-12)
            failed += report(f"{name} {k} differences", np.abs(finite[k] - g).max(), 1e-6)
    for line in ROWS.strip().splitlines():
        head, numbers = line.split(":")
        name, parameter, *runs = head.split()
        expected = np.array([float(v) for v in numbers.split()])
        for run in runs:
            gap = np.abs(figures(done[name][run][parameter]) - expected).max()
            failed += report(f"{name} {parameter} {run}", gap, 6e-11)
    return failed


def check_cells(count):
    """Random cells: three ways to the exact gradient."""
    failed = 0
    for seed in range(count):
        program = cell(seed)
        p, s, xs, targets = data(program, seed)
        model = program.model()
        steps = trajectory(model, p, s, xs, targets)
        exact, forward = bptt(p, steps), rtrl(p, steps)
        finite = differences(model, p, s, xs, targets)
        scale = np.sqrt(sum(np.sum(g**2) for g in exact.values()))
        for name, other, tolerance in (("rtrl", forward, 1e-13), ("differences", finite, 1e-6)):
            gap = max(np.abs(other[k] - g).max() for k, g in exact.items()) / scale
            failed += report(f"cell {seed} {name}", gap, tolerance)
    return failed


def report(what, gap, tolerance):
    print(f"{'ok  ' if gap <= tolerance else 'FAIL'} {what}: {gap:.1e} (at most {tolerance:.0e})")
    return not gap <= tolerance


if __name__ == "__main__":
    raise SystemExit(1 if check() + check_cells(12) else 0)
