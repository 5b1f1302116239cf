# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A module or a step function as a jaxpr whose arguments and results have names and kinds."""

import dataclasses
import re

import brainstate
import brainunit as u
import jax
from jax.extend import core as jex_core

from .errors import ImportModelError
from .locations import where, where_raised
from .text import is_key

# The most specific class of a state decides.
_KINDS = (("RandomState", "state"), ("HiddenTreeState", "group"), ("HiddenGroupState", "group"),
          ("HiddenState", "hidden"), ("ParamState", "param"))


@dataclasses.dataclass(eq=False)
class Leaf:
    """An array of a program: an input, an output, or a leaf of a state, with its first value."""
    name: str
    kind: str
    aval: object
    unit: object = None
    value: object = None


@dataclasses.dataclass(eq=False)
class Cell:
    """A State object: its path in the module and the names of its leaves in order."""
    state: object
    path: tuple
    names: list
    tree: object


@dataclasses.dataclass(eq=False)
class Trace:
    """One step. Variables of `jaxpr`: inputs then states, outputs then states after it."""
    name: str
    jaxpr: object
    inputs: list
    outputs: list
    states: list
    cells: list
    in_tree: object
    out_tree: object

    def written(self):
        """(leaf, variable after the step) of the states that the step writes."""
        jaxpr = self.jaxpr.jaxpr
        before = jaxpr.invars[len(self.inputs):]
        after = jaxpr.outvars[len(self.outputs):]
        return [(leaf, new) for leaf, old, new in zip(self.states, before, after)
                if new is not old]


def is_quantity(value):
    return isinstance(value, u.Quantity)


def mantissa(value):
    return u.get_mantissa(value)


def leaves_of(tree, base, kind):
    """Arrays and quantities of a pytree as named leaves, in the order of jax.tree.leaves."""
    out = []
    for path, value in jax.tree_util.tree_flatten_with_path(tree, is_leaf=is_quantity)[0]:
        raw = mantissa(value)
        struct = isinstance(raw, jax.ShapeDtypeStruct)
        unit = value.unit if is_quantity(value) and not value.unit.is_unitless else None
        parts = [base, *(str(getattr(p, "key", getattr(p, "idx", getattr(p, "name", p))))
                         for p in path)]
        out.append(Leaf(".".join(map(_clean, filter(None, parts))), kind,
                        raw if struct else jax.typeof(raw), unit, None if struct else raw))
    return out


def _clean(part):
    """An identifier; a key such as "(<class 'pkg.Expon'>, ...)" keeps the names of classes."""
    text = str(part)
    if re.fullmatch(r"[\w.]+", text):
        return text
    classes = re.findall(r"<class '[\w.]*?(\w+)'>", text)
    return "_".join(classes) or re.sub(r"\W+", "_", text).strip("_")


def _state_kind(state):
    classes = [c.__name__ for c in type(state).__mro__]
    return next((kind for name, kind in _KINDS if name in classes), "state")


def _name_cells(states, module):
    """Cells and leaves; names are paths in the module, made unique by a number."""
    paths = {id(s): p for p, s in brainstate.graph.states(module).items()}
    cells, leaves, seen = [], [], {}
    for state in states:
        path = paths.get(id(state), ("unnamed",))
        base = ".".join(map(_clean, path))
        own = leaves_of(state.value, base if base[0].isalpha() else f"s_{base}",
                        _state_kind(state))
        for leaf in own:
            seen[leaf.name] = seen.get(leaf.name, 0) + 1
            if seen[leaf.name] > 1:
                leaf.name += f"_{seen[leaf.name]}"
        cells.append(Cell(state, path, [leaf.name for leaf in own],
                          jax.tree.structure(state.value)))
        leaves += own
    return cells, leaves


def _check_states(trace):
    """Parameters are read only; no state changes its type. All faults are raised at once."""
    problems = []
    jaxpr = trace.jaxpr.jaxpr
    made_by = {v: e for e in jaxpr.eqns for v in e.outvars}
    for leaf, new in trace.written():
        place = where(made_by[new]) if new in made_by else "unknown source"
        old = leaf.aval
        if leaf.kind == "param":
            problems.append(f"{place}: parameter {leaf.name} is written by the step; a step only "
                            "reads parameters. Make it a plain brainstate.State, or change it "
                            "between steps")
        elif (old.shape, old.dtype) != (new.aval.shape, new.aval.dtype):
            problems.append(f"{place}: state {leaf.name} changes its type in a step: "
                            f"{old.str_short()} -> {new.aval.str_short()}. Initialise it with "
                            "the type it has after a step (for float64: brainstate.environ.set("
                            "precision=64) before the model is built)")
    if problems:
        raise ImportModelError(problems)


def trace_call(function, args, module, name=None):
    """Traces one call of a module or function whose states belong to an initialised module.

    ImportModelError if it cannot be traced, or does to states what a step may not do.
    """
    traced = brainstate.transform.StatefulFunction(function, return_only_write=False)
    before = set(map(id, brainstate.graph.states(module).values()))
    try:
        traced.make_jaxpr(*args)
    except ImportModelError:
        raise
    except Exception as error:
        raise ImportModelError(f"{where_raised(error)}: cannot be traced: "
                               f"{type(error).__name__}: {error}") from error
    created = [p for p, s in brainstate.graph.states(module).items() if id(s) not in before]
    if created:
        raise ImportModelError(f"state {'.'.join(map(str, created[0]))} is created in a step; "
                               "create it in __init__ or init_state")
    key = traced.get_arg_cache_key(*args)
    closed, out_tree = traced.get_jaxpr_by_cache(key), traced.get_out_shapes_by_cache(key)[0]
    cells, states = _name_cells(traced.get_states_by_cache(key), module)
    inputs = [leaf for i, arg in enumerate(args) for leaf in leaves_of(arg, f"x{i}", "input")]
    for leaf, variable in zip(states, closed.jaxpr.invars[len(inputs):]):
        leaf.aval = variable.aval
        if is_key(leaf.aval.dtype):
            leaf.value = jax.random.key_data(leaf.value)
    trace = Trace(_clean(name or type(function).__name__), closed, inputs,
                  leaves_of(out_tree, "out", "output"), states, cells,
                  jax.tree.structure(args, is_leaf=is_quantity),
                  jax.tree.structure(out_tree, is_leaf=is_quantity))
    _check_states(trace)
    return trace


def live_equations(jaxpr):
    """The equations that results depend on; checks and prints keep nothing alive."""
    needed = {v for v in jaxpr.outvars if not isinstance(v, jex_core.Literal)}
    kept = []
    for equation in reversed(jaxpr.eqns):
        if any(v in needed for v in equation.outvars):
            kept.append(equation)
            needed |= {v for v in equation.invars if not isinstance(v, jex_core.Literal)}
    return kept[::-1]
