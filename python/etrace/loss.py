# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A traced step function as the step of a model and its loss.

Its results are the loss, auxiliary values, and what the learner returned. What the states and the
returned values depend on is the step; what else the loss needs is the loss, a function of results
of the step and of arguments of the step function, the targets. So regularisers on states and
computation on inputs before the call need nothing special.
"""

import dataclasses

from jax.extend import core as jex_core

from .tracing import Leaf, Trace


@dataclasses.dataclass(eq=False)
class StepWithLoss:
    """`inputs` and `targets` are numbers of arguments of the step function, as leaves.

    `loss` is a closed jaxpr of (results of the step, targets); None means that the first
    result of the step is the loss.
    """
    step: Trace
    inputs: list
    targets: list
    loss: object = None


def _is_variable(v):
    return not isinstance(v, jex_core.Literal)


def _needed(equations, results):
    """(equations, variables) that results depend on."""
    needed, kept = set(filter(_is_variable, results)), []
    for equation in reversed(equations):
        if any(v in needed for v in equation.outvars):
            kept.append(equation)
            needed |= set(filter(_is_variable, equation.invars))
    return kept[::-1], needed


def _restrict(trace, inputs, outputs, variables, equations):
    """The trace with some inputs (numbers), other outputs, and some of its equations."""
    jaxpr, count = trace.jaxpr.jaxpr, len(trace.inputs)
    states_after = jaxpr.outvars[len(trace.outputs):]
    part = jex_core.Jaxpr(jaxpr.constvars, [*(jaxpr.invars[i] for i in inputs),
                                            *jaxpr.invars[count:]],
                          [*variables, *states_after], equations)
    return dataclasses.replace(trace, jaxpr=jex_core.ClosedJaxpr(part, trace.jaxpr.consts),
                               inputs=[trace.inputs[i] for i in inputs], outputs=outputs)


def join(trace, count):
    """The whole step function as the step; its first `count` results are loss and auxiliaries."""
    variables = trace.jaxpr.jaxpr.outvars[:count]
    every = list(range(len(trace.inputs)))
    return StepWithLoss(_restrict(trace, every, trace.outputs[:count], variables,
                                  trace.jaxpr.jaxpr.eqns), every, [])


def split(trace, first):
    """The step up to the learner's results, which begin with number `first`, and the loss."""
    jaxpr = trace.jaxpr.jaxpr
    arguments = list(jaxpr.invars[:len(trace.inputs)])
    loss, results = jaxpr.outvars[0], list(jaxpr.outvars[first:len(trace.outputs)])
    of_step, in_step = _needed(jaxpr.eqns, jaxpr.outvars[first:])
    made = [*jaxpr.invars[len(arguments):], *(v for e in of_step for v in e.outvars)]
    chosen = set(map(id, of_step))
    of_loss, in_loss = _needed([e for e in jaxpr.eqns if id(e) not in chosen], [loss])
    crossing = [v for v in made if v in in_loss and v not in results]
    inputs = [i for i, v in enumerate(arguments) if v in in_step]
    targets = [i for i, v in enumerate(arguments) if v in in_loss]
    outputs = trace.outputs[first:] + [Leaf(f"inner{i}", "output", v.aval)
                                       for i, v in enumerate(crossing)]
    step = _restrict(trace, inputs, outputs, results + crossing, of_step)
    return StepWithLoss(step, inputs, targets, _loss(trace, loss, results + crossing,
                                                     [arguments[i] for i in targets], of_loss))


def _loss(trace, loss, results, targets, equations):
    """Results that are constants or come twice get variables of their own: nothing reads them."""
    jaxpr, seen, parameters = trace.jaxpr.jaxpr, set(), []
    for v in results:
        fresh = not _is_variable(v) or v in seen
        parameters.append(jex_core.Var(v.aval) if fresh else v)
        seen.add(parameters[-1])
    part = jex_core.Jaxpr(jaxpr.constvars, parameters + targets, [loss], equations)
    return jex_core.ClosedJaxpr(part, trace.jaxpr.consts)
