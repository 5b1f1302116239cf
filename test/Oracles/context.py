# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a model's step runs in: the places where a learning rule looks at it or cuts it.

A step is written as `step(c, p, s, x)`: context, parameters, states at the step's start, input.
It calls `c.matmul`, `c.elementwise` for ETP primitives, `c.dot` for ordinary products, `c.set`
to write a state (its result is what the rest of the step must use), `c.spike` and `c.stop`, and
`c.mixed` for a value made of several positions, which D and f hold fixed.
"""

import numpy as np

from . import dual
from .dual import Dual, detach, value
from .surrogates import relu
from .windows import windows


def bias_letters(equation):
    """The letters of y that the weight has, in the order of y."""
    inputs, y = equation.split("->")
    return "".join(letter for letter in y if letter in inputs.split(",")[1])


def product(equation, x, w, b):
    """einsum(x, w) (+ b), a bias along the axes of y that the weight has."""
    y = dual.einsum(equation, x, w)
    if b is None:
        return y
    letters, result = bias_letters(equation), equation.split("->")[1]
    return y + dual.einsum(f"{letters},{result}->{result}", b, np.ones(value(y).shape))


class Context:
    """The plain program."""

    def __init__(self):
        self.new, self.y, self.x, self.equations = {}, {}, {}, {}

    def primitive(self, name, y):
        self.y[name] = value(y)
        return y

    def matmul(self, name, x, w, b=None):
        return self.einsum(name, "...i,io->...o", x, w, b)

    def einsum(self, name, equation, x, w, b=None):
        self.x[name], self.equations[name] = value(x), (equation, value(w).shape)
        return self.primitive(name, product(equation, x, w, b))

    def conv(self, name, equation, x, w, b=None, **options):
        patches, product_of_patches = windows(equation, x, value(w).shape, **options)
        return self.einsum(name, product_of_patches, patches, w, b)

    def elementwise(self, name, w):
        return self.primitive(name, w)

    def dot(self, x, w):
        return dual.dot(x, w)

    def set(self, state, v):
        self.new[state] = v
        return v

    def spike(self, u, surrogate=relu):
        return dual.apply(u, lambda z: (z >= 0).astype(float), surrogate)

    def stop(self, u):
        return detach(u)

    def mixed(self, u):
        return u


class OperandContext(Context):
    """dy/dparameter of every primitive, its x held fixed."""

    def __init__(self):
        super().__init__()
        self.ydot, self.operands = {}, {}

    def einsum(self, name, equation, x, w, b=None):
        self.operands[name, "weight"] = w
        if b is not None:
            self.operands[name, "bias"] = b
        self.ydot[name] = product(equation, detach(x), w, b)
        return detach(super().einsum(name, equation, x, w, b))

    def elementwise(self, name, w):
        self.ydot[name] = self.operands[name, "weight"] = w
        return detach(super().elementwise(name, w))


class TailContext(Context):
    """Tangents enter at the output of one primitive and stop at the others.

    `foreign` are states whose fresh value the tangents do not pass.
    """

    def __init__(self, name, y, foreign=()):
        super().__init__()
        self.name, self.inject, self.foreign = name, y, foreign

    def primitive(self, name, y):
        return self.inject if name == self.name else detach(y)

    def set(self, state, v):
        self.new[state] = v
        return detach(v) if state in self.foreign else v

    def mixed(self, u):
        return detach(u)


class TransitionContext(Context):
    """Old states to new states, cut at primitives and at products of hidden values."""

    def einsum(self, name, equation, x, w, b=None):
        return detach(super().einsum(name, equation, x, w, b))

    def dot(self, x, w):
        return detach(dual.dot(x, w))

    def mixed(self, u):
        return detach(u)


class SignalContext(Context):
    """Perturbs the fresh value of states; the states in `fixed` pass no tangent on."""

    def __init__(self, seeds, fixed=()):
        super().__init__()
        self.seeds, self.fixed = seeds, fixed

    def set(self, state, v):
        self.new[state] = v
        if state in self.fixed:
            v = detach(v)
        if state in self.seeds:
            first, count = self.seeds[state]
            v = v + Dual(np.zeros(value(v).shape), dual.seed(value(v), first, count).d)
        return v


class LinearisedContext(Context):
    """Spikes replaced by their linearisation about a nominal run, `stop` by its nominal value.

    A difference through a spike is zero or a jump; through
    s = H(u0) + g(u0) (u - u0) it is what the surrogate means.
    """

    def __init__(self, tape, record):
        super().__init__()
        self.tape, self.record = tape, record

    def nominal(self, u):
        if self.record:
            self.tape.append(np.array(u))
            return u
        return self.tape.pop(0)

    def spike(self, u, surrogate=relu):
        u0 = self.nominal(u)
        return (u0 >= 0).astype(float) + surrogate(u0) * (u - u0)

    def stop(self, u):
        return self.nominal(u)
