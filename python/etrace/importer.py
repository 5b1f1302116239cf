# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From a brainstate module to a learner. Needs JAX and brainstate; braintrace is not called."""

import contextlib

import brainstate
import jax
import jax.numpy as jnp
import numpy as np

from . import tree
from ._native import Block
from .compiler import build, read_rule
from .emit import words
from .errors import ArgumentError, ImportModelError
from .model import model_text
from .learner import Learner
from .loss import join, split
from .program import Description, Parameter, Program, Signature
from .text import is_key
from .tracing import is_quantity, mantissa, trace_call

_UNWINDOWED = ("SingleStepData", "MultiStepData")


def _numbers(structure):
    return jax.tree.unflatten(structure, range(structure.num_leaves))


def _checked(structure, what):
    structure = _numbers(structure)
    tree.check(structure, what)
    return structure


def _signature(trace):
    return Signature(_checked(trace.in_tree, "the input"), _checked(trace.out_tree, "the output"),
                     list(range(len(trace.inputs))))


def _to_jax(value):
    return jax.tree.map(lambda leaf: leaf if is_quantity(leaf) or is_key(
        getattr(leaf, "dtype", "")) else jnp.asarray(leaf), value, is_leaf=is_quantity)


def _refuse_windows(args):
    for arg in args:
        if type(arg).__name__ in _UNWINDOWED:
            raise ArgumentError(f"{type(arg).__name__} is not supported yet: pass the arrays of "
                                "one step, and sequences to etrace_grad")


def initialise(model, batch_size, seed):
    """States as braintrace.compile makes them."""
    context = brainstate.random.seed_context(seed) if seed is not None \
        else contextlib.nullcontext()
    with context:
        brainstate.nn.init_all_states(model, batch_size=batch_size)


class ImportedProgram(Program):
    """Quantities are numbers in the unit that the program was imported with."""

    def __init__(self, native, signature, text, trace):
        super().__init__(Block(native), signature, text)
        self.units = [leaf.unit for leaf in trace.inputs]

    def arrays(self, args, learns=False):
        structure = self.signature.arguments
        leaves = tree.flatten(structure, tuple(args), "the argument")
        plain = [_strip(leaf, unit) for leaf, unit in zip(leaves, self.units)]
        return super().arrays(tree.unflatten(structure, plain), learns)


class ImportedLearner(Learner):
    """A learner with the module it comes from: step functions are traced, states exchanged."""

    def __init__(self, module, trace, rule, batch_size):
        self.module, self.rule, self.batch_size = module, rule, batch_size
        self._cells, self._calls, self._returned = trace.cells, None, None
        self._traced, self._compiled, self._last = {}, {}, None
        text = model_text(trace, batch_size)
        native, report = build(text, rule)
        self._out_units = [leaf.unit for leaf in trace.outputs]
        initial = {leaf.name: _signless(words(leaf.value))
                   for leaf in trace.states if leaf.kind != "param"}
        super().__init__(ImportedProgram(native, _signature(trace), text, trace),
                         Description(rule, _parameters(trace), initial, report))
        self.push()

    # Exchange with the module.

    def _named(self, states):
        """(cell, its arrays in the learner, in order), of parameters or of all states."""
        views = {**self.params, **self.hidden, **self.states}
        trained = self.param_states
        return [(cell, [views[name] for name in cell.names]) for cell in self._cells
                if states or cell.path in trained]

    def push(self, states=True):
        """Parameters and states of the module (or parameters alone) go into the learner."""
        for cell, views in self._named(states):
            for view, leaf in zip(views, jax.tree.leaves(cell.state.value)):
                view[...] = _signless(words(leaf))

    def pull(self, states=True):
        """Parameters and states of the learner (or parameters alone) go into the module."""
        for cell, views in self._named(states):
            leaves = jax.tree.leaves(cell.state.value)
            cell.state.value = jax.tree.unflatten(cell.tree, list(map(_like, views, leaves)))

    @property
    def param_states(self):
        """{path: ParamState}, for optimisers; after a step of theirs `push(states=False)`."""
        paths = {parameter.path for parameter in self.description.parameters}
        return {cell.path: cell.state for cell in self._cells if cell.path in paths}

    # Calls and step functions.

    def __call__(self, *args):
        _refuse_windows(args)
        if self._calls is None:
            return super().__call__(*args)
        self._calls += 1
        self._returned = self.module(*args)
        return self._returned

    update = __call__

    def _dress_parameter(self, parameter, arrays):
        (state,) = (cell.state for cell in self._cells if cell.path == parameter.path)
        leaves = jax.tree.leaves(state.value, is_leaf=is_quantity)
        return super()._dress_parameter(parameter, [
            a * leaf.unit if is_quantity(leaf) else a for a, leaf in zip(arrays, leaves)])

    def _program(self, step_fn, sequences, has_loss, has_aux=False):
        if step_fn is None:
            if has_loss:
                raise ArgumentError("etrace_grad needs step_fn, which runs the learner and "
                                    "returns the loss of a step")
            return self._home
        _refuse_windows(sequences)
        first = jax.tree.map(lambda leaf: leaf[0], _to_jax(sequences), is_leaf=is_quantity)
        shapes = str(jax.tree.map(lambda leaf: jax.typeof(mantissa(leaf)), first,
                                  is_leaf=is_quantity))
        key = (step_fn, shapes, has_loss, has_aux)
        if key not in self._traced:
            self._traced[key] = self._compile_step(step_fn, first, has_loss, has_aux)
        if has_loss:
            self._last = (step_fn, first, has_aux)
        return self._traced[key]

    def _compile_step(self, step_fn, first, has_loss, has_aux, joined=None):
        """With auxiliary results the whole step function is the step, else the loss is apart."""
        trace = self._trace_step(step_fn, first, has_loss, has_aux)
        loss_and_aux, returned = _numbers(trace.out_tree)
        count = len(jax.tree.leaves(loss_and_aux))
        if not has_loss or (has_aux if joined is None else joined):
            whole, results = join(trace, count), loss_and_aux
        else:
            whole = split(trace, count)
            results = jax.tree.map(lambda i: i - count, returned)
        signature = Signature(_checked(trace.in_tree, "the argument"), results, whole.inputs,
                              whole.targets, has_aux)
        text = model_text(whole.step, self.batch_size, has_loss, whole.loss)
        if text not in self._compiled:
            native, _ = build(text, self.rule)
            self._compiled[text] = ImportedProgram(native, signature, text, trace)
        return self._compiled[text]

    def _trace_step(self, step_fn, first, has_loss, has_aux):
        def step(*args):
            self._calls = 0
            try:
                results = step_fn(*args)
            finally:
                calls, self._calls = self._calls, None
            if calls != 1:
                raise ImportModelError(f"{_place(step_fn)}: step_fn calls the learner {calls} "
                                       "times; it must call it once in each step")
            returned, self._returned = self._returned, None
            if has_loss:
                results = _checked_results(step_fn, results, has_aux)
            return results, returned
        return trace_call(step, first, self.module, self._home.block.model.name)

    def _to_save(self):
        """Of the last step function; auxiliary results stay behind."""
        if self._last is None:
            return self._home
        step_fn, first, has_aux = self._last
        return self._compile_step(step_fn, first, True, has_aux, joined=False)


def _checked_results(step_fn, results, has_aux):
    if has_aux and not (isinstance(results, tuple) and len(results) == 2):
        raise ImportModelError(f"{_place(step_fn)}: with has_aux step_fn returns (loss, aux)")
    loss, aux = results if has_aux else (results, None)
    loss = mantissa(loss)
    if jnp.shape(loss) != () or not jnp.issubdtype(jnp.result_type(loss), jnp.floating):
        raise ImportModelError(f"{_place(step_fn)}: step_fn returns a loss of shape "
                               f"{jnp.shape(loss)} and type {jnp.result_type(loss)}; it must be "
                               "one float: reduce over samples and features")
    return (loss, aux) if has_aux else (loss,)


def _place(function):
    code = getattr(function, "__code__", None)
    if code is None:
        return repr(function)
    return f"{'/'.join(code.co_filename.split('/')[-2:])}:{code.co_firstlineno}"


def _parameters(trace):
    kinds = {leaf.name: leaf.kind for leaf in trace.states}
    return [Parameter(cell.path, _numbers(jax.tree.structure(
                cell.state.value, is_leaf=is_quantity)), cell.names)
            for cell in trace.cells if cell.names and kinds[cell.names[0]] == "param"]


def _signless(value):
    """Words without a sign lie in buffers with one."""
    return value.view(f"i{value.dtype.itemsize}") if value.dtype.kind == "u" else value


def _strip(value, unit):
    """The number of a quantity in the unit that the model was imported with."""
    if not is_quantity(value):
        return value
    return np.asarray(value.to_decimal(unit) if unit is not None else mantissa(value))


def _like(array, leaf):
    """An array of a learner as the leaf of a state: its type, and its unit if it has one."""
    dtype = jax.typeof(leaf).dtype
    if is_key(dtype):
        return jax.random.wrap_key_data(jnp.asarray(array.view(np.uint32)))
    if np.dtype(dtype).kind == "u":
        return jnp.asarray(array.view(dtype))
    return jnp.asarray(array.astype(dtype))


def compile(model, algorithm, *example_inputs, batch_size=None, seed=None, vmap=False,
            vjp_method="single-step", compat=None, target="cpu", **options):
    """A native learner of a brainstate module whose states are initialised anew.

    Names and defaults are those of braintrace.compile; see docs/Python.md for what differs.
    ImportModelError and CompileError name the lines of Python that cannot be compiled.
    """
    if not example_inputs:
        raise ArgumentError("compile needs an example of the model's inputs")
    if vmap:
        raise ArgumentError("vmap=True is not supported yet; initialise the model with "
                            "batch_size and give it whole batches")
    if target != "cpu":
        raise ArgumentError(f"the target {target!r} is not supported from Python; use 'cpu'")
    _refuse_windows(example_inputs)
    rule = read_rule(algorithm, vjp_method, compat, options)
    initialise(model, batch_size, seed)
    trace = trace_call(model, _to_jax(example_inputs), model)
    return ImportedLearner(model, trace, rule, batch_size)


def export(model, *example_inputs, batch_size=None, seed=None):
    """The text of a module as an etrace.model, its states initialised anew."""
    initialise(model, batch_size, seed)
    trace = trace_call(model, _to_jax(example_inputs), model)
    return model_text(trace, batch_size=batch_size)
