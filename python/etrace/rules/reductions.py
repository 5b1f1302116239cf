# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sums and extrema over axes and windows, running sums, products of tensors."""

import string

import numpy as np

from ..errors import ImportModelError
from ..text import integers, tensor, type_of
from .elementwise import convert, kind
from .registry import make_registry
from .shapes import at

RULES, rule = make_registry()


def lowest(dtype):
    return -np.inf if kind(dtype) == "f" else False if dtype == bool else np.iinfo(dtype).min


def highest(dtype):
    return np.inf if kind(dtype) == "f" else True if dtype == bool else np.iinfo(dtype).max


def combiner(name, dtype):
    """(operation, neutral element) of "sum", "prod", "max", "min", "and", "or"."""
    position = "fiub".find(kind(dtype))
    choices = {
        "sum": ("addf", "addi", "addi", "ori"), "prod": ("mulf", "muli", "muli", "andi"),
        "max": ("maximumf", "maxsi", "maxui", "ori"),
        "min": ("minimumf", "minsi", "minui", "andi"),
        "and": (None, "andi", "andi", "andi"), "or": (None, "ori", "ori", "ori")}[name]
    if position < 0 or choices[position] is None:
        raise ImportModelError(f"a reduction by `{name}` of {dtype} is not supported")
    neutral = {"sum": 0, "prod": 1, "max": lowest(dtype), "min": highest(dtype)}
    ones = True if dtype == bool else -1
    return f"arith.{choices[position]}", neutral.get(name, ones if name == "and" else 0)


@rule(*(f"reduce_{name}" for name in ("sum", "prod", "max", "min", "and", "or")))
def _reduce(emit, equation, values):
    source, axes = equation.invars[0].aval, sorted(map(int, equation.params["axes"]))
    if not axes:
        return values[0]
    operation, neutral = combiner(equation.primitive.name[len("reduce_"):], source.dtype)
    shape = tuple(n for i, n in enumerate(source.shape) if i not in axes)
    start = emit.fill(neutral, shape, source.dtype)
    return emit.op(f"linalg.reduce {{ {operation} }} ins({values[0]} : {type_of(source)}) "
                   f"outs({start} : {tensor(shape, source.dtype)}) dimensions = {integers(axes)}")


@rule("cumsum", "cumprod", "cummax", "cummin")
def _running(emit, equation, values):
    """One slice after the other: exact, and derivatives need no rule of their own."""
    source, axis = equation.invars[0].aval, equation.params["axis"]
    name = equation.primitive.name[len("cum"):]
    operation, _ = combiner(name, source.dtype)
    one = tuple(1 if i == axis else n for i, n in enumerate(source.shape))
    order = range(source.shape[axis])
    parts, total = {}, None
    for i in reversed(order) if equation.params["reverse"] else order:
        part = emit.slice(values[0], source.shape, at(axis, source.ndim, i), one,
                          [1] * source.ndim, source.dtype)
        total = part if total is None else emit.op(f"{operation} {total}, {part} : "
                                                   f"{tensor(one, source.dtype)}")
        parts[i] = total
    return emit.concat([parts[i] for i in order], [one] * len(parts), axis, source.dtype)


def pad_with(emit, value, shape, padding, filler, dtype, dilation=None):
    """(value, shape) with `filler` around and, by dilation, between the elements."""
    dilation = dilation or [1] * len(shape)
    padded = tuple(low + high + (n - 1) * d + 1
                   for n, (low, high), d in zip(shape, padding, dilation))
    if padded == tuple(shape):
        return value, padded
    base = emit.fill(filler, padded, dtype)
    return emit.insert(value, shape, base, padded, [low for low, _ in padding], dilation,
                       dtype), padded


@rule("reduce_window_max", "reduce_window_sum", "reduce_window_min")
def _pool(emit, equation, values):
    source, out, p = equation.invars[0].aval, equation.outvars[0].aval, equation.params
    if any(d != 1 for d in p["base_dilation"]):
        raise ImportModelError("pooling of a dilated input is not supported")
    dtype, rank = source.dtype, source.ndim
    operation, neutral = combiner(equation.primitive.name[len("reduce_window_"):], dtype)
    value, shape = pad_with(emit, values[0], source.shape, p["padding"], neutral, dtype)
    window = tuple(p["window_dimensions"])
    read = [f"d{i} * {s} + d{rank + i} * {d}"
            for i, (s, d) in enumerate(zip(p["window_strides"], p["window_dilation"]))]
    return emit.generic(
        2 * rank,
        [(value, shape, dtype, read),
         (emit.empty(window, dtype), window, dtype, [f"d{rank + i}" for i in range(rank)])],
        [(emit.fill(neutral, out.shape, dtype), out.shape, dtype,
          [f"d{i}" for i in range(rank)])],
        range(rank, 2 * rank),
        lambda names: [emit.op(f"{operation} {names[2]}, {names[0]} : {_scalar(dtype)}")])


def _scalar(dtype):
    return tensor((), dtype)[len("tensor<"):-1]


def contract(emit, left, right, labels, dtype):
    """result[labels[2]] = sum left[labels[0]] right[labels[1]]; left and right: (value, shape)."""
    letters = list(dict.fromkeys([*labels[2], *labels[0], *labels[1]]))
    extents = {**dict(zip(labels[0], left[1])), **dict(zip(labels[1], right[1]))}
    shape = tuple(extents[c] for c in labels[2])
    product = {"f": "mulf", "i": "muli", "u": "muli"}.get(kind(dtype))
    if product is None:
        raise ImportModelError(f"a product of tensors of {dtype} is not supported")
    total, neutral = combiner("sum", dtype)

    def maps(word):
        return [f"d{letters.index(c)}" for c in word]

    def body(names):
        term = emit.op(f"arith.{product} {names[0]}, {names[1]} : {_scalar(dtype)}")
        return [emit.op(f"{total} {names[2]}, {term} : {_scalar(dtype)}")]
    return emit.generic(
        len(letters),
        [(left[0], left[1], dtype, maps(labels[0])), (right[0], right[1], dtype, maps(labels[1]))],
        [(emit.fill(neutral, shape, dtype), shape, dtype, maps(labels[2]))],
        [i for i, c in enumerate(letters) if c not in labels[2]], body)[0]


@rule("dot_general")
def _dot(emit, equation, values):
    left, right = (v.aval for v in equation.invars)
    out = equation.outvars[0].aval
    (left_sum, right_sum), (left_batch, right_batch) = equation.params["dimension_numbers"]
    letters = iter(string.ascii_letters)
    a, b = [None] * left.ndim, [None] * right.ndim
    for i, j in [*zip(left_batch, right_batch), *zip(left_sum, right_sum)]:
        a[i] = b[j] = next(letters)
    a, b = [c or next(letters) for c in a], [c or next(letters) for c in b]
    result = [a[i] for i in left_batch]
    result += [c for i, c in enumerate(a) if i not in (*left_batch, *left_sum)]
    result += [c for i, c in enumerate(b) if i not in (*right_batch, *right_sum)]
    pair = [(convert(emit, emit.value(value), v.shape, v.dtype, out.dtype), v.shape)
            for value, v in zip(values, (left, right))]
    return contract(emit, *pair, (a, b, result), out.dtype)


@rule("argmax", "argmin")
def _extremum(emit, equation, values):
    """The first position of the extremum; NaNs are passed over."""
    source, out = equation.invars[0].aval, equation.outvars[0].aval
    (axis,) = equation.params["axes"]
    largest = equation.primitive.name == "argmax"
    start = lowest(source.dtype) if largest else highest(source.dtype)
    compare = {"f": f"cmpf {'ogt' if largest else 'olt'}",
               "i": f"cmpi {'sgt' if largest else 'slt'}",
               "u": f"cmpi {'ugt' if largest else 'ult'}"}.get(kind(source.dtype))
    if compare is None:
        raise ImportModelError(f"`argmax` of {source.dtype} is not supported")
    element, number = _scalar(source.dtype), _scalar(out.dtype)

    def body(names):
        here = emit.op(f"linalg.index {axis} : index")
        here = emit.op(f"arith.index_cast {here} : index to {number}")
        better = emit.op(f"arith.{compare}, {names[0]}, {names[1]} : {element}")
        return [emit.op(f"arith.select {better}, {names[0]}, {names[1]} : {element}"),
                emit.op(f"arith.select {better}, {here}, {names[2]} : {number}")]
    kept = [f"d{i}" for i in range(source.ndim) if i != axis]
    return emit.generic(
        source.ndim, [(values[0], source.shape, source.dtype,
                       [f"d{i}" for i in range(source.ndim)])],
        [(emit.fill(start, out.shape, source.dtype), out.shape, source.dtype, kept),
         (emit.fill(0, out.shape, out.dtype), out.shape, out.dtype, kept)], (axis,), body)[1]


def convolution_equation(spec, groups):
    """Letters of x, w and y for layouts (batch, channel, space...) each; see etrace.conv.

    With groups the channels are two axes: g, then those of one group.
    """
    left, right, result = spec
    space = string.ascii_uppercase[:len(left) - 2]
    words = []
    for layout, names in ((left, ("n", "gi", *space)), (right, ("go", "i", *space)),
                          (result, ("n", "go", *space))):
        word = [""] * len(layout)
        for axis, name in zip(layout, names):
            word[axis] = name if groups > 1 else name.replace("g", "")
        words.append("".join(word))
    return words


def split_channels(emit, value, shape, axis, groups, dtype):
    """(value, shape) with the channel axis as (groups, channels of one)."""
    if groups == 1:
        return value, tuple(shape)
    new = (*shape[:axis], groups, shape[axis] // groups, *shape[axis + 1:])
    return emit.reshape(value, shape, new, dtype), new


class Window:
    """Strides, padding and dilation of a convolution, for axes in the order of the operands."""

    def __init__(self, x, w, params):
        import jax
        numbers = params["dimension_numbers"]
        if numbers is None:
            numbers = jax.lax.conv_dimension_numbers(x, w, None)
        self.spec = (numbers.lhs_spec, numbers.rhs_spec, numbers.out_spec)
        if params["batch_group_count"] != 1:
            raise ImportModelError("convolution with groups of samples is not supported")
        self.groups = params["feature_group_count"]
        rank = len(x) - 2
        self.input_dilation = params["lhs_dilation"] or (1,) * rank
        self.kernel_dilation = params["rhs_dilation"] or (1,) * rank
        self.strides = params.get("window_strides", params.get("strides"))
        pads = params["padding"]
        if isinstance(pads, str):
            def extents(shape, axes, dilation):
                return [(shape[a] - 1) * d + 1 for a, d in zip(axes[2:], dilation)]
            pads = jax.lax.padtype_to_pads(
                extents(x, self.spec[0], self.input_dilation),
                extents(w, self.spec[1], self.kernel_dilation), self.strides, pads)
        if any(low < 0 or high < 0 for low, high in pads):
            raise ImportModelError("convolution with negative padding is not supported; slice "
                                   "its input instead")
        self.padding = [tuple(map(int, pair)) for pair in pads]


@rule("conv_general_dilated")
def _convolution(emit, equation, values):
    """A sum of products over windows: one linalg.generic."""
    x, w = (v.aval for v in equation.invars)
    out = equation.outvars[0].aval
    window = Window(x.shape, w.shape, equation.params)
    left, right, result = window.spec
    padding, dilation = [(0, 0)] * x.ndim, [1] * x.ndim
    for i, axis in enumerate(left[2:]):
        padding[axis], dilation[axis] = window.padding[i], window.input_dilation[i]
    value, shape = pad_with(emit, emit.value(values[0]), x.shape, padding, 0, out.dtype, dilation)
    value, shape = split_channels(emit, value, shape, left[1], window.groups, out.dtype)
    kernel, kernel_shape = split_channels(emit, emit.value(values[1]), w.shape, right[0],
                                          window.groups, out.dtype)
    words = convolution_equation(window.spec, window.groups)
    letters = list(dict.fromkeys(words[2] + words[0] + words[1]))
    space = [c for c in letters if c.isupper()]
    loops = {c: f"d{i}" for i, c in enumerate(letters)}
    inner = {c: f"d{len(letters) + i}" for i, c in enumerate(space)}
    reads = {c: f"{loops[c]} * {s} + {inner[c]} * {d}" for c, s, d in
             zip(string.ascii_uppercase, window.strides, window.kernel_dilation)}
    shape_out = split_channels_shape(out.shape, result[1], window.groups)
    total, _ = combiner("sum", out.dtype)
    kind_name = _scalar(out.dtype)

    def body(names):
        term = emit.op(f"arith.mulf {names[0]}, {names[1]} : {kind_name}")
        return [emit.op(f"{total} {names[2]}, {term} : {kind_name}")]
    reduced = [i for i, c in enumerate(letters) if c not in words[2]]
    reduced += range(len(letters), len(letters) + len(space))
    y = emit.generic(
        len(letters) + len(space),
        [(value, shape, out.dtype, [reads.get(c, loops[c]) for c in words[0]]),
         (kernel, kernel_shape, out.dtype, [inner.get(c, loops[c]) for c in words[1]])],
        [(emit.fill(0, shape_out, out.dtype), shape_out, out.dtype,
          [loops[c] for c in words[2]])], reduced, body)[0]
    return emit.reshape(y, shape_out, out.shape, out.dtype)


def split_channels_shape(shape, axis, groups):
    if groups == 1:
        return tuple(shape)
    return (*shape[:axis], groups, shape[axis] // groups, *shape[axis + 1:])
