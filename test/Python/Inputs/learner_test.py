# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Learners without JAX: from files of MLIR, saved and loaded."""

import functools
import json
import subprocess
import tempfile
import unittest
from pathlib import Path

import etrace
import numpy as np

EXAMPLES = Path(__file__).parents[3] / "examples"


@functools.cache
def read(options, _):
    return etrace.read(EXAMPLES / "gru.mlir", **dict(options))


def gru(number=0, **options):
    """As if new; learners of different numbers are not the same."""
    learner = read(tuple(options.items()), number)
    learner.reset_state()
    rng = np.random.default_rng(0)
    for view in learner.params.values():
        view[...] = rng.normal(0, 0.5, view.shape)
    return learner


def data(steps=6):
    rng = np.random.default_rng(1)
    return (rng.normal(size=(steps, 3)).astype(np.float32),
            rng.normal(size=(steps, 5)).astype(np.float32))


def total(learner, xs, ys):
    """The summed loss of a run from the first state, without learning."""
    learner.reset_state()
    return float(sum(((learner(x) - y) ** 2).sum() for x, y in zip(xs, ys)))


class LearnerTest(unittest.TestCase):
    def test_descent(self):
        """Small steps against the gradient lower the loss."""
        learner, (xs, ys) = gru(), data()
        before = total(learner, xs, ys)
        for _ in range(20):
            learner.reset_state()
            for (name,), gradient in learner.etrace_grad(xs, ys).items():
                learner.params[name][...] -= 0.05 * gradient
        self.assertLess(total(learner, xs, ys), 0.8 * before)

    def test_losses_and_reductions(self):
        learner, (xs, ys) = gru(), data()
        want = [((learner(x) - y) ** 2).sum() for x, y in zip(xs, ys)]

        def run(**options):
            learner.reset_state()
            return learner.etrace_grad(xs, ys, return_value=True, **options)
        mean, losses = run()
        np.testing.assert_allclose(losses, want, rtol=1e-5)
        summed, value = run(reduction="sum", loss_output="scalar")
        self.assertAlmostEqual(float(value), float(sum(want)), places=3)
        for path in mean:
            np.testing.assert_allclose(6 * mean[path], summed[path], rtol=1e-5)

    def test_mask(self):
        """Gradients are linear in the weights of the losses; states go on in any case."""
        learner, (xs, ys) = gru(), data()

        def run(mask):
            learner.reset_state()
            return learner.etrace_grad(xs, ys, mask=mask, reduction="sum", return_value=True)
        all_, losses = run(None)
        head, _ = run([1, 1, 0, 0, 0, 0])
        tail, raw = run([0, 0, 1, 1, 1, 1])
        np.testing.assert_array_equal(raw, losses)
        for path in all_:
            np.testing.assert_allclose(head[path] + tail[path], all_[path], rtol=1e-4, atol=1e-5)
            self.assertGreater(np.abs(head[path] - all_[path]).max(), 1e-3)

    def test_views_are_memory(self):
        learner = gru()
        learner.hidden["h"][...] = 7
        self.assertTrue((learner.hidden["h"] == 7).all())
        learner.reset_state()
        self.assertTrue((learner.hidden["h"] == 0).all())

    def test_reset(self):
        learner, (xs, ys) = gru(), data()
        first = learner.etrace_grad(xs, ys)
        second = learner.etrace_grad(xs, ys)
        learner.reset_state()
        third = learner.etrace_grad(xs, ys)
        for path in first:
            np.testing.assert_array_equal(first[path], third[path])
        self.assertTrue(any((first[p] != second[p]).any() for p in first))

    def test_evolve_is_calls(self):
        a, b, (xs, ys) = gru(), gru(1), data()
        outs = a.etrace_evolve(xs, return_outputs=True)
        np.testing.assert_array_equal(outs, np.stack([b(x) for x in xs]))
        for path, value in a.etrace_grad(xs, ys).items():
            np.testing.assert_array_equal(value, b.etrace_grad(xs, ys)[path])
            b.reset_state()
            b.etrace_evolve(xs)

    def test_report(self):
        self.assertIn("Group 0: [h]", gru().report())

    def test_options(self):
        for options, text in (({"algorithm": "uoro"}, "'uoro' is not supported"),
                              ({"algorithm": "pp_prop"}, "needs decay_or_rank"),
                              ({"vjp_method": "two"}, "vjp_method is one of"),
                              ({"compat": "torch"}, "compat is None or 'braintrace'"),
                              ({"speed": 2}, "option 'speed'")):
            with self.assertRaisesRegex(etrace.ArgumentError, text):
                gru(**options)
        learner, (xs, ys) = gru(algorithm="pp_prop", decay_or_rank=5), data()
        self.assertAlmostEqual(learner.description.rule["decay"], 4 / 6)
        for options, text in (({"reduction": "max"}, "reduction is one of"),
                              ({"loss_output": "all"}, "loss_output is one of"),
                              ({"chunk_size": 2}, "windows of several steps"),
                              ({"mask": [1, 1]}, r"shape is \(6,\), found \(2,\)"),
                              ({"weights": {("w",): None}}, "no parameter"),
                              ({"step_fn": print}, "leave step_fn out")):
            with self.assertRaisesRegex(etrace.ArgumentError, text):
                learner.etrace_grad(xs, ys, **options)
        for arrays in ((xs,), (xs, ys[:3]), (xs, 1.0), (xs[:0], ys[:0]), (xs[:, :2], ys),
                       (xs, [ys])):
            with self.assertRaises(etrace.ArgumentError):
                learner.etrace_grad(*arrays)


class SavedTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name, "net.so")
        self.addCleanup(self.folder.cleanup)

    def test_same_numbers(self):
        learner, (xs, ys) = gru(), data()
        learner.etrace_evolve(xs)
        learner.save(self.path)
        loaded = etrace.load(self.path)
        np.testing.assert_array_equal(loaded(xs[0]), learner(xs[0]))
        for one in (learner, loaded):
            one.reset_state()
        a, b = (one.etrace_grad(xs, ys, return_value=True) for one in (learner, loaded))
        np.testing.assert_array_equal(a[1], b[1])
        for path in a[0]:
            np.testing.assert_array_equal(a[0][path], b[0][path])
            self.assertTrue((a[0][path] != 0).any())

    def test_c_header(self):
        gru().save(self.path)
        program = '#include "net.h"\nint main(void) { return GRU_SIZE == 0; }\n'
        source = self.path.with_name("main.c")
        source.write_text(program)
        subprocess.run(["cc", "-c", source, "-o", source.with_suffix(".o")], check=True)

    def test_damaged(self):
        gru().save(self.path)
        with self.assertRaisesRegex(etrace.ArtefactError, "other.so.*is missing"):
            etrace.load(self.path.with_name("other.so"))
        description = self.path.with_suffix(".json")
        whole = description.read_text()
        description.write_text(json.dumps(json.loads(whole) | {"format": "etrace-learner/0"}))
        with self.assertRaisesRegex(etrace.ArtefactError, "save the learner again"):
            etrace.load(self.path)
        description.write_text(whole[:100])
        with self.assertRaisesRegex(etrace.ArtefactError, "cannot be read"):
            etrace.load(self.path)
        description.write_text(whole)
        self.path.write_bytes(self.path.read_bytes() + b"\0")
        with self.assertRaisesRegex(etrace.ArtefactError, "is not the library that"):
            etrace.load(self.path)

    def test_refusals(self):
        with self.assertRaisesRegex(etrace.ArgumentError, "as a .so file"):
            gru().save(self.path.with_suffix(".txt"))
        with self.assertRaisesRegex(etrace.CompileError, "cannot write"):
            gru().save(Path(self.folder.name, "none", "net.so"))
        gru().save(self.path)
        with self.assertRaisesRegex(etrace.ArgumentError, "copy its files"):
            etrace.load(self.path).save(self.path)

    def test_missing_file_and_jax(self):
        with self.assertRaisesRegex(etrace.ArgumentError, "cannot read"):
            etrace.read("/nowhere.mlir")


if __name__ == "__main__":
    unittest.main()
