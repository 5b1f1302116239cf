# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""JAX and the compiler in one process, in the order of loading that the argument names first."""

import sys

import numpy as np

if sys.argv[1] == "jax":
    import jax
    jax.jit(lambda x: x * 2)(np.ones(3)).block_until_ready()
import etrace
from etrace._native import Context

Context().parse("module {}")
if sys.argv[1] != "jax":
    import jax
    jax.jit(lambda x: x * 2)(np.ones(3)).block_until_ready()

import braintrace

model = braintrace.nn.GRUCell(3, 4)
xs, ys = np.ones((5, 3), np.float32), np.zeros((5, 4), np.float32)
learner = etrace.compile(model, "D_RTRL", xs[0])
gradients = learner.etrace_grad(xs, ys, step_fn=lambda x, y: ((learner(x) - y) ** 2).sum())
jax.grad(lambda x: (x ** 2).sum())(xs)
assert any(np.abs(leaf).max() > 0 for value in gradients.values() for leaf in value.values())
