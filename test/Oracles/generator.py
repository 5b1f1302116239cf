# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random cells: what no one thought of when the rules were implemented.

Pointwise transitions of one to five states in one or two groups, with zero decays, edges inside
the step, spikes with reset; dense inputs alone or with a state, gates before a product, weights
used position by position; one or two layers, readouts, outputs that read a product directly.
"""

import numpy as np

from .cells import Program


class Layer:
    """Draws one recurrent layer into a program."""

    def __init__(self, program, rng, prefix, x, first_group, states=5):
        self.program, self.rng, self.q, self.x = program, rng, prefix, x
        self.n = int(rng.integers(1, 6))
        self.count = int(rng.integers(1, states + 1))
        self.products = 3 if states == 5 else 2
        self.split = self.count > 1 and rng.random() < 0.2   # two groups without a link
        self.group = [f"group{first_group + (self.split and k % 2)}" for k in range(self.count)]
        self.groups = len(set(self.group))

    def chance(self, probability):
        return self.rng.random() < probability

    def coefficient(self):
        return round(float(self.rng.uniform(-0.9, 0.9)), 3)

    def draw(self):
        e = self.program.emit
        self.old = [self.program.get(f"{self.q}s{k}", self.group[k], self.n)
                    for k in range(self.count)]
        self.spike = e("spike", (self.old[0],), 0.4) if self.chance(0.3) else None
        self.drives = [self.drive(j)
                       for j in range(int(self.rng.integers(1, self.products + 1)))]
        self.new = []
        for k in range(self.count):
            value = self.transition(k)
            self.new.append(self.program.set(f"{self.q}s{k}", value))
        return self.new[-1]

    def drive(self, j):
        """The result of a primitive, of the kind that chance says."""
        e, name, p = self.program.emit, f"{self.q}{j}", self.program
        kind = self.rng.choice(["plain", "recurrent", "gated", "elementwise"],
                               p=[0.3, 0.3, 0.2, 0.2])
        bias = self.chance(0.5)
        if kind == "elementwise":
            return p.elementwise(name, self.n)
        if kind == "plain":
            return p.matmul(self.x, name, self.n, bias)
        h = self.spike or self.old[int(self.rng.integers(self.count))]
        joined = e("concat", (self.x, h), width=p.width[self.x] + self.n)
        if kind == "gated":
            gate = e("logistic", (p.matmul(joined, name + "g", self.n, bias),))
            gated = e("mul", (gate, h))
            joined = e("concat", (self.x, gated), width=p.width[self.x] + self.n)
        return p.matmul(joined, name, self.n, bias)

    def transition(self, k):
        """The new value of state k, linked to an earlier state of its group."""
        e = self.program.emit
        leak = 0.0 if self.chance(0.25) else round(float(self.rng.uniform(0.2, 0.95)), 3)
        total = e("scale", (self.old[k],), leak)
        if k == 0 and self.spike:
            total = e("sub", (total, self.spike))
        earlier = [b for b in range(k) if self.group[b] == self.group[k]]
        if earlier:
            b = int(self.rng.choice(earlier))
            source = self.new[b] if self.chance(0.5) else self.old[b]
            total = e("add", (total, self.term(source)))
        if self.chance(0.3):
            total = e("add", (total, e("scale", (e("mul", (self.old[k], self.old[k])),), 0.1)))
        wanted = [y for y in self.drives if self.chance(0.5)]
        if k < self.groups or not earlier:
            wanted = wanted or [self.drives[k % len(self.drives)]]
        for y in wanted:
            total = e("add", (total, self.term(y)))
        if self.chance(0.3):
            gate = e("logistic", (self.drives[0],))
            total = e("mul", (gate, total))
        return e("tanh", (total,)) if self.chance(0.4) else total

    def term(self, v):
        e = self.program.emit
        kind = self.rng.choice(["scale", "tanh", "exp", "gate"])
        if kind == "scale":
            return e("scale", (v,), self.coefficient())
        if kind == "gate":
            return e("mul", (e("logistic", (v,)), e("tanh", (v,))))
        if kind == "exp":
            return e("exp", (e("scale", (e("tanh", (v,)),), self.coefficient()),))
        return e("tanh", (v,))


def cell(seed):
    """A random program."""
    rng = np.random.default_rng(seed)
    program = Program(int(rng.choice([0, 0, 2, 3])), int(rng.integers(1, 5)))
    program.width["x"] = program.inputs
    deep = rng.random() < 0.35
    first = Layer(program, rng, "a", "x", 0, states=3 if deep else 5)
    top, layer = first.draw(), first
    if deep:
        layer = Layer(program, rng, "b", top, first.groups, states=2)
        top = layer.draw()
    if rng.random() < 0.3:  # the loss reads a product beside the states
        top = program.emit("add", (top, program.emit("tanh", (layer.drives[-1],))))
    if rng.random() < 0.4:
        top = program.matmul(top, "out", int(rng.integers(1, 4)), True)
    program.emit("same", (top,), result="out")
    return program


def data(program, seed, steps=5):
    """Parameters, initial states, inputs and targets for a program."""
    rng = np.random.default_rng([seed, 1])
    lead = (program.batch,) if program.batch else ()
    p = {k: rng.normal(0, 0.7, shape) for k, shape in program.params.items()}
    s = {k: rng.normal(0, 0.3, lead + (n,)) for k, n in program.states.items()}
    inputs = rng.normal(0, 1, (steps,) + lead + (program.inputs,))
    targets = rng.normal(0, 1, (steps,) + lead + (program.width["out"],))
    return p, s, inputs, targets
