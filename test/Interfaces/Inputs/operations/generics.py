# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`linalg.generic`: indexing maps and bodies that named operations do not have."""

import re

from case import Array, fixed

P, R = "parallel", "reduction"
M, V3, V5, S = "tensor<3x5xf64>", "tensor<3xf64>", "tensor<5xf64>", "tensor<f64>"


def generic(maps, iterators, ins, outs, lines, result="%r0"):
    """`ins` and `outs` are pairs (value, type); `lines` computes %y0, ... from %x0, ... and
    %o0, ... ."""
    maps = ", ".join(f"affine_map<{m}>" for m in maps)
    kinds = ", ".join(f'"{i}"' for i in iterators)
    scalars = ", ".join([f"%x{i}: {element(t)}" for i, (_, t) in enumerate(ins)] +
                        [f"%o{i}: {element(t)}" for i, (_, t) in enumerate(outs)])
    inputs = ("ins(" + ", ".join(v for v, _ in ins) + " : " + ", ".join(t for _, t in ins) + ") "
              if ins else "")
    types = ", ".join(t for _, t in outs)
    yields = ", ".join(f"%y{i}" for i in range(len(outs)))
    elements = ", ".join(element(t) for _, t in outs)
    count = f":{len(outs)}" if len(outs) > 1 else ""
    return (f"{result}{count} = linalg.generic {{indexing_maps = [{maps}], iterator_types = "
            f"[{kinds}]}} {inputs}outs({', '.join(v for v, _ in outs)} : {types}) {{\n"
            f"^bb0({scalars}):\n{lines}\nlinalg.yield {yields} : {elements}\n}} -> "
            + (f"({types})" if count else types))


def element(kind):
    return re.sub(r"^(\d+x)*", "", kind[len("tensor<"):-1])


def unpack(count, kind):
    return "".join(f"\n%r{k} = tensor.cast %r#{k} : {kind} to {kind}" for k in range(count))


ROWS = ["(i, j) -> (i, j)", "(i, j) -> (i)"]
CASES = {
    # Several results: a sum, a maximum and a product of the same rows.
    "several": ([(3, 5), (3,), (3,), (3,)], [(3,)] * 3,
                generic(ROWS + ROWS[1:] * 2, [P, R], [("%a0", M)],
                        [("%a1", V3), ("%a2", V3), ("%a3", V3)],
                        "%q = arith.mulf %x0, %x0 : f64\n%y0 = arith.addf %o0, %q : f64\n"
                        "%y1 = arith.maximumf %o1, %x0 : f64\n%e = math.cos %x0 : f64\n"
                        "%y2 = arith.mulf %e, %o2 : f64", "%r") + unpack(3, V3), True),
    # Accumulators that are no sums, maxima or products: forward mode only.
    "decay": ([(3, 5), (3,)], [(3,)],
              generic(ROWS, [P, R], [("%a0", M)], [("%a1", V3)],
                      "%t = math.tanh %o0 : f64\n%y0 = arith.addf %t, %x0 : f64"), False),
    "select": ([(3, 5), (3,)], [(3,)],
               generic(ROWS, [P, R], [("%a0", M)], [("%a1", V3)],
                       "%c = arith.cmpf ogt, %x0, %o0 : f64\n"
                       "%y0 = arith.select %c, %x0, %o0 : f64"), False),
    "argmax": ([(3, 5), (3,), Array((3,), "i64")], [(3,), (3,)],
               generic(ROWS + ROWS[1:], [P, R], [("%a0", M)],
                       [("%a1", V3), ("%a2", "tensor<3xi64>")],
                       "%c = arith.cmpf ogt, %x0, %o0 : f64\n"
                       "%y0 = arith.select %c, %x0, %o0 : f64\n%j = linalg.index 1 : index\n"
                       "%k = arith.index_cast %j : index to i64\n"
                       "%y1 = arith.select %c, %k, %o1 : i64", "%r") +
               f"\n%r0 = tensor.cast %r#0 : {V3} to {V3}\n"
               f"%r1 = arith.sitofp %r#1 : tensor<3xi64> to {V3}", False),
    # A value that the body reads at a position that it computes: x[(2 i + j) mod 5].
    "captured_tensor": ([(5,), (3, 5)], [(3, 5)],
                        generic(ROWS[:1] * 2, [P, P], [("%a1", M)], [("%a1", M)],
                                "%i = linalg.index 0 : index\n%j = linalg.index 1 : index\n"
                                "%s = arith.addi %i, %i : index\n%t = arith.addi %s, %j : index\n"
                                "%n = arith.constant 5 : index\n%k = arith.remui %t, %n : index\n"
                                f"%v = tensor.extract %a0[%k] : {V5}\n"
                                f"%w = tensor.extract %a0[%j] : {V5}\n"
                                "%p = arith.mulf %v, %w : f64\n%y0 = arith.mulf %p, %x0 : f64"),
                        True),
    # The same under a sum, with an index that is data.
    "gather": ([(5,), Array((3, 5), "index"), (3,)], [(3,)],
               generic(ROWS, [P, R], [("%a1", "tensor<3x5xindex>")], [("%a2", V3)],
                       f"%v = tensor.extract %a0[%x0] : {V5}\n%q = arith.mulf %v, %v : f64\n"
                       "%y0 = arith.addf %q, %o0 : f64"), True),
    "captured_number": ([(3, 5), (), (3,)], [(3,)], f"%s = tensor.extract %a1[] : {S}\n" +
                        generic(ROWS, [P, R], [("%a0", M)], [("%a2", V3)],
                                "%p = arith.mulf %s, %x0 : f64\n%y0 = arith.addf %o0, %p : f64"),
                        True),
    "index": ([(3, 5), (3, 5)], [(3, 5)],
              generic(ROWS[:1] * 2, [P, P], [("%a0", M)], [("%a1", M)],
                      "%j = linalg.index 1 : index\n%m = arith.index_cast %j : index to i64\n"
                      "%f = arith.sitofp %m : i64 to f64\n%q = arith.mulf %x0, %x0 : f64\n"
                      "%y0 = arith.mulf %f, %q : f64"), True),
    # Maps: a diagonal, a reversal, a constant position, a window without a kernel.
    "diagonal": ([(3, 3), (3,)], [(3,)],
                 generic(["(i) -> (i, i)", "(i) -> (i)"], [P], [("%a0", "tensor<3x3xf64>")],
                         [("%a1", V3)], "%y0 = arith.mulf %x0, %x0 : f64"), True),
    "reversal": ([(5,), (5,)], [(5,)],
                 generic(["(i) -> (4 - i)", "(i) -> (i)"], [P], [("%a0", V5)], [("%a1", V5)],
                         "%y0 = arith.mulf %x0, %x0 : f64"), True),
    "column": ([(3, 5), (3,)], [(3,)],
               generic(["(i) -> (i, 2)", "(i) -> (i)"], [P], [("%a0", M)], [("%a1", V3)],
                       "%y0 = arith.mulf %x0, %x0 : f64"), True),
    "differences": ([(4,), (5,), (4,)], [(4,)],
                    generic(["(i) -> (i)", "(i) -> (i + 1)", "(i) -> (i)"], [P],
                            [("%a0", "tensor<4xf64>"), ("%a1", V5)], [("%a2", "tensor<4xf64>")],
                            "%d = arith.subf %x1, %x0 : f64\n%y0 = arith.mulf %d, %d : f64"), True),
    "initial_value": ([(3, 5), (3, 5)], [(3, 5)],
                      generic(ROWS[:1] * 2, [P, P], [("%a0", M)], [("%a1", M)],
                              "%q = arith.mulf %o0, %o0 : f64\n%y0 = arith.mulf %q, %x0 : f64"),
                      True),
    "no_dimension": ([(), ()], [()],
                     generic(["() -> ()", "() -> ()"], [], [("%a0", S)], [("%a1", S)],
                             "%y0 = arith.mulf %x0, %o0 : f64"), True),
    "complex_product": ([Array((3, 5), "complex<f64>"), Array((3,), "complex<f64>")],
                        [Array((3,), "complex<f64>")],
                        generic(ROWS, [P, R], [("%a0", "tensor<3x5xcomplex<f64>>")],
                                [("%a1", "tensor<3xcomplex<f64>>")],
                                "%q = complex.mul %x0, %x0 : complex<f64>\n"
                                "%y0 = complex.add %q, %o0 : complex<f64>"), True),
}


def draw(rng, _, spec, shape):
    if spec.element in ("index", "i64"):
        return rng.integers(0, 5, shape)
    values = rng.uniform(-2, 2, shape)
    return values + 1j * rng.uniform(-2, 2, shape) if "complex" in spec.element else values


def cases():
    found = []
    for name, (arguments, results, body, reverse) in CASES.items():
        found += fixed("linalg.generic", "generic_" + name, arguments, results, body, draw,
                       "(-2, 2): any body and maps")
        found[-1].function.reverse = reverse
    return found
