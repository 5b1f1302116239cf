# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Derivatives of structured, shaped and control-flow operations: jvp against central
differences, and <Jv, u> = <v, J^T u>."""

import os
import sys

import numpy as np

from compiled import Function, Library

ZERO = "%z = arith.constant 0.0 : f64\n"


def zeros(name, kind):
    return (f"%{name}e = tensor.empty() : {kind}\n"
            f"%{name} = linalg.fill ins(%z : f64) outs(%{name}e : {kind}) -> {kind}\n")


def generic(maps, iterators, ins, out, body, result="%r0"):
    """`ins` and `out` are pairs (value, type); `body` computes %y from %x0, %x1, ..., %o."""
    maps = ", ".join(f"affine_map<{m}>" for m in maps)
    kinds = ", ".join(f'"{i}"' for i in iterators)
    arguments = ", ".join(f"%x{i}: f64" for i in range(len(ins)))
    inputs = ", ".join(v for v, _ in ins) + " : " + ", ".join(t for _, t in ins)
    return (f"{result} = linalg.generic {{indexing_maps = [{maps}], iterator_types = [{kinds}]}} "
            f"ins({inputs}) outs({out[0]} : {out[1]}) {{\n^bb0({arguments}, %o: f64):\n{body}\n"
            f"linalg.yield %y : f64\n}} -> {out[1]}")


P, R = "parallel", "reduction"
T45, T53, T43, T4, T5, T3, S = ("tensor<4x5xf64>", "tensor<5x3xf64>", "tensor<4x3xf64>",
                                "tensor<4xf64>", "tensor<5xf64>", "tensor<3xf64>", "tensor<f64>")
SUM_ROWS = ["(i, j) -> (i, j)", "(i, j) -> (i)"]

CASES = [
    # Structured operations by name.
    Function("matmul", [(4, 5), (5, 3), (4, 3)], [(4, 3)],
             f"%r0 = linalg.matmul ins(%a0, %a1 : {T45}, {T53}) outs(%a2 : {T43}) -> {T43}"),
    Function("matmul_transposed", [(4, 5), (3, 5)], [(4, 3)], ZERO + zeros("i", T43) +
             "%r0 = linalg.matmul indexing_maps = [affine_map<(i, j, k) -> (i, k)>, "
             "affine_map<(i, j, k) -> (j, k)>, affine_map<(i, j, k) -> (i, j)>] "
             f"ins(%a0, %a1 : {T45}, tensor<3x5xf64>) outs(%i : {T43}) -> {T43}"),
    Function("matvec", [(4, 5), (5,)], [(4,)], ZERO + zeros("i", T4) +
             f"%r0 = linalg.matvec ins(%a0, %a1 : {T45}, {T5}) outs(%i : {T4}) -> {T4}"),
    Function("vecmat", [(4,), (4, 5)], [(5,)], ZERO + zeros("i", T5) +
             f"%r0 = linalg.vecmat ins(%a0, %a1 : {T4}, {T45}) outs(%i : {T5}) -> {T5}"),
    Function("dot", [(5,), (5,)], [()], ZERO + zeros("i", S) +
             f"%r0 = linalg.dot ins(%a0, %a1 : {T5}, {T5}) outs(%i : {S}) -> {S}"),
    Function("batch_matmul", [(2, 4, 5), (2, 5, 3)], [(2, 4, 3)], ZERO + zeros("i", "tensor<2x4x3xf64>") +
             "%r0 = linalg.batch_matmul ins(%a0, %a1 : tensor<2x4x5xf64>, tensor<2x5x3xf64>) "
             "outs(%i : tensor<2x4x3xf64>) -> tensor<2x4x3xf64>"),
    Function("contract", [(4, 5), (5, 3)], [(3, 4)], ZERO + zeros("i", "tensor<3x4xf64>") +
             "%r0 = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, "
             "affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (j, i)>] "
             f"ins(%a0, %a1 : {T45}, {T53}) outs(%i : tensor<3x4xf64>) -> tensor<3x4xf64>"),
    Function("transpose", [(4, 5)], [(5, 4)], "%e = tensor.empty() : tensor<5x4xf64>\n"
             f"%r0 = linalg.transpose ins(%a0 : {T45}) outs(%e : tensor<5x4xf64>) permutation = [1, 0]"),
    Function("broadcast", [(5,)], [(4, 5)], f"%e = tensor.empty() : {T45}\n"
             f"%r0 = linalg.broadcast ins(%a0 : {T5}) outs(%e : {T45}) dimensions = [0]"),
    Function("reduce", [(4, 5), (4,)], [(4,)],
             f"%r0 = linalg.reduce {{ arith.addf }} ins(%a0 : {T45}) outs(%a1 : {T4}) dimensions = [1]"),
    Function("map", [(4, 5), (4, 5)], [(4, 5)], f"%e = tensor.empty() : {T45}\n"
             f"%r0 = linalg.map {{ arith.mulf }} ins(%a0, %a1 : {T45}, {T45}) outs(%e : {T45})"),
    Function("elementwise", [(4, 5)], [(4, 5)], f"%e = tensor.empty() : {T45}\n"
             "%r0 = linalg.elementwise kind=#linalg.elementwise_kind<exp> "
             f"ins(%a0 : {T45}) outs(%e : {T45}) -> {T45}"),
    Function("copy", [(4, 5)], [(4, 5)], f"%e = tensor.empty() : {T45}\n"
             f"%r0 = linalg.copy ins(%a0 : {T45}) outs(%e : {T45}) -> {T45}"),
    Function("fill", [()], [(4, 5)], f"%e = tensor.empty() : {T45}\n%s = tensor.extract %a0[] : {S}\n"
             f"%r0 = linalg.fill ins(%s : f64) outs(%e : {T45}) -> {T45}"),
    # Generic operations.
    Function("log_sum_exp", [(4, 5)], [(4,)], ZERO + zeros("i", T4) +
             generic(SUM_ROWS, [P, R], [("%a0", T45)], ("%i", T4),
                     "%e = math.exp %x0 : f64\n%y = arith.addf %o, %e : f64", "%s") +
             f"\n%r0 = math.log %s : {T4}"),
    Function("outer", [(4,), (5,), (4, 5)], [(4, 5)],
             generic(["(i, j) -> (i)", "(i, j) -> (j)", "(i, j) -> (i, j)"], [P, P],
                     [("%a0", T4), ("%a1", T5)], ("%a2", T45),
                     "%p = arith.mulf %x0, %x1 : f64\n%y = arith.addf %o, %p : f64")),
    Function("init_read", [(4, 5), (4, 5)], [(4, 5)],
             generic(["(i, j) -> (i, j)"] * 2, [P, P], [("%a0", T45)], ("%a1", T45),
                     "%q = arith.mulf %o, %o : f64\n%y = arith.mulf %q, %x0 : f64")),
    Function("decay", [(4, 5), (4, 5)], [(4, 5)],
             generic(["(i, j) -> (i, j)"] * 2, [P, P], [("%a0", T45)], ("%a1", T45),
                     "%k = arith.constant 0.9 : f64\n%d = arith.mulf %o, %k : f64\n"
                     "%y = arith.addf %d, %x0 : f64")),
    Function("difference", [(4, 5), (5, 4)], [(4, 5)], f"%e = tensor.empty() : {T45}\n" +
             generic(["(i, j) -> (i, j)", "(i, j) -> (j, i)", "(i, j) -> (i, j)"], [P, P],
                     [("%a0", T45), ("%a1", "tensor<5x4xf64>")], ("%e", T45),
                     "%n = arith.negf %x1 : f64\n%d = arith.subf %x0, %n : f64\n"
                     "%t = math.tanh %d : f64\n%c = arith.cmpf ogt, %x0, %x1 : f64\n"
                     "%s = arith.select %c, %t, %x1 : f64\n%y = arith.divf %s, %x0 : f64")),
    Function("same_twice", [(4, 5)], [(4, 5)], f"%e = tensor.empty() : {T45}\n" +
             generic(["(i, j) -> (i, j)"] * 3, [P, P], [("%a0", T45), ("%a0", T45)], ("%e", T45),
                     "%y = arith.mulf %x0, %x1 : f64")),
    Function("position", [(4, 5)], [(4, 5)], f"%e = tensor.empty() : {T45}\n" +
             generic(["(i, j) -> (i, j)"] * 2, [P, P], [("%a0", T45)], ("%e", T45),
                     "%n = linalg.index 1 : index\n%m = arith.index_cast %n : index to i64\n"
                     "%f = arith.sitofp %m : i64 to f64\n%y = arith.mulf %f, %x0 : f64")),
    Function("sum_without_factor", [(4,), (5,)], [(4,)], ZERO + zeros("i", T4) +
             generic(["(i, j) -> (i)", "(i, j) -> (j)", "(i, j) -> (i)"], [P, R],
                     [("%a0", T4), ("%a1", T5)], ("%i", T4),
                     "%p = arith.mulf %x0, %x0 : f64\n%y = arith.addf %o, %p : f64")),
    # Values that the body reads from outside.
    Function("captured", [(4, 5), ()], [(4, 5)],
             f"%e = tensor.empty() : {T45}\n%s = tensor.extract %a1[] : {S}\n" +
             generic(["(i, j) -> (i, j)"] * 2, [P, P], [("%a0", T45)], ("%e", T45),
                     "%y = arith.mulf %s, %x0 : f64")),
    Function("captured_sum", [(4, 5), ()], [(4,)],
             ZERO + zeros("i", T4) + f"%s = tensor.extract %a1[] : {S}\n" +
             generic(SUM_ROWS, [P, R], [("%a0", T45)], ("%i", T4),
                     "%p = arith.mulf %s, %x0 : f64\n%y = arith.addf %o, %p : f64")),
    # Tensors.
    Function("splat", [()], [(4, 5)], f"%s = tensor.extract %a0[] : {S}\n%r0 = tensor.splat %s : {T45}"),
    Function("from_elements", [(), ()], [(2, 2)],
             f"%s = tensor.extract %a0[] : {S}\n%t = tensor.extract %a1[] : {S}\n" + ZERO +
             "%p = arith.mulf %s, %t : f64\n%r0 = tensor.from_elements %s, %p, %z, %t : tensor<2x2xf64>"),
    Function("insert", [(4, 5)], [(4, 5)],
             "%c1 = arith.constant 1 : index\n%c2 = arith.constant 2 : index\n"
             f"%s = tensor.extract %a0[%c1, %c2] : {T45}\n%q = arith.mulf %s, %s : f64\n"
             f"%r0 = tensor.insert %q into %a0[%c2, %c1] : {T45}"),
    Function("extract_slice", [(4, 5)], [(3,)],
             f"%r0 = tensor.extract_slice %a0[2, 0] [1, 3] [1, 2] : {T45} to {T3}"),
    Function("insert_slice", [(3,), (4, 5)], [(4, 5)],
             f"%r0 = tensor.insert_slice %a0 into %a1[2, 0] [1, 3] [1, 2] : {T3} into {T45}"),
    Function("concat", [(3,), (4,), (5,)], [(12,)],
             f"%q = arith.mulf %a1, %a1 : {T4}\n"
             f"%r0 = tensor.concat dim(0) %a0, %q, %a2 : ({T3}, {T4}, {T5}) -> tensor<12xf64>"),
    Function("pad", [(3,)], [(6,)], ZERO + "%r0 = tensor.pad %a0 low[1] high[2] {\n^bb0(%i: index):\n"
             f"tensor.yield %z : f64\n}} : {T3} to tensor<6xf64>"),
    Function("expand", [(20,)], [(4, 5)], "%r0 = tensor.expand_shape %a0 [[0, 1]] output_shape [4, 5] "
             f": tensor<20xf64> into {T45}"),
    Function("collapse", [(4, 5)], [(20,)],
             f"%r0 = tensor.collapse_shape %a0 [[0, 1]] : {T45} into tensor<20xf64>"),
    # Control flow: the branch is taken for one sign, the other for the other.
    Function("branch", [(), (5,)], [(5,)], ZERO + f"%s = tensor.extract %a0[] : {S}\n"
             "%c = arith.cmpf ogt, %s, %z : f64\n%r0 = scf.if %c -> (tensor<5xf64>) {\n"
             f"%b = tensor.splat %s : {T5}\n%m = arith.mulf %b, %a1 : {T5}\nscf.yield %m : {T5}\n"
             f"}} else {{\n%n = math.sin %a1 : {T5}\nscf.yield %n : {T5}\n}}"),
    # Primitives.
    Function("etp_matmul", [(4, 5), (5, 3), (3,)], [(4, 3)], "%r0 = etrace.matmul %a0, %a1 bias %a2 "
             f": {T45}, {T53}, {T3} -> {T43}"),
    Function("etp_vector", [(5,), (5, 3)], [(3,)],
             f"%r0 = etrace.matmul %a0, %a1 : {T5}, {T53} -> {T3}"),
    Function("etp_elementwise", [(4, 5), (4, 5)], [(4, 5)],
             f"%e = etrace.elementwise %a0 : {T45}\n%r0 = arith.mulf %e, %a1 : {T45}"),
    # All together: one step of a gated network.
    Function("gated", [(4, 5), (4, 3), (8, 3), (3,)], [(4, 3)],
             "%xh = tensor.concat dim(1) %a0, %a1 : (tensor<4x5xf64>, tensor<4x3xf64>) -> tensor<4x8xf64>\n"
             f"%y = etrace.matmul %xh, %a2 bias %a3 : tensor<4x8xf64>, tensor<8x3xf64>, {T3} -> {T43}\n"
             f"%g = etrace.logistic %y : {T43}\n%t = math.tanh %y : {T43}\n"
             f"%one = arith.constant dense<1.0> : {T43}\n%k = arith.subf %one, %g : {T43}\n"
             f"%p = arith.mulf %k, %a1 : {T43}\n%q = arith.mulf %g, %t : {T43}\n"
             f"%r0 = arith.addf %p, %q : {T43}"),
]

# Lowered by the compiler, so in a library of their own; their values are checked by models.
WINDOWS = [
    Function("etp_conv", [(2, 4, 3), (3, 2, 3), (2,)], [(2, 2, 6)],
             '%r0 = etrace.conv "nHi,Hoi->noH" %a0, %a1 bias %a2 strides [2] low [2] high [3] '
             "input_dilation [3] kernel_dilation [2] : tensor<2x4x3xf64>, tensor<3x2x3xf64>, "
             "tensor<2xf64> -> tensor<2x2x6xf64>"),
    Function("etp_conv_groups", [(2, 5, 4, 3), (2, 3, 2, 3)], [(2, 4, 3, 3)],
             '%r0 = etrace.conv "gHWi,gHWi->gHWi" %a0, %a1 low [0, 0] high [1, 0] '
             ": tensor<2x5x4x3xf64>, tensor<2x3x2x3xf64> -> tensor<2x4x3x3xf64>"),
    # x convolved with itself: both factors are active.
    Function("etp_conv_twice", [(4, 2)], [(3, 2)],
             "%k = tensor.extract_slice %a0[0, 0] [2, 2] [1, 1] : tensor<4x2xf64> to tensor<2x2xf64>\n"
             '%r0 = etrace.conv "Hc,Hc->Hc" %a0, %k : tensor<4x2xf64>, tensor<2x2xf64> -> tensor<3x2xf64>'),
]


def inner(a, b):
    return sum(float(np.sum(x * y)) for x, y in zip(a, b))


def check_second(library, function, rng):
    """Forward over reverse: 1 if the tangent of the vjp is not its central difference."""
    x, v = ([rng.standard_normal(s.shape) for s in function.arguments] for _ in "xv")
    u = [rng.standard_normal(s.shape) for s in function.results]
    got, step = library.second(function, x, u, v), 1e-5
    up, down = (library.vjp(function, [a + sign * step * b for a, b in zip(x, v)], u)
                for sign in (1, -1))
    error = max(np.max(abs(g - (a - b) / (2 * step))) for g, a, b in zip(got, up, down))
    if error < 1e-7 and any(np.any(g) for g in got):
        return 0
    print("FAILED", function.name, "the second derivative differs by", error)
    return 1


def main(directory):
    rng = np.random.default_rng(5)
    libraries = {}
    for name, functions in (("operations", CASES), ("windows", WINDOWS)):
        os.mkdir(os.path.join(directory, name))
        library = Library(functions, os.path.join(directory, name), second=functions is WINDOWS)
        libraries.update((function.name, library) for function in functions)
    failures = 0
    for function in CASES + WINDOWS:
        library = libraries[function.name]
        for sign in (1, -1):
            x = [sign * (0.5 + rng.random(s.shape)) for s in function.arguments]
            v = [rng.standard_normal(s.shape) for s in function.arguments]
            u = [rng.standard_normal(s.shape) for s in function.results]
            jv = library.jvp(function, x, v)
            if not any(np.any(t) for t in jv):
                failures += 1
                print("FAILED", function.name, "the tangent is zero")
            step = 1e-6
            up = library.value(function, [a + step * b for a, b in zip(x, v)])
            down = library.value(function, [a - step * b for a, b in zip(x, v)])
            error = max(np.max(abs(t - (p - m) / (2 * step)) / np.maximum(1, abs(t)))
                        for t, p, m in zip(jv, up, down))
            left, right = inner(jv, u), inner(v, library.vjp(function, x, u))
            if not error < 1e-7:
                failures += 1
                print("FAILED", function.name, "jvp differs from differences by", error)
            if not abs(left - right) <= 1e-12 * max(1.0, abs(left)):
                failures += 1
                print("FAILED", function.name, "<Jv, u> =", left, "<v, J^T u> =", right)
    failures += sum(check_second(libraries[f.name], f, rng) for f in WINDOWS)
    print(f"{len(libraries)} functions, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
