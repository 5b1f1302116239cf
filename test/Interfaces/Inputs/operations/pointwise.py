# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Operations on numbers: arith, math and complex."""

from case import ODD, Array, fixed, shaped, uniform

WIDE, POSITIVE, INSIDE, ABOVE = (-2, 2), (0.1, 4), (-0.9, 0.9), (1.1, 4)
UNARY = {
    "arith.negf": WIDE, "math.absf": WIDE, "math.acos": INSIDE, "math.acosh": ABOVE,
    "math.asin": INSIDE, "math.asinh": WIDE, "math.atan": WIDE, "math.atanh": INSIDE,
    "math.cbrt": POSITIVE, "math.ceil": (0.1, 0.9), "math.cos": WIDE, "math.cosh": WIDE,
    "math.erf": WIDE, "math.erfc": WIDE, "math.exp": WIDE, "math.exp2": WIDE, "math.expm1": WIDE,
    "math.floor": (0.1, 0.9), "math.log": POSITIVE, "math.log10": POSITIVE, "math.log1p": INSIDE,
    "math.log2": POSITIVE, "math.round": (0.6, 1.4), "math.roundeven": (0.6, 1.4),
    "math.rsqrt": POSITIVE, "math.sin": WIDE, "math.sinh": WIDE, "math.sqrt": POSITIVE,
    "math.tan": (-1.4, 1.4), "math.tanh": WIDE, "math.trunc": (0.1, 0.9),
}
BINARY = {
    "arith.addf": WIDE, "arith.subf": WIDE, "arith.mulf": WIDE, "arith.divf": POSITIVE,
    "arith.remf": (0.6, 1.1), "arith.maximumf": WIDE, "arith.maxnumf": WIDE,
    "arith.minimumf": WIDE, "arith.minnumf": WIDE, "math.atan2": WIDE, "math.copysign": WIDE,
    "math.powf": POSITIVE,
}
IJ = ("ij", "f64")


def text_of(interval):
    return f"({interval[0]}, {interval[1]})"


def real_cases():
    cases = []
    for op, interval in UNARY.items():
        cases += shaped(op, op, [IJ], [IJ], f"%r0 = {op} %a0 : {{A0}}", uniform(*interval),
                        text_of(interval), ODD)
    for op, interval in BINARY.items():
        cases += shaped(op, op, [IJ, IJ], [IJ], f"%r0 = {op} %a0, %a1 : {{A0}}",
                        uniform(*interval), text_of(interval), ODD)
    cases += shaped("math.fma", "math.fma", [IJ] * 3, [IJ], "%r0 = math.fma %a0, %a1, %a2 : {A0}",
                    uniform(*WIDE), text_of(WIDE), ODD)
    cases += shaped("math.clampf", "math.clampf", [IJ] * 3, [IJ],
                    "%r0 = math.clampf %a0 to [%a1, %a2] : {A0}", draw_bounds,
                    "(-2, 2), low < high", ODD)
    cases += shaped("math.fpowi", "math.fpowi", [IJ, ("ij", "i32")], [IJ],
                    "%r0 = math.fpowi %a0, %a1 : {A0}, {A1}", draw_power, "(0.1, 4), power -2..3",
                    ODD)
    cases += shaped("math.sincos", "math.sincos", [IJ], [IJ] * 2,
                    "%r0, %r1 = math.sincos %a0 : {A0}", uniform(*WIDE), text_of(WIDE), ODD)
    cases += shaped("arith.select", "arith.select", [("ij", "i1"), IJ, IJ], [IJ],
                    "%r0 = arith.select %a0, %a1, %a2 : {A0}, {A1}", draw_condition,
                    text_of(WIDE), ODD)
    for op in ("arith.extf", "arith.truncf"):
        found = shaped(op, op, [IJ], [IJ], lambda types, _: NARROW.format(
            A=types["A0"], N=types["A0"].replace("f64", "f32")), uniform(*WIDE),
            "(-2, 2), f64 to f32 and back, to 1e-4", ODD)
        for case in found:
            # A square has no error of order but the rounding of f32.
            case.step, case.tolerance, case.parting = 0.1, 1e-4, 1e-5
        cases += found
    return cases


# The products have derivatives that depend on both widths.
NARROW = ("%n = arith.truncf %a0 : {A} to {N}\n%m = arith.mulf %n, %n : {N}\n"
          "%r0 = arith.extf %m : {N} to {A}")


def draw_power(rng, argument, _, shape):
    return rng.uniform(*POSITIVE, shape) if argument == 0 else rng.integers(-2, 4, shape)


def draw_condition(rng, argument, spec, shape):
    return rng.random(shape) < 0.5 if argument == 0 else uniform(*WIDE)(rng, 0, spec, shape)


def draw_bounds(rng, argument, _, shape):
    return rng.uniform(*[WIDE, (-1.5, -0.5), (0.5, 1.5)][argument], shape)


# Functions of complex numbers, as bodies from %x, %y to %v.
COMPLEX_UNARY = ["complex.conj", "complex.cos", "complex.exp", "complex.expm1", "complex.log",
                 "complex.log1p", "complex.neg", "complex.rsqrt", "complex.sign", "complex.sin",
                 "complex.sqrt", "complex.tan", "complex.tanh"]
COMPLEX_BINARY = ["complex.add", "complex.atan2", "complex.div", "complex.mul", "complex.pow",
                  "complex.sub"]
C = "complex<f64>"


# One step of a linear recurrent unit with complex diagonal exp(-exp(nu) + i theta):
# s' = lambda s + B x, y = Re(C s').
RECURRENT_ARGUMENTS = [(3,), (3,), Array((3,), C), Array((3, 5), C), (5,), Array((2, 3), C)]
RECURRENT_RESULTS = [Array((3,), C), (2,)]
RECURRENT = """
%e = tensor.empty() : tensor<3xcomplex<f64>>
%d = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>,
    affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
    ins(%a0, %a1, %a2 : tensor<3xf64>, tensor<3xf64>, tensor<3xcomplex<f64>>)
    outs(%e : tensor<3xcomplex<f64>>) {
^bb0(%nu: f64, %theta: f64, %s: complex<f64>, %o: complex<f64>):
  %g = math.exp %nu : f64
  %n = arith.negf %g : f64
  %z = complex.create %n, %theta : complex<f64>
  %l = complex.exp %z : complex<f64>
  %p = complex.mul %l, %s : complex<f64>
  linalg.yield %p : complex<f64>
} -> tensor<3xcomplex<f64>>
%r0 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>,
    affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]}
    ins(%a3, %a4 : tensor<3x5xcomplex<f64>>, tensor<5xf64>) outs(%d : tensor<3xcomplex<f64>>) {
^bb0(%b: complex<f64>, %x: f64, %o: complex<f64>):
  %k = arith.constant 0.0 : f64
  %c = complex.create %x, %k : complex<f64>
  %p = complex.mul %b, %c : complex<f64>
  %q = complex.add %o, %p : complex<f64>
  linalg.yield %q : complex<f64>
} -> tensor<3xcomplex<f64>>
%t = arith.constant dense<0.0> : tensor<2xf64>
%r1 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>,
    affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]}
    ins(%a5, %r0 : tensor<2x3xcomplex<f64>>, tensor<3xcomplex<f64>>) outs(%t : tensor<2xf64>) {
^bb0(%b: complex<f64>, %x: complex<f64>, %o: f64):
  %p = complex.mul %b, %x : complex<f64>
  %v = complex.re %p : complex<f64>
  %q = arith.addf %o, %v : f64
  linalg.yield %q : f64
} -> tensor<2xf64>
"""


def in_body(arguments, results, lines):
    """A structured operation over the elements; `lines` computes %v from %x0, %x1, ... ."""
    maps = ", ".join(["affine_map<(i, j) -> (i, j)>"] * (len(arguments) + 1))
    inputs = ", ".join(f"%a{i}" for i in range(len(arguments)))
    types = ", ".join(f"{{A{i}}}" for i in range(len(arguments)))
    scalars = ", ".join(f"%x{i}: {a[1]}" for i, a in enumerate(arguments))
    out = results[0][1]

    def body(kinds, dynamic):
        extents = ""
        text = ""
        if dynamic:
            text = ("%c0 = arith.constant 0 : index\n%c1 = arith.constant 1 : index\n"
                    f"%n = tensor.dim %a0, %c0 : {kinds['A0']}\n"
                    f"%m = tensor.dim %a0, %c1 : {kinds['A0']}\n")
            extents = "%n, %m"
        text += (f"%e = tensor.empty({extents}) : {kinds['R0']}\n"
                 f"%r0 = linalg.generic {{indexing_maps = [{maps}], iterator_types = "
                 f"[\"parallel\", \"parallel\"]}} ins({inputs} : {types}) outs(%e : {kinds['R0']}) {{\n"
                 f"^bb0({scalars}, %o: {out}):\n{lines}\nlinalg.yield %v : {out}\n}} -> "
                 f"{kinds['R0']}")
        for key, value in kinds.items():
            text = text.replace("{" + key + "}", str(value))
        return text
    return body


def complex_case(op, arguments, result, lines, draw=None, domain="0.2 < |z|, (0.2, 2)^2"):
    arguments = [("ij", a) for a in arguments]
    results = [("ij", result)]
    return shaped(op, op, arguments, results, in_body(arguments, results, lines),
                  draw or uniform(0.2, 2), domain, ODD)


def complex_cases():
    cases = []
    for op in COMPLEX_UNARY:
        cases += complex_case(op, [C], C, f"%v = {op} %x0 : {C}")
    for op in COMPLEX_BINARY:
        cases += complex_case(op, [C, C], C, f"%v = {op} %x0, %x1 : {C}")
    for op in ("complex.abs", "complex.angle", "complex.re", "complex.im"):
        cases += complex_case(op, [C], "f64", f"%v = {op} %x0 : {C}")
    cases += complex_case("complex.create", ["f64", "f64"], C,
                          f"%v = complex.create %x0, %x1 : {C}")
    cases += complex_case("complex.powi", [C, "i32"], C, f"%v = complex.powi %x0, %x1 : {C}, i32",
                          draw_complex_power, "(0.2, 2)^2, power -2..3")
    return cases + fixed("complex.mul", "linear_recurrent_unit", RECURRENT_ARGUMENTS,
                         RECURRENT_RESULTS, RECURRENT, domain="a linear recurrent unit")


def draw_complex_power(rng, argument, spec, shape):
    return uniform(0.2, 2)(rng, 0, spec, shape) if argument == 0 else rng.integers(-2, 4, shape)
