# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A traced step as the text of an etrace.model."""

import re

import numpy as np

from .emit import Emitter, words
from .errors import ImportModelError
from .rules import FALLBACK, RULES
from .text import element, symbol, type_of, types

_DECLARATIONS = {"param": "param", "hidden": "hidden", "state": "state"}


def _initial(leaf):
    """Equal numbers are an initialiser; others are written by the learner after `reset`."""
    value = words(leaf.value)
    if leaf.kind == "param" or not value.size or element(value.dtype)[0] != "f":
        return ""
    first = value.reshape(-1)[0]
    if first == 0 or not np.isfinite(first) or (value != first).any():
        return ""
    return f" init #etrace.constant<value = {float(first)!r}>"


def _declare(emit, leaf):
    unit = f' {{unit = "{leaf.unit}"}}' if leaf.unit is not None else ""
    emit.put(f"etrace.{_DECLARATIONS[leaf.kind]} {symbol(leaf.name)} : {type_of(leaf.aval)}"
             f"{_initial(leaf)}{unit}")


def _head(arguments, outputs):
    parameters = ", ".join(f"{n}: {type_of(leaf.aval)}" for n, leaf in arguments)
    kinds = types([leaf.aval for leaf in outputs])
    if not outputs:
        return f"({parameters})"
    return f"({parameters}) -> {kinds if len(outputs) == 1 else f'({kinds})'}"


def _write_step(emit, trace):
    names = [f"%{re.sub(r'[^0-9A-Za-z_]', '_', leaf.name)}" for leaf in trace.inputs]
    emit.put(f"etrace.step @update{_head(list(zip(names, trace.inputs)), trace.outputs)} {{")
    emit.indent += 1
    states = [emit.op(f"etrace.get {symbol(leaf.name)} : {type_of(leaf.aval)}")
              for leaf in trace.states]
    results = [emit.value(v) for v in emit.run_closed(trace.jaxpr, names + states)]
    after = dict(zip((leaf.name for leaf in trace.states), results[len(trace.outputs):]))
    for leaf, _ in trace.written():
        emit.put(f"etrace.set {symbol(leaf.name)}, {after[leaf.name]} : {type_of(leaf.aval)}")
    outputs = results[:len(trace.outputs)]
    kinds = types([leaf.aval for leaf in trace.outputs])
    emit.put(f"etrace.yield {', '.join(outputs)} : {kinds}" if outputs else "etrace.yield")
    emit.indent -= 1
    emit.put("}")


def _write_loss(emit, trace, loss):
    """A function of the results of the step and of targets; without one it is the first result."""
    results = [(f"%out{i}", leaf.aval) for i, leaf in enumerate(trace.outputs)]
    targets = loss.jaxpr.invars[len(results):] if loss else []
    arguments = results + [(f"%target{i}", v.aval) for i, v in enumerate(targets)]
    aval = loss.jaxpr.outvars[0].aval if loss else trace.outputs[0].aval
    parameters = ", ".join(f"{name}: {type_of(a)}" for name, a in arguments)
    emit.put(f"etrace.loss @loss({parameters}) -> {element(aval.dtype)} {{")
    emit.indent += 1
    value = arguments[0][0]
    if loss:
        value = emit.value(emit.run_closed(loss, [name for name, _ in arguments])[0])
    emit.put(f"etrace.yield {emit.extract(value, aval)} : {element(aval.dtype)}")
    emit.indent -= 1
    emit.put("}")


def model_text(trace, batch_size=None, has_loss=False, loss=None):
    """MLIR of a step; ImportModelError names all that cannot be imported, by line.

    With `has_loss` it has a loss: a closed jaxpr of the results and targets, else the first result.
    """
    emit = Emitter(RULES, FALLBACK)
    unsupported = [leaf for leaf in trace.states if leaf.kind not in _DECLARATIONS]
    if unsupported:
        raise ImportModelError([f"state {leaf.name} is a {leaf.kind} state; import of these is "
                                "not supported yet, use one HiddenState for each component"
                                for leaf in unsupported])
    hidden = [leaf for leaf in trace.states if leaf.kind == "hidden"]
    batched = batch_size and hidden and all(
        leaf.aval.shape[:1] == (batch_size,) for leaf in hidden)
    attributes = " attributes {batch_dim = 0 : i64}" if batched else ""
    emit.put(f"etrace.model {symbol(trace.name)}{attributes} {{")
    emit.indent += 1
    for leaf in trace.states:
        _declare(emit, leaf)
    _write_step(emit, trace)
    if has_loss:
        _write_loss(emit, trace, loss)
    emit.indent -= 1
    emit.put("}")
    if emit.problems:
        raise ImportModelError(emit.problems)
    return "\n".join(emit.lines) + "\n"
