# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The learning rules themselves by brute force.

D-RTRL keeps one number for every parameter element, position and state, however sparse:

    e[w, p, a] <- sum_b D[p, a, b] e[w, p, b] + J[w, p, a]
    dW[w] += sum_{p, a} g[p, a] e[w, p, a]

pp-prop keeps the low-passed factors eps_x and eps_f of every primitive. Both for
`window = "single-step"` (trace updated first, g = dl_t/dh_t) and `window = 1` (exact gradient
of the step, old trace, g = dl_t/dh_{t-1}).
"""

import numpy as np

from .context import bias_letters
from .quantities import Layout


class PerParameter:
    """The trace of D-RTRL."""

    def __init__(self, model, layout):
        self.layout, self.e = layout, {}

    def update(self, step, whole):
        for key, J in step.J.items():
            e = self.e.get(key, np.zeros_like(J[whole]))
            self.e[key] = np.einsum("pab,pbw->paw", step.D[key[1]], e) + J[whole]

    def solve(self, signal, count):
        dw = np.zeros(self.layout.size)
        for key, e in self.e.items():
            dw += np.einsum("pa,paw->w", signal[key[1]], e)
        return dw


class Factorised:
    """The two traces of pp-prop."""

    def __init__(self, model, layout, decay=0.9):
        self.model, self.layout, self.decay = model, layout, decay
        self.x, self.f = {}, {}

    def update(self, step, whole):
        self.operands, self.equations = step.operands, step.equations
        for key, f in step.f.items():
            name, a = key[0], self.decay
            if name in step.x and key[1] == self.model.relations[name][0]:
                self.x[name] = a * self.x.get(name, 0.0) + step.x[name]
            old = self.f.get(key, np.zeros_like(f[whole]))
            moved = np.einsum("pab,pb->pa", step.D[key[1]], old)
            self.f[key] = a * moved + (1 - a) * f[whole]

    def solve(self, signal, count):
        c = 1 - self.decay**(count + 1)
        dw = np.zeros(self.layout.size)
        for (name, group), f in self.f.items():
            cotangent = (f * signal[group]).sum(1) / c
            for leaf in ("weight", "bias"):
                if (name, leaf) in self.operands:
                    chain = self.operands[name, leaf]
                    dw += self.operand(name, leaf, cotangent, len(chain)) @ chain
        return dw

    def operand(self, name, leaf, cotangent, size):
        """The gradient of one operand of the primitive."""
        if name not in self.x:
            return cotangent.reshape(-1, size).sum(0)
        equation, shape = self.equations[name]
        x, (inputs, y) = self.x[name], equation.split("->")
        left, right = inputs.split(",")
        if y.startswith("..."):
            x, left, y = x.reshape(-1, x.shape[-1]), "b" + left[3:], "b" + y[3:]
        extents = dict(zip(left, x.shape)) | dict(zip(right, shape))
        shaped = cotangent.reshape([extents[letter] for letter in y])
        if leaf == "bias":
            return np.einsum(f"{y}->{bias_letters(f'{left},{right}->{y}')}", shaped).ravel()
        return np.einsum(f"{left},{y}->{right}", x, shaped).ravel()


TRACES = {"d-rtrl": PerParameter, "pp-prop": Factorised}


def carried(step, layout):
    """The part of the step's own gradient that f and the native signal carry."""
    dw = np.zeros(layout.size)
    for (_, group), J in step.J.items():
        dw += np.einsum("pa,paw->w", step.native[group], J[False])
    return dw


def learn(model, p, steps, rule="d-rtrl", window=1, compat=False, instantaneous=True, **options):
    """Gradients by parameter, summed over the steps, and the trace at the end.

    `instantaneous` adds, in single-step mode, what a parameter does within the step beside the
    trace: the gradient of readouts, and of paths that f and g do not carry.
    """
    layout = Layout(p)
    trace, dw = TRACES[rule](model, layout, **options), np.zeros(layout.size)
    for count, step in enumerate(steps):
        if window == 1:
            dw += trace.solve(step.past, count) + step.direct
            trace.update(step, whole=True)
            continue
        trace.update(step, whole=compat)
        dw += trace.solve(step.compat if compat else step.native, count)
        if instantaneous and not compat:
            dw += step.direct - carried(step, layout)
    return layout.split(dw), trace
