#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes edges.json: derivatives by JAX at kinks, ties, domain edges and infinities.

Needs jax; its output is checked in. An entry names the operation, the arguments, and for
each argument the partial derivatives: by element for operations on numbers, the Jacobian
(results x elements) for the others. Numbers are text: JSON has neither infinities nor NaN.
"""

import json
import pathlib

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp
import numpy as np
from jax import lax

INF = float("inf")
LINE = [-INF, -1e6, -30.0, -2.0, -1.0, -0.5, -1e-9, -0.0, 0.0, 1e-9, 0.5, 1.0, 2.0, 30.0, 1e6, INF]
PAIRS = [(a, b) for a in (-INF, -2.0, -0.0, 0.0, 1.0, 2.0, INF)
         for b in (-2.0, -0.0, 0.0, 0.5, 2.0, INF)]
UNARY = {
    "arith.negf": lax.neg, "math.absf": lax.abs, "math.acos": lax.acos, "math.acosh": lax.acosh,
    "math.asin": lax.asin, "math.asinh": lax.asinh, "math.atan": lax.atan, "math.atanh": lax.atanh,
    "math.cbrt": lax.cbrt, "math.ceil": lax.ceil, "math.cos": lax.cos, "math.cosh": lax.cosh,
    "math.erf": lax.erf, "math.erfc": lax.erfc, "math.exp": lax.exp, "math.exp2": lax.exp2,
    "math.expm1": lax.expm1, "math.floor": lax.floor, "math.log": lax.log, "math.log1p": lax.log1p,
    "math.log2": jnp.log2, "math.log10": jnp.log10, "math.round": lax.round,
    "math.roundeven": lambda x: lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN),
    "math.rsqrt": lax.rsqrt, "math.sin": lax.sin, "math.sinh": lax.sinh, "math.sqrt": lax.sqrt,
    "math.tan": lax.tan, "math.tanh": lax.tanh, "math.trunc": jnp.trunc,
}
BINARY = {
    "arith.addf": lax.add, "arith.subf": lax.sub, "arith.mulf": lax.mul, "arith.divf": lax.div,
    "arith.remf": lax.rem, "arith.maximumf": lax.max, "arith.minimumf": lax.min,
    "arith.maxnumf": lax.max, "arith.minnumf": lax.min, "math.atan2": lax.atan2,
    "math.copysign": jnp.copysign, "math.powf": lax.pow,
}
# Operations that take a number against NaN differ from lax.max there.
WITH_NAN = [(1.0, float("nan")), (float("nan"), 1.0)]
# Zero, both sides of the branch cuts, and where 1 + z is zero.
COMPLEX_POINTS = [(0.0, 0.0), (1.0, 0.0), (-1.0, 0.0), (-2.0, 0.0), (-2.0, -0.0), (0.0, 1.0),
                  (0.0, -1.0), (1e-9, 0.0), (30.0, 30.0)]
COMPLEX = {
    "complex.abs": lax.abs, "complex.angle": jnp.angle, "complex.conj": lax.conj,
    "complex.cos": lax.cos, "complex.exp": lax.exp, "complex.expm1": lax.expm1,
    "complex.log": lax.log, "complex.log1p": lax.log1p, "complex.neg": lax.neg,
    "complex.rsqrt": lax.rsqrt, "complex.sin": lax.sin, "complex.sqrt": lax.sqrt,
    "complex.tan": lax.tan, "complex.tanh": lax.tanh,
}
CLAMP = [(x, -1.0, 1.0) for x in (-2.0, -1.0, 0.0, 1.0, 2.0)] + [(1.0, 1.0, 1.0)]
ROWS = [[1.0, 2.0, 2.0], [3.0, 3.0, 3.0], [0.0, -0.0, -1.0], [INF, 1.0, INF], [-INF, -INF, -INF]]
FACTORS = [[1.0, 2.0, 3.0], [0.0, 2.0, 3.0], [0.0, 0.0, 3.0], [0.0, 0.0, 0.0]]
WINDOWS = [[1.0, 2.0, 2.0, 0.0, 2.0], [3.0, 3.0, 3.0, 3.0, 3.0], [-INF, -INF, 0.0, -0.0, INF]]


def text(array):
    return [repr(float(v)) for v in np.ravel(array)]


def pointwise(op, function, points):
    arguments = [jnp.array(column) for column in zip(*points)]
    partials = []
    for k in range(len(arguments)):
        def of_one(x, k=k):
            return function(*[x if i == k else a for i, a in enumerate(arguments)])
        partials.append(text(jax.jvp(of_one, (arguments[k],), (jnp.ones_like(arguments[k]),))[1]))
    return {"op": op, "arguments": [text(a) for a in arguments], "partials": partials}


def jacobians(op, function, rows):
    return [{"op": op, "arguments": [text(row)],
             "partials": [text(jax.jacfwd(function)(jnp.array(row)))]} for row in rows]


def window(kind):
    initial, combine = (-INF, lax.max) if kind == "max" else (INF, lax.min)
    return lambda x: lax.reduce_window(x, initial, combine, (3,), (1,), "VALID")


def main():
    entries = [pointwise(op, f, [(x,) for x in LINE]) for op, f in UNARY.items()]
    for op, f in BINARY.items():
        entries.append(pointwise(op, f, PAIRS))
    for op, f in (("arith.maxnumf", jnp.fmax), ("arith.minnumf", jnp.fmin)):
        entries.append(pointwise(op, f, WITH_NAN))
    for op, f in COMPLEX.items():
        # Re f(x + i y) as a function of x and y.
        entries.append(pointwise(op, lambda x, y, f=f: jnp.real(f(lax.complex(x, y))),
                                 COMPLEX_POINTS))
    entries.append(pointwise("math.clampf", lambda x, low, high: lax.clamp(low, x, high), CLAMP))
    entries += jacobians("reduce maximumf", jnp.max, ROWS)
    entries += jacobians("reduce minimumf", jnp.min, ROWS)
    entries += jacobians("reduce mulf", jnp.prod, FACTORS)
    entries += jacobians("window maximumf", window("max"), WINDOWS)
    entries += jacobians("window minimumf", window("min"), WINDOWS)
    entries += jacobians("linalg.softmax", jax.nn.softmax, ROWS[:3])
    path = pathlib.Path(__file__).with_name("edges.json")
    lines = ",\n".join(json.dumps(entry) for entry in entries)
    path.write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
