# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reshapes, broadcasts, slices with constant bounds, joins."""

from ..errors import ImportModelError
from ..text import element, is_key, shape_of, tensor, type_of
from .registry import make_registry

RULES, rule = make_registry()


def at(axis, rank, number, other=0):
    """A list of `other` with `number` at an axis."""
    return [number if i == axis else other for i in range(rank)]


@rule("reshape", "squeeze", "expand_dims")
def _reshape(emit, equation, values):
    source, out = equation.invars[0].aval, equation.outvars[0].aval
    return emit.reshape(emit.value(values[0]), shape_of(source), shape_of(out), source.dtype)


@rule("broadcast_in_dim")
def _broadcast(emit, equation, values):
    source, out = equation.invars[0].aval, equation.outvars[0].aval
    return emit.broadcast(emit.value(values[0]), shape_of(source), shape_of(out),
                          equation.params["broadcast_dimensions"], source.dtype)


@rule("transpose")
def _transpose(emit, equation, values):
    source = equation.invars[0].aval
    return emit.transpose(emit.value(values[0]), source.shape, equation.params["permutation"],
                          source.dtype)


@rule("concatenate")
def _concatenate(emit, equation, values):
    return emit.concat([emit.value(v) for v in values], [v.aval.shape for v in equation.invars],
                       equation.params["dimension"], equation.outvars[0].aval.dtype)


@rule("stack")
def _stack(emit, equation, values):
    axis = equation.params["axis"]
    one = [at(axis, v.aval.ndim + 1, 1, None) for v in equation.invars]
    shapes = []
    for shape, v in zip(one, equation.invars):
        extents = iter(v.aval.shape)
        shapes.append(tuple(n or next(extents) for n in shape))
    dtype = equation.outvars[0].aval.dtype
    parts = [emit.reshape(emit.value(value), v.aval.shape, shape, dtype)
             for value, v, shape in zip(values, equation.invars, shapes)]
    return emit.concat(parts, shapes, axis, dtype)


@rule("tile")
def _tile(emit, equation, values):
    """Repeated along axes of their own, which are then joined with those that they repeat."""
    source, out = equation.invars[0].aval, equation.outvars[0].aval
    counts = [b // a if a else 1 for a, b in zip(source.shape, out.shape)]
    paired = [n for pair in zip(counts, source.shape) for n in pair]
    wide = emit.broadcast(emit.value(values[0]), source.shape, tuple(paired),
                          range(1, 2 * source.ndim, 2), source.dtype)
    return emit.reshape(wide, paired, out.shape, source.dtype)


@rule("split")
def _split(emit, equation, values):
    source, axis = equation.invars[0].aval, equation.params["axis"]
    out, start = [], 0
    for v in equation.outvars:
        out.append(emit.slice(emit.value(values[0]), source.shape, at(axis, source.ndim, start),
                              v.aval.shape, [1] * source.ndim, source.dtype))
        start += v.aval.shape[axis]
    return out


@rule("unstack")
def _unstack(emit, equation, values):
    source, axis = equation.invars[0].aval, equation.params["axis"]
    one = tuple(1 if i == axis else n for i, n in enumerate(source.shape))
    out = []
    for number, v in enumerate(equation.outvars):
        part = emit.slice(emit.value(values[0]), source.shape, at(axis, source.ndim, number), one,
                          [1] * source.ndim, source.dtype)
        out.append(emit.reshape(part, one, v.aval.shape, source.dtype))
    return out


@rule("slice")
def _slice(emit, equation, values):
    source, out, p = equation.invars[0].aval, equation.outvars[0].aval, equation.params
    words = [0] if is_key(source.dtype) else []
    strides = [*(p["strides"] or [1] * source.ndim), *(1 for _ in words)]
    return emit.slice(emit.value(values[0]), shape_of(source), [*p["start_indices"], *words],
                      shape_of(out), strides, source.dtype)


@rule("pad")
def _pad(emit, equation, values):
    source, out = equation.invars[0].aval, equation.outvars[0].aval
    config = equation.params["padding_config"]
    if any(low < 0 or high < 0 for low, high, _ in config):
        raise ImportModelError("`pad` by less than nothing is not supported; slice instead")
    filler = emit.extract(emit.value(values[1]), equation.invars[1].aval)
    base = emit.op(f"linalg.fill ins({filler} : {element(out.dtype)}) "
                   f"outs({emit.empty(out.shape, out.dtype)} : {type_of(out)}) -> {type_of(out)}")
    return emit.insert(emit.value(values[0]), source.shape, base, out.shape,
                       [low for low, _, _ in config], [inner + 1 for _, _, inner in config],
                       out.dtype)


@rule("rev")
def _reverse(emit, equation, values):
    """Row i of the result is row n - 1 - i."""
    source, axes = equation.invars[0].aval, equation.params["dimensions"]
    parts, value = source.shape, emit.value(values[0])
    for axis in axes:
        pieces = [emit.slice(value, parts, at(axis, source.ndim, i),
                             tuple(at(axis, source.ndim, 1, None)[d] or n
                                   for d, n in enumerate(parts)),
                             [1] * source.ndim, source.dtype)
                  for i in reversed(range(parts[axis]))]
        one = tuple(1 if d == axis else n for d, n in enumerate(parts))
        value = emit.concat(pieces, [one] * len(pieces), axis, source.dtype)
    return value


@rule("iota")
def _iota(emit, equation, values):
    out = equation.outvars[0].aval
    raise ImportModelError(f"`iota` of {tensor(out.shape, out.dtype)} is too large to be a "
                           "constant; build it once as a state")
