# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models that cannot be imported: exceptions of our own with file, line and the way out."""

import subprocess
import sys
import unittest

import brainstate
import braintrace
import etrace
import jax
import jax.numpy as jnp
import numpy as np

X = np.ones(3, np.float32)


class Cell(brainstate.nn.Module):
    """A leaky state over a product, and what a test does to it."""

    def __init__(self, change):
        super().__init__()
        self.lin = braintrace.nn.Linear(3, 4)
        self.change = change

    def init_state(self, batch_size=None, **_):
        self.h = brainstate.HiddenState(jnp.zeros(4))
        self.n = brainstate.ShortTermState(jnp.zeros(4))

    def update(self, x):
        self.h.value = 0.5 * self.h.value + self.change(self, self.lin(x))
        return self.h.value


def compile_(change):
    return etrace.compile(Cell(change), "D_RTRL", X)


def write_parameter(cell, y):
    cell.lin.weight.value = {k: 2 * v for k, v in cell.lin.weight.value.items()}
    return y


def change_shape(cell, y):
    cell.n.value = jnp.zeros(5)
    return y


def change_type(cell, y):
    cell.n.value = (y > 0).astype(jnp.int32)
    return y


def create_state(cell, y):
    cell.extra = brainstate.ShortTermState(y)
    return y


def call_back(cell, y):
    return jax.pure_callback(np.sin, y, y)


def sort_two(cell, y):
    a = jnp.sort(y)
    return a + jnp.linalg.cholesky(jnp.outer(y, y))[0]


def scatter_data(cell, y):
    return y.at[jnp.argmax(y)].set(0.)


def wrong_key(cell, y):
    return y + jax.random.uniform(jax.random.key(cell.n.value[0].astype(int), impl="rbg"), (4,))


def user_error(cell, y):
    return y + undefined_name  # noqa: F821


class ModelErrors(unittest.TestCase):
    def refused(self, change, *texts):
        with self.assertRaises(etrace.ImportModelError) as caught:
            compile_(change)
        for text in texts:
            self.assertRegex(str(caught.exception), text)
        return caught.exception

    def test_parameter(self):
        self.refused(write_parameter, r"errors_test.py:\d+ in write_parameter", "parameter "
                     r"lin.weight.\w+ is written", "plain brainstate.State")

    def test_shape(self):
        self.refused(change_shape, "state n changes its type", r"float32\[4\] -> float32\[5\]")

    def test_type(self):
        self.refused(change_type, "state n changes its type", r"errors_test.py:\d+ in change_type")

    def test_created(self):
        self.refused(create_state, "extra|cannot be traced")

    def test_callback(self):
        self.refused(call_back, r"errors_test.py:\d+ in call_back", "pure_callback",
                     "jax.numpy")

    def test_all_at_once(self):
        problems = self.refused(sort_two, "`sort`", "`cholesky`").problems
        self.assertEqual(len(problems), 2)
        self.assertTrue(all("errors_test.py:" in p and "in sort_two" in p for p in problems))

    def test_scatter(self):
        self.refused(scatter_data, r"errors_test.py:\d+ in scatter_data", "indices that are data",
                     "one-hot")

    def test_generator(self):
        self.refused(wrong_key, "errors_test.py|unknown", "threefry")

    def test_error_of_the_user(self):
        error = self.refused(user_error, r"errors_test.py:\d+ in user_error", "NameError")
        self.assertIsInstance(error.__cause__, NameError)


class CallErrors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.learner = compile_(lambda cell, y: y)
        cls.xs, cls.ys = np.ones((5, 3), np.float32), np.zeros((5, 4), np.float32)

    def grad(self, step_fn, *sequences, **options):
        return self.learner.etrace_grad(*(sequences or (self.xs, self.ys)), step_fn=step_fn,
                                        **options)

    def test_calls(self):
        with self.assertRaisesRegex(etrace.ImportModelError, r"errors_test.py:\d+: step_fn calls "
                                                             "the learner 0 times"):
            self.grad(lambda x, y: (x ** 2).sum())
        with self.assertRaisesRegex(etrace.ImportModelError, "2 times"):
            self.grad(lambda x, y: (self.learner(x) + self.learner(x)).sum())

    def test_loss(self):
        with self.assertRaisesRegex(etrace.ImportModelError, r"shape \(4,\).*one float"):
            self.grad(lambda x, y: self.learner(x) - y)
        with self.assertRaisesRegex(etrace.ImportModelError, "one float"):
            self.grad(lambda x, y: (self.learner(x) > y).sum())
        with self.assertRaisesRegex(etrace.ImportModelError, r"\(loss, aux\)"):
            self.grad(lambda x, y: self.learner(x).sum(), has_aux=True)

    def test_shapes_at_call_time(self):
        for bad in (np.ones(4), np.ones((2, 3)), np.float32(1), "text", np.ones(3, complex)):
            with self.assertRaises(etrace.ArgumentError):
                self.learner(bad)
        with self.assertRaises(etrace.ArgumentError):
            self.learner(X, X)
        with self.assertRaises(etrace.ArgumentError):
            self.grad(lambda x, y: self.learner(x).sum(), self.xs, self.ys[:2])
        with self.assertRaisesRegex(etrace.EtraceError, "."):
            self.grad(lambda x, y: self.learner(x).sum(), self.xs[:, :2], self.ys)

    def test_windows(self):
        step = lambda x, y: ((self.learner(x) - y) ** 2).sum()  # noqa: E731
        with self.assertRaisesRegex(etrace.ArgumentError, "windows of several steps"):
            self.grad(step, chunk_size=2)
        with self.assertRaisesRegex(etrace.ArgumentError, "MultiStepData is not supported"):
            self.learner(braintrace.MultiStepData(self.xs))

    def test_inside_jit(self):
        with self.assertRaisesRegex(etrace.ArgumentError, "transformed by JAX"):
            jax.jit(self.learner)(X)

    def test_no_step_fn(self):
        with self.assertRaisesRegex(etrace.ArgumentError, "needs step_fn"):
            self.grad(None)

    def test_options(self):
        cell = Cell(lambda cell, y: y)
        for options, text in (({"vmap": True, "batch_size": 2}, "vmap=True is not supported"),
                              ({"target": "gpu"}, "target 'gpu'"),
                              ({"algorithm": braintrace.UORO}, "is not supported")):
            algorithm = options.pop("algorithm", "D_RTRL")
            with self.assertRaisesRegex(etrace.ArgumentError, text):
                etrace.compile(cell, algorithm, X, **options)
        with self.assertRaisesRegex(etrace.ArgumentError, "example of the model's inputs"):
            etrace.compile(cell, "D_RTRL")


class Missing(unittest.TestCase):
    def test_jax(self):
        code = ("import sys; sys.modules['brainstate'] = None\nimport etrace\n"
                "try: etrace.compile(None, 'D_RTRL')\n"
                "except etrace.MissingJaxError as e: print(e)")
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                              check=True)
        self.assertIn("pip install etrace[jax]", done.stdout)


if __name__ == "__main__":
    unittest.main()
