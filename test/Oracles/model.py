# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A model in numpy: its step, its loss, and what the analysis must find in it.

A `Model` lists its hidden groups (members in the order of first access) and which groups every
ETP primitive reaches; primitives that reach none are left out, and in program order.
Sizes come from the parameters and states that a test passes in.
"""

from dataclasses import dataclass
from typing import Callable

import numpy as np

from . import dual
from .dual import square


@dataclass
class Model:
    step: Callable            # step(c, p, s, x) -> output
    groups: dict              # group -> list of states
    relations: dict           # primitive -> list of groups
    loss: Callable


def squared_error(out, target):
    return dual.total(square(out - target))


def mean_squared_error(out, target):
    return squared_error(out, target) * (1.0 / np.size(target))


def cross_entropy(out, target):
    shifted = out - dual.value(out).max(-1, keepdims=True)
    each = dual.log(dual.row_sum(dual.exp(shifted))) - dual.pick(shifted, target)
    return dual.total(each) * (1.0 / np.size(target))


def single(step, states, primitives, loss=squared_error):
    """One group, reached by the primitives."""
    return Model(step, {"group0": states}, {name: ["group0"] for name in primitives}, loss)
