# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Functions with a derivative of their own: etrace.custom_derivative.

The rule is traced through the equation itself (jax.jvp, jax.vjp), so that it is the one that JAX
would use. Inside the regions functions are their bodies: no rule of a rule is asked for.
"""

import jax
import numpy as np
from jax.extend.core import primitives as jax_primitives

from ..emit import describe, one_equation, struct
from ..errors import ImportModelError
from ..text import is_float, type_of
from .registry import make_registry

RULES, rule = make_registry()


@rule("custom_jvp_call")
def _custom_jvp(emit, equation, values):
    return _write(emit, equation, values, equation.params["call_jaxpr"], "jvp")


@rule("custom_vjp_call", "custom_vjp_call_jaxpr")
def _custom_vjp(emit, equation, values):
    body = equation.params.get("call_jaxpr", equation.params.get("fun_jaxpr"))
    return _write(emit, equation, values, body, "vjp")


def _of_jax():
    """Names of JAX's own primitives; their implementation is a call of XLA."""
    names = {getattr(p, "name", "") for p in vars(jax_primitives).values()}
    return names | {p.name for p in vars(jax.lax).values()
                    if hasattr(p, "bind") and hasattr(p, "name")}


_OF_JAX = _of_jax()
_WAYS_OUT = {
    "sort": "keep what needs an order out of the step",
    "erf_inv": "draw uniform numbers, or give normal ones as an input",
    "random_seed": "make the key once, in a state, with JAX's default generator, threefry2x32",
    "pure_callback": "write the function with jax.numpy", "io_callback": "move it out of the step",
}


def own_primitive(emit, equation, values):
    """A primitive without a rule: a library's own has a body in Python, JAX's own has none."""
    name, body = equation.primitive.name, equation.primitive.impl
    if name in _OF_JAX or body is None or "callback" in name:
        way_out = _WAYS_OUT.get(name, "write it with operations that are supported")
        raise ImportModelError(f"primitive {describe(equation)} is not supported; {way_out}")
    try:
        closed = jax.make_jaxpr(lambda *a: body(*a, **equation.params))(
            *(struct(v.aval) for v in equation.invars))
    except Exception as error:
        raise ImportModelError(f"primitive {describe(equation)} is not supported: its body "
                               f"cannot be traced: {error}") from error
    if any(e.primitive is equation.primitive for e in closed.jaxpr.eqns):
        raise ImportModelError(f"primitive {describe(equation)} is not supported; it has no body "
                               "in Python")
    return _write(emit, equation, values, closed, "jvp")


def _tangents(function, avals):
    """(values, tangents of floats) -> tangents of float results."""
    floats = [i for i, a in enumerate(avals) if is_float(a.dtype)]

    def derivative(*arguments):
        primals, given = arguments[:len(avals)], dict(zip(floats, arguments[len(avals):]))
        tangents = [given.get(i, np.zeros(a.shape, jax.dtypes.float0))
                    for i, a in enumerate(avals)]
        outs, changes = jax.jvp(lambda *p: tuple(function(*p)), primals, tuple(tangents))
        return [c for o, c in zip(outs, changes) if is_float(o.dtype)]
    return derivative, [avals[i] for i in floats]


def _cotangents(function, avals, outs):
    """(values, cotangents of float results) -> cotangents of floats."""
    def derivative(*arguments):
        primals, given = arguments[:len(avals)], iter(arguments[len(avals):])
        seeds = [next(given) if is_float(o.dtype) else np.zeros(o.shape, jax.dtypes.float0)
                 for o in outs]
        changes = jax.vjp(lambda *p: list(function(*p)), *primals)[1](seeds)
        return [c for a, c in zip(avals, changes) if is_float(a.dtype)]
    return derivative, [o for o in outs if is_float(o.dtype)]


def _write(emit, equation, values, body, mode):
    """Known operands are operands like others: their tangents are inputs of the rule, too."""
    if emit.values_only:
        return emit.run_closed(body, values)
    values = [emit.value(v) for v in values]
    avals, outs = [v.aval for v in equation.invars], [v.aval for v in equation.outvars]
    function = one_equation(equation)
    derivative, extra = _tangents(function, avals) if mode == "jvp" else \
        _cotangents(function, avals, outs)
    rule_body = jax.make_jaxpr(derivative)(*map(struct, [*avals, *extra]))
    left, names = emit.results(len(outs))
    emit.put(f"{left} = etrace.custom_derivative({', '.join(values)}) {{")
    _region(emit, equation.invars, lambda given: emit.run_closed(body, given), outs)
    emit.put(f"}} {mode} {{")
    _region(emit, rule_body.jaxpr.invars, lambda given: emit.run_closed(rule_body, given),
            [v.aval for v in rule_body.jaxpr.outvars])
    results = ", ".join(map(type_of, outs))
    emit.put(f"}} : ({', '.join(map(type_of, avals))}) -> "
             f"{results if len(outs) == 1 else f'({results})'}{emit.suffix()}")
    return names


def _region(emit, variables, write, avals):
    emit.values_only = True
    emit.region(variables, lambda names: (
        "etrace.yield", [emit.value(v) for v in write(names)], list(map(type_of, avals))))
    emit.values_only = False
