# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Derivatives at kinks, ties, domain edges and infinities, against edges.json of JAX."""

import json
import pathlib

import numpy as np

from case import Function, identifier, tensor


# Where ours are not JAX's, with the reason: operation, argument, which points, our value.
DEVIATIONS = [
    ("math.powf", 0, lambda a, b: (a == 0) & (b == 0), 0.0,
     "0 at 0^0, as for other bases; JAX: NaN"),
    ("complex.log", 0, lambda x, y: (x == 0) & (y == 0), np.nan, "NaN at 0; JAX: inf"),
    ("complex.log1p", 0, lambda x, y: (x == -1) & (y == 0), np.nan, "NaN at -1; JAX: inf"),
    ("complex.sqrt", 1, lambda x, y: (x == -2) & np.signbit(y), -np.sqrt(0.125),
     "the sign of a zero imaginary part picks the side of the branch cut; JAX: above"),
]


def numbers(texts):
    return np.array([float(t) for t in texts])


def constant(value, kind):
    bits = {"-inf": "0xFFF0000000000000", "inf": "0x7FF0000000000000"}.get(value, value)
    return f"%i = arith.constant dense<{bits}> : {kind}\n"


def function_of(entry, number):
    """The function of an entry; its results have the shape of one argument or less."""
    op, shapes = entry["op"], [(len(a),) for a in entry["arguments"]]
    kind, name = tensor(shapes[0]), f"edge_{number}_" + identifier(op)
    if op.startswith("reduce "):
        start = {"maximumf": "-inf", "minimumf": "inf", "mulf": "1.0"}[op.split()[1]]
        body = constant(start, "tensor<f64>") + (
            f"%r0 = linalg.reduce {{ arith.{op.split()[1]} }} ins(%a0 : {kind}) "
            "outs(%i : tensor<f64>) dimensions = [0]")
        return Function(name, shapes, [()], body)
    if op.startswith("window "):
        pooling, start = {"maximumf": ("max", "-inf"), "minimumf": ("min", "inf")}[op.split()[1]]
        body = constant(start, "tensor<1x3x1xf64>") + (
            "%w = tensor.empty() : tensor<3xf64>\n"
            f"%x = tensor.expand_shape %a0 [[0, 1, 2]] output_shape [1, 5, 1] : {kind} into "
            "tensor<1x5x1xf64>\n"
            f"%y = linalg.pooling_nwc_{pooling} ins(%x, %w : tensor<1x5x1xf64>, tensor<3xf64>) "
            "outs(%i : tensor<1x3x1xf64>) -> tensor<1x3x1xf64>\n"
            "%r0 = tensor.collapse_shape %y [[0, 1, 2]] : tensor<1x3x1xf64> into tensor<3xf64>")
        return Function(name, shapes, [(3,)], body)
    if op == "linalg.softmax":
        body = (f"%e = tensor.empty() : {kind}\n%r0 = linalg.softmax dimension(0) "
                f"ins(%a0 : {kind}) outs(%e : {kind}) -> {kind}")
    elif op.startswith("complex."):
        body = complex_body(op, kind)
    elif op == "math.clampf":
        body = f"%r0 = math.clampf %a0 to [%a1, %a2] : {kind}"
    else:
        body = f"%r0 = {op} " + ", ".join(f"%a{k}" for k in range(len(shapes))) + f" : {kind}"
    return Function(name, shapes, shapes[:1], body)


def complex_body(op, kind):
    """The real part of the result, from the parts of the number."""
    real = op in ("complex.abs", "complex.angle")
    lines = f"%y = {op} %z : complex<f64>" if real else (
        f"%w = {op} %z : complex<f64>\n%y = complex.re %w : complex<f64>")
    return (f"%e = tensor.empty() : {kind}\n%r0 = linalg.map ins(%a0, %a1 : {kind}, {kind}) "
            f"outs(%e : {kind})\n(%a: f64, %b: f64, %o: f64) {{\n"
            f"%z = complex.create %a, %b : complex<f64>\n{lines}\nlinalg.yield %y : f64\n}}")


def same(got, expected):
    with np.errstate(invalid="ignore"):
        close = abs(got - expected) <= 1e-12 * np.maximum(1, abs(expected))
    return (got == expected) | close | (np.isnan(got) & np.isnan(expected))


def load():
    return json.loads(pathlib.Path(__file__).with_name("edges.json").read_text())


class Edges:
    def __init__(self):
        self.entries = load()
        self.functions = [function_of(e, k) for k, e in enumerate(self.entries)]

    def failures(self, library):
        for entry, function in zip(self.entries, self.functions):
            arguments = [numbers(a) for a in entry["arguments"]]
            if function.results[0].shape == arguments[0].shape and entry["op"] != "linalg.softmax":
                found = self.partials(library, function, arguments)
            else:
                found = self.jacobians(library, function, arguments)
            for mode, k, got in found:
                expected = numbers(entry["partials"][k]).reshape(got.shape)
                for op, argument, where, value, _ in DEVIATIONS:
                    if (op, argument) == (entry["op"], k):
                        expected = np.where(where(*arguments), value, expected)
                for index in zip(*np.where(~same(got, expected))):
                    point = [float(a[index[-1:]]) for a in arguments] if got.ndim == 1 else (
                        arguments[0].tolist())
                    yield (f"{entry['op']} {mode} {k} at {point}: {got[index]}, "
                           f"expected {expected[index]}")

    @staticmethod
    def partials(library, function, arguments):
        """Operations on numbers: the cotangent of ones is the partial derivative; the
        tangent is, if there is one argument."""
        ones = np.ones_like(arguments[0])
        for k, got in enumerate(library.vjp(function, arguments, [ones])):
            yield "vjp", k, got
        if len(arguments) == 1:
            yield "jvp", 0, library.jvp(function, arguments, [ones])[0]

    @staticmethod
    def jacobians(library, function, arguments):
        shape = function.results[0].shape
        size, results = arguments[0].size, int(np.prod(shape))
        columns = [library.jvp(function, arguments, [row])[0].ravel() for row in np.eye(size)]
        yield "jvp", 0, np.stack(columns, axis=1)
        rows = [library.vjp(function, arguments, [row.reshape(shape)])[0]
                for row in np.eye(results)]
        yield "vjp", 0, np.stack(rows)
