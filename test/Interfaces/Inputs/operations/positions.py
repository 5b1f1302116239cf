# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Positions that a tangent program is said to read, against the support of its Jacobian."""

import itertools
import re

import numpy as np

from compiled import only, pipe

LINE = re.compile(r"^(\w+) (\d+) (\d+) :(.*)$", re.M)
ACCESS = re.compile(r" \(([^)]*)\) -> \((.*?)\) \[([^]]*)\] \[([^]]*)\];")


def whole(text):
    return [int(n) for n in text.split(", ")] if text else []


def access(dims, exprs, lower, upper):
    """The positions of the source as a function of a position of the value."""
    dims = dims.split(", ") if dims else []
    code = compile("(" + exprs.replace("floordiv", "//").replace("mod", "%") + ",)" if exprs else
                   "()", "map", "eval")
    box = list(zip(whole(lower), whole(upper)))

    def read(position):
        if all(low <= p < high for p, (low, high) in zip(position, box)):
            yield eval(code, dict(zip(dims, position)))
    return read


def analyse(functions):
    """For each function, argument and result: None where positions mix, else accesses."""
    text = "".join(function.text() for function in functions)
    tangents = only(pipe(["etrace-opt", "-test-etrace-linearize"], text), "_jvp")
    report = pipe(["etrace-opt", "-canonicalize", "-cse", "-test-etrace-position-analysis", "-o",
                   "/dev/null"], tangents)
    return {(name, int(argument), int(result)): None if "mixes" in rest else
            [access(*found) for found in ACCESS.findall(rest)]
            for name, argument, result, rest in LINE.findall(report)}


def columns(library, function, arguments, shapes, k):
    """The tangents of the results for each unit vector of the differentiable argument k."""
    for position in itertools.product(*map(range, shapes[k])):
        tangents = [np.zeros(s, a.dtype) for s, a in zip(shapes, function.inputs)]
        tangents[k][position] = 1
        yield position, library.jvp(function, arguments, tangents)


def missed(sets, library, function, arguments):
    """Entries of the Jacobian that are not zero where no position is said to be read; and
    how many pairs of argument and result do not mix."""
    name, count = function.name + "_jvp", len(function.arguments)
    shapes = [np.shape(a) for a, s in zip(arguments, function.arguments) if s.differentiable()]
    found, exact = [], set()
    for k in range(len(shapes)):
        for position, results in columns(library, function, arguments, shapes, k):
            for r, tangent in enumerate(results):
                accesses = sets[name, count + k, r]
                if accesses is None:
                    continue
                exact.add((k, r))
                for index in zip(*np.nonzero(np.atleast_1d(tangent))):
                    index = tuple(int(i) for i in index) if tangent.ndim else ()
                    if not any(position in read(index) for read in accesses):
                        found.append(f"{function.name}: result {r}{list(index)} reads argument "
                                     f"{k}{list(position)}")
    return found, len(exact)
