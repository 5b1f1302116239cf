# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Calls, conditions and loops."""

import numpy as np

from ..emit import is_known, type_list
from ..text import element, type_of
from .registry import make_registry
from .shapes import at

RULES, rule = make_registry()


@rule("jit", "pjit", "closed_call", "core_call", "remat", "checkpoint", "remat2")
def _call(emit, equation, values):
    """Inlined: calls carry no meaning of their own."""
    inner = equation.params.get("jaxpr", equation.params.get("call_jaxpr"))
    if hasattr(inner, "jaxpr"):
        return emit.run_closed(inner, values)
    return emit.run(inner, (), values)


def _body(emit, closed, arguments):
    emit.indent += 1
    results = [emit.value(v) for v in emit.run_closed(closed, arguments)]
    kinds = type_list(closed.jaxpr.outvars)
    emit.put(f"scf.yield {', '.join(results)} : {kinds}" if results else "scf.yield")
    emit.indent -= 1


@rule("cond")
def _cond(emit, equation, values):
    branches, which = equation.params["branches"], values[0]
    if is_known(which):
        chosen = branches[int(np.clip(which, 0, len(branches) - 1))]
        return emit.run_closed(chosen, values[1:])
    arguments, aval = [emit.value(v) for v in values[1:]], equation.invars[0].aval
    left, names = emit.results(len(equation.outvars))
    kinds, index = type_list(equation.outvars), emit.extract(which, aval)
    if len(branches) == 2:
        if aval.dtype != bool:
            index = emit.op(f"arith.cmpi sgt, {index}, {emit.scalar(0, aval.dtype)} : "
                            f"{element(aval.dtype)}")
        emit.put(f"{left} = scf.if {index} -> ({kinds}) {{")
        _body(emit, branches[1], arguments)
        emit.put("} else {")
        _body(emit, branches[0], arguments)
        emit.put("}" + emit.suffix())
        return names
    index = emit.op(f"arith.index_cast {index} : {element(aval.dtype)} to index")
    index = emit.op(f"arith.maxsi {index}, {emit.index(0)} : index")
    index = emit.op(f"arith.minsi {index}, {emit.index(len(branches) - 1)} : index")
    emit.put(f"{left} = scf.index_switch {index} -> {kinds}")
    for number, branch in enumerate(branches):
        emit.put("default {" if number == len(branches) - 1 else f"case {number} {{")
        _body(emit, branch, arguments)
        emit.put("}" + (emit.suffix() if number == len(branches) - 1 else ""))
    return names


@rule("scan")
def _scan(emit, equation, values):
    """scf.for over the carries and the arrays of results, one slice of which is written a turn."""
    p = equation.params
    consts, carries, length = p["num_consts"], p["num_carry"], p["length"]
    values = [emit.value(v) for v in values]
    sources = [v.aval for v in equation.invars[consts + carries:]]
    stacked = [v.aval for v in equation.outvars[carries:]]
    initial = values[consts:consts + carries] + [emit.empty(a.shape, a.dtype) for a in stacked]
    low, high, one = (emit.index(n) for n in (0, length, 1))
    left, names = emit.results(len(initial))
    turn, carried = emit.name(), [emit.name() for _ in initial]
    pairs = ", ".join(f"{c} = {i}" for c, i in zip(carried, initial))
    emit.put(f"{left} = scf.for {turn} = {low} to {high} step {one} iter_args({pairs}) -> "
             f"({type_list(equation.outvars)}) {{")
    emit.indent += 1
    if p["reverse"]:
        turn = emit.op(f"arith.subi {emit.index(length - 1)}, {turn} : index")
    rows = [_row(emit, value, aval, turn)
            for value, aval in zip(values[consts + carries:], sources)]
    results = [emit.value(v) for v in emit.run_closed(
        p["jaxpr"], values[:consts] + carried[:carries] + rows)]
    ends = results[:carries]
    for result, into, aval in zip(results[carries:], carried[carries:], stacked):
        row = emit.reshape(result, aval.shape[1:], (1, *aval.shape[1:]), aval.dtype)
        ends.append(emit.insert(row, (1, *aval.shape[1:]), into, aval.shape,
                                at(0, aval.ndim, turn), [1] * aval.ndim, aval.dtype))
    emit.put(f"scf.yield {', '.join(ends)} : {type_list(equation.outvars)}")
    emit.indent -= 1
    emit.put("}" + emit.suffix())
    return names


def _row(emit, value, aval, turn):
    one = (1, *aval.shape[1:])
    row = emit.slice(value, aval.shape, at(0, aval.ndim, turn), one, [1] * aval.ndim, aval.dtype)
    return emit.reshape(row, one, aval.shape[1:], aval.dtype)


@rule("while")
def _while(emit, equation, values):
    p = equation.params
    values = [emit.value(v) for v in values]
    of_cond, of_body = p["cond_nconsts"], p["body_nconsts"]
    cond_consts, body_consts = values[:of_cond], values[of_cond:of_cond + of_body]
    initial, variables = values[of_cond + of_body:], equation.outvars
    kinds, (left, names) = type_list(variables), emit.results(len(variables))
    carried = [emit.name() for _ in initial]
    pairs = ", ".join(f"{c} = {i}" for c, i in zip(carried, initial))
    emit.put(f"{left} = scf.while ({pairs}) : ({kinds}) -> ({kinds}) {{")
    emit.indent += 1
    (condition,) = emit.run_closed(p["cond_jaxpr"], cond_consts + carried)
    truth = p["cond_jaxpr"].jaxpr.outvars[0].aval
    test = emit.extract(emit.value(condition), truth)
    emit.put(f"scf.condition({test}) {', '.join(carried)} : {kinds}")
    emit.indent -= 1
    emit.put("} do {")
    inside = [emit.name() for _ in initial]
    emit.put("^bb0(" + ", ".join(f"{n}: {type_of(v.aval)}" for n, v in zip(inside, variables))
             + "):")
    emit.indent += 1
    results = [emit.value(v) for v in emit.run_closed(p["body_jaxpr"], body_consts + inside)]
    emit.put(f"scf.yield {', '.join(results)} : {kinds}")
    emit.indent -= 1
    emit.put("}" + emit.suffix())
    return names
