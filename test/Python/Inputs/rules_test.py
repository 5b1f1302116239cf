# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every rule of the importer: values and gradients of small functions, natively and by JAX."""

import functools
import unittest

import brainstate
import braintools
import braintrace
import etrace
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)
brainstate.environ.set(precision=64)
X = np.array([0.3, -0.7, 1.1])
M = np.array([[0.4, -0.2, 0.9], [1.3, 0.1, -0.6]])


class Source(brainstate.nn.Module):
    """A state of six numbers, a matrix times the input plus half of itself."""

    def __init__(self):
        super().__init__()
        self.lin = braintrace.nn.Linear(3, 6)
        rng = np.random.default_rng(3)
        self.lin.weight.value = {k: jnp.asarray(rng.normal(0, 0.5, v.shape))
                                 for k, v in self.lin.weight.value.items()}

    def init_state(self, **_):
        self.h = brainstate.HiddenState(jnp.linspace(-0.9, 0.8, 6))

    def update(self, x):
        self.h.value = 0.5 * self.h.value + self.lin(x)
        return self.h.value


def matrix(f):
    return lambda h: f(h.reshape(2, 3))


def image(f):
    return lambda h: f(jnp.concatenate([h, 2 * h, h ** 2, 1 - h]).reshape(1, 4, 3, 2))


def scanned(h):
    return jax.lax.scan(lambda c, r: (c * 0.5 + r, c * r), h[0], h)[1]


def back_scanned(h):
    return jax.lax.scan(lambda c, r: (jnp.tanh(c + r), c), h[:2], h.reshape(3, 2),
                        reverse=True)[0]


def positive(f):
    return lambda h: f(jnp.abs(h) + 0.1)


def unit(f):
    return lambda h: f(jnp.tanh(h) * 0.9)


GROUPS = {
    "functions": [jnp.exp, jnp.expm1, jnp.sin, jnp.cos, jnp.tan, jnp.sinh, jnp.cosh, jnp.tanh,
                  jnp.arctan, jnp.arcsinh, jnp.abs, jnp.square, jnp.cbrt, jax.scipy.special.erf,
                  jax.scipy.special.erfc, jnp.exp2],
    "positive": [positive(f) for f in (jnp.sqrt, jax.lax.rsqrt, jnp.log, jnp.log1p,
                                       lambda h: h ** 1.7, lambda h: h ** h, lambda h: 1 / h,
                                       lambda h: h ** -3, lambda h: h ** 5, jnp.log2)],
    "bounded": [unit(f) for f in (jnp.arcsin, jnp.arccos, jnp.arctanh,
                                  lambda h: jnp.arctan2(h, 1 + h * h), jnp.sign, jnp.floor,
                                  jnp.ceil, jnp.round, lambda h: h % 0.3)],
    "activations": [jax.nn.relu, jax.nn.softplus, jax.nn.gelu, jax.nn.elu, jax.nn.silu,
                    jax.nn.sigmoid, jax.nn.softmax, jax.nn.log_softmax, jax.nn.hard_sigmoid,
                    jax.nn.selu, jax.nn.leaky_relu, jax.nn.celu, jax.nn.relu6,
                    jax.nn.soft_sign, jax.nn.log_sigmoid],
    "choices": [lambda h: jnp.where(h > 0, h, 2 * h), lambda h: jnp.clip(h, -0.3, 0.4),
                lambda h: jax.lax.clamp(-0.3, h, 0.4), lambda h: jnp.maximum(h, h[::-1]),
                lambda h: jnp.minimum(h, 0.1), lambda h: jnp.where(jnp.isfinite(h), h, 0),
                lambda h: jax.lax.select_n((h * 10).astype(int) % 3, h, 2 * h, 3 * h),
                lambda h: h * (h >= 0.1) * (h != 0.2) + h * ~(h < 0),
                lambda h: jax.lax.cond(h[0] > 0, jnp.sin, jnp.cos, h),
                lambda h: jax.lax.switch(jnp.argmax(h) % 3, [jnp.sin, jnp.cos, jnp.tanh], h),
                lambda h: h[jnp.argmin(h)] * h],
    "shapes": [matrix(f) for f in (
        lambda m: m.T, lambda m: m[:, 1:], lambda m: m[::-1, ::2], lambda m: m[None, :, 0],
        lambda m: jnp.concatenate([m, 2 * m], 1), lambda m: jnp.stack([m, m * m], 1),
        lambda m: jnp.split(m, 3, 1)[1], lambda m: m.reshape(3, 2), lambda m: m.ravel()[:5],
        lambda m: jnp.pad(m, ((1, 0), (2, 1)), constant_values=0.5), jnp.flip,
        lambda m: m[:, None, :] * m[None], lambda m: jnp.tile(m, (2, 1)),
        lambda m: jnp.broadcast_to(m[:1], (4, 3)), lambda m: jnp.roll(m, 1, 1),
        lambda m: m.at[:, 1].set(m[:, 0] ** 2), lambda m: m.at[0, 1].add(3.),
        lambda m: m[jnp.array([1, 0, 1])], lambda m: jnp.squeeze(m[:, 1:2]))],
    "sums": [matrix(f) for f in (
        lambda m: m.sum(), lambda m: m.mean(0), lambda m: m.max(1), lambda m: m.min(),
        lambda m: jnp.prod(1 + m * m, 1), lambda m: jnp.std(m, 1), lambda m: jnp.cumsum(m, 1),
        lambda m: jnp.cumprod(1 + m, 0), lambda m: jax.lax.cummax(m, 1),
        lambda m: jax.nn.logsumexp(m, -1), lambda m: m @ M.T, lambda m: M @ m.T,
        lambda m: jnp.einsum("ij,kj->ik", m, m), lambda m: jnp.einsum("ij,ij->i", m, M),
        lambda m: jnp.outer(m[0], m[1]), lambda m: jnp.linalg.norm(m, axis=0),
        lambda m: jnp.any(m > 0, 1) * m[:, 0], lambda m: jnp.all(m > 0, 1) * m[:, 0])],
    "loops": [scanned, back_scanned,
              lambda h: jax.lax.fori_loop(0, 3, lambda i, c: jnp.sin(c) + i, h),
              lambda h: jax.lax.dynamic_slice(h, (jnp.argmax(h),), (3,)),
              lambda h: jax.lax.dynamic_update_slice(h, h[:2] ** 2, (jnp.argmax(h),)),
              lambda h: jax.checkpoint(jnp.sin)(h), jax.jit(lambda h: h * 3)],
    "windows": [image(f) for f in (
        lambda v: jax.lax.reduce_window(v, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 1, 1, 1),
                                        "SAME"),
        lambda v: jax.lax.reduce_window(v, 0., jax.lax.add, (1, 2, 2, 1), (1, 2, 1, 1), "VALID"),
        lambda v: jax.lax.conv_general_dilated(
            v, jnp.ones((2, 2, 2, 3)) * 0.3, (1, 2), "SAME",
            dimension_numbers=("NHWC", "HWIO", "NHWC")),
        lambda v: jax.lax.conv_general_dilated(
            v, jnp.linspace(0, 1, 16).reshape(2, 2, 1, 4), (1, 1), ((1, 0), (0, 1)), (2, 1),
            (1, 2), ("NHWC", "HWIO", "NHWC"), feature_group_count=2))],
    "losses": [lambda h, f=f: f(h) for f in (
        lambda h: braintools.metric.squared_error(h, 0.3 * h).mean(),
        lambda h: braintools.metric.absolute_error(h, 0.3 * h),
        lambda h: braintools.metric.huber_loss(h, jnp.zeros(6)),
        lambda h: braintools.metric.softmax_cross_entropy_with_integer_labels(
            h.reshape(2, 3), jnp.array([2, 0])),
        lambda h: jnp.take_along_axis(h.reshape(2, 3), jnp.argmax(h.reshape(2, 3), 1)[:, None],
                                      1))],
}


def evaluate(group):
    """((values, gradients) natively, the same by JAX) of one step from the first state."""
    def weighed(outs):
        return sum((o * (1 + 0.1 * i)).sum() for i, o in enumerate(outs))

    def step(x):
        outs = [f(learner(x)) if i == 0 else f(learner.module.h.value)
                for i, f in enumerate(group)]
        return weighed(outs), outs
    model = Source()
    learner = etrace.compile(model, "D_RTRL", X, vjp_method="multi-step")
    grads, outs = learner.etrace_grad(X[None], step_fn=step, has_aux=True)
    weight, h = model.lin.weight.value, jnp.linspace(-0.9, 0.8, 6)

    def state(w):
        return 0.5 * h + (X @ w["weight"] + w["bias"])
    truth = jax.grad(lambda w: weighed([f(state(w)) for f in group]))(weight)
    return ([o[0] for o in outs], grads[("lin", "weight")]), \
        ([f(state(weight)) for f in group], truth)


class RulesTest(unittest.TestCase):
    def check(self, name):
        (values, grads), (want, truth) = evaluate(GROUPS[name])
        for number, (a, b) in enumerate(zip(values, want)):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14, err_msg=f"value {number}")
        for leaf, value in truth.items():
            np.testing.assert_allclose(grads[leaf], value, rtol=1e-10, atol=1e-12)

    def test_random_words(self):
        """Bit for bit: draws of a key that is a state, and its successors."""
        class Noisy(Source):
            def init_state(self, **_):
                super().init_state()
                self.key = brainstate.ShortTermState(jax.random.key_data(jax.random.key(4)))

            def update(self, x):
                key, use = jax.random.split(jax.random.wrap_key_data(self.key.value))
                self.key.value = jax.random.key_data(key)
                return (super().update(x), jax.random.uniform(use, (5,)),
                        jax.random.randint(jax.random.fold_in(use, 3), (4,), 0, 99),
                        jax.random.bits(jax.random.key(7), (2,)).astype(int))
        learner = etrace.compile(model := Noisy(), "D_RTRL", X)
        for _ in range(3):
            for a, b in zip(learner(X), model(X)):
                np.testing.assert_allclose(a, b, rtol=1e-14)
        self.assertEqual(learner(X)[2].dtype.kind, "i")


for group_name in GROUPS:
    setattr(RulesTest, f"test_{group_name}",
            functools.partialmethod(RulesTest.check, group_name))

if __name__ == "__main__":
    unittest.main()
