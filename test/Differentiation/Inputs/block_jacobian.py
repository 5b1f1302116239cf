# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Block Jacobians of random transitions against central differences of the transition itself.

A transition has one stage that moves or mixes positions between two pointwise ones; every path
from a position to itself then has a unique point in each value, and the block must come without
an error. With two such stages it must be refused, unless the policy says otherwise.
"""

import json
import re
import subprocess
import sys

import numpy as np

from native import ENTRY, Checks, Module, differences


def tensor(shape):
    return "tensor<" + "".join(f"{n}x" for n in shape) + "f64>"


def dense(array):
    return np.array2string(np.asarray(array), separator=", ", floatmode="unique",
                           threshold=10**6, max_line_width=10**6).replace("\n", "")


class Text:
    """The operations of a function, one state of a shape at a time."""

    def __init__(self, shape, random):
        self.shape, self.random, self.lines, self.count = shape, random, [], 0
        self.type = tensor(shape)

    def add(self, line):
        name = f"%v{self.count}"
        self.count += 1
        self.lines.append(f"  {name} = {line}")
        return name

    def constant(self, shape, array=None):
        array = self.random.normal(size=shape) if array is None else array
        return self.add(f"arith.constant dense<{dense(array)}> : {tensor(shape)}")

    def binary(self, op, a, b, type=None):
        return self.add(f"arith.{op} {a}, {b} : {type or self.type}")

    def identity(self, *results):
        dims = ", ".join(f"d{i}" for i in range(len(self.shape)))
        return f"affine_map<({dims}) -> ({', '.join(results) if results else dims})>"

    # ---- pointwise -----------------------------------------------------------------------

    def pointwise(self, values):
        """A function of all values at one position."""
        total = self.constant(self.shape)
        for value in values:
            kind = self.random.integers(4)
            factor = self.constant(self.shape)
            if kind == 0:
                value = self.add(f"math.tanh {value} : {self.type}")
            elif kind == 1:
                value = self.binary("mulf", value, values[self.random.integers(len(values))])
            elif kind == 2:
                value = self.add(f"math.sin {value} : {self.type}")
            total = self.binary("addf", total, self.binary("mulf", factor, value))
        return total

    # ---- stages that move or mix ---------------------------------------------------------

    def product(self, value):
        """h W along the last axis, the others are batch axes."""
        n, rank = self.shape[-1], len(self.shape)
        w = self.constant((n, n))
        dims = [f"d{i}" for i in range(rank + 1)]
        batch, (o, k) = dims[:rank - 1], dims[rank - 1:]
        return self.contract(f"{value}, {w} : {self.type}, {tensor((n, n))}",
                             (batch + [k], [k, o], batch + [o]))

    def contract(self, inputs, maps):
        """The sum of products of two inputs over the last of rank + 1 dimensions."""
        rank = len(self.shape)
        zero = self.constant(self.shape, np.zeros(self.shape))
        dims = ", ".join(f"d{i}" for i in range(rank + 1))
        maps = ", ".join(f"affine_map<({dims}) -> ({', '.join(r)})>" for r in maps)
        kinds = ", ".join(['"parallel"'] * rank + ['"reduction"'])
        return self.add(
            f"linalg.generic {{indexing_maps = [{maps}], iterator_types = [{kinds}]}}\n"
            f"      ins({inputs}) outs({zero} : {self.type}) {{\n"
            f"  ^bb0(%a: f64, %b: f64, %c: f64):\n    %m = arith.mulf %a, %b : f64\n"
            f"    %s = arith.addf %c, %m : f64\n    linalg.yield %s : f64\n"
            f"  }} -> {self.type}")

    def mean(self, value):
        """h - mean of h along one axis."""
        axis = int(self.random.integers(len(self.shape)))
        less = self.shape[:axis] + self.shape[axis + 1:]
        zero = self.constant(less, np.zeros(less))
        total = self.add(
            f"linalg.reduce {{arith.addf}} ins({value} : {self.type})"
            f" outs({zero} : {tensor(less)}) dimensions = [{axis}]")
        scale = self.constant(less, np.full(less, 1 / self.shape[axis]))
        mean = self.binary("mulf", total, scale, tensor(less))
        empty = self.add(f"tensor.empty() : {self.type}")
        spread = self.add(f"linalg.broadcast ins({mean} : {tensor(less)})"
                          f" outs({empty} : {self.type}) dimensions = [{axis}]")
        return self.binary("subf", value, spread)

    def kept_mean(self, value):
        """The mean with its axis kept, as an expanded shape that is broadcast."""
        n, rest = self.shape[-1], self.shape[:-1]
        zero = self.constant(rest, np.zeros(rest))
        total = self.add(f"linalg.reduce {{arith.addf}} ins({value} : {self.type})"
                         f" outs({zero} : {tensor(rest)}) dimensions = [{len(rest)}]")
        if not rest:
            total = self.add(f"tensor.extract {total}[] : tensor<f64>")
            n_inverse = self.add(f"arith.constant {1 / n} : f64")
            mean = self.add(f"arith.mulf {total}, {n_inverse} : f64")
            spread = self.add(f"tensor.splat {mean} : {self.type}")
            return self.binary("mulf", value, spread)
        one = rest + (1,)
        groups = [[i] for i in range(len(rest) - 1)] + [[len(rest) - 1, len(rest)]]
        kept = self.add(f"tensor.expand_shape {total} {groups} output_shape {list(one)}"
                        f" : {tensor(rest)} into {tensor(one)}")
        empty = self.add(f"tensor.empty() : {self.type}")
        source = self.identity(*[f"d{i}" for i in range(len(rest))], "0")
        kinds = ", ".join(['"parallel"'] * len(self.shape))
        spread = self.add(
            f"linalg.generic {{indexing_maps = [{source}, {self.identity()}],"
            f" iterator_types = [{kinds}]}} ins({kept} : {tensor(one)})"
            f" outs({empty} : {self.type}) {{\n  ^bb0(%a: f64, %b: f64):\n"
            f"    linalg.yield %a : f64\n  }} -> {self.type}")
        return self.binary("mulf", value, spread)

    def shift(self, value):
        """h rolled along the last axis, in two slices, beside h."""
        n, rank = self.shape[-1], len(self.shape)
        cut = int(self.random.integers(1, n)) if n > 1 else 0
        if not cut:
            return value

        def part(first, size):
            shape = self.shape[:-1] + (size,)
            return shape, self.add(
                f"tensor.extract_slice {value}{[0] * (rank - 1) + [first]} {list(shape)}"
                f" {[1] * rank} : {self.type} to {tensor(shape)}")
        (low_shape, low), (high_shape, high) = part(0, cut), part(cut, n - cut)
        rolled = self.add(f"tensor.concat dim({rank - 1}) {high}, {low} :"
                          f" ({tensor(high_shape)}, {tensor(low_shape)}) -> {self.type}")
        return self.binary("addf", rolled, value)

    def convolution(self, value):
        """A kernel of three along the last axis, zeros outside."""
        n, rank = self.shape[-1], len(self.shape)
        wide = self.shape[:-1] + (n + 2,)
        nil = self.add("arith.constant 0.0 : f64")
        low = [0] * (rank - 1) + [1]
        arguments = ", ".join(f"%i{i}: index" for i in range(rank))
        padded = self.add(f"tensor.pad {value} low{low} high{low} {{\n  ^bb0({arguments}):\n"
                          f"    tensor.yield {nil} : f64\n  }} : {self.type} to {tensor(wide)}")
        kernel = self.constant((3,))
        dims = [f"d{i}" for i in range(rank + 1)]
        window = dims[:rank - 1] + [f"d{rank - 1} + d{rank}"]
        return self.contract(f"{padded}, {kernel} : {tensor(wide)}, tensor<3xf64>",
                             (window, dims[rank:], dims[:rank]))

    def softmax(self, value):
        empty = self.add(f"tensor.empty() : {self.type}")
        return self.add(f"linalg.softmax dimension({len(self.shape) - 1})"
                        f" ins({value} : {self.type}) outs({empty} : {self.type}) -> {self.type}")

    def transpose(self, value):
        """The first two axes exchanged, if they are as long as each other."""
        if len(self.shape) < 2 or self.shape[0] != self.shape[1]:
            return value
        order = [1, 0] + list(range(2, len(self.shape)))
        empty = self.add(f"tensor.empty() : {self.type}")
        return self.add(f"linalg.transpose ins({value} : {self.type})"
                        f" outs({empty} : {self.type}) permutation = {order}")

    STAGES = ("product", "mean", "kept_mean", "shift", "convolution", "softmax", "transpose")


def fused(text, values):
    """Gates of one product, cut apart again: a position has as many points as there are gates."""
    n, gates = text.shape[-1], len(values)
    if len(text.shape) != 1:
        return values
    wide = tensor((gates * n,))
    w, zero = text.constant((n, gates * n)), text.constant((gates * n,), np.zeros(gates * n))
    y = text.add(f"linalg.vecmat ins({values[0]}, {w} : {text.type}, {tensor((n, gates * n))})"
                 f" outs({zero} : {wide}) -> {wide}")
    y = text.add(f"math.tanh {y} : {wide}")
    return [text.add(f"tensor.extract_slice {y}[{g * n}] [{n}] [1] : {wide} to {text.type}")
            for g in range(gates)]


def transition(name, shape, states, stages, random):
    """The text of a function of `states` states of one shape."""
    text = Text(shape, random)
    values = [f"%h{i}" for i in range(states)]
    for stage in stages:
        values = [text.pointwise(values) for _ in values]
        values = (fused(text, values) if stage == "fused" else
                  [getattr(text, stage)(value) for value in values])
    old, values = values, [text.pointwise(values + [f"%h{i}"]) for i in range(states)]
    assert len(old) == states
    arguments = ", ".join(f"%h{i}: {text.type}" for i in range(states))
    types = ", ".join([text.type] * states)
    return (f"func.func @{name}({arguments}) -> ({types}) {ENTRY} {{\n" + "\n".join(text.lines)
            + f"\n  return {', '.join(values)} : {types}\n}}\n")


def query(name, function, shape, states, op, extra=""):
    """A function that asks for a Jacobian of another."""
    arguments = ", ".join(f"%h{i}: {tensor(shape)}" for i in range(states))
    names = ", ".join(f"%h{i}" for i in range(states))
    types = ", ".join([tensor(shape)] * states)
    result = tensor(shape + (states,) + (shape if op == "full_jacobian" else ()) + (states,))
    return (f"func.func @{name}({arguments}) -> {result} {ENTRY} {{\n"
            f"  %0 = etrace.{op} @{function}({names}) wrt {list(range(states))} {extra}"
            f" : ({types}) -> {result}\n  return %0 : {result}\n}}\n")


def brute_force(module, name, point):
    """J[p, a, q, b] by differences, positions flattened."""
    ranks = [point[0].ndim] * len(point)
    P = point[0].size

    def new_states(*values):
        return np.stack([v.reshape(-1) for v in module.call(name, list(values), ranks)], axis=-1)
    columns = [differences(new_states, point, b).reshape(P, len(point), P)
               for b in range(len(point))]
    return np.stack(columns, axis=-1)


def diagonal(full):
    return np.stack([full[p, :, p, :] for p in range(len(full))])


SHAPES = [(5,), (2, 3), (1,), (3, 3), (3, 1), (2, 2, 3), ()]


def check_exact(checks, directory, random):
    """One stage: the block without an error; the full Jacobian."""
    cases, text = [], ""
    for number in range(49):
        shape, states = SHAPES[number % len(SHAPES)], 1 + number % 5
        stages = [Text.STAGES[number // 2 % len(Text.STAGES)]] if number % 4 < 3 else ["fused"]
        if not shape:
            stages = []
        name = f"f{number}"
        cases.append((name, shape, states, stages))
        text += transition(name, shape, states, stages, random)
        text += query("block_" + name, name, shape, states, "block_jacobian")
        text += query("full_" + name, name, shape, states, "full_jacobian")
    module = Module(text, ["--etrace-lower-derivatives"], directory, "exact")
    for name, shape, states, stages in cases:
        point = [random.normal(size=shape) for _ in range(states)]
        expected = brute_force(module, name, point)
        rank = len(shape)
        what = f"{name} {shape} S={states} {stages}"
        found = module.call("block_" + name, point, [rank + 2])[0]
        checks.close(what, found.reshape(-1, states, states), diagonal(expected), 1e-7)
        found = module.call("full_" + name, point, [2 * rank + 2])[0]
        checks.close("full " + what, found.reshape(expected.shape), expected, 1e-7)


def refuse(text):
    run = subprocess.run(["etrace-opt", "--etrace-lower-derivatives", "-"], input=text, text=True,
                         capture_output=True)
    return run.returncode, run.stderr


def check_mixing(checks, directory, random):
    """Two stages: an error that names an operation; exact from the full Jacobian; different when
    the edge is dropped."""
    cases, text = [], ""
    pairs = [("product", "product", "linalg."), ("mean", "mean", "linalg."),
             ("product", "softmax", "linalg."), ("convolution", "convolution", "linalg."),
             ("shift", "product", "arith."), ("fused", "product", "linalg.")]
    for number, (first, second, op) in enumerate(pairs):
        # Means of different axes do not meet in more than one point.
        shape, states = (4,) if first in ("mean", "fused") else (2, 3), 1 + number % 5
        name = f"g{number}"
        one = transition(name, shape, states, [first, second], random)
        code, message = refuse(one + query("main", name, shape, states, "block_jacobian"))
        checks.true(f"{first} {second} is refused", code == 1 and "[position-mixing]" in message)
        checks.true(f"{first} {second} names the operation", f"error: '{op}" in message)
        cases.append((name, shape, states, first, second))
        text += one + query("exact_" + name, name, shape, states, "block_jacobian",
                            "mixing <full>")
        text += query("less_" + name, name, shape, states, "block_jacobian", "mixing <drop>")
    module = Module(text, ["--etrace-lower-derivatives"], directory, "mixing")
    for name, shape, states, first, second in cases:
        point = [random.normal(size=shape) for _ in range(states)]
        expected = diagonal(brute_force(module, name, point))
        found = module.call("exact_" + name, point, [len(shape) + 2])[0]
        checks.close(f"{first} {second} full", found.reshape(expected.shape), expected, 1e-7)
        less = module.call("less_" + name, point, [len(shape) + 2])[0].reshape(expected.shape)
        checks.true(f"{first} {second} without the edge differs",
                    np.max(np.abs(less - expected)) > 1e-3)


CLOSED = f"""
func.func @centred(%h: tensor<7xf64>) -> tensor<7xf64> {{
  %z = arith.constant dense<0.0> : tensor<f64>
  %e = tensor.empty() : tensor<7xf64>
  %n = arith.constant dense<0.14285714285714285> : tensor<f64>
  %s = linalg.reduce {{arith.addf}} ins(%h : tensor<7xf64>) outs(%z : tensor<f64>)
      dimensions = [0]
  %m = arith.mulf %s, %n : tensor<f64>
  %b = linalg.broadcast ins(%m : tensor<f64>) outs(%e : tensor<7xf64>) dimensions = [0]
  %0 = arith.subf %h, %b : tensor<7xf64>
  return %0 : tensor<7xf64>
}}
func.func @recurrent(%h: tensor<4xf64>, %w: tensor<4x4xf64>) -> tensor<4xf64> {{
  %z = arith.constant dense<0.0> : tensor<4xf64>
  %y = linalg.vecmat ins(%h, %w : tensor<4xf64>, tensor<4x4xf64>) outs(%z : tensor<4xf64>)
      -> tensor<4xf64>
  %0 = math.tanh %y : tensor<4xf64>
  return %0 : tensor<4xf64>
}}
func.func @closed(%c: tensor<7xf64>, %h: tensor<4xf64>, %w: tensor<4x4xf64>)
    -> (tensor<7x1x1xf64>, tensor<4x1x1xf64>) {ENTRY} {{
  %0 = etrace.block_jacobian @centred(%c) : (tensor<7xf64>) -> tensor<7x1x1xf64>
  %1 = etrace.block_jacobian @recurrent(%h, %w)
      : (tensor<4xf64>, tensor<4x4xf64>) -> tensor<4x1x1xf64>
  return %0, %1 : tensor<7x1x1xf64>, tensor<4x1x1xf64>
}}
"""


def check_closed(checks, directory, random):
    """1 - 1/N of h - mean(h); W[p, p] (1 - h'^2) of tanh(h W): not the sum of a row."""
    module = Module(CLOSED, ["--etrace-lower-derivatives"], directory, "closed")
    h, w = random.normal(size=4), random.normal(size=(4, 4))
    centred, recurrent = module.call("closed", [random.normal(size=7), h, w], [3, 3])
    slope = 1 - np.tanh(h @ w) ** 2
    checks.close("h - mean(h)", centred.ravel(), np.full(7, 1 - 1 / 7), 1e-15)
    checks.close("tanh(h W)", recurrent.ravel(), np.diag(w) * slope, 1e-14)
    checks.true("not a row sum", np.max(np.abs(recurrent.ravel() - w.sum(0) * slope)) > 1e-2)


def neighbourhood(text, name, states, hops):
    """The table and the mask that the pass makes, as arrays."""
    wrt = ",".join(str(i) for i in range(states))
    run = subprocess.run(
        ["etrace-opt", f"--etrace-neighbourhood=function={name} wrt={wrt} hops={hops}",
         "--mlir-print-elementsattrs-with-hex-if-larger=-1", "-"],
        input=text, text=True, capture_output=True, check=True)
    body = run.stdout.split(f"@{name}.neighbourhood_{hops}()")[1]
    found = re.findall(r"dense<(.*?)> : tensor<(\d+)x(\d+)xi\d+>", body)[:2]
    return [np.broadcast_to(np.array(json.loads(values)), (int(n), int(k)))
            for values, n, k in found]


def expected_neighbourhood(influence, hops):
    """Rows of what position p influences, p first, then in increasing order, filled up with p."""
    reached = np.eye(len(influence), dtype=bool)
    for _ in range(hops):
        reached = reached | (reached.astype(int) @ influence.astype(int) > 0)
    rows = [[p] + [q for q in range(len(reached)) if reached[p, q] and q != p]
            for p in range(len(reached))]
    width = max(len(row) for row in rows)
    return (np.array([row + [p] * (width - len(row)) for p, row in enumerate(rows)]),
            np.array([[True] * len(row) + [False] * (width - len(row)) for row in rows]))


def check_neighbourhoods(checks, directory, random):
    """The pattern against the zeros of the full Jacobian, and its powers."""
    cases, text = [], ""
    for number, (shape, stage) in enumerate([
            ((5,), "shift"), ((6,), "convolution"), ((2, 3), "product"), ((2, 3), "shift"),
            ((3, 3), "transpose"), ((2, 2, 3), "mean"), ((4,), "fused"), ((1,), "shift")]):
        states = 1 + number % 3
        cases.append((f"n{number}", shape, states, stage))
        text += transition(f"n{number}", shape, states, [stage], random)
    module = Module(text, [], directory, "neighbours")
    for name, shape, states, stage in cases:
        point = [random.normal(size=shape) for _ in range(states)]
        J = brute_force(module, name, point)  # J[p, a, q, b]: q influences p
        influence = (np.abs(J).max((1, 3)) > 1e-6).T
        for hops in (0, 1, 2, 4):
            table, mask = neighbourhood(text, name, states, hops)
            rows, valid = expected_neighbourhood(influence, hops)
            checks.close(f"{name} {stage} {hops} hops", table, rows, 0)
            checks.close(f"{name} {stage} {hops} hops mask", mask + 0, valid + 0, 0)
    ring = """
func.func @ring(%h: tensor<6xf64>) -> tensor<6xf64> {
  %a = tensor.extract_slice %h[5] [1] [1] : tensor<6xf64> to tensor<1xf64>
  %b = tensor.extract_slice %h[0] [5] [1] : tensor<6xf64> to tensor<5xf64>
  %r = tensor.concat dim(0) %a, %b : (tensor<1xf64>, tensor<5xf64>) -> tensor<6xf64>
  %0 = arith.addf %h, %r : tensor<6xf64>
  return %0 : tensor<6xf64>
}
"""
    widths = [neighbourhood(ring, "ring", 1, hops)[0].shape[1] for hops in range(7)]
    checks.close("ring of six", widths, [1, 2, 3, 4, 5, 6, 6], 0)


def main():
    checks, directory = Checks(), sys.argv[1]
    random = np.random.default_rng(20)
    check_neighbourhoods(checks, directory, random)
    check_closed(checks, directory, random)
    check_exact(checks, directory, random)
    check_mixing(checks, directory, random)
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
