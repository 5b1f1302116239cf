# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operations of the tensor dialect. Bodies square what they move, so that a transposed
index does not go unnoticed."""

from case import ODD, Array, fixed, shaped, uniform

WIDE = uniform(-2, 2)
IJ = ("ij", "f64")
DIMS = ("%c0 = arith.constant 0 : index\n%c1 = arith.constant 1 : index\n"
        "%n = tensor.dim %a0, %c0 : {A0}\n%m = tensor.dim %a0, %c1 : {A0}\n")


def case(op, arguments, results, body, sizes=None, name=None):
    return shaped(op, name or op, arguments, results, body, WIDE, "(-2, 2)", sizes or ODD)


def reshape(types, dynamic):
    if dynamic:
        return None
    return ("%s = arith.constant dense<[5, 3]> : tensor<2xindex>\n"
            f"%r0 = tensor.reshape %a0(%s) : ({types['A0']}, tensor<2xindex>) -> {types['R0']}")


def splat(types, dynamic):
    extents = "[%n, %m]" if dynamic else ""
    text = (DIMS + "%s = tensor.extract %a0[%c0, %c0] : {A0}\n%q = arith.mulf %s, %s : f64\n"
            f"%r0 = tensor.splat %q{extents} : {{A0}}")
    return text.replace("{A0}", types["A0"])


def generate(types, dynamic):
    extents = "%m, %n" if dynamic else ""
    text = (DIMS + f"%r0 = tensor.generate {extents} {{\n^bb0(%i: index, %j: index):\n"
            "%v = tensor.extract %a0[%j, %i] : {A0}\n%w = tensor.extract %a0[%j, %c0] : {A0}\n"
            "%p = arith.mulf %v, %w : f64\ntensor.yield %p : f64\n} : {R0}")
    return text.replace("{A0}", types["A0"]).replace("{R0}", types["R0"])


def expand(types, dynamic):
    if not dynamic:
        return ("%r0 = tensor.expand_shape %a0 [[0], [1, 2]] output_shape [3, 5, 2] : "
                f"{types['A0']} into {types['R0']}")
    return (DIMS + "%two = arith.constant 2 : index\n%h = arith.divui %m, %two : index\n"
            "%r0 = tensor.expand_shape %a0 [[0], [1, 2]] output_shape [%n, %h, 2] : {A0} into "
            "tensor<?x?x2xf64>").replace("{A0}", types["A0"])


def collapse(types, _):
    return f"%r0 = tensor.collapse_shape %a0 [[0, 1]] : {types['A0']} into {types['R0']}"


def from_elements(types, dynamic):
    if dynamic:
        return None
    return ("%s = tensor.extract %a0[] : tensor<f64>\n%t = tensor.extract %a1[] : tensor<f64>\n"
            "%z = arith.constant 0.0 : f64\n%p = arith.mulf %s, %t : f64\n"
            f"%r0 = tensor.from_elements %s, %p, %z, %t, %s, %s : {types['R0']}")


def extract_slice(types, dynamic):
    sizes = "[%n, 2]" if dynamic else "[3, 2]"
    result = "tensor<?x2xf64>" if dynamic else "tensor<3x2xf64>"
    return (DIMS + f"%s = tensor.extract_slice %a0[0, 1] {sizes} [1, 3] : {{A0}} to {result}\n"
            f"%q = arith.mulf %s, %s : {result}\n"
            f"%r0 = tensor.cast %q : {result} to {types['R0']}").replace("{A0}", types["A0"])


def insert_slice(types, dynamic):
    sizes = "[%n, %m]" if dynamic else "[3, 2]"
    return (DIMS + f"%q = arith.mulf %a0, %a0 : {{A0}}\n"
            f"%r0 = tensor.insert_slice %q into %a1[0, 1] {sizes} [1, 3] : {{A0}} into {{A1}}"
            ).replace("{A0}", types["A0"]).replace("{A1}", types["A1"])


def pad(types, _):
    return ("%c0 = arith.constant 0 : index\n%p = tensor.extract %a1[%c0] : {A1}\n"
            "%k = arith.mulf %p, %p : f64\n%r0 = tensor.pad %a0 low[1, 2] high[3, 0] {\n"
            "^bb0(%i: index, %j: index):\ntensor.yield %k : f64\n} : {A0} to {R0}"
            ).replace("{A0}", types["A0"]).replace("{A1}", types["A1"]).replace("{R0}", types["R0"])


def concat(types, _):
    return ("%q = arith.mulf %a1, %a1 : {A1}\n%r0 = tensor.concat dim(1) %a0, %q, %a0 : "
            "({A0}, {A1}, {A0}) -> {R0}").replace("{A0}", types["A0"]).replace(
                "{A1}", types["A1"]).replace("{R0}", types["R0"])


ELEMENT = ("%c0 = arith.constant 0 : index\n%k = arith.constant 1 : index\n"
           "%n = tensor.dim %a0, %c0 : {A0}\n%l = arith.subi %n, %k : index\n"
           "%s = tensor.extract %a0[%l, %c0] : {A0}\n")


def cases():
    sized = [dict(s, k=s["j"] * 2, l=s["i"] * s["j"], m=2, n=2 * s["j"] + 2, p=s["i"] + 4,
                  q=s["j"] + 2, t=2 * s["j"] + s["i"], u=4 + s["j"]) for s in ODD]
    found = case("tensor.splat", [IJ], [IJ], splat)
    found += case("tensor.from_elements", [("", "f64")] * 2, [("xy", "f64")], from_elements,
                  [{"x": 2, "y": 3}])
    found += case("tensor.extract", [IJ], [("", "f64")], ELEMENT +
                  "%t = tensor.extract %a0[%c0, %c0] : {A0}\n%p = arith.mulf %s, %t : f64\n"
                  "%r0 = tensor.from_elements %p : tensor<f64>")
    found += case("tensor.insert", [IJ], [IJ], ELEMENT + "%q = arith.mulf %s, %s : f64\n"
                  "%r0 = tensor.insert %q into %a0[%c0, %c0] : {A0}")
    found += case("tensor.extract_slice", [("iu", "f64")], [("im", "f64")], extract_slice, sized)
    found += case("tensor.insert_slice", [("im", "f64"), ("iu", "f64")], [("iu", "f64")],
                  insert_slice, sized)
    found += case("tensor.concat", [IJ, ("ii", "f64")], [("it", "f64")], concat, sized)
    found += case("tensor.pad", [IJ, ("i", "f64")], [("pq", "f64")], pad, sized)
    found += case("tensor.expand_shape", [("ik", "f64")], [("ijm", "f64")], expand, sized)
    found[-1].function.results = [Array((None, None, 2))]
    found += case("tensor.collapse_shape", [IJ], [("l", "f64")], collapse, sized)
    found += case("tensor.reshape", [IJ], [("ji", "f64")], reshape)
    found += case("tensor.generate", [IJ], [("ji", "f64")], generate)
    found += fixed("tensor.cast", "tensor.cast", [Array((3, None))], [Array((3, 5))],
                   "%r0 = tensor.cast %a0 : tensor<3x?xf64> to tensor<3x5xf64>")
    found[-1].shapes = [([(3, 5)], [(3, 5)])]
    return found
