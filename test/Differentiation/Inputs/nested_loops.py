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


def main():
    checks, directory = Checks(), sys.argv[1]
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
