# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Loops in loops: derivatives of two levels by differences, and twenty levels derived in time."""

import subprocess
import sys

import numpy as np

from native import ENTRY, Checks, Module, differences

CARRIES = 4


def nest(name, depth, trips):
    """v0 <- a v0, vj <- sin v(j-1) in all levels: each becomes active an iteration later."""
    types = ", ".join(["f64"] * CARRIES)
    lines = [f"func.func @{name}(%x: f64, %a: f64) -> f64 {ENTRY} {{",
             "%c0 = arith.constant 0 : index", "%c1 = arith.constant 1 : index",
             f"%n = arith.constant {trips} : index", "%z = arith.constant 0.5 : f64"]
    values = ["%x"] + ["%z"] * (CARRIES - 1)
    for k in range(depth):
        carried = ", ".join(f"%v{k}_{j} = {v}" for j, v in enumerate(values))
        lines.append(f"%r{k}:{CARRIES} = scf.for %i{k} = %c0 to %n step %c1"
                     f" iter_args({carried}) -> ({types}) {{")
        values = [f"%v{k}_{j}" for j in range(CARRIES)]
    lines.append(f"%y0 = arith.mulf {values[0]}, %a : f64")
    lines += [f"%y{j} = math.sin {values[j - 1]} : f64" for j in range(1, CARRIES)]
    values = [f"%y{j}" for j in range(CARRIES)]
    for k in reversed(range(depth)):
        lines += [f"scf.yield {', '.join(values)} : {types}", "}"]
        values = [f"%r{k}#{j}" for j in range(CARRIES)]
    return "\n".join(lines + [f"return {values[-1]} : f64", "}\n"])


#: x^5 by a loop that starts from what it captures; rows of a captured tensor, one twice, behind a
#: use of the tensor.
CAPTURED = f"""
func.func @power(%x: f64) -> f64 {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 4 : index
  %0 = scf.for %i = %c0 to %n step %c1 iter_args(%s = %x) -> (f64) {{
    %p = arith.mulf %s, %x : f64
    scf.yield %p : f64
  }}
  return %0 : f64
}}
func.func @rows(%x: tensor<4x3xf64>) -> f64 {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 4 : index
  %z = arith.constant dense<0.0> : tensor<f64>
  %h = tensor.extract_slice %x[1, 0] [1, 3] [1, 1] : tensor<4x3xf64> to tensor<3xf64>
  %0 = scf.for %i = %c0 to %n step %c1 iter_args(%s = %h) -> (tensor<3xf64>) {{
    %r = tensor.extract_slice %x[%i, 0] [1, 3] [1, 1] : tensor<4x3xf64> to tensor<3xf64>
    %p = arith.mulf %s, %r : tensor<3xf64>
    %t = math.sin %p : tensor<3xf64>
    scf.yield %t : tensor<3xf64>
  }}
  %q = arith.mulf %x, %x : tensor<4x3xf64>
  %u = tensor.extract_slice %q[2, 0] [1, 3] [1, 1] : tensor<4x3xf64> to tensor<3xf64>
  %v = arith.mulf %0, %u : tensor<3xf64>
  %w = linalg.reduce {{ arith.addf }} ins(%v : tensor<3xf64>) outs(%z : tensor<f64>) dimensions = [0]
  %1 = tensor.extract %w[] : tensor<f64>
  return %1 : f64
}}
func.func @value(%x: tensor<4x3xf64>) -> f64 {ENTRY} {{
  %0 = call @rows(%x) : (tensor<4x3xf64>) -> f64
  return %0 : f64
}}
func.func @slopes(%a: f64, %x: tensor<4x3xf64>) -> (f64, tensor<4x3xf64>) {ENTRY} {{
  %0 = etrace.grad @power(%a) : (f64) -> f64
  %1 = etrace.grad @rows(%x) : (tensor<4x3xf64>) -> tensor<4x3xf64>
  return %0, %1 : f64, tensor<4x3xf64>
}}
"""


def check_captured(checks, directory):
    module = Module(CAPTURED, ["--etrace-lower-derivatives"], directory, "captured")
    x = np.random.default_rng(4).uniform(0.3, 1.2, (4, 3))
    power, rows = module.call("slopes", [1.3, x], [None, 2])
    checks.close("power", power, 5 * 1.3 ** 4, 1e-14)
    checks.close("rows", rows, differences(lambda v: module.call("value", [v], [None])[0], [x], 0),
                 1e-8)


def main():
    checks, directory = Checks(), sys.argv[1]
    check_captured(checks, directory)
    text = nest("f", 2, 2) + f"""
func.func @slope(%x: f64, %a: f64) -> (f64, f64) {ENTRY} {{
  %0:2 = etrace.grad @f(%x, %a) wrt [0, 1] : (f64, f64) -> (f64, f64)
  return %0#0, %0#1 : f64, f64
}}
"""
    module = Module(text, ["--etrace-lower-derivatives"], directory, "nest")
    found = module.call("slope", [0.7, 1.2], [None, None])
    for number, value in enumerate(found):
        expected = differences(lambda x, a: module.call("f", [float(x), float(a)], [None])[0],
                               [np.float64(0.7), np.float64(1.2)], number)
        checks.close(f"two levels, argument {number}", value, expected, 1e-8)
    # Trying out at each level what is active inside would take weeks.
    derived = subprocess.run(
        ["etrace-opt", "--etrace-differentiate=function=deep transform=grad wrt=0,1", "-"],
        input=nest("deep", 20, 2), text=True, capture_output=True, timeout=120)
    checks.true("twenty levels", "@deep.grad_0_1" in derived.stdout)
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
