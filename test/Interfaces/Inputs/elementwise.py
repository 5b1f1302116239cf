# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Derivatives of elementwise operations against closed forms, kinks and domain edges
included, and against central differences away from them."""

import math
import sys

import numpy as np

from compiled import Function, Library, tensor

LINE = np.array([0.0, -0.0, 1e-300, 1e-12, -1e-12, 0.3, -0.3, 1.0, -1.0, 2.5, -2.5, 30.0, -30.0])
POSITIVE = np.array([1e-300, 1e-12, 0.1, 1.0, 2.5, 30.0, 1e6])
INSIDE = np.array([0.0, -0.0, 1e-12, 0.3, -0.3, 0.9, -0.9, 1 - 1e-9])
ABOVE = np.array([1 + 1e-9, 1.5, 3.0, 100.0])


def heaviside(u):
    return np.where(u > 0, 1.0, 0.0)


def normal(u, mean, std):
    return np.exp(-0.5 * ((u - mean) / std) ** 2) / (math.sqrt(2 * math.pi) * std)


def multi_gaussian(u):
    return 0.5 * (1.15 * normal(u, 0, 0.5) - 0.15 * (normal(u, 0.5, 3) + normal(u, -0.5, 3)))


def sigmoid(u):
    return 1 / (1 + np.exp(-u))


# Name: (operation, points, derivative, differences are meaningful).
UNARY = {
    "exp": ("math.exp %a0", LINE, np.exp, True),
    "exp2": ("math.exp2 %a0", LINE, lambda x: np.exp2(x) * math.log(2), True),
    "expm1": ("math.expm1 %a0", LINE, np.exp, True),
    "log": ("math.log %a0", POSITIVE, lambda x: 1 / x, True),
    "log1p": ("math.log1p %a0", np.append(POSITIVE, [0.0, -0.5]), lambda x: 1 / (1 + x), True),
    "log2": ("math.log2 %a0", POSITIVE, lambda x: 1 / (x * math.log(2)), True),
    "log10": ("math.log10 %a0", POSITIVE, lambda x: 1 / (x * math.log(10)), True),
    "sqrt": ("math.sqrt %a0", np.append(POSITIVE, 0.0), lambda x: 0.5 / np.sqrt(x), True),
    "rsqrt": ("math.rsqrt %a0", POSITIVE[1:], lambda x: -0.5 * x ** -1.5, True),
    "cbrt": ("math.cbrt %a0", POSITIVE[1:], lambda x: np.cbrt(x) ** -2 / 3, True),
    "sin": ("math.sin %a0", LINE, np.cos, True),
    "cos": ("math.cos %a0", LINE, lambda x: -np.sin(x), True),
    "tan": ("math.tan %a0", LINE, lambda x: 1 / np.cos(x) ** 2, True),
    "asin": ("math.asin %a0", INSIDE, lambda x: 1 / np.sqrt((1 - x) * (1 + x)), False),
    "acos": ("math.acos %a0", INSIDE, lambda x: -1 / np.sqrt((1 - x) * (1 + x)), False),
    "atan": ("math.atan %a0", LINE, lambda x: 1 / (1 + x * x), True),
    "sinh": ("math.sinh %a0", LINE, np.cosh, True),
    "cosh": ("math.cosh %a0", LINE, np.sinh, True),
    "tanh": ("math.tanh %a0", LINE, lambda x: 1 - np.tanh(x) ** 2, True),
    "asinh": ("math.asinh %a0", LINE, lambda x: 1 / np.sqrt(1 + x * x), True),
    "acosh": ("math.acosh %a0", ABOVE, lambda x: 1 / np.sqrt((x - 1) * (x + 1)), False),
    "atanh": ("math.atanh %a0", INSIDE, lambda x: 1 / ((1 - x) * (1 + x)), False),
    "erf": ("math.erf %a0", LINE, lambda x: 2 / math.sqrt(math.pi) * np.exp(-x * x), True),
    "erfc": ("math.erfc %a0", LINE, lambda x: -2 / math.sqrt(math.pi) * np.exp(-x * x), True),
    # The derivative of |x| at zeros of both signs is +1.
    "absf": ("math.absf %a0", LINE, lambda x: np.where(x >= 0, 1.0, -1.0), False),
    "ceil": ("math.ceil %a0", LINE, np.zeros_like, False),
    "floor": ("math.floor %a0", LINE, np.zeros_like, False),
    "round": ("math.round %a0", LINE, np.zeros_like, False),
    "roundeven": ("math.roundeven %a0", LINE, np.zeros_like, False),
    "trunc": ("math.trunc %a0", LINE, np.zeros_like, False),
    "negf": ("arith.negf %a0", LINE, lambda x: -np.ones_like(x), True),
    "logistic": ("etrace.logistic %a0", np.append(LINE, [700.0, -700.0, -800.0]),
                 lambda x: sigmoid(x) * (1 - sigmoid(x)), True),
}

# Name: (body, points, derivative): %k is a constant tensor.
WITH_CONSTANT = {
    "relu": ("%k = arith.constant dense<0.0> : {T}\n%r0 = arith.maximumf %a0, %k : {T}", heaviside),
    "relu_left": ("%k = arith.constant dense<0.0> : {T}\n%r0 = arith.maxnumf %k, %a0 : {T}",
                  heaviside),
    "minus_relu": ("%k = arith.constant dense<0.0> : {T}\n%r0 = arith.minimumf %a0, %k : {T}",
                   lambda x: heaviside(-x)),
    "max_one": ("%k = arith.constant dense<1.0> : {T}\n%r0 = arith.maximumf %a0, %k : {T}",
                lambda x: np.where(x == 1, 0.5, heaviside(x - 1))),
    "min_one": ("%k = arith.constant dense<1.0> : {T}\n%r0 = arith.minnumf %a0, %k : {T}",
                lambda x: np.where(x == 1, 0.5, heaviside(1 - x))),
    "clampf": ("%l = arith.constant dense<-1.0> : {T}\n%h = arith.constant dense<1.0> : {T}\n"
               "%r0 = math.clampf %a0 to [%l, %h] : {T}",
               lambda x: np.where((x > -1) & (x < 1), 1.0, 0.0)),
    "cube": ("%k = arith.constant dense<3.0> : {T}\n%r0 = math.powf %a0, %k : {T}",
             lambda x: 3 * x * x),
    "power_zero": ("%k = arith.constant dense<0.0> : {T}\n%r0 = math.powf %a0, %k : {T}",
                   np.zeros_like),
    "fpowi": ("%k = arith.constant dense<3> : {I}\n%r0 = math.fpowi %a0, %k : {T}, {I}",
              lambda x: 3 * x * x),
    "fpowi_zero": ("%k = arith.constant dense<0> : {I}\n%r0 = math.fpowi %a0, %k : {T}, {I}",
                   np.zeros_like),
    "select": ("%k = arith.constant dense<0.0> : {T}\n%c = arith.cmpf ogt, %a0, %k : {T}\n"
               "%s = arith.mulf %a0, %a0 : {T}\n%r0 = arith.select %c, %s, %k : {I1}, {T}",
               lambda x: np.where(x > 0, 2 * x, 0.0)),
    "narrow": ("%n = arith.truncf %a0 : {T} to {F}\n%r0 = arith.extf %n : {F} to {T}",
               np.ones_like),
    "stop_gradient": ("%s = etrace.stop_gradient %a0 : {T}\n%r0 = arith.mulf %s, %a0 : {T}",
                      lambda x: x),
    "fresh": ("%f = etrace.fresh %a0 state \"h\" : {T}\n%r0 = arith.mulf %f, %a0 : {T}",
              lambda x: 2 * x),
    "relu_grad": ("%r0 = etrace.spike %a0 : {T}",
                  lambda x: np.maximum(0.3 * (1 - abs(x)), 0)),
    "sigmoid_grad": ("%r0 = etrace.spike %a0 surrogate(#etrace.sigmoid_grad<alpha = 4.0>) : {T}",
                     lambda x: 4 * sigmoid(4 * x) * (1 - sigmoid(4 * x))),
    "multi_gaussian": ("%r0 = etrace.spike %a0 surrogate(#etrace.multi_gaussian) : {T}", multi_gaussian),
}

A = np.array([2.0, 1.0, 0.3, -1.5, 0.0, 3.0, -0.0, 1.0])
B = np.array([2.0, -1.0, 0.7, 0.5, 1.5, 2.0, 3.0, 1.0])
with np.errstate(all="ignore"):
    # Name: (operation, first operand, second operand, both partials).
    BINARY = {
        "addf": ("arith.addf %a0, %a1", A, B, 1 + 0 * A, 1 + 0 * A),
        "subf": ("arith.subf %a0, %a1", A, B, 1 + 0 * A, -1 + 0 * A),
        "mulf": ("arith.mulf %a0, %a1", A, B, B, A),
        "divf": ("arith.divf %a0, %a1", A, B, 1 / B, -A / B ** 2),
        "remf": ("arith.remf %a0, %a1", A, B, 1 + 0 * A, -np.trunc(A / B)),
        "maximumf": ("arith.maximumf %a0, %a1", A, B, np.where(A == B, 0.5, heaviside(A - B)),
                     np.where(A == B, 0.5, heaviside(B - A))),
        "minnumf": ("arith.minnumf %a0, %a1", A, B, np.where(A == B, 0.5, heaviside(B - A)),
                    np.where(A == B, 0.5, heaviside(A - B))),
        "atan2": ("math.atan2 %a0, %a1", A, B, B / (A * A + B * B), -A / (A * A + B * B)),
        "powf": ("math.powf %a0, %a1", abs(A), B,
                 B * abs(A) ** (B - 1),
                 np.where(A == 0, 0.0, np.log(np.where(A == 0, 1, abs(A))) * abs(A) ** B)),
    }


def same(got, expected, scale=1e-12):
    with np.errstate(invalid="ignore"):
        close = abs(got - expected) <= scale * np.maximum(1, abs(expected))
    return bool(np.all((got == expected) | close))


def main(directory):
    cases, failures = [], []
    for name, (op, points, derivative, smooth) in UNARY.items():
        t = tensor(points.shape)
        cases.append((Function(name, [points.shape], [points.shape], f"%r0 = {op} : {t}"),
                      [points], [derivative], smooth))
    for name, (body, derivative) in WITH_CONSTANT.items():
        types = {"{T}": tensor(LINE.shape), "{I}": f"tensor<{LINE.size}xi32>",
                 "{I1}": f"tensor<{LINE.size}xi1>", "{F}": f"tensor<{LINE.size}xf32>"}
        for key, kind in types.items():
            body = body.replace(key, kind)
        cases.append((Function(name, [LINE.shape], [LINE.shape], body), [LINE], [derivative],
                      False))
    for name, (op, a, b, da, db) in BINARY.items():
        cases.append((Function(name, [a.shape, b.shape], [a.shape],
                               f"%r0 = {op} : {tensor(a.shape)}"),
                      [a, b], [lambda *_, d=da: d, lambda *_, d=db: d], False))
    library = Library([case[0] for case in cases], directory)
    for function, points, derivatives, smooth in cases:
        for k, derivative in enumerate(derivatives):
            with np.errstate(all="ignore"):
                expected = derivative(*points)
            ones = [np.ones_like(p) * (i == k) for i, p in enumerate(points)]
            forward = library.jvp(function, points, ones)[0]
            reverse = library.vjp(function, points, [np.ones_like(points[0])])[k]
            for mode, got in (("jvp", forward), ("vjp", reverse)):
                if len(points) > 1 and mode == "jvp":
                    # Partials of the other operands times zero may be NaN, never differ.
                    got = np.where(np.isnan(got), expected, got)
                if not same(got, expected):
                    failures.append((function.name, mode, k, got, expected))
        if smooth:
            x = points[0][(abs(points[0]) > 0.05) & (abs(points[0]) < 5)]
            padded = np.resize(x, points[0].shape)
            up, down = library.value(function, [padded + 1e-6]), library.value(function,
                                                                               [padded - 1e-6])
            got = library.jvp(function, [padded], [np.ones_like(padded)])[0]
            if not same(got, (up[0] - down[0]) / 2e-6, 1e-7):
                failures.append((function.name, "difference", 0, got, (up[0] - down[0]) / 2e-6))
    for failure in failures:
        print("FAILED", *failure)
    print(f"{len(cases)} operations, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
