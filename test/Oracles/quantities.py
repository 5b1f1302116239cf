# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Everything a learning rule may ask of one step, by forward-mode differentiation.

Each quantity is computed directly from its definition, one direction for every element, in the
plain program with the cuts that the definition names.
"""

from dataclasses import dataclass

import numpy as np

from . import dual
from .context import (Context, OperandContext, SignalContext, TailContext, TransitionContext)
from .dual import Dual, value


@dataclass
class Step:
    """One step at fixed parameters. Positions are flattened; P positions, S states."""
    new: dict        # state -> fresh value
    out: np.ndarray
    loss: float
    x: dict          # primitive -> its x
    equations: dict  # primitive -> ("x,w->y", shape of w)
    D: dict          # group -> (P, S, S)
    J: dict          # (primitive, group) -> {False, True}: (P, S, parameters), True: uncut
    f: dict          # (primitive, group) -> {False, True}: (P, S)
    native: dict     # group -> (P, S): dl/dh, other members of the group fixed
    compat: dict     # group -> (P, S): the perturbation is seen inside the group as well
    past: dict       # group -> (P, S): dl/dh_{t-1}, whole step
    direct: np.ndarray  # dl/dparameter, whole step, (parameters,)
    transition: np.ndarray  # dh_t/dh_{t-1}, whole step, (states, states)
    influence: np.ndarray   # dh_t/dparameter, whole step, (states, parameters)
    signal: np.ndarray      # dl/dh_{t-1}, whole step, (states,)
    operands: dict   # (primitive, leaf) -> d operand / d parameters, (elements, parameters)


class Layout:
    """Offsets of parameters and states in one long vector."""

    def __init__(self, arrays):
        self.shapes = {k: np.shape(v) for k, v in arrays.items()}
        self.first, n = {}, 0
        for k, s in self.shapes.items():
            self.first[k] = n
            n += int(np.prod(s))
        self.size = n

    def seed(self, arrays):
        return {k: dual.seed(v, self.first[k], self.size) for k, v in arrays.items()}

    def slice(self, k):
        return slice(self.first[k], self.first[k] + int(np.prod(self.shapes[k])))

    def split(self, vector):
        return {k: vector[self.slice(k)].reshape(s) for k, s in self.shapes.items()}


def columns(u, n):
    """The tangent of u as a matrix (elements, n), zero for a constant."""
    d = dual.tangent(u)
    return np.broadcast_to(d, d.shape[:-1] + (n,)).reshape(-1, n)


def stack(new, members, n):
    """(P, S, n) from the tangents of the members."""
    return np.stack([columns(new[m], n) for m in members], axis=1)


def transition(model, p, s, x):
    """D[p, a, b] = dh_t[p, a] / dh_{t-1}[p, b]."""
    D = {}
    for g, members in model.groups.items():
        layout = Layout({m: s[m] for m in members})
        c = TransitionContext()
        model.step(c, p, {**s, **layout.seed({m: s[m] for m in members})}, x)
        full = stack(c.new, members, layout.size)
        P = full.shape[0]
        D[g] = np.array([[[full[q, a, layout.first[m] + q] for m in members]
                          for a in range(len(members))] for q in range(P)])
    return D


def tails(model, p, s, x, layout, y):
    """The one-step influence of each primitive's parameters, f, and the operands' Jacobians."""
    c = OperandContext()
    model.step(c, layout.seed(p), s, x)
    operands = {k: columns(v, layout.size) for k, v in c.operands.items()}
    J, f = {}, {}
    for name, groups in model.relations.items():
        injected = Dual(y[name], columns(c.ydot[name], layout.size).reshape(
            np.shape(y[name]) + (-1,)))
        for g in groups:
            members = model.groups[g]
            foreign = {m for h, ms in model.groups.items() if h != g for m in ms}
            J[name, g], f[name, g] = {}, {}
            for whole in (False, True):
                tail = TailContext(name, injected, () if whole else foreign)
                model.step(tail, p, s, x)
                J[name, g][whole] = stack(tail.new, members, layout.size)
                tail = TailContext(name, dual.seed(y[name]), () if whole else foreign)
                model.step(tail, p, s, x)
                f[name, g][whole] = diagonal(stack(tail.new, members, np.size(y[name])))
    return J, f, operands


def diagonal(full):
    """full[p, a, y(p)]: y has the trailing dimensions of the positions."""
    P, S, n = full.shape
    return np.array([full[q, :, q % n] for q in range(P)])


def signals(model, p, s, x, target):
    native, compat = {}, {}
    for g, members in model.groups.items():
        layout = Layout({m: s[m] for m in members})
        c = SignalContext({m: (layout.first[m], layout.size) for m in members})
        loss = model.loss(model.step(c, p, s, x), target)
        compat[g] = np.stack([row(loss, layout.size)[layout.slice(m)] for m in members], 1)
        rows = []
        for m in members:
            n = np.size(s[m])
            c = SignalContext({m: (0, n)}, [k for k in members if k != m])
            rows.append(row(model.loss(model.step(c, p, s, x), target), n))
        native[g] = np.stack(rows, 1)
    return native, compat


def row(loss, n):
    return columns(loss, n)[0]


def quantities(model, p, s, x, target):
    parameters, states = Layout(p), Layout(s)
    plain = Context()
    out = model.step(plain, p, s, x)
    c = Context()
    loss = model.loss(model.step(c, parameters.seed(p), s, x), target)
    influence = np.concatenate([columns(c.new[k], parameters.size) for k in s])
    back = Context()
    past = model.loss(model.step(back, p, states.seed(s), x), target)
    full = np.concatenate([columns(back.new[k], states.size) for k in s])
    whole = row(past, states.size)
    J, f, operands = tails(model, p, s, x, parameters, plain.y)
    native, compat = signals(model, p, s, x, target)
    return Step(
        new={k: value(v) for k, v in plain.new.items()}, out=value(out), loss=float(value(loss)),
        x=plain.x, equations=plain.equations, D=transition(model, p, s, x), J=J, f=f,
        native=native, compat=compat,
        past={g: np.stack([whole[states.slice(m)] for m in ms], 1)
              for g, ms in model.groups.items()},
        direct=row(loss, parameters.size), transition=full, influence=influence,
        signal=whole, operands=operands)


def trajectory(model, p, s, inputs, targets):
    """The steps of a sequence."""
    steps = []
    for x, target in zip(inputs, targets):
        steps.append(quantities(model, p, s, x, target))
        s = {k: steps[-1].new[k] for k in s}
    return steps
