# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Forward-mode differentiation: arrays that carry tangents.

A `Dual` is a value of shape S and a tangent of shape S + (n,), one column for each of n
directions. The direction is the last axis, so that numpy broadcasts both alike.
"""

import numpy as np


class Dual:
    __array_ufunc__ = None  # numpy operators defer to ours

    def __init__(self, value, tangent):
        self.v, self.d = np.asarray(value, float), tangent

    @property
    def shape(self):
        return self.v.shape

    def __neg__(self):
        return Dual(-self.v, -self.d)

    def __add__(self, other):
        return Dual(self.v + value(other), spread(self, other) + spread(other, self))

    def __mul__(self, other):
        a, b = value(self), value(other)
        return Dual(a * b, tangent(self) * b[..., None] + tangent(other) * a[..., None])

    def __sub__(self, other):
        return self + (-other)

    def __rsub__(self, other):
        return (-self) + other

    def __truediv__(self, other):
        return self * apply(other, lambda u: 1 / u, lambda u: -1 / u**2)

    def __getitem__(self, index):
        return Dual(self.v[index], self.d[index + (slice(None),)
                                          if isinstance(index, tuple) else index])

    __radd__, __rmul__ = __add__, __mul__


def value(u):
    return u.v if isinstance(u, Dual) else np.asarray(u, float)


def tangent(u):
    """The tangent, zero for a constant."""
    return u.d if isinstance(u, Dual) else np.zeros(np.shape(u) + (1,))


def spread(u, other):
    """The tangent of u in the shape of a sum of u and other."""
    d = tangent(u)
    shape = np.broadcast_shapes(np.shape(value(u)), np.shape(value(other)))
    return np.broadcast_to(d, shape + d.shape[-1:])


def seed(u, first=0, count=None):
    """u with one direction for every element: columns first, first + 1, ... of count."""
    u = value(u)
    d = np.zeros((u.size, count or u.size))
    d[np.arange(u.size), first + np.arange(u.size)] = 1
    return Dual(u, d.reshape(u.shape + (-1,)))


def detach(u):
    return value(u)


def apply(u, function, derivative):
    """A pointwise function with its derivative."""
    if not isinstance(u, Dual):
        return function(np.asarray(u, float))
    return Dual(function(u.v), u.d * derivative(u.v)[..., None])


def tanh(u):
    return apply(u, np.tanh, lambda z: 1 - np.tanh(z)**2)


def logistic_value(z):
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def logistic(u):
    return apply(u, logistic_value, lambda z: logistic_value(z) * logistic_value(-z))


def exp(u):
    return apply(u, np.exp, np.exp)


def log(u):
    return apply(u, np.log, lambda z: 1 / z)


def sin(u):
    return apply(u, np.sin, np.cos)


def cos(u):
    return apply(u, np.cos, lambda z: -np.sin(z))


def absolute(u):
    """The derivative at 0 is 1, as of the value u >= 0."""
    return apply(u, np.abs, lambda z: np.where(z >= 0, 1.0, -1.0))


def square(u):
    return apply(u, lambda z: z * z, lambda z: 2 * z)


def rsqrt(u):
    return apply(u, lambda z: z**-0.5, lambda z: -0.5 * z**-1.5)


def relu(u):
    return apply(u, lambda z: np.maximum(z, 0), lambda z: (z > 0).astype(float))


def concat(*parts):
    """Concatenation on the last axis of the values."""
    shape = np.broadcast_shapes(*(value(p).shape[:-1] for p in parts))
    values = [np.broadcast_to(value(p), shape + value(p).shape[-1:]) for p in parts]
    if not any(isinstance(p, Dual) for p in parts):
        return np.concatenate(values, axis=-1)
    n = max(tangent(p).shape[-1] for p in parts)
    tangents = [np.broadcast_to(tangent(p), v.shape + (n,)) for p, v in zip(parts, values)]
    return Dual(np.concatenate(values, axis=-1), np.concatenate(tangents, axis=-2))


def dot(x, w):
    """x @ w for x (..., I) and w (I, O)."""
    return einsum("...i,io->...o", x, w)


def einsum(equation, x, w):
    """numpy's einsum of two operands, in lower-case letters; the direction is the letter N."""
    v = np.einsum(equation, value(x), value(w))
    if not (isinstance(x, Dual) or isinstance(w, Dual)):
        return v
    left, right = equation.split("->")[0].split(",")
    result = equation.split("->")[1]
    d = 0.0
    if isinstance(x, Dual):
        d = d + np.einsum(f"{left}N,{right}->{result}N", x.d, value(w))
    if isinstance(w, Dual):
        d = d + np.einsum(f"{left},{right}N->{result}N", value(x), w.d)
    return Dual(v, d)


def linear(u, function):
    """A linear function of arrays whose last axes it passes through, as those of tangents."""
    v = function(value(u)[..., None])[..., 0]
    return Dual(v, function(u.d)) if isinstance(u, Dual) else v


def total(u):
    """The sum of all elements."""
    if not isinstance(u, Dual):
        return np.sum(u)
    return Dual(u.v.sum(), u.d.reshape(-1, u.d.shape[-1]).sum(0))


def pick(u, index):
    """u[..., index] for an integer index of the leading shape of u."""
    index = np.asarray(index, int)
    v = np.take_along_axis(value(u), index[..., None], -1)[..., 0]
    if not isinstance(u, Dual):
        return v
    return Dual(v, np.take_along_axis(u.d, index[..., None, None], -2)[..., 0, :])


def row_sum(u):
    """The sum over the last axis of the value."""
    if not isinstance(u, Dual):
        return np.asarray(u).sum(-1)
    return Dual(u.v.sum(-1), u.d.sum(-2))
