# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Native code with its memory, and how Python's arguments are those of its entries."""

import dataclasses

import numpy as np

from . import tree
from ._native import Block
from .errors import ArgumentError

# What goes from one program of a learner to another: all but gradients, optimiser and queries.
CARRIED = ("param", "hidden", "state", "trace", "counter")


@dataclasses.dataclass(eq=False)
class Parameter:
    """A parameter of the model: its path, and the names of its arrays by structure."""
    path: tuple
    structure: object
    names: list


@dataclasses.dataclass(eq=False)
class Signature:
    """How arguments and results of Python are those of the entries.

    `arguments` and `results` are structures. A step takes the arrays with the numbers `inputs`,
    learning those and the `targets`. `has_aux`: the results are (loss, aux) of a step function,
    else what the model returns; other results of an entry are left out.
    """
    arguments: tuple
    results: object
    inputs: list
    targets: list = dataclasses.field(default_factory=list)
    has_aux: bool = False


@dataclasses.dataclass(eq=False)
class Program:
    """Native code with its memory; `text` is its model, if it is at hand."""
    block: Block
    signature: Signature
    text: str = ""

    def arrays(self, args, learns=False):
        """The arrays of an entry from arguments of Python."""
        leaves = tree.flatten(self.signature.arguments, tuple(args), "the argument")
        order = self.signature.inputs + (self.signature.targets if learns else [])
        return [as_array(leaves[i]) for i in order]


@dataclasses.dataclass(eq=False)
class Description:
    """What a learner is, besides its code; `initial` has the states after a reset, by name."""
    rule: dict
    parameters: list
    initial: dict
    report: str = ""


def as_array(value):
    try:
        return np.asarray(value)
    except Exception as error:
        raise ArgumentError("the learner takes arrays of numpy or JAX; inside a function that is "
                            "transformed by JAX it runs as the step_fn of etrace_grad only "
                            f"({type(error).__name__})") from error


def transfer(source, target):
    """Copies what two programs of one model share."""
    for kind in CARRIED:
        views, others = target.views(kind), source.views(kind)
        for path in views.keys() & others.keys():
            views[path][...] = others[path]
