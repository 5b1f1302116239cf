# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The cells of `recurrent` in JAX: jax_models.py <cell> <arrays.npz> <runs> prints the median
seconds of processor time of loss and gradient, and the norms of the gradients."""

import json
import os
import statistics
import sys
import time

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import numpy as np


@jax.custom_jvp
def spike(u):
    return (u >= 0).astype(u.dtype)


@spike.defjvp
def spike_jvp(primals, tangents):
    (u,), (du,) = primals, tangents
    return spike(u), 0.3 * jnp.maximum(1.0 - jnp.abs(u), 0.0) * du


def gru(parameters, h, x):
    w, u, b = parameters
    width = u.shape[0]
    a, g = x @ w + b, h @ u
    r = jax.nn.sigmoid(a[:, :width] + g[:, :width])
    z = jax.nn.sigmoid(a[:, width:2 * width] + g[:, width:2 * width])
    c = jnp.tanh(a[:, 2 * width:] + r * g[:, 2 * width:])
    h = c + z * (h - c)
    return h, h


def lif(parameters, v, x):
    w, u, b = parameters
    s = spike(v - 1.0)
    v = 0.9 * (v - s) + x @ w + s @ u + b
    return v, spike(v - 1.0)


def main(cell, path, runs):
    xs, ys, *parameters = [jnp.asarray(values) for values in np.load(path).values()]
    step = {"gru": gru, "lif": lif}[cell]

    def loss(parameters):
        def body(state, sample):
            state, out = step(parameters, state, sample[0])
            return state, jnp.sum((out - sample[1]) ** 2)
        _, losses = jax.lax.scan(body, jnp.zeros_like(ys[0]), (xs, ys))
        return losses.sum()

    function = jax.jit(jax.value_and_grad(loss))
    jax.block_until_ready(function(parameters))
    seconds = []
    for _ in range(int(runs)):
        start = time.process_time()
        result = jax.block_until_ready(function(parameters))
        seconds.append(time.process_time() - start)
    print(json.dumps({"seconds": statistics.median(seconds), "loss": float(result[0]),
                      "norms": [float(jnp.linalg.norm(g)) for g in result[1]]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
