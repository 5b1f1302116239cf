# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Derivatives asked for by operations: the examples of the seed on automatic differentiation,
nested derivatives, loops, dynamic extents; against closed forms, differences and each other."""

import json
import pathlib
import sys

import numpy as np

from native import ENTRY, Checks, Module, differences

T2, T3 = "tensor<2xf64>", "tensor<3xf64>"

EXAMPLES = f"""
// s sum (x - y)^2
func.func @loss(%x: {T3}, %y: {T3}, %s: f64) -> f64 {{
  %d = arith.subf %x, %y : {T3}
  %z = arith.constant dense<0.0> : tensor<f64>
  %0 = linalg.dot ins(%d, %d : {T3}, {T3}) outs(%z : tensor<f64>) -> tensor<f64>
  %1 = tensor.extract %0[] : tensor<f64>
  %2 = arith.mulf %s, %1 : f64
  return %2 : f64
}}
func.func @argnums(%x: {T3}, %y: {T3}, %s: f64)
    -> ({T3}, {T3}, {T3}, {T3}, {T3}, f64) {ENTRY} {{
  %0 = etrace.grad @loss(%x, %y, %s) : ({T3}, {T3}, f64) -> {T3}
  %1:2 = etrace.grad @loss(%x, %y, %s) wrt [0, 1] : ({T3}, {T3}, f64) -> ({T3}, {T3})
  %2:3 = etrace.grad @loss(%x, %y, %s) wrt [0, 1, 2] : ({T3}, {T3}, f64) -> ({T3}, {T3}, f64)
  return %0, %1#0, %1#1, %2#0, %2#1, %2#2 : {T3}, {T3}, {T3}, {T3}, {T3}, f64
}}
// (x0 x1, sin x0, x0^2 + x1^2)
func.func @vector(%x: {T2}) -> {T3} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tensor.extract %x[%c0] : {T2}
  %b = tensor.extract %x[%c1] : {T2}
  %0 = arith.mulf %a, %b : f64
  %1 = math.sin %a : f64
  %2 = arith.mulf %a, %a : f64
  %3 = arith.mulf %b, %b : f64
  %4 = arith.addf %2, %3 : f64
  %5 = tensor.from_elements %0, %1, %4 : {T3}
  return %5 : {T3}
}}
// (x0 x1, sin x0, exp x1)
func.func @mapping(%x: {T2}) -> {T3} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tensor.extract %x[%c0] : {T2}
  %b = tensor.extract %x[%c1] : {T2}
  %0 = arith.mulf %a, %b : f64
  %1 = math.sin %a : f64
  %2 = math.exp %b : f64
  %3 = tensor.from_elements %0, %1, %2 : {T3}
  return %3 : {T3}
}}
// sin(x0) x1^3 + x0 exp(x1)
func.func @curved(%x: {T2}) -> f64 {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tensor.extract %x[%c0] : {T2}
  %b = tensor.extract %x[%c1] : {T2}
  %s = math.sin %a : f64
  %b2 = arith.mulf %b, %b : f64
  %b3 = arith.mulf %b2, %b : f64
  %e = math.exp %b : f64
  %0 = arith.mulf %s, %b3 : f64
  %1 = arith.mulf %a, %e : f64
  %2 = arith.addf %0, %1 : f64
  return %2 : f64
}}
func.func @square(%x: {T2}) -> f64 {{
  %z = arith.constant dense<0.0> : tensor<f64>
  %0 = linalg.dot ins(%x, %x : {T2}, {T2}) outs(%z : tensor<f64>) -> tensor<f64>
  %1 = tensor.extract %0[] : tensor<f64>
  return %1 : f64
}}
// x w + b
func.func @linear(%w: tensor<2x1xf64>, %b: tensor<1xf64>, %x: {T2}) -> tensor<1xf64> {{
  %0 = linalg.vecmat ins(%x, %w : {T2}, tensor<2x1xf64>) outs(%b : tensor<1xf64>) -> tensor<1xf64>
  return %0 : tensor<1xf64>
}}
func.func @states(%w: tensor<2x1xf64>, %b: tensor<1xf64>, %x: {T2})
    -> (tensor<1x1xf64>, tensor<1x2x1xf64>, tensor<1x1xf64>, tensor<1x2x1xf64>) {ENTRY} {{
  %0:2 = etrace.jacrev @linear(%w, %b, %x) wrt [1, 0]
      : (tensor<2x1xf64>, tensor<1xf64>, {T2}) -> (tensor<1x1xf64>, tensor<1x2x1xf64>)
  %1:2 = etrace.jacfwd @linear(%w, %b, %x) wrt [1, 0]
      : (tensor<2x1xf64>, tensor<1xf64>, {T2}) -> (tensor<1x1xf64>, tensor<1x2x1xf64>)
  return %0#0, %0#1, %1#0, %1#1
      : tensor<1x1xf64>, tensor<1x2x1xf64>, tensor<1x1xf64>, tensor<1x2x1xf64>
}}
func.func @transforms(%x: {T2}) -> ({T2}, tensor<3x2xf64>, tensor<3x2xf64>, tensor<2x2xf64>,
                                    tensor<2x2xf64>) {ENTRY} {{
  %0 = etrace.vector_grad @vector(%x) : ({T2}) -> {T2}
  %1 = etrace.jacrev @mapping(%x) : ({T2}) -> tensor<3x2xf64>
  %2 = etrace.jacfwd @mapping(%x) : ({T2}) -> tensor<3x2xf64>
  %3 = etrace.hessian @square(%x) : ({T2}) -> tensor<2x2xf64>
  %4 = etrace.hessian @curved(%x) : ({T2}) -> tensor<2x2xf64>
  return %0, %1, %2, %3, %4
      : {T2}, tensor<3x2xf64>, tensor<3x2xf64>, tensor<2x2xf64>, tensor<2x2xf64>
}}
"""


def leaves(node):
    if "data" in node:
        return [np.array(node["data"], np.float64).reshape(node["shape"])]
    children = node.get("tuple") or node.get("list") or list(node["dict"].values())
    return [leaf for child in children for leaf in leaves(child)]


def check_examples(checks, directory):
    golden = json.loads((pathlib.Path(__file__).parent / "autodiff_examples.json").read_text())
    module = Module(EXAMPLES, ["--etrace-lower-derivatives"], directory, "examples")
    found = module.call("argnums", [np.array([1., 2, 3]), np.array([.5, 1.5, 2.5]), 2.0],
                        [1, 1, 1, 1, 1, None])
    keys = ["S003-01 argnums_default", "S003-02 argnums_list", "S003-02 argnums_all"]
    expected = [(key, leaf) for key in keys for leaf in leaves(golden[key.split()[1]])]
    for value, (key, leaf) in zip(found, expected, strict=True):
        checks.close(key, value, leaf, 0)
    found = module.call("transforms", [np.array([1., 2])], [1, 2, 2, 2, 2])
    keys = ["S003-18 vector_grad", "S003-19 jacrev", "S003-20 jacfwd", "S003-23 hessian",
            "S003-23 hessian_nonconstant"]
    for value, key in zip(found, keys, strict=True):
        checks.close(key, value, leaves(golden[key.split()[1]])[0], 1e-14)
    found = module.call("states", [np.zeros((2, 1)), np.zeros(1), np.array([1., 2])], [2, 3, 2, 3])
    expected = leaves(golden["jacrev_states"]) + leaves(golden["jacfwd_states"])
    for value, leaf in zip(found, expected, strict=True):
        checks.close("S003-24 jacrev_states, jacfwd_states", value, leaf, 0)
    return golden


X51, W, B = "tensor<5x1xf64>", "tensor<1x1xf64>", "tensor<1xf64>"
REGRESSOR = f"""
func.func private @predict(%w: {W}, %b: {B}, %x: {X51}) -> {X51} {{
  %z = arith.constant dense<0.0> : {X51}
  %e = tensor.empty() : {X51}
  %0 = linalg.matmul ins(%x, %w : {X51}, {W}) outs(%z : {X51}) -> {X51}
  %1 = linalg.broadcast ins(%b : {B}) outs(%e : {X51}) dimensions = [0]
  %2 = arith.addf %0, %1 : {X51}
  return %2 : {X51}
}}
func.func private @mean_square(%x: {X51}) -> f64 {{
  %z = arith.constant dense<0.0> : tensor<f64>
  %n = arith.constant 5.0 : f64
  %0 = arith.mulf %x, %x : {X51}
  %1 = linalg.reduce {{ arith.addf }} ins(%0 : {X51}) outs(%z : tensor<f64>) dimensions = [0, 1]
  %2 = tensor.extract %1[] : tensor<f64>
  %3 = arith.divf %2, %n : f64
  return %3 : f64
}}
func.func @named(%w: {W}, %b: {B}, %x: {X51}, %t: {X51}) -> (tensor<5xf64>, f64) {{
  %y = call @predict(%w, %b, %x) : ({W}, {B}, {X51}) -> {X51}
  %d = arith.subf %y, %t : {X51}
  %e = call @mean_square(%d) : ({X51}) -> f64
  %0 = tensor.collapse_shape %y [[0, 1]] : {X51} into tensor<5xf64>
  return %0, %e : tensor<5xf64>, f64
}}
// mean (x w + b - t)^2 + sin(c) (w^2 + b^2)
func.func @penalty(%w: {W}, %b: {B}, %c: f64, %x: {X51}, %t: {X51}) -> f64 {{
  %y, %e = call @named(%w, %b, %x, %t) : ({W}, {B}, {X51}, {X51}) -> (tensor<5xf64>, f64)
  %i = arith.constant 0 : index
  %w0 = tensor.extract %w[%i, %i] : {W}
  %b0 = tensor.extract %b[%i] : {B}
  %w2 = arith.mulf %w0, %w0 : f64
  %b2 = arith.mulf %b0, %b0 : f64
  %n = arith.addf %w2, %b2 : f64
  %s = math.sin %c : f64
  %p = arith.mulf %s, %n : f64
  %0 = arith.addf %e, %p : f64
  return %0 : f64
}}
func.func @blocks(%w: {W}, %b: {B}, %c: f64, %x: {X51}, %t: {X51})
    -> (tensor<1x1x1x1xf64>, tensor<1x1x1xf64>, {W}, tensor<1x1x1xf64>, {W}, {B}, {W}, {B}, f64)
    {ENTRY} {{
  %0:9 = etrace.hessian @penalty(%w, %b, %c, %x, %t) wrt [0, 1, 2] : ({W}, {B}, f64, {X51}, {X51})
      -> (tensor<1x1x1x1xf64>, tensor<1x1x1xf64>, {W}, tensor<1x1x1xf64>, {W}, {B}, {W}, {B}, f64)
  return %0#0, %0#1, %0#2, %0#3, %0#4, %0#5, %0#6, %0#7, %0#8
      : tensor<1x1x1x1xf64>, tensor<1x1x1xf64>, {W}, tensor<1x1x1xf64>, {W}, {B}, {W}, {B}, f64
}}
func.func @outputs(%w: {W}, %b: {B}, %x: {X51}, %t: {X51})
    -> (tensor<5x1x1xf64>, tensor<5x1xf64>, {W}, {B}, tensor<5x1x1xf64>, tensor<5x1xf64>, {W}, {B})
    {ENTRY} {{
  %0:4 = etrace.jacrev @named(%w, %b, %x, %t) wrt [0, 1]
      : ({W}, {B}, {X51}, {X51}) -> (tensor<5x1x1xf64>, tensor<5x1xf64>, {W}, {B})
  %1:4 = etrace.jacfwd @named(%w, %b, %x, %t) wrt [0, 1]
      : ({W}, {B}, {X51}, {X51}) -> (tensor<5x1x1xf64>, tensor<5x1xf64>, {W}, {B})
  return %0#0, %0#1, %0#2, %0#3, %1#0, %1#1, %1#2, %1#3
      : tensor<5x1x1xf64>, tensor<5x1xf64>, {W}, {B}, tensor<5x1x1xf64>, tensor<5x1xf64>, {W}, {B}
}}
"""


def check_regressor(checks, directory, golden):
    module = Module(REGRESSOR, ["--etrace-lower-derivatives"], directory, "regressor")
    x = np.linspace(-1, 1, 5).reshape(5, 1)
    states = [np.array([[0.5]]), np.array([0.25])]
    found = module.call("blocks", states + [0.3, x, 3 * x + 1], [4, 3, 2, 3, 2, 1, 2, 1, None])
    expected = leaves(golden["beyond_hessian_states_and_argument"]["blocks"])
    for index, (a, b) in enumerate(zip(found, expected, strict=True)):
        checks.close(f"S003-25 beyond_hessian_states_and_argument#{index}", a, b, 1e-14)
    found = module.call("outputs", states + [x, 3 * x + 1], [3, 2, 2, 1] * 2)
    named = golden["beyond_jacobian_named_outputs"]["blocks"]["dict"]
    expected = leaves(named["y"]) + leaves(named["e"])
    for mode, at in (("jacrev", 0), ("jacfwd", 4)):
        for index, b in enumerate(expected):
            checks.close(f"S003-26 beyond_jacobian_named_outputs, {mode}#{index}",
                         found[at + index], b, 1e-14)


def network(rows, dynamic):
    """tanh(a x) b for x of some rows and three columns; the sum of its squares; nested uses."""
    n = "?" if dynamic else rows
    x, h, y = f"tensor<{n}x3xf64>", f"tensor<{n}x4xf64>", f"tensor<{n}x2xf64>"
    a, b = "tensor<3x4xf64>", "tensor<4x2xf64>"
    j, ja = f"tensor<{n}x2x{n}x3xf64>", f"tensor<{n}x2x3x4xf64>"
    extent = f"%c0 = arith.constant 0 : index\n%n = tensor.dim %x, %c0 : {x}" if dynamic else ""
    size = "%n" if dynamic else ""
    hessian = f"tensor<{n}x3x{n}x3xf64>"
    second = f"tensor<{n}x2x{n}x3x{n}x3xf64>"
    types = f"({x}, {a}, {b})"
    point = "(%x, %a, %b)"
    arguments = f"(%x: {x}, %a: {a}, %b: {b})"
    body = f"""
  {extent}
  %z = arith.constant 0.0 : f64
  %e0 = tensor.empty({size}) : {h}
  %z0 = linalg.fill ins(%z : f64) outs(%e0 : {h}) -> {h}
  %u = linalg.matmul ins(%x, %a : {x}, {a}) outs(%z0 : {h}) -> {h}
  %h = math.tanh %u : {h}
  %e1 = tensor.empty({size}) : {y}
  %z1 = linalg.fill ins(%z : f64) outs(%e1 : {y}) -> {y}
  %y = linalg.matmul ins(%h, %b : {h}, {b}) outs(%z1 : {y}) -> {y}
"""
    return f"""
func.func @f{arguments} -> {y} {ENTRY} {{
  {body}
  return %y : {y}
}}
func.func @energy{arguments} -> f64 {ENTRY} {{
  %y = call @f{point} : {types} -> {y}
  %start = arith.constant dense<0.0> : tensor<f64>
  %s = arith.mulf %y, %y : {y}
  %q = arith.mulf %s, %y : {y}
  %0 = linalg.reduce {{ arith.addf }} ins(%q : {y}) outs(%start : tensor<f64>) dimensions = [0, 1]
  %1 = tensor.extract %0[] : tensor<f64>
  return %1 : f64
}}
func.func @slope{arguments} -> {x} {ENTRY} {{
  %0 = etrace.grad @energy{point} : {types} -> {x}
  return %0 : {x}
}}
func.func @jacobians{arguments} -> ({j}, {ja}, {j}, {ja}) {ENTRY} {{
  %0:2 = etrace.jacrev @f{point} wrt [0, 1] : {types} -> ({j}, {ja})
  %1:2 = etrace.jacfwd @f{point} wrt [0, 1] : {types} -> ({j}, {ja})
  return %0#0, %0#1, %1#0, %1#1 : {j}, {ja}, {j}, {ja}
}}
func.func @second{arguments} -> ({hessian}, {hessian}, {hessian}, {second}) {ENTRY} {{
  %0 = etrace.hessian @energy{point} : {types} -> {hessian}
  %1 = etrace.jacfwd @slope{point} : {types} -> {hessian}
  %2 = etrace.jacrev @slope{point} : {types} -> {hessian}
  %3 = etrace.hessian @f{point} : {types} -> {second}
  return %0, %1, %2, %3 : {hessian}, {hessian}, {hessian}, {second}
}}
func.func @directions{arguments[:-1]}, %t: {x}, %ta: {a}, %c: {y})
    -> ({y}, {y}, {a}, {x}, {y}) {ENTRY} {{
  %0, %v = etrace.jvp @f{point} tangents(%ta, %t) wrt [1, 0] return_value
      : {types}, ({a}, {x}) -> ({y}, {y})
  %1:3 = etrace.vjp @f{point} cotangents(%c) wrt [1, 0] return_value
      : {types}, ({y}) -> ({a}, {x}, {y})
  return %0, %v, %1#0, %1#1, %1#2 : {y}, {y}, {a}, {x}, {y}
}}
"""


def check_network(checks, directory, rows, dynamic):
    rng = np.random.default_rng(rows)
    what = f"network of {rows} rows{', dynamic' if dynamic else ''}"
    module = Module(network(rows, dynamic), ["--etrace-lower-derivatives"], directory,
                    f"network{rows}{dynamic}")
    at = [rng.normal(size=s) for s in ((rows, 3), (3, 4), (4, 2))]

    def f(*point):
        return np.tanh(point[0] @ point[1]) @ point[2]

    def energy(*point):
        return np.sum(f(*point) ** 3)

    def call(name, *point, ranks=(2,)):
        return module.call(name, list(point), list(ranks))
    jx, ja, kx, ka = call("jacobians", *at, ranks=(4, 4, 4, 4))
    for name, found, number in (("jacrev x", jx, 0), ("jacrev a", ja, 1), ("jacfwd x", kx, 0),
                                ("jacfwd a", ka, 1)):
        checks.close(f"{what}: {name}", found, differences(f, at, number), 1e-6)
    checks.close(f"{what}: jacrev, jacfwd by x", jx, kx, 1e-12)
    checks.close(f"{what}: jacrev, jacfwd by a", ja, ka, 1e-12)
    slope = call("slope", *at)[0]
    checks.close(f"{what}: grad", slope, differences(energy, at, 0), 1e-6)
    hessian, forward, reverse, second = call("second", *at, ranks=(4, 4, 4, 6))
    checks.close(f"{what}: hessian", hessian,
                 differences(lambda *p: call("slope", *p)[0], at, 0), 1e-6)
    checks.close(f"{what}: symmetry", hessian, hessian.transpose(2, 3, 0, 1), 1e-12)
    checks.close(f"{what}: jacfwd of grad", forward, hessian, 1e-12)
    checks.close(f"{what}: jacrev of grad", reverse, hessian, 1e-12)
    checks.close(f"{what}: hessian of a vector", second,
                 differences(lambda *p: call("jacobians", *p, ranks=(4, 4, 4, 4))[0], at, 0), 1e-6)
    t, ta, c = (rng.normal(size=s) for s in ((rows, 3), (3, 4), (rows, 2)))
    jvp, value, va, vx, again = call("directions", *at, t, ta, c, ranks=(2, 2, 2, 2, 2))
    checks.close(f"{what}: jvp", jvp, np.tensordot(jx, t, 2) + np.tensordot(ja, ta, 2), 1e-12)
    checks.close(f"{what}: vjp by x", vx, np.tensordot(c, jx, 2), 1e-12)
    checks.close(f"{what}: vjp by a", va, np.tensordot(c, ja, 2), 1e-12)
    checks.close(f"{what}: value of jvp", value, f(*at), 1e-12)
    checks.close(f"{what}: value of vjp", again, value, 0)


PROGRAMS = f"""
// x^(2^3) by a loop
func.func @power(%x: f64) -> f64 {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %0 = scf.for %i = %c0 to %c3 step %c1 iter_args(%a = %x) -> f64 {{
    %s = arith.mulf %a, %a : f64
    scf.yield %s : f64
  }}
  return %0 : f64
}}
func.func @slope(%x: f64) -> f64 {{
  %0 = etrace.grad @power(%x) : (f64) -> f64
  return %0 : f64
}}
func.func @curvature(%x: f64) -> f64 {{
  %0 = etrace.grad @slope(%x) : (f64) -> f64
  return %0 : f64
}}
// The integer and what it leads to are auxiliary: no derivative is asked of them.
func.func @counted(%x: f64, %n: i64) -> (f64, i64, f64) {{
  %i = arith.fptosi %x : f64 to i64
  %s = arith.addi %i, %n : i64
  %m = math.roundeven %x : f64
  %f = arith.sitofp %n : i64 to f64
  %0 = arith.mulf %x, %f : f64
  %1 = arith.mulf %0, %x : f64
  return %1, %s, %m : f64, i64, f64
}}
// A derivative that the user gives, half of the true one; the second factor is not differentiated.
func.func @custom(%x: f64, %y: f64) -> f64 {{
  %0 = etrace.custom_derivative(%x, %y) {{
  ^bb0(%u: f64, %v: f64):
    %p = arith.mulf %u, %v : f64
    etrace.yield %p : f64
  }} jvp {{
  ^bb0(%u: f64, %v: f64, %du: f64, %dv: f64):
    %half = arith.constant 0.5 : f64
    %a = arith.mulf %v, %du : f64
    %b = arith.mulf %u, %dv : f64
    %c = arith.addf %a, %b : f64
    %d = arith.mulf %half, %c : f64
    etrace.yield %d : f64
  }} : (f64, f64) -> f64
  return %0 : f64
}}
func.func @main(%x: f64, %y: f64) -> (f64, f64, f64, f64, f64, f64, f64) {ENTRY} {{
  %n = arith.constant 5 : i64
  %0 = etrace.grad @power(%x) : (f64) -> f64
  %1 = etrace.hessian @power(%x) : (f64) -> f64
  %2 = etrace.grad @curvature(%x) : (f64) -> f64
  %3, %v, %s, %m = etrace.grad @counted(%x, %n) has_aux return_value
      : (f64, i64) -> (f64, f64, i64, f64)
  %f = arith.sitofp %s : i64 to f64
  %4 = etrace.grad @custom(%x, %y) : (f64, f64) -> f64
  return %0, %1, %2, %3, %f, %m, %4 : f64, f64, f64, f64, f64, f64, f64
}}
"""


def check_programs(checks, directory):
    module = Module(PROGRAMS, ["--etrace-lower-derivatives"], directory, "programs")
    x = 1.3
    found = module.call("main", [x, 0.7], [None] * 7)
    expected = [8 * x ** 7, 56 * x ** 6, 336 * x ** 5, 10 * x, 6, 1, 0.35]
    names = ["grad of a loop", "hessian of a loop", "grad of grad of grad", "grad beside aux",
             "integer aux", "float aux", "custom derivative"]
    for name, a, b in zip(names, found, expected, strict=True):
        checks.close(name, a, b, 1e-13)


def main():
    directory = sys.argv[1]
    checks = Checks()
    golden = check_examples(checks, directory)
    check_regressor(checks, directory, golden)
    check_programs(checks, directory)
    for rows, dynamic in ((1, False), (3, False), (2, True)):
        check_network(checks, directory, rows, dynamic)
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
