# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a test of an operation is."""

import re

import numpy as np

from compiled import Array, Function, tensor


class Case:
    """One function that exercises `op`, at shapes and points of the tested domain.

    `draw(rng, k, spec, shape)` draws argument number k; each entry of `shapes` is one run,
    the shapes of all arguments and of all results.
    """

    #: Of the central differences; how far they and the pairings may part.
    step, tolerance, parting = 1e-6, 1e-6, 1e-12

    def __init__(self, op, function, shapes, draw, domain):
        self.op, self.function, self.shapes = op, function, shapes
        self.draw, self.domain = draw, domain

    def arguments(self, rng, shapes):
        return [self.draw(rng, k, spec, shape)
                for k, (spec, shape) in enumerate(zip(self.function.arguments, shapes[0]))]


def identifier(text):
    return re.sub(r"\W+", "_", text)


def random(rng, spec, shape):
    """A tangent or cotangent."""
    values = rng.standard_normal(shape)
    if spec.element.startswith("complex"):
        values = values + 1j * rng.standard_normal(shape)
    return values


def uniform(low, high):
    """Away from 0 by 1e-3, where many functions have a kink."""
    def draw(rng, _, spec, shape):
        values = rng.uniform(low, high, shape)
        values = np.where(abs(values) < 1e-3, 1e-3, values)
        if spec.element.startswith("complex"):
            values = values + 1j * rng.uniform(low, high, shape)
        return values.astype(spec.dtype)
    return draw


def shaped(op, name, arguments, results, body, draw, domain, sizes):
    """Cases of one body with static and with dynamic extents.

    `arguments` and `results` are pairs (letters, element type); `sizes` maps a letter to its
    extent, one dictionary for each run. The first is the static one; all run dynamically.
    `body` is formatted with the types {A0}, {A1}, ..., {R0}, ... .
    """
    cases = []
    for dynamic in (False, True):
        def concrete(letters, size):
            return tuple(size[letter] for letter in letters)

        def spec(letters, element, dynamic=dynamic):
            shape = [None] * len(letters) if dynamic else concrete(letters, sizes[0])
            return Array(shape, element)
        specs = [spec(*a) for a in arguments], [spec(*r) for r in results]
        types = {f"A{i}": s.type for i, s in enumerate(specs[0])}
        types.update({f"R{i}": s.type for i, s in enumerate(specs[1])})
        for key, value in sizes[0].items():
            types[key] = value
        text = body(types, dynamic) if callable(body) else re.sub(
            r"\{(\w+)\}", lambda m: str(types[m.group(1)]), body)
        if text is None:
            continue
        function = Function(identifier(name) + ("_dynamic" if dynamic else ""), *specs, text)
        runs = [([concrete(a[0], size) for a in arguments], [concrete(r[0], size) for r in results])
                for size in (sizes if dynamic else sizes[:1])]
        cases.append(Case(op, function, runs, draw, domain))
    return cases


def fixed(op, name, arguments, results, body, draw=None, domain="(-2, 2)"):
    """One case with the shapes of its arguments."""
    function = Function(identifier(name), arguments, results, body)
    shapes = [([a.shape for a in function.arguments], [r.shape for r in function.results])]
    return [Case(op, function, shapes, draw or uniform(-2, 2), domain)]


ODD = [{"i": 3, "j": 5}, {"i": 1, "j": 7}, {"i": 2, "j": 1}]
__all__ = ["Array", "Case", "Function", "ODD", "fixed", "identifier", "random", "shaped", "tensor",
           "uniform"]
