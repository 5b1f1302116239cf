# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Back-propagation through the unrolled sequence: the adjoint runs from the last step back."""

import numpy as np

from .quantities import Layout


def bptt(p, steps):
    layout = Layout(p)
    adjoint, dw = np.zeros(steps[0].signal.size), np.zeros(layout.size)
    for step in reversed(steps):
        dw += step.direct + adjoint @ step.influence
        adjoint = adjoint @ step.transition + step.signal
    return layout.split(dw)
