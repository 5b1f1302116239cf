# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The ETP primitives of braintrace, by name: nothing of braintrace is called.

Operands are x, trainables, an optional bias. The hooks (`weight_fn`, ...) become operations in
front; the compiler differentiates them like any other.
"""

import numpy as np

from ..errors import ImportModelError
from ..text import element, integers, tensor, type_of
from .reductions import Window, convolution_equation, split_channels, split_channels_shape
from .registry import make_registry

RULES, rule = make_registry()


def hooked(emit, equation, values, hooks):
    """Operands as names and types, each with its hook (position -> parameter) applied."""
    values, avals = [emit.value(v) for v in values], [v.aval for v in equation.invars]
    for position, name in hooks.items():
        function = equation.params.get(name)
        if position < len(values) and function is not None:
            (values[position],), (avals[position],) = emit.apply(
                function, [values[position]], [avals[position]])
    return values, avals


def primitive(emit, head, operands, avals, out):
    """`head` is the mnemonic with what stands before the operands."""
    return emit.op(f"etrace.{head}{operands} : {', '.join(map(type_of, avals))} -> "
                   f"{type_of(out)}")


def with_bias(values, count):
    """The first `count` operands, then the bias if there is one."""
    text = ", ".join(values[:count])
    return text + (f" bias {values[count]}" if len(values) > count else "")


def _product(name):
    def write(emit, equation, values):
        values, avals = hooked(emit, equation, values, {1: "weight_fn", 2: "bias_fn"})
        return primitive(emit, f"{name} ", with_bias(values, 2), avals, equation.outvars[0].aval)
    return write


RULES.update({"etp_mv": _product("matmul"), "etp_mm": _product("matmul"),
              "etp_gmv": _product("grouped_matmul"), "etp_gmm": _product("grouped_matmul")})


@rule("etp_elemwise")
def _elementwise(emit, equation, values):
    (value,), _ = hooked(emit, equation, values, {0: "weight_fn"})
    return emit.op(f"etrace.elementwise {value} : {type_of(equation.outvars[0].aval)}")


@rule("etp_lora_mv", "etp_lora_mm")
def _low_rank(emit, equation, values):
    values, avals = hooked(emit, equation, values, {1: "b_fn", 2: "a_fn", 3: "bias_fn"})
    text = f"{', '.join(values[:3])} alpha {float(equation.params['alpha'])!r}"
    text += f" bias {values[3]}" if len(values) > 3 else ""
    return primitive(emit, "lora_matmul ", text, avals, equation.outvars[0].aval)


@rule("etp_einsum")
def _einsum(emit, equation, values):
    values, avals = hooked(emit, equation, values, {1: "weight_fn"})
    word = equation.params["equation"].replace(" ", "")
    return primitive(emit, f'einsum "{word}" ', ", ".join(values), avals,
                     equation.outvars[0].aval)


@rule("etp_emb", "etp_emb_v")
def _embedding(emit, equation, values):
    """A negative index counts from the end; one outside reads the nearest row (NaN in JAX)."""
    values, avals = hooked(emit, equation, values, {1: "weight_fn"})
    index, rows = avals[0], avals[1].shape[0]
    if element(index.dtype) not in ("i32", "i64"):
        raise ImportModelError(f"an index of type {index.dtype} is not supported; use int32")
    zero, count = (emit.splat(n, index.shape, index.dtype) for n in (0, rows))
    below = emit.op(f"arith.cmpi slt, {values[0]}, {zero} : {type_of(index)}")
    moved = emit.op(f"arith.addi {values[0]}, {count} : {type_of(index)}")
    row = emit.op(f"arith.select {below}, {moved}, {values[0]} : "
                  f"{tensor(index.shape, bool)}, {type_of(index)}")
    return primitive(emit, "embedding ", f"{row}, {values[1]}", avals, equation.outvars[0].aval)


def _pattern(matrix):
    """(row, column) of every stored entry of a matrix of compressed rows or columns."""
    matrix = getattr(matrix, "mat", matrix)
    if not all(hasattr(matrix, name) for name in ("indptr", "indices")):
        raise ImportModelError(f"a sparse matrix of type {type(matrix).__name__} is not "
                               "supported; use brainevent.CSR or brainevent.CSC")
    pointers, minor = (np.asarray(a).astype(np.int32) for a in (matrix.indptr, matrix.indices))
    major = np.repeat(np.arange(len(pointers) - 1, dtype=np.int32), np.diff(pointers))
    return (major, minor) if "CSR" in type(matrix).__name__ else (minor, major)


@rule("etp_sp_mv", "etp_sp_mm")
def _sparse(emit, equation, values):
    values, avals = hooked(emit, equation, values, {1: "weight_fn", 2: "bias_fn"})
    rows, columns = _pattern(equation.params["sparse_mat"])
    text = f"{values[0]}, {values[1]} at({emit.constant(rows)}, {emit.constant(columns)})"
    text += f" bias {values[2]}" if len(values) > 2 else ""
    kinds = [*map(type_of, avals[:2]), *[tensor(rows.shape, rows.dtype)] * 2,
             *map(type_of, avals[2:])]
    return emit.op(f"etrace.sparse_matmul {text} : {', '.join(kinds)} -> "
                   f"{type_of(equation.outvars[0].aval)}")


@rule("etp_conv")
def _conv(emit, equation, values):
    values, avals = hooked(emit, equation, values, {1: "kernel_fn", 2: "bias_fn"})
    x, w, out = avals[0], avals[1], equation.outvars[0].aval
    window = Window(x.shape, w.shape, equation.params)
    left, right, result = window.spec
    order = [a for a in sorted(left) if a in left[2:]]
    space = [left[2:].index(a) for a in order]
    words = convolution_equation(window.spec, window.groups)
    x_value, x_shape = split_channels(emit, values[0], x.shape, left[1], window.groups, x.dtype)
    w_value, w_shape = split_channels(emit, values[1], w.shape, right[0], window.groups, w.dtype)
    text, kinds = f"{x_value}, {w_value}", [tensor(x_shape, x.dtype), tensor(w_shape, w.dtype)]
    if len(values) > 2:
        bias, kind = _conv_bias(emit, values[2], avals[2], out, result[1], window.groups)
        text, kinds = f"{text} bias {bias}", [*kinds, kind]
    low, high = zip(*window.padding)
    for name, numbers in (("strides", window.strides), ("low", low), ("high", high),
                          ("input_dilation", window.input_dilation),
                          ("kernel_dilation", window.kernel_dilation)):
        text += f" {name} {integers([numbers[i] for i in space])}"
    shape = split_channels_shape(out.shape, result[1], window.groups)
    y = emit.op(f'etrace.conv "{words[0]},{words[1]}->{words[2]}" {text} : {", ".join(kinds)} -> '
                f"{tensor(shape, out.dtype)}")
    return emit.reshape(y, shape, out.shape, out.dtype)


def _conv_bias(emit, value, aval, out, axis, groups):
    """The bias by channels: (value, type). One axis lies on the channels, in braintrace, too."""
    channels = out.shape[axis]
    if aval.size != channels:
        raise ImportModelError(f"a convolution's bias of shape {aval.shape} is not supported; "
                               f"use one number for each of the {channels} channels")
    shape = (groups, channels // groups) if groups > 1 else (channels,)
    return emit.reshape(value, aval.shape, shape, aval.dtype), tensor(shape, aval.dtype)
