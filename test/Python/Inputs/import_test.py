# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Learners of modules: step functions unchanged, gradients of braintrace, exchange of states."""

import unittest

import brainstate
import braintrace
import etrace
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)
brainstate.environ.set(precision=64)
RNG = np.random.default_rng(0)
XS, YS = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 4))


def gru():
    brainstate.random.seed(1)
    model = braintrace.nn.GRUCell(3, 4)
    for part in (model.Wz, model.Wr, model.Wh):
        part.weight.value = jax.tree.map(lambda a: a + 0.1, part.weight.value)
    return model


def step_of(learner, model):
    """Computes on inputs, has a regulariser on a state, and gives an auxiliary result."""
    def step(x, y):
        out = learner(jnp.sin(x))
        return ((out - y) ** 2).sum() + 0.1 * (model.h.value ** 4).sum(), {"error": out - y}
    return step


class ImportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        model = gru()
        theirs = braintrace.compile(model, "D_RTRL", jnp.asarray(XS[0]))
        cls.want = theirs.etrace_grad(jnp.asarray(XS), jnp.asarray(YS), has_aux=True,
                                      step_fn=step_of(theirs, model), return_value=True)
        cls.model = gru()
        cls.learner = etrace.compile(cls.model, "D_RTRL", XS[0], compat="braintrace")

    def setUp(self):
        self.learner.reset_state()

    def compare(self, gradients, losses):
        np.testing.assert_allclose(losses, self.want[1], rtol=1e-12)
        for path, value in self.want[0].items():
            for leaf in value:
                a, b = gradients[path][leaf], np.asarray(value[leaf])
                self.assertLessEqual(np.linalg.norm(a - b), 1e-10 * np.linalg.norm(b))

    def test_whole_step_function(self):
        """With auxiliary results the loss is a part of the step."""
        gradients, losses, aux = self.learner.etrace_grad(
            XS, YS, step_fn=step_of(self.learner, self.model), has_aux=True, return_value=True)
        self.compare(gradients, losses)
        np.testing.assert_allclose(aux["error"], self.want[2]["error"], rtol=1e-12)

    def test_loss_apart(self):
        """Without, it is a function of results and targets; the numbers are the same."""
        step = step_of(self.learner, self.model)
        self.compare(*self.learner.etrace_grad(XS, YS, step_fn=lambda x, y: step(x, y)[0],
                                               return_value=True))

    def test_states_of_the_module(self):
        self.learner(XS[0])
        self.assertGreater(np.abs(self.learner.hidden["h"] - self.model.h.value).max(), 1e-3)
        self.learner.pull()
        np.testing.assert_array_equal(self.learner.hidden["h"], self.model.h.value)
        before = self.model.Wz.weight.value
        self.model.Wz.weight.value = jax.tree.map(jnp.zeros_like, before)
        self.learner.push(states=False)
        self.assertFalse(self.learner.params["Wz.weight.weight"].any())
        self.model.Wz.weight.value = before
        self.learner.push(states=False)

    def test_export(self):
        text = etrace.export(gru(), XS[0])
        for part in ("etrace.hidden @h : tensor<4xf64>", "etrace.param @Wz.weight.weight",
                     "etrace.matmul", '"GRUCell.update"("braintrace/nn/_rnn.py"'):
            self.assertIn(part, text)
        self.assertNotIn("/site-packages", text)


if __name__ == "__main__":
    unittest.main()
