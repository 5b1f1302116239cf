# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Windows that move over an array, made explicit: a convolution is a product with these."""

import numpy as np

from . import dual


def spread(x, axis, low, high, step):
    """x with `low` and `high` zeros around it and step - 1 zeros between its elements."""
    count = x.shape[axis]
    shape = list(x.shape)
    shape[axis] = low + (count - 1) * step + 1 + high
    result = np.zeros(shape)
    for i in range(count):
        result[(slice(None),) * axis + (low + i * step,)] = x[(slice(None),) * axis + (i,)]
    return result


def slide(x, axis, size, stride, dilation):
    """x[.., p, ..] becomes [p * stride + k * dilation]: p in place of the axis, k at the end of
    the axes before the last."""
    count = (x.shape[axis] - (size - 1) * dilation - 1) // stride + 1
    place = [[p * stride + k * dilation for k in range(size)] for p in range(count)]
    return np.moveaxis(np.take(x, np.array(place), axis), axis + 1, -2)


def windows(equation, x, kernel, strides=None, low=None, high=None, input_dilation=None,
            kernel_dilation=None):
    """The windows of x and the equation of their product with the kernel.

    Upper-case letters of "x,w->y" name the axes along which windows move; in the result these are
    the positions, and the same letter in lower case is the place in a window.
    """
    inputs, y = equation.split("->")
    left, right = inputs.split(",")
    moving = [letter for letter in left if letter.isupper()]

    def gather(u):
        for number, letter in enumerate(moving):
            get = lambda values, otherwise: values[number] if values else otherwise
            axis = left.index(letter)
            u = spread(u, axis, get(low, 0), get(high, 0), get(input_dilation, 1))
            u = slide(u, axis, kernel[right.index(letter)], get(strides, 1),
                      get(kernel_dilation, 1))
        return u

    places = "".join(moving).lower()
    return dual.linear(x, gather), f"{left}{places},{right.lower()}->{y}"
