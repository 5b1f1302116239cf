# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Full real-time recurrent learning: the influence matrix M = dh_t/dparameters, nothing cut."""

import numpy as np

from .quantities import Layout


def rtrl(p, steps):
    layout = Layout(p)
    M, dw = 0.0, np.zeros(layout.size)
    for step in steps:
        dw += step.direct + step.signal @ np.broadcast_to(M, step.influence.shape)
        M = step.influence + (step.transition @ M if np.ndim(M) else 0.0)
    return layout.split(dw)
