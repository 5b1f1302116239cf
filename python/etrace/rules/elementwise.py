# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Arithmetic, comparisons, functions of one number, conversions."""

import numpy as np

from ..errors import ImportModelError
from ..text import element, is_float, tensor, type_of
from .registry import make_registry

RULES, rule = make_registry()


def kind(dtype):
    """"f" for floats, "c", "i", "u", "b"."""
    name = element(dtype)
    return "f" if name[0] in "fb" else "c" if name[0] == "c" else np.dtype(dtype).kind


def operands(emit, equation, values):
    shape = equation.outvars[0].aval.shape
    return [emit.fit(value, v.aval, shape) for value, v in zip(values, equation.invars)]


# Operations for floats, signed and unsigned integers, truth values, complex numbers.
_BINARY = {
    "add": ("arith.addf", "arith.addi", "arith.addi", "arith.ori", "complex.add"),
    "add_any": ("arith.addf", "arith.addi", "arith.addi", None, "complex.add"),
    "sub": ("arith.subf", "arith.subi", "arith.subi", None, "complex.sub"),
    "mul": ("arith.mulf", "arith.muli", "arith.muli", "arith.andi", "complex.mul"),
    "div": ("arith.divf", "arith.divsi", "arith.divui", None, "complex.div"),
    "max": ("arith.maximumf", "arith.maxsi", "arith.maxui", "arith.ori", None),
    "min": ("arith.minimumf", "arith.minsi", "arith.minui", "arith.andi", None),
    "rem": ("arith.remf", "arith.remsi", "arith.remui", None, None),
    "pow": ("math.powf", "math.ipowi", None, None, None),
    "atan2": ("math.atan2", None, None, None, None),
    "and": (None, "arith.andi", "arith.andi", "arith.andi", None),
    "or": (None, "arith.ori", "arith.ori", "arith.ori", None),
    "xor": (None, "arith.xori", "arith.xori", "arith.xori", None),
    "shift_left": (None, "arith.shli", "arith.shli", None, None),
    "shift_right_logical": (None, "arith.shrui", "arith.shrui", None, None),
    "shift_right_arithmetic": (None, "arith.shrsi", "arith.shrsi", None, None),
}


def pick(name, choices, dtype):
    chosen = choices["fiubc".index(kind(dtype))]
    if chosen is None:
        raise ImportModelError(f"`{name}` of {np.dtype(dtype)} is not supported")
    return chosen


def _binary(name, choices):
    def write(emit, equation, values):
        a, b = operands(emit, equation, values)
        out = equation.outvars[0].aval
        return emit.op(f"{pick(name, choices, out.dtype)} {a}, {b} : {type_of(out)}")
    return write


RULES.update({name: _binary(name, choices) for name, choices in _BINARY.items()})


def unary(emit, operation, value, aval):
    return emit.op(f"{operation} {emit.value(value)} : {type_of(aval)}")


def _function(operation):
    def write(emit, equation, values):
        out = equation.outvars[0].aval
        if kind(out.dtype) != "f":
            raise ImportModelError(f"`{operation}` of {out.dtype} is not supported")
        return unary(emit, operation, values[0], out)
    return write


RULES.update({name: _function(f"math.{name}") for name in (
    "sqrt rsqrt cbrt exp exp2 expm1 log log1p sin cos tan asin acos atan sinh cosh tanh asinh "
    "acosh atanh erf erfc floor ceil").split()})
RULES["logistic"] = _function("etrace.logistic")


@rule("copy", "copy_p", "optimization_barrier", "no_vmap", "unvmap_any", "pvary")
def _identity(emit, equation, values):
    return list(values[:len(equation.outvars)])


@rule("stop_gradient")
def _stop_gradient(emit, equation, values):
    if emit.values_only:
        return values[0]
    return unary(emit, "etrace.stop_gradient", values[0], equation.outvars[0].aval)


@rule("neg")
def _neg(emit, equation, values):
    out = equation.outvars[0].aval
    if kind(out.dtype) in "fc":
        operation = "arith.negf" if kind(out.dtype) == "f" else "complex.neg"
        return unary(emit, operation, values[0], out)
    zero = emit.splat(0, out.shape, out.dtype)
    return emit.op(f"arith.subi {zero}, {values[0]} : {type_of(out)}")


@rule("abs")
def _abs(emit, equation, values):
    aval = equation.invars[0].aval
    if kind(aval.dtype) == "c":
        raise ImportModelError("the absolute value of complex numbers is not supported; write "
                               "the root of the squares of both parts")
    operation = "math.absf" if kind(aval.dtype) == "f" else "math.absi"
    return unary(emit, operation, values[0], aval)


@rule("not")
def _not(emit, equation, values):
    out = equation.outvars[0].aval
    ones = emit.constant(np.full(out.shape, True if out.dtype == bool else -1).astype(out.dtype))
    return emit.op(f"arith.xori {values[0]}, {ones} : {type_of(out)}")


@rule("is_finite")
def _is_finite(emit, equation, values):
    aval = equation.invars[0].aval
    size = unary(emit, "math.absf", values[0], aval)
    infinity = emit.splat(np.inf, aval.shape, aval.dtype)
    return emit.op(f"arith.cmpf olt, {size}, {infinity} : {type_of(aval)}")


def multiply(emit, a, b, aval):
    operation = pick("mul", _BINARY["mul"], aval.dtype)
    return emit.op(f"{operation} {a}, {b} : {type_of(aval)}")


@rule("square")
def _square(emit, equation, values):
    return multiply(emit, values[0], values[0], equation.outvars[0].aval)


@rule("integer_pow")
def _integer_pow(emit, equation, values):
    """Repeated squaring, the products in JAX's order."""
    out, base, exponent = equation.outvars[0].aval, values[0], equation.params["y"]
    result, rest = None, abs(exponent)
    while rest:
        if rest & 1:
            result = base if result is None else multiply(emit, result, base, out)
        rest >>= 1
        if rest:
            base = multiply(emit, base, base, out)
    one = emit.splat(1, out.shape, out.dtype) if exponent <= 0 else None
    if exponent < 0:
        return emit.op(f"arith.divf {one}, {result} : {type_of(out)}")
    return result or one


@rule("sign")
def _sign(emit, equation, values):
    """Zeros of either sign and NaN stay what they are."""
    out, x = equation.outvars[0].aval, values[0]
    if not is_float(out.dtype):
        raise ImportModelError(f"`sign` of {out.dtype} is not supported; convert to a float")
    one = emit.splat(1, out.shape, out.dtype)
    sign = emit.op(f"math.copysign {one}, {x} : {type_of(out)}")
    zero = emit.splat(0, out.shape, out.dtype)
    some = emit.op(f"arith.cmpf one, {x}, {zero} : {type_of(out)}")
    return emit.op(f"arith.select {some}, {sign}, {x} : {tensor(out.shape, bool)}, "
                   f"{type_of(out)}")


@rule("round")
def _round(emit, equation, values):
    to_even = int(equation.params["rounding_method"]) == 1
    operation = "math.roundeven" if to_even else "math.round"
    return unary(emit, operation, values[0], equation.outvars[0].aval)


@rule("clamp")
def _clamp(emit, equation, values):
    out = equation.outvars[0].aval
    low, x, high = operands(emit, equation, values)
    over = emit.op(f"{pick('max', _BINARY['max'], out.dtype)} {x}, {low} : {type_of(out)}")
    return emit.op(f"{pick('min', _BINARY['min'], out.dtype)} {over}, {high} : {type_of(out)}")


# Only "not equal" holds of a NaN.
_COMPARE = {"eq": ("oeq", "eq", "eq"), "ne": ("une", "ne", "ne"), "lt": ("olt", "slt", "ult"),
            "le": ("ole", "sle", "ule"), "gt": ("ogt", "sgt", "ugt"), "ge": ("oge", "sge", "uge")}


@rule(*_COMPARE)
def _compare(emit, equation, values):
    a, b = operands(emit, equation, values)
    dtype = equation.invars[0].aval.dtype
    float_form, signed, unsigned = _COMPARE[equation.primitive.name]
    shaped = tensor(equation.outvars[0].aval.shape, dtype)
    if kind(dtype) == "f":
        return emit.op(f"arith.cmpf {float_form}, {a}, {b} : {shaped}")
    if kind(dtype) == "c":
        raise ImportModelError("complex numbers are not compared")
    return emit.op(f"arith.cmpi {signed if kind(dtype) == 'i' else unsigned}, {a}, {b} : {shaped}")


@rule("select_n")
def _select(emit, equation, values):
    out, dtype = equation.outvars[0].aval, equation.invars[0].aval.dtype
    which, *cases = operands(emit, equation, values)
    truth = tensor(out.shape, bool)
    if dtype == bool:
        return emit.op(f"arith.select {which}, {cases[1]}, {cases[0]} : {truth}, {type_of(out)}")
    result = cases[0]
    for number, case in enumerate(cases[1:], 1):
        here = emit.op(f"arith.cmpi eq, {which}, {emit.splat(number, out.shape, dtype)} : "
                       f"{tensor(out.shape, dtype)}")
        result = emit.op(f"arith.select {here}, {case}, {result} : {truth}, {type_of(out)}")
    return result


@rule("convert_element_type")
def _convert(emit, equation, values):
    source, target = equation.invars[0].aval, equation.outvars[0].aval
    return convert(emit, emit.value(values[0]), source.shape, source.dtype, target.dtype)


def convert(emit, value, shape, source, target):
    """A tensor in another element type; the same word with another sign is left alone."""
    a, b, from_kind, to_kind = element(source), element(target), kind(source), kind(target)
    if a == b and (from_kind == to_kind or {from_kind, to_kind} <= set("iu")):
        return value
    if "c" in (from_kind, to_kind):
        raise ImportModelError(f"conversion of {source} to {target} is not supported")
    if to_kind == "b":
        zero = emit.splat(0, shape, source)
        compare = "cmpf une" if from_kind == "f" else "cmpi ne"
        return emit.op(f"arith.{compare}, {value}, {zero} : {tensor(shape, source)}")
    if from_kind == to_kind == "f":
        operation = "extf" if np.dtype(target).itemsize > np.dtype(source).itemsize else "truncf"
    elif from_kind == "f":
        operation = "fptosi" if to_kind == "i" else "fptoui"
    elif to_kind == "f":
        operation = "sitofp" if from_kind == "i" else "uitofp"
    elif from_kind != "b" and np.dtype(target).itemsize < np.dtype(source).itemsize:
        operation = "trunci"
    else:
        operation = "extsi" if from_kind == "i" else "extui"
    return emit.op(f"arith.{operation} {value} : {tensor(shape, source)} to "
                   f"{tensor(shape, target)}")


@rule("reduce_precision")
def _reduce_precision(emit, equation, values):
    raise ImportModelError("`reduce_precision` is not supported; compute in the type itself")


@rule("bitcast_convert_type")
def _bitcast(emit, equation, values):
    source, target = equation.invars[0].aval, equation.outvars[0].aval
    if element(source.dtype) == element(target.dtype):
        return values[0]
    return emit.op(f"arith.bitcast {values[0]} : {type_of(source)} to {type_of(target)}")


@rule("heaviside_surrogate_gradient")
def _spike(emit, equation, values):
    """1 where x >= 0; the second operand is the derivative at x, itself not differentiated."""
    out = equation.outvars[0].aval
    x, slope = operands(emit, equation, values)
    if not emit.values_only:
        return emit.op(f"etrace.spike {x} derivative({slope}) : {type_of(out)}")
    zero = emit.splat(0, out.shape, out.dtype)
    fires = emit.op(f"arith.cmpf oge, {x}, {zero} : {type_of(out)}")
    return convert(emit, fires, out.shape, np.dtype(bool), out.dtype)
