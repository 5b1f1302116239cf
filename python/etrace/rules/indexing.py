# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads and writes at indices."""

import numpy as np

from ..emit import is_known
from ..errors import ImportModelError
from ..text import element, tensor, type_of
from .elementwise import kind
from .registry import make_registry

RULES, rule = make_registry()

# Up to this many rows a choice by index is a masked sum, which is linear in the rows.
MASKED = 1024


def start_index(emit, value, aval, extent, size):
    """A start as an index value, moved so that the slice fits, as in JAX."""
    if is_known(value):
        return int(np.clip(value, 0, extent - size))
    index = emit.op(f"arith.index_cast {emit.extract(value, aval)} : {element(aval.dtype)} "
                    "to index")
    index = emit.op(f"arith.maxsi {index}, {emit.index(0)} : index")
    return emit.op(f"arith.minsi {index}, {emit.index(extent - size)} : index")


@rule("dynamic_slice")
def _dynamic_slice(emit, equation, values):
    source, out = equation.invars[0].aval, equation.outvars[0].aval
    starts = [start_index(emit, value, v.aval, n, k) for value, v, n, k in
              zip(values[1:], equation.invars[1:], source.shape, out.shape)]
    return emit.slice(emit.value(values[0]), source.shape, starts, out.shape, [1] * source.ndim,
                      source.dtype)


@rule("dynamic_update_slice")
def _dynamic_update(emit, equation, values):
    source, update = equation.invars[0].aval, equation.invars[1].aval
    starts = [start_index(emit, value, v.aval, n, k) for value, v, n, k in
              zip(values[2:], equation.invars[2:], source.shape, update.shape)]
    return emit.insert(emit.value(values[1]), update.shape, emit.value(values[0]), source.shape,
                       starts, [1] * source.ndim, source.dtype)


def _chosen_element(emit, x, source, index, index_dtype, out, numbers):
    """y = sum over k of x[k] where k = index: one element along an axis for each position.

    An index out of range gives 0 (NaN in JAX).
    """
    axis, rank = numbers.start_index_map[0], out.ndim
    here = [f"d{i}" for i in range(rank)]
    place = dict(zip(numbers.operand_batching_dims,
                     (here[d] for d in numbers.start_indices_batching_dims)))
    place[axis] = f"d{rank}"
    name, number = element(source.dtype), element(index_dtype)
    add = "arith.addf" if kind(source.dtype) == "f" else "arith.addi"

    def body(names):
        k = emit.op(f"linalg.index {rank} : index")
        k = emit.op(f"arith.index_cast {k} : index to {number}")
        hit = emit.op(f"arith.cmpi eq, {k}, {names[1]} : {number}")
        term = emit.op(f"arith.select {hit}, {names[0]}, {emit.scalar(0, source.dtype)} : {name}")
        return [emit.op(f"{add} {names[2]}, {term} : {name}")]
    return emit.generic(
        rank + 1, [(x, source.shape, source.dtype, [place[i] for i in range(source.ndim)]),
                   (index, out.shape, index_dtype, here)],
        [(emit.fill(0, out.shape, out.dtype), out.shape, out.dtype, here)], (rank,), body)[0]


def _is_chosen_element(source, numbers):
    return (not numbers.offset_dims and len(numbers.start_index_map) == 1
            and len(numbers.operand_batching_dims) == source.ndim - 1
            and source.shape[numbers.start_index_map[0]] <= MASKED)


def _gather_of_slices(emit, equation, index, x):
    """Known indices: the slices themselves, joined."""
    source, out, p = equation.invars[0].aval, equation.outvars[0].aval, equation.params
    numbers, sizes = p["dimension_numbers"], tuple(p["slice_sizes"])
    vectors = index.reshape(-1, index.shape[-1])
    kept = tuple(n for d, n in enumerate(sizes) if d not in numbers.collapsed_slice_dims)
    rows = []
    for vector in vectors:
        start = [0] * source.ndim
        for position, axis in zip(vector, numbers.start_index_map):
            if not 0 <= position <= source.shape[axis] - sizes[axis]:
                raise ImportModelError(f"index {position} is outside axis {axis} of "
                                       f"{type_of(source)}")
            start[axis] = int(position)
        row = emit.slice(x, source.shape, start, sizes, [1] * source.ndim, source.dtype)
        rows.append(emit.reshape(row, sizes, (1, *kept), source.dtype))
    stacked = rows[0] if len(rows) == 1 else emit.concat(rows, [(1, *kept)] * len(rows), 0,
                                                         source.dtype)
    batch = [d for d in range(out.ndim) if d not in numbers.offset_dims]
    shape = (*(out.shape[d] for d in batch), *kept)
    value = emit.reshape(stacked, (len(rows), *kept), shape, source.dtype)
    order = np.argsort([*batch, *numbers.offset_dims])
    if list(order) == list(range(out.ndim)):
        return value
    return emit.transpose(value, shape, order, source.dtype)


@rule("gather")
def _gather(emit, equation, values):
    source, indices, out = (v.aval for v in (*equation.invars, equation.outvars[0]))
    numbers, x = equation.params["dimension_numbers"], emit.value(values[0])
    if is_known(values[1]) and not numbers.operand_batching_dims and values[1].size <= MASKED:
        return _gather_of_slices(emit, equation, values[1], x)
    if _is_chosen_element(source, numbers):
        index = emit.reshape(emit.value(values[1]), indices.shape, indices.shape[:-1],
                             indices.dtype)
        return _chosen_element(emit, x, source, index, indices.dtype, out, numbers)
    return _read_positions(emit, equation, x, emit.value(values[1]))


def _read_positions(emit, equation, x, indices):
    """Any gather: the position that each element of the result is read at."""
    source, index, out = (v.aval for v in (*equation.invars, equation.outvars[0]))
    p, numbers = equation.params, equation.params["dimension_numbers"]
    fills = "FILL_OR_DROP" in str(p["mode"])
    batch = [d for d in range(out.ndim) if d not in numbers.offset_dims]
    window = [d for d in range(source.ndim) if d not in numbers.collapsed_slice_dims
              and d not in numbers.operand_batching_dims]

    def position(axis, here, rows, inside):
        offset = here[numbers.offset_dims[window.index(axis)]] if axis in window else None
        if axis in numbers.operand_batching_dims:
            at = numbers.operand_batching_dims.index(axis)
            return rows[numbers.start_indices_batching_dims[at]]
        if axis not in numbers.start_index_map:
            return offset or emit.index(0)
        start = emit.extract(indices, index,
                             [*rows, emit.index(numbers.start_index_map.index(axis))])
        start = emit.op(f"arith.index_cast {start} : {element(index.dtype)} to index")
        low, high = emit.index(0), emit.index(source.shape[axis] - p["slice_sizes"][axis])
        inside.append(emit.op(f"arith.cmpi sge, {start}, {low} : index"))
        inside.append(emit.op(f"arith.cmpi sle, {start}, {high} : index"))
        start = emit.op(f"arith.maxsi {start}, {low} : index")
        start = emit.op(f"arith.minsi {start}, {high} : index")
        return emit.op(f"arith.addi {start}, {offset} : index") if offset else start

    def body(_):
        here, inside = [emit.op(f"linalg.index {d} : index") for d in range(out.ndim)], []
        rows = [here[d] for d in batch]
        at = [position(axis, here, rows, inside) for axis in range(source.ndim)]
        value = emit.extract(x, source, at)
        if not fills or not inside:
            return [value]
        valid = inside[0]
        for condition in inside[1:]:
            valid = emit.op(f"arith.andi {valid}, {condition} : i1")
        filler = emit.scalar(_fill_value(p, source.dtype), source.dtype)
        return [emit.op(f"arith.select {valid}, {value}, {filler} : {element(source.dtype)}")]
    return emit.generic(out.ndim, [], [(emit.empty(out.shape, out.dtype), out.shape, out.dtype,
                                        [f"d{i}" for i in range(out.ndim)])], (), body)[0]


def _fill_value(params, dtype):
    if params.get("fill_value") is not None:
        return params["fill_value"]
    return {"f": np.nan, "u": 0, "b": False}.get(kind(dtype), np.iinfo(np.int32).min)


@rule("scatter", "scatter-add", "scatter_add")
def _scatter(emit, equation, values):
    """Known indices, such as x.at[..., 0].set(v): one slice for each."""
    source, update = equation.invars[0].aval, equation.invars[2].aval
    numbers, index = equation.params["dimension_numbers"], values[1]
    if not is_known(index) or numbers.operand_batching_dims or index.size > MASKED:
        raise ImportModelError(f"`{equation.primitive.name}` at indices that are data is not "
                               "supported; use braintrace.embedding or a product with one-hot "
                               "rows")
    window = [d for d in range(source.ndim) if d not in numbers.inserted_window_dims]
    size = tuple(update.shape[numbers.update_window_dims[window.index(d)]] if d in window else 1
                 for d in range(source.ndim))
    rows = [d for d in range(update.ndim) if d not in numbers.update_window_dims]
    x, value, ones = emit.value(values[0]), emit.value(values[2]), [1] * source.ndim
    for vector in np.ndindex(*index.shape[:-1]):
        start = [0] * source.ndim
        for position, axis in zip(index[vector], numbers.scatter_dims_to_operand_dims):
            start[axis] = int(position)
        if any(s < 0 or s + n > m for s, n, m in zip(start, size, source.shape)):
            continue
        cut = tuple(1 if d in rows else n for d, n in enumerate(update.shape))
        part = value if not rows else emit.slice(
            value, update.shape, [vector[rows.index(d)] if d in rows else 0
                                  for d in range(update.ndim)], cut, [1] * update.ndim,
            update.dtype)
        part = emit.reshape(part, cut, size, update.dtype)
        if equation.primitive.name != "scatter":
            old = emit.slice(x, source.shape, start, size, ones, source.dtype)
            add = "arith.addf" if kind(source.dtype) == "f" else "arith.addi"
            part = emit.op(f"{add} {old}, {part} : {tensor(size, source.dtype)}")
        x = emit.insert(part, size, x, source.shape, start, ones, source.dtype)
    return x
