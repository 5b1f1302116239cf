# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Functions of derivatives: scaling, clipping, noise, functions of the user; by the numbers of
the seed, by numpy, and the noise by its own generator written in numpy and by its statistics."""

import json
import math
import pathlib
import sys

import numpy as np

from derivatives import leaves
from native import Checks, Module
from return_table import Row, TEXT
from states import REGRESSOR, TARGETS

BY = "_regressor.bias_regressor.weight"


def transforms(*steps):
    return "transforms={[" + ",".join(steps) + "]}"


def check_seed(checks, directory):
    """S003-28..30: every number of the golden file."""
    golden = json.loads(
        (pathlib.Path(__file__).parent / "autodiff_gradient_transform.json").read_text())
    cases = {f"scale_{factor}": f"#etrace.scale<factor={factor}>" for factor in (0.5, 2.0, 0.0, -1.0)}
    cases |= {f"clip_{c}": f"#etrace.clip_by_global_norm<max={c}>" for c in (0.1, 1.0, 10.0)}
    data = [np.array(golden[k]["data"]).reshape(5, 1) for k in ("x", "target")]

    def run(key, function, options, arguments, ranks, at):
        # The name does not tell the lists apart: a module for each.
        module = Module(REGRESSOR, [f"--etrace-differentiate=function={function} {TARGETS} {options}",
                                    "--etrace-functionalize-functions"], directory,
                        key.replace(".", "_").replace("-", "m"))
        (name,) = [n for n in module.signatures if n.startswith(f"{function}.grad{BY}")]
        states = {"regressor.bias": np.array([at / 2]), "regressor.weight": np.array([[at]])}
        found = [v for _, v in module.run(name, states, arguments, ranks)]
        for value, leaf in zip(found, leaves(golden[key]), strict=True):
            checks.close(f"S003-28..30 {key}", value, leaf, 1e-15)
    run("plain", "mse", "", data, [1, 2], 0.0)
    for key, step in cases.items():
        run(key, "mse", transforms(step), data, [1, 2], 0.0)
    half, clip = "#etrace.scale<factor=0.5>", "#etrace.clip_by_global_norm<max=0.1>"
    run("scale_with_argnums_value", "mse", f"wrt=1 return-value {transforms(half)}", data,
        [1, 2, 2, None], 0.0)
    run("clip_counts_argument_gradients_in_the_norm", "mse", f"wrt=1 {transforms(clip)}", data,
        [1, 2, 2], 0.0)
    run("scale_with_aux_value", "metrics", f"wrt=0 return-value has-aux {transforms(half)}",
        [0.3] + data, [1, 2, None, None] + [None] * 3, 0.5)


def typename(rank, extents):
    return "f64" if rank is None else "tensor<" + "".join(f"{n}x" for n in extents) + "f64>"


#: Shapes of the targets of the return table.
SHAPES = {0: (), 1: (5, 1), "bias": (1,), "weight": (1, 1)}


def check_table(checks, directory):
    """S003-27: a function of the user with a parameter, on every row of the return table: the k-th
    derivative g becomes (k + 1) s g. Values and auxiliary results stay."""
    golden = json.loads((pathlib.Path(__file__).parent / "autodiff_return_table.json").read_text())
    at = [0.3, np.linspace(-1, 1, 5).reshape(5, 1), 3 * np.linspace(-1, 1, 5).reshape(5, 1) + 1]
    states = {"regressor.bias": np.array([0.25]), "regressor.weight": np.array([[0.5]])}
    functions, flags, rows = {}, [], {}
    for transform, table in golden["transforms"].items():
        for expected in table:
            row = Row(transform, expected)
            types = block_types(row)
            user = f"user{len(functions)}"
            functions.setdefault(types, (user, user_function(user, types)))
            step = f"#etrace.transform_by<@{functions[types][0]}, [0.5 : f64]>"
            flags += [row.flag, row.flag + " " + transforms(step)]
            rows[row.name] = row
    module = Module(TEXT + "".join(text for _, text in functions.values()),
                    list(dict.fromkeys(flags)) + ["--etrace-functionalize-functions"], directory,
                    "table")
    for name, row in rows.items():
        plain = [v for _, v in module.run(name, states, at, row.ranks)]
        found = [v for _, v in module.run(name + "_transformed", states, at, row.ranks)]
        for index, (a, b) in enumerate(zip(found, plain, strict=True)):
            factor = 0.5 * (index + 1) if index < row.derivatives else 1.0
            checks.close(f"S003-27 {name}#{index}", a, factor * b, 1e-15)
    return len(rows)


def block_types(row):
    vector = (5,) if row.function.startswith("vector") else ()
    targets = [SHAPES[n] for n in row.wrt]
    if row.transform in ("grad", "vector_grad"):
        blocks = targets
    elif row.transform == "hessian":
        blocks = [a + b for a in targets for b in targets]
    else:
        blocks = [vector + a for a in targets]
    return tuple(typename(rank, shape) for rank, shape in zip(row.ranks, blocks))


def user_function(name, types):
    arguments = ", ".join([f"%g{i}: {t}" for i, t in enumerate(types)] + ["%s: f64"])
    body = ""
    for i, kind in enumerate(types):
        body += f"  %k{i} = arith.constant {i + 1}.0 : f64\n  %f{i} = arith.mulf %k{i}, %s : f64\n"
        if kind != "f64":
            body += f"  %b{i} = tensor.splat %f{i} : {kind}\n"
        body += f"  %r{i} = arith.mulf %g{i}, %{'f' if kind == 'f64' else 'b'}{i} : {kind}\n"
    values = ", ".join(f"%r{i}" for i in range(len(types)))
    return (f"func.func private @{name}({arguments}) -> ({', '.join(types)}) {{\n{body}"
            f"  return {values} : {', '.join(types)}\n}}\n")


CHAIN = """
func.func @f(%x: tensor<4xf64>, %y: f64) -> tensor<4xf64> {
  %s = tensor.splat %y : tensor<4xf64>
  %0 = arith.mulf %x, %x : tensor<4xf64>
  %1 = arith.mulf %0, %s : tensor<4xf64>
  return %1 : tensor<4xf64>
}
func.func @dynamic(%x: tensor<?xf64>) -> tensor<?xf64> {
  %0 = arith.mulf %x, %x : tensor<?xf64>
  return %0 : tensor<?xf64>
}
func.func private @swap(%g: tensor<4xf64>, %h: f64) -> (tensor<4xf64>, f64) {
  %c = arith.constant 1 : index
  %0 = tensor.extract %g[%c] : tensor<4xf64>
  %1 = tensor.insert %h into %g[%c] : tensor<4xf64>
  return %1, %0 : tensor<4xf64>, f64
}
func.func @main(%x: tensor<4xf64>, %y: f64, %t: tensor<4xf64>, %c: tensor<4xf64>)
    -> (tensor<4xf64>, f64, tensor<4xf64>, f64, tensor<4xf64>, tensor<4x4xf64>, tensor<4xf64>)
    attributes {llvm.emit_c_interface} {
  // In this order: scaled, clipped by value, swapped, clipped by norm.
  %0, %1 = etrace.vector_grad @f(%x, %y) wrt [0, 1]
      transforms [#etrace.scale<factor = 3.0>, #etrace.clip_by_value<low = -2.0, high = 1.5>,
                  #etrace.transform_by<@swap>, #etrace.clip_by_global_norm<max = 1.0>]
      : (tensor<4xf64>, f64) -> (tensor<4xf64>, f64)
  %2, %3 = etrace.vjp @f(%x, %y) cotangents(%c) wrt [0, 1]
      transforms [#etrace.clip_by_value<low = -0.1, high = 0.2>]
      : (tensor<4xf64>, f64), (tensor<4xf64>) -> (tensor<4xf64>, f64)
  %4 = etrace.jvp @f(%x, %y) tangents(%t) transforms [#etrace.scale<factor = -2.0>]
      : (tensor<4xf64>, f64), (tensor<4xf64>) -> (tensor<4xf64>)
  // The transformed gradient is differentiated again.
  %5 = etrace.jacfwd @clipped(%x, %y) : (tensor<4xf64>, f64) -> tensor<4x4xf64>
  %d = tensor.cast %x : tensor<4xf64> to tensor<?xf64>
  %e = etrace.vector_grad @dynamic(%d) transforms [#etrace.clip_by_global_norm<max = 1.0>,
      #etrace.scale<factor = 2.0>] : (tensor<?xf64>) -> tensor<?xf64>
  %6 = tensor.cast %e : tensor<?xf64> to tensor<4xf64>
  return %0, %1, %2, %3, %4, %5, %6
      : tensor<4xf64>, f64, tensor<4xf64>, f64, tensor<4xf64>, tensor<4x4xf64>, tensor<4xf64>
}
func.func @clipped(%x: tensor<4xf64>, %y: f64) -> tensor<4xf64>
    attributes {llvm.emit_c_interface} {
  %0 = etrace.vector_grad @f(%x, %y)
      transforms [#etrace.clip_by_global_norm<max = 1.0>, #etrace.gradient_noise<std = 1.0, seed = 1>]
      : (tensor<4xf64>, f64) -> tensor<4xf64>
  return %0 : tensor<4xf64>
}
"""


def clip_by_norm(gradients, most):
    norm = np.sqrt(sum(np.sum(np.square(g)) for g in gradients))
    return [min(1.0, most / (norm + 1e-6)) * g for g in gradients]


def check_chain(checks, directory):
    module = Module(CHAIN, ["--etrace-lower-derivatives"], directory, "chain")
    rng = np.random.default_rng(5)
    x, t, c = (rng.normal(size=4) for _ in range(3))
    y = 0.7
    found = module.call("main", [x, y, t, c], [1, None, 1, None, 1, 2, 1])
    g, h = np.clip(6 * x * y, -2, 1.5), np.clip(3 * np.sum(x * x), -2, 1.5)
    swapped = g.copy()
    swapped[1], h = h, g[1]
    g, h = clip_by_norm([swapped, h], 1.0)
    expected = [g, h, np.clip(2 * x * y * c, -.1, .2), np.clip(np.sum(x * x * c), -.1, .2),
                -2 * 2 * x * y * t]
    names = ["chain by x", "chain by y", "vjp by x", "vjp by y", "jvp"]
    for name, a, b in zip(names, found, expected):
        checks.close(f"S003-27 {name}", a, b, 1e-14)
    # d/dx of g / (|g| + 1e-6), g = 2 x y: noise is a constant.
    g = 2 * x * y
    norm = np.linalg.norm(g)
    jacobian = 2 * y * (np.eye(4) / (norm + 1e-6) - np.outer(g, g) / norm / (norm + 1e-6) ** 2)
    checks.close("clipped, noisy gradient differentiated", found[5], jacobian, 1e-13)
    checks.close("dynamic extents", found[6], 2 * clip_by_norm([2 * x], 1.0)[0], 1e-14)


def threefry(key, counter):
    """Threefry-2x32, 20 rounds, as in the paper; words are arrays of uint32."""
    mask = np.uint64(0xffffffff)
    ks = [np.uint64(key[0]), np.uint64(key[1]), np.uint64(key[0] ^ key[1] ^ 0x1BD11BDA)]
    x = [(np.uint64(c) + k) & mask for c, k in zip(counter, ks)]
    rotations = [13, 15, 26, 6, 17, 29, 16, 24]
    for r in range(20):
        x[0] = (x[0] + x[1]) & mask
        by = np.uint64(rotations[r % 8])
        x[1] = ((x[1] << by) | (x[1] >> (np.uint64(32) - by))) & mask
        x[1] ^= x[0]
        if r % 4 == 3:
            s = r // 4 + 1
            x[0] = (x[0] + ks[s % 3]) & mask
            x[1] = (x[1] + ks[(s + 1) % 3] + np.uint64(s)) & mask
    return x


def normal(seed, stream, count, counter=0):
    """What the description of etrace.random_normal says."""
    digest = 0xcbf29ce484222325
    for byte in stream.encode():
        digest = (digest ^ byte) * 0x100000001b3 % 2 ** 64
    words = threefry((seed & 0xffffffff, seed >> 32), (digest & 0xffffffff, digest >> 32))
    key = [int(w) for w in words]

    def uniform(n):
        low, high = threefry(key, (n, np.full_like(n, counter)))
        return ((high << np.uint64(32) | low) >> np.uint64(11)).astype(np.float64) * 2.0 ** -53
    elements = np.arange(count, dtype=np.uint64)
    two = np.uint64(2)
    radius = np.sqrt(-2 * np.log(1 - uniform(two * elements)))
    return radius * np.cos(2 * np.pi * uniform(two * elements + np.uint64(1)))


N = 40000
NOISE = f"""
func.func @zero(%x: tensor<200x200xf64>, %y: tensor<3xf32>, %z: f64) -> f64 {{
  %0 = arith.mulf %z, %z : f64
  return %0 : f64
}}
func.func @noise(%x: tensor<200x200xf64>, %y: tensor<3xf32>, %z: f64)
    -> (tensor<200x200xf64>, tensor<200x200xf64>, tensor<200x200xf64>, tensor<3xf64>, f64,
        tensor<200x200xf64>, tensor<3x7xf64>) {{
  %0:3 = etrace.grad @zero(%x, %y, %z) wrt [0, 1, 2]
      transforms [#etrace.gradient_noise<std = 0.5, seed = 7>]
      : (tensor<200x200xf64>, tensor<3xf32>, f64) -> (tensor<200x200xf64>, tensor<3xf32>, f64)
  %1:3 = etrace.grad @zero(%x, %y, %z) wrt [0, 1, 2]
      transforms [#etrace.gradient_noise<std = 0.5, seed = 8>]
      : (tensor<200x200xf64>, tensor<3xf32>, f64) -> (tensor<200x200xf64>, tensor<3xf32>, f64)
  %2:2 = etrace.grad @zero(%x, %y, %z) wrt [2, 0]
      transforms [#etrace.gradient_noise<std = 0.5, seed = 7>]
      : (tensor<200x200xf64>, tensor<3xf32>, f64) -> (f64, tensor<200x200xf64>)
  %3 = arith.extf %0#1 : tensor<3xf32> to tensor<3xf64>
  %n = arith.constant 5 : i64
  %e = tensor.empty() : tensor<3x7xf64>
  %r = etrace.random_normal like %e seed(1099511627783) stream("batch") counter(%n) : tensor<3x7xf64>
  return %0#0, %1#0, %2#1, %3, %0#2, %0#0, %r
      : tensor<200x200xf64>, tensor<200x200xf64>, tensor<200x200xf64>, tensor<3xf64>, f64,
        tensor<200x200xf64>, tensor<3x7xf64>
}}
func.func @main(%x: tensor<200x200xf64>, %z: f64)
    -> (tensor<200x200xf64>, tensor<200x200xf64>, tensor<200x200xf64>, tensor<3xf64>, f64,
        tensor<200x200xf64>, tensor<3x7xf64>) attributes {{llvm.emit_c_interface}} {{
  %y = arith.constant dense<1.0> : tensor<3xf32>
  %0:7 = call @noise(%x, %y, %z) : (tensor<200x200xf64>, tensor<3xf32>, f64)
      -> (tensor<200x200xf64>, tensor<200x200xf64>, tensor<200x200xf64>, tensor<3xf64>, f64,
          tensor<200x200xf64>, tensor<3x7xf64>)
  return %0#0, %0#1, %0#2, %0#3, %0#4, %0#5, %0#6
      : tensor<200x200xf64>, tensor<200x200xf64>, tensor<200x200xf64>, tensor<3xf64>, f64,
        tensor<200x200xf64>, tensor<3x7xf64>
}}
"""


def check_noise(checks, directory):
    module = Module(NOISE, ["--etrace-lower-derivatives"], directory, "noise")
    arguments = [np.zeros((200, 200)), 1.5]
    ranks = [2, 2, 2, 1, None, 2, 2]
    a, b, moved, single, scalar, again, counted = module.call("main", arguments, ranks)
    second = module.call("main", arguments, ranks)
    checks.true("noise is reproducible", np.array_equal(a, second[0]) and np.array_equal(a, again))
    checks.close("noise by its generator", a.ravel(),
                 0.5 * normal(7, "gradient_noise.0", N), 1e-13)
    checks.close("noise of another seed", b.ravel(), 0.5 * normal(8, "gradient_noise.0", N), 1e-13)
    checks.close("noise of the second derivative", moved.ravel(),
                 0.5 * normal(7, "gradient_noise.1", N), 1e-13)
    checks.close("noise in f32", single, 0.5 * normal(7, "gradient_noise.1", 3), 1e-6)
    checks.close("noise on a scalar gradient", scalar,
                 3.0 + 0.5 * normal(7, "gradient_noise.2", 1)[0], 1e-13)
    checks.close("random numbers of a counter and a long seed", counted.ravel(),
                 normal(1099511627783, "batch", 21, counter=5), 1e-13)
    # Moments of 40,000 standard normal numbers, at five standard errors.
    z = a.ravel() / 0.5
    for power, moment, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        error = abs(np.mean(z ** power) - moment) / np.sqrt(variance / N)
        checks.true(f"moment {power} is {error:.1f} standard errors off", error < 5)
    for name, other in (("seeds", b.ravel()), ("neighbours", np.roll(a.ravel(), 1)),
                        ("derivatives", moved.ravel())):
        correlation = np.mean(z * other / 0.5) * np.sqrt(N)
        checks.true(f"correlation of {name}: {correlation:.1f}", abs(correlation) < 5)
    empirical = np.searchsorted(np.sort(z), np.linspace(-3, 3, 13)) / N
    exact = [0.5 * (1 + math.erf(v / math.sqrt(2))) for v in np.linspace(-3, 3, 13)]
    checks.true("distribution (Kolmogorov)", np.max(np.abs(empirical - exact)) < 2.0 / np.sqrt(N))


def main():
    directory = sys.argv[1]
    checks = Checks()
    check_seed(checks, directory)
    rows = check_table(checks, directory)
    check_chain(checks, directory)
    check_noise(checks, directory)
    print(f"{rows} rows transformed")
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
