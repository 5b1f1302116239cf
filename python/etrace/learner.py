# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A compiled learner: calls, gradients, views of its memory. Needs numpy only."""

import contextlib
from pathlib import Path

import numpy as np

from . import artefact, tree
from .errors import ArgumentError
from .program import Program, transfer

REDUCTIONS = ("mean", "sum")
LOSS_OUTPUTS = ("per_step", "masked", "scalar")


class Learner:
    """A network with its online learning rule.

    Arrays that are views: `params`, `hidden`, `states`, `traces` (by name). Writing into them
    writes into the learner.
    """

    def __init__(self, home, description, learning=None):
        self._home, self._learning = home, learning
        self.description = description
        self.reset_state()

    # Views.

    @property
    def params(self):
        return self._home.block.views("param")

    @property
    def hidden(self):
        return self._home.block.views("hidden")

    @property
    def states(self):
        return self._home.block.views("state")

    @property
    def traces(self):
        """By relation, leaf, group and member; of pp-prop both factors."""
        return self._home.block.views("trace")

    def report(self):
        """Hidden groups, relations, excluded parameters and their reasons, as text."""
        return self.description.report

    def show_graph(self):
        print(self.report())

    def save(self, path):
        """Writes a shared library, its header, and what `etrace.load` needs beside them.

        The saved learner has the loss of the last etrace_grad; without one it only runs.
        CompileError if the library cannot be written or linked.
        """
        program = self._to_save()
        if program.block is not self._home.block:
            transfer(self._home.block, program.block)
        artefact.write(Path(path), self, program, self._home)

    def exported(self):
        """The text of what `save` compiles: the model, and the loss of the last etrace_grad."""
        return self._to_save().text

    def _to_save(self):
        if not self._home.text:
            raise ArgumentError("a loaded learner has no model to compile; copy its files")
        return self._learning or self._home

    # Running.

    def reset_state(self):
        """States as they were at first, traces and counters zero; parameters stay."""
        self._home.block.call("reset")
        self._write_initial()

    def _write_initial(self):
        views = {**self.hidden, **self.states}
        for name, value in self.description.initial.items():
            views[name][...] = value

    def __call__(self, *args):
        """One step: states and traces advance. Arrays in, arrays out, nested as in the model."""
        results = self._home.block.call("advance", self._home.arrays(args))
        return self._dress(self._home.signature.results, results)

    update = __call__

    def _dress(self, structure, arrays):
        return tree.unflatten(structure, [a if a.ndim else a[()] for a in arrays])

    def etrace_evolve(self, *sequences, step_fn=None, chunk_size=None, return_outputs=False):
        """Runs over arrays whose first axis is time, without a loss; see braintrace."""
        check_chunk_size(chunk_size)
        length = sequence_length(sequences)
        program = self._program(step_fn, sequences, has_loss=False)
        arrays = program.arrays(sequences)
        with self._running(program) as block:
            outputs = [block.call("advance", [a[t] for a in arrays]) for t in range(length)]
        if not return_outputs:
            return None
        return self._dress(program.signature.results, [np.stack(o) for o in zip(*outputs)])

    # Learning.

    def etrace_grad(self, *sequences, step_fn=None, mask=None, chunk_size=None, weights=None,
                    reduction="mean", loss_output="per_step", has_aux=False, return_value=False):
        """Gradients of the loss of every step, summed or averaged: {path: arrays}.

        `step_fn` takes one slice of each sequence, calls this learner once and returns a scalar
        loss, or (loss, aux). `mask` (T,) weighs the losses. Returns gradients, then losses with
        `return_value`, then what `has_aux` gave, as braintrace does. ArgumentError for options or
        shapes that do not fit.
        """
        if reduction not in REDUCTIONS:
            raise ArgumentError(f"reduction is one of {REDUCTIONS}, found {reduction!r}")
        if loss_output not in LOSS_OUTPUTS:
            raise ArgumentError(f"loss_output is one of {LOSS_OUTPUTS}, found {loss_output!r}")
        check_chunk_size(chunk_size)
        length = sequence_length(sequences)
        mask = _check_mask(mask, length)
        program = self._program(step_fn, sequences, has_loss=True, has_aux=has_aux)
        gradients, losses, results = self._learn(program, sequences, mask)
        total = max(float(mask.sum()), 1.0)
        scale = total if reduction == "mean" else 1.0
        masked = losses * mask.astype(losses.dtype)
        value = losses if loss_output == "per_step" else masked if loss_output == "masked" \
            else masked.sum() / scale
        out = [self._gradient_tree(gradients, scale, weights)]
        out += [value] if return_value else []
        out += [self._dress(program.signature.results, results)[1]] if has_aux else []
        return out[0] if len(out) == 1 else tuple(out)

    def _learn(self, program, sequences, mask):
        """(gradients by name, losses, other results) of the sum of the weighed losses."""
        arrays = program.arrays(sequences, learns=True)
        gradients = program.block.views("gradient")
        with self._running(program) as block:
            clear(gradients)
            if (mask == 1).all():
                losses, *results = block.call("learn_sequence", arrays, len(mask))
                return {k: v.copy() for k, v in gradients.items()}, losses, results
            # A step's gradient is linear in its loss, and traces do not depend on the loss.
            total, rows = {k: np.zeros_like(v) for k, v in gradients.items()}, []
            for t, weight in enumerate(mask):
                clear(gradients)
                rows.append(block.call("learn", [a[t] for a in arrays]))
                for name, gradient in gradients.items():
                    total[name] += weight.astype(gradient.dtype) * gradient
        losses, *results = map(np.stack, zip(*rows))
        return total, losses, results

    def _gradient_tree(self, gradients, total, weights):
        chosen = {p.path: p for p in self.description.parameters}
        unknown = [path for path in weights or () if path not in chosen]
        if unknown:
            raise ArgumentError(f"the model has no parameter {unknown[0]}; it has "
                                f"{', '.join(map(str, chosen))}")
        return {path: self._dress_parameter(p, [gradients[n] / total for n in p.names])
                for path, p in chosen.items() if weights is None or path in weights}

    def _dress_parameter(self, parameter, arrays):
        return tree.unflatten(parameter.structure, arrays)

    def _program(self, step_fn, sequences, has_loss, has_aux=False):
        if step_fn is not None:
            raise ArgumentError("a loaded learner learns by the step function it was saved with; "
                                "leave step_fn out")
        if not has_loss:
            return self._home
        if self._learning is None:
            raise ArgumentError("the learner was saved without a step function; call etrace_grad "
                                "before save, or save(path, step_fn, sequences)")
        return self._learning

    @contextlib.contextmanager
    def _running(self, program):
        """The memory of a program that goes on from the learner's states, and back to them."""
        if program.block is self._home.block:
            yield program.block
            return
        transfer(self._home.block, program.block)
        yield program.block
        transfer(program.block, self._home.block)


def clear(views):
    for view in views.values():
        view[...] = 0


def check_chunk_size(chunk_size):
    if chunk_size not in (None, 1):
        raise ArgumentError(f"chunk_size={chunk_size!r}: windows of several steps are not "
                            "supported yet; leave it out")


def _leaves(value):
    if isinstance(value, dict):
        return [leaf for key in sorted(value) for leaf in _leaves(value[key])]
    if isinstance(value, (list, tuple)):
        return [leaf for part in value for leaf in _leaves(part)]
    return [] if value is None else [value]


def sequence_length(sequences):
    """The common first extent of all arrays; ArgumentError if there is none."""
    shapes = [np.shape(leaf) for leaf in _leaves(sequences)]
    lengths = {shape[0] for shape in shapes if shape}
    if len(lengths) != 1 or not all(shapes):
        raise ArgumentError("sequences are arrays with time as their first axis, of one length; "
                            f"found shapes {shapes}")
    if lengths == {0}:
        raise ArgumentError("the sequences have no steps")
    return lengths.pop()


def _check_mask(mask, length):
    mask = np.ones(length) if mask is None else np.asarray(mask, float)
    if mask.shape != (length,):
        raise ArgumentError(f"mask weighs the loss of each step: its shape is ({length},), found "
                            f"{mask.shape}")
    return mask


def load(path):
    """A learner that `save` wrote. ArtefactError if a file is missing or of another version."""
    saved = artefact.read(Path(path))
    call, learn = (Program(saved.block, signature) for signature in saved.signatures)
    learner = Learner(call, saved.description, learn if saved.block.has("learn") else None)
    for kind, arrays in saved.arrays.items():
        views = saved.block.views(kind)
        for name, value in arrays.items():
            views[name][...] = value
    return learner
