# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random convolutions through the compiler against the rule by brute force:
conv_test.py FIRST COUNT

Axes in any order, one to three of them with windows; strides, zeros around and between the
elements of x, dilated kernels, groups, channels one by one, samples, a bias. The cells leak,
convolve their own state too, pass the product on inside the step, mask the kernel, or are several
for each position of the product.
"""

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from .dual import concat, linear, tanh
from .golden_test import COMBINATIONS
from .harness import OUTPUT, Report, run
from .models import Model, squared_error
from .quantities import trajectory
from .rule import TRACES, Factorised, PerParameter, learn

KINDS = ("leaky", "recurrent", "edge", "masked", "broadcast")


class SummedFirst(PerParameter):
    """The wrong rule: sums over the positions that share the weight before it multiplies."""

    shared, shape = (), ()  # the axes of y that the weight lacks, the shape of y

    def over(self, reduce, u):
        u = reduce(u.reshape(self.shape + u.shape[1:]), axis=self.shared)
        return u.reshape((-1,) + u.shape[len(self.shape) - len(self.shared):])

    def update(self, step, whole):
        for key, J in step.J.items():
            J, D = self.over(np.sum, J[whole]), self.over(np.mean, step.D[key[1]])
            self.e[key] = np.einsum("pab,pbw->paw", D, self.e.get(key, np.zeros_like(J))) + J

    def solve(self, signal, count):
        return super().solve({g: self.over(np.mean, v) for g, v in signal.items()}, count)


class LeadingAxes(Factorised):
    """braintrace's pp-prop sums the leading axes of y for a bias, wherever the channels are."""

    def operand(self, name, leaf, cotangent, size):
        if leaf == "bias":
            return cotangent.reshape(-1, size).sum(0)
        return super().operand(name, leaf, cotangent, size)


TRACES |= {"summed-first": SummedFirst, "leading-axes": LeadingAxes}


class Geometry:
    """One convolution: its equation, options and shapes."""

    def __init__(self, rng, same):
        """`same`: the result has as many positions as x, and its channels in the same place."""
        self.rng, moving = rng, "HWD"[:int(rng.choice([1, 1, 2, 2, 3]))]
        samples = "n" if rng.random() < 0.5 else ""
        kind = "channels" if same else rng.choice(["channels", "groups", "depthwise"],
                                                  p=[0.5, 0.3, 0.2])
        shared = {"channels": "", "groups": "g", "depthwise": "c"}[kind]
        inner, outer = ("", "") if kind == "depthwise" else ("i", "o")
        self.extents = {"n": 2, "g": 2, "c": 3, "i": int(rng.integers(1, 4)),
                        "o": int(rng.integers(1, 4))}
        x, w = samples + moving + shared + inner, moving + shared + inner + outer
        self.order = [x, w, samples + moving + shared + outer]
        if same:
            self.order[2] = x.replace("i", "o")
        else:
            self.order = ["".join(rng.permutation(list(axes))) for axes in self.order]
        if outer and rng.random() < 0.3:  # traces in blocks
            self.extents["o"] = 8
            self.order[1] = self.order[1].replace("o", "") + "o"
        self.windows = [letter for letter in self.order[0] if letter.isupper()]
        self.options, self.kernel, self.input, self.output = {}, {}, {}, {}
        for letter in self.windows:
            self.draw(letter, same, len(moving))
        self.bias = [k for k in self.order[2] if k.islower() and k in self.order[1]]
        if rng.random() < 0.4:
            self.bias = []
        self.equation = f"{self.order[0]},{self.order[1]}->{self.order[2]}"

    def draw(self, letter, same, rank):
        pick = lambda low, high: int(self.rng.integers(low, high + 1))
        size, kernel = pick(2, 5 if rank == 1 else 3), pick(1, 3 if rank < 3 else 2)
        if same:
            low = pick(0, kernel - 1)
            numbers = (1, low, kernel - 1 - low, 1, 1)
        else:
            spread = 2 if self.rng.random() < 0.3 else 1
            numbers = (pick(1, 2), pick(0, 2), pick(0, 2), spread, pick(1, 2))
        stride, low, high, spread, dilation = numbers
        window = (kernel - 1) * dilation + 1
        high = max(high, window - low - (size - 1) * spread - 1)
        count = (low + (size - 1) * spread + 1 + high - window) // stride + 1
        self.input[letter], self.kernel[letter], self.output[letter] = size, kernel, count
        for name, value in zip(("strides", "low", "high", "input_dilation", "kernel_dilation"),
                               (stride, low, high, spread, dilation)):
            self.options.setdefault(name, []).append(value)

    def shape(self, letters, moving):
        return tuple(moving[k] if k.isupper() else self.extents[k] for k in letters)

    def shapes(self):
        """Of x, the weight and y."""
        return [self.shape(letters, moving) for letters, moving
                in zip(self.order, (self.input, self.kernel, self.output))]


class Cell:
    """A cell around one convolution, as numpy and as MLIR."""

    def __init__(self, seed):
        self.rng = np.random.default_rng([seed, 77])
        self.kind = KINDS[seed % len(KINDS)]
        self.g = Geometry(self.rng, self.kind == "recurrent")
        x, self.w, self.y = self.g.shapes()
        if self.kind == "recurrent":
            self.join(x)
        else:
            self.x = x
        self.h = (2,) + self.y if self.kind == "broadcast" else self.y
        # Written with few digits, so that the text holds them exactly.
        self.leaks = [self.rng.uniform(0.3, 0.95, self.h).round(3) for _ in "ab"]
        self.mask = self.rng.choice([0.0, 0.5, 1.0], self.w, p=[0.2, 0.4, 0.4])

    def join(self, x):
        """The convolution reads the channels of x, then those of h."""
        self.x, self.axis = x, self.g.order[0].index("i")
        self.g.extents["i"] += self.g.extents["o"]
        self.joined, self.w, _ = self.g.shapes()

    def states(self):
        return ["h", "v"] if self.kind == "edge" else ["h"]

    def step(self, c, p, s, x):
        if self.kind == "recurrent":
            x = self.joined_value(x, s["h"])
        k = self.mask * p["k"] if self.kind == "masked" else p["k"]
        y = c.conv("y", self.g.equation, x, k, p.get("b"), **self.g.options)
        h = c.set("h", self.leaks[0] * s["h"] + tanh(y))
        if self.kind == "edge":
            return c.set("v", self.leaks[1] * s["v"] + 0.5 * (h * tanh(y)))
        return h

    def joined_value(self, x, h):
        move = lambda u, a, b: linear(u, lambda v: np.moveaxis(v, a, b))
        return move(concat(move(x, self.axis, -2), move(h, self.axis, -2)), -2, self.axis)

    def sum_first(self):
        """Tells `SummedFirst` which axes of y the weight lacks."""
        letters, kernel = self.g.order[2], self.g.order[1]
        SummedFirst.shape, lead = self.h, len(self.h) - len(self.y)
        SummedFirst.shared = tuple(range(lead)) + tuple(
            lead + axis for axis, letter in enumerate(letters)
            if letter.isupper() or letter not in kernel)

    def model(self):
        return Model(self.step, {"group0": self.states()}, {"y": ["group0"]}, squared_error)

    def data(self, steps=4):
        rng = self.rng
        p = {"k": rng.normal(0, 0.7, self.w)}
        if self.g.bias:
            p["b"] = rng.normal(0, 0.7, self.g.shape(self.g.bias, {}))
        s = {k: rng.normal(0, 0.3, self.h) for k in self.states()}
        return p, s, rng.normal(0, 1, (steps,) + self.x), rng.normal(0, 1, (steps,) + self.h)

    # ---- MLIR ----------------------------------------------------------------------------

    def text(self, p):
        x, y, types = tensor(self.x), tensor(self.y), {k: tensor(v.shape) for k, v in p.items()}
        lines = [f"%{k} = etrace.get @{k} : {v}" for k, v in types.items()]
        lines += [f"%{k} = etrace.get @{k} : H" for k in self.states()]
        operand, operand_type, weight = "%x", x, "%k"
        if self.kind == "recurrent":
            operand, operand_type = "%xh", tensor(self.joined)
            lines.append(f"%xh = tensor.concat dim({self.axis}) %x, %h : ({x}, H)"
                         f" -> {operand_type}")
        if self.kind == "masked":
            weight = "%w"
            lines += [f"%m = arith.constant dense<{self.mask.tolist()}> : {types['k']}",
                      f"%w = arith.mulf %m, %k : {types['k']}"]
        bias, bias_type = (" bias %b", f", {types['b']}") if "b" in p else ("", "")
        lines.append(f'%y = etrace.conv "{self.g.equation}" {operand}, {weight}{bias}'
                     f"{self.numbers()} : {operand_type}, {types['k']}{bias_type} -> {y}")
        lines += self.tail(y) + [f"etrace.yield %new_{self.states()[-1]} : H"]
        declared = [f"etrace.param @{k} : {v}" for k, v in types.items()]
        declared += [f"etrace.hidden @{k} : H" for k in self.states()]
        return model_text(declared, x, lines, self.h)

    def tail(self, y):
        """From the product to the states."""
        if self.kind == "broadcast":
            drive = [f"%u = math.tanh %y : {y}", "%e = tensor.empty() : H",
                     f"%t = linalg.broadcast ins(%u : {y}) outs(%e : H) dimensions = [0]"]
        else:
            drive = ["%t = math.tanh %y : H"]
        lines = drive + self.update("h", "%t", 0)
        if self.kind == "edge":
            lines += ["%ht = arith.mulf %new_h, %t : H", "%half = arith.constant dense<0.5> : H",
                      "%drive = arith.mulf %half, %ht : H"] + self.update("v", "%drive", 1)
        return lines

    def numbers(self):
        """The options that are not the default."""
        return "".join(f" {k} {v}" for k, v in self.g.options.items()
                       if any(n != (0 if k in ("low", "high") else 1) for n in v))

    def update(self, state, drive, number):
        return [f"%leak_{state} = arith.constant dense<{self.leaks[number].tolist()}> : H",
                f"%kept_{state} = arith.mulf %leak_{state}, %{state} : H",
                f"%new_{state} = arith.addf %kept_{state}, {drive} : H",
                f"etrace.set @{state}, %new_{state} : H"]


def tensor(shape):
    return "tensor<" + "".join(f"{n}x" for n in shape) + "f64>"


def model_text(declared, x, lines, h):
    """A model whose step has these lines and yields what the loss squares, both of shape h; the
    type of that shape is written H."""
    step = [f"etrace.step @update(%x: {x}) -> H {{"] + lines + ["}"]
    loss = ["etrace.loss @squared_error(%out: H, %target: H) -> f64 {",
            "%d = arith.subf %out, %target : H", "%s = arith.mulf %d, %d : H",
            "%zero = arith.constant dense<0.0> : tensor<f64>",
            "%sum = linalg.reduce { arith.addf } ins(%s : H) outs(%zero : tensor<f64>)"
            f" dimensions = {list(range(len(h)))}",
            "%l = tensor.extract %sum[] : tensor<f64>", "etrace.yield %l : f64", "}"]
    text = "\n".join(["etrace.model @cell {"] + declared + step + loss + ["}", ""])
    return re.sub(r"\bH\b", tensor(h), text)


def shares(steps, weight):
    """Whether an element of the weight acts at several positions."""
    influence = next(iter(steps[0].J.values()))[True][..., :weight.size]
    return (np.abs(influence).sum(1) > 0).sum(0).max() > 1


def check(seed):
    cell = Cell(seed)
    p, s, inputs, targets = cell.data()
    model, text = cell.model(), cell.text(p)
    steps = trajectory(model, p, s, inputs, targets)
    report = Report(f"conv {seed} {cell.kind} {cell.g.equation} {cell.g.options}")
    for rule, window in COMBINATIONS:
        if cell.kind == "broadcast" and rule == "pp-prop":
            continue  # the oracle's factors have the positions of y
        out = run(text, p, s, inputs, targets, rule, window)
        what = f"{rule} {window}"
        report.equal(f"{what} outputs", out.get(f"output:{OUTPUT}"),
                     np.stack([step.out for step in steps]), 1e-12)
        gradients = learn(model, p, steps, rule, window)[0]
        for k, v in gradients.items():
            report.equal(f"{what} gradient {k}", out.get(f"gradient:{k}"), v, 1e-10)
        if rule == "d-rtrl" and shares(steps, p["k"]):
            cell.sum_first()
            wrong = learn(model, p, steps, "summed-first", window)[0]
            report.differs(f"{what} is not summed first", out["gradient:k"], wrong["k"], 1e-3)
    if report.failures:
        Path(f"conv-{seed}.mlir").write_text(text)
    return report.finish()


class ChannelFirst(Cell):
    """h <- leaks h + tanh(conv(x, k) + b) with the channels of the bias on the first axis."""

    def __init__(self, positions):
        self.rng, self.kind = np.random.default_rng(5), "leaky"
        self.g = SimpleNamespace(equation="iW,oiW->oW", options={}, bias=["o"],
                                 shape=lambda letters, extents: (3,))
        self.x, self.w, self.y = (2, positions + 1), (3, 2, 2), (3, positions)
        self.h = self.y
        self.leaks = [np.full(self.y, 0.8)]


def compat_bias(positions):
    """Under compat a bias of the first axis gets the sums for the last one if that has as many
    positions; otherwise braintrace refuses, and the gradient is taken."""
    report, cell = Report(f"compat bias, {positions} positions"), ChannelFirst(positions)
    p, s, inputs, targets = cell.data()
    model, text = cell.model(), cell.text(p)
    steps = trajectory(model, p, s, inputs, targets)
    for window in ("single-step", 1):
        out = run(text, p, s, inputs, targets, "pp-prop", window, compat=True)
        leading = "leading-axes" if positions == 3 else "pp-prop"
        expected = learn(model, p, steps, leading, window, compat=True)[0]
        right = learn(model, p, steps, "pp-prop", window, compat=True)[0]
        for k in p:
            report.equal(f"{window} gradient {k}", out.get(f"gradient:{k}"), expected[k], 1e-10)
        if positions == 3:
            report.differs(f"{window} is wrong", out["gradient:b"], right["b"], 0.1)
    return report.finish()


FUSED = """
%h = etrace.get @h : H
%k = etrace.get @k : tensor<3x5x6xf64>
%b = etrace.get @b : tensor<6xf64>
%xh = tensor.concat dim(1) %x, %h : (tensor<6x2xf64>, H) -> tensor<6x5xf64>
%y = etrace.conv "Li,Lio->Lo" %xh, %k bias %b low [1] high [1]
    : tensor<6x5xf64>, tensor<3x5x6xf64>, tensor<6xf64> -> tensor<6x6xf64>
%yz = tensor.extract_slice %y[0, 0] [6, 3] [1, 1] : tensor<6x6xf64> to H
%yc = tensor.extract_slice %y[0, 3] [6, 3] [1, 1] : tensor<6x6xf64> to H
%z = etrace.logistic %yz : H
%c = math.tanh %yc : H
%one = arith.constant dense<1.0> : H
%keep = arith.subf %one, %z : H
%kept = arith.mulf %keep, %h : H
%new = arith.mulf %z, %c : H
%h1 = arith.addf %kept, %new : H
etrace.set @h, %h1 : H
etrace.yield %h1 : H"""


def fused_gates(examples):
    """One convolution for both gates of conv-gated.mlir learns what one for each learns."""
    report, rng = Report("fused gates"), np.random.default_rng(9)
    split = {k + g: rng.normal(0, 0.6, shape) for g in "zc"
             for k, shape in (("k", (3, 5, 3)), ("b", (3,)))}
    p = {k: np.concatenate([split[k + "z"], split[k + "c"]], -1) for k in "kb"}
    s = {"h": rng.normal(0, 0.4, (6, 3))}
    inputs, targets = rng.normal(0, 1, (4, 6, 2)), rng.normal(0, 1, (4, 6, 3))
    declared = ["etrace.param @k : tensor<3x5x6xf64>", "etrace.param @b : tensor<6xf64>",
                "etrace.hidden @h : H"]
    text = model_text(declared, tensor((6, 2)), [FUSED], (6, 3))
    for rule, window in COMBINATIONS:
        a = run(text, p, s, inputs, targets, rule, window)
        b = run(Path(examples) / "conv-gated.mlir", split, s, inputs, targets, rule, window)
        for k in p:
            both = [b[f"gradient:{k}{g}"] for g in "zc"]
            report.equal(f"{rule} {window} gradient {k}", a.get(f"gradient:{k}"),
                         np.concatenate(both, -1), 1e-10)
    return report.finish()


def main(first, count):
    if first == "fused-gates":
        return fused_gates(count)
    if first == "compat-bias":
        return max(compat_bias(3), compat_bias(int(count)))
    return max(check(seed) for seed in range(int(first), int(first) + int(count)))


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
