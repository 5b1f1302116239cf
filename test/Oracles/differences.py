# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Central differences of the summed loss, spikes linearised about the nominal run."""

import numpy as np

from .context import LinearisedContext


def run(model, p, s, inputs, targets, tape, record=False):
    loss = 0.0
    for x, target in zip(inputs, targets):
        c = LinearisedContext(tape, record)
        loss += float(model.loss(model.step(c, p, s, x), target))
        s = dict(c.new)
    return loss


def differences(model, p, s, inputs, targets, h=1e-6):
    tape = []
    run(model, p, s, inputs, targets, tape, record=True)
    gradient = {}
    for k, v in p.items():
        gradient[k] = np.zeros_like(v)
        for i in np.ndindex(v.shape):
            ends = []
            for sign in (1, -1):
                moved = v.copy()
                moved[i] += sign * h
                ends.append(run(model, {**p, k: moved}, s, inputs, targets, list(tape)))
            gradient[k][i] = (ends[0] - ends[1]) / (2 * h)
    return gradient
