# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The C library from Python: text, passes, code, memory."""

import gc
import os
import subprocess
import sys
import unittest

import numpy as np

from etrace import ArgumentError, CompileError
from etrace._native import Block, Context, allocate

MODEL = """etrace.model @leaky {
  etrace.param @w : tensor<3x2xf64>
  etrace.hidden @h : tensor<2xf64>
  etrace.step @update(%x: tensor<3xf64>) -> tensor<2xf64> {
    %h = etrace.get @h : tensor<2xf64>
    %w = etrace.get @w : tensor<3x2xf64>
    %y = etrace.matmul %x, %w : tensor<3xf64>, tensor<3x2xf64> -> tensor<2xf64>
    %k = arith.constant dense<0.5> : tensor<2xf64>
    %l = arith.mulf %k, %h : tensor<2xf64>
    %n = arith.addf %l, %y : tensor<2xf64>
    etrace.set @h, %n : tensor<2xf64>
    etrace.yield %n : tensor<2xf64>
  }
}
"""


def compiled(text=MODEL):
    module = Context().parse(text)
    module.run("etrace-analyze,etrace-derive-pipeline")
    return Block(module.compile())


class NativeTest(unittest.TestCase):
    def test_values(self):
        block, w = compiled(), np.arange(6.).reshape(3, 2)
        block.views("param")["w"][...] = w
        x = np.array([1., 2., -1.])
        (first,), (second,) = block.call("step", [x]), block.call("step", [x])
        np.testing.assert_allclose(first, x @ w)
        np.testing.assert_allclose(second, 1.5 * (x @ w))
        np.testing.assert_allclose(block.views("hidden")["h"], second)

    def test_sequence(self):
        block, xs = compiled(), np.ones((4, 3))
        block.views("param")["w"][...] = 1
        (out,) = block.call("step_sequence", [xs], steps=4)
        np.testing.assert_allclose(out[:, 0], [3, 4.5, 5.25, 5.625])

    def test_block_is_aligned(self):
        for size in (1, 63, 64, 65, 1000):
            self.assertEqual(allocate(size).ctypes.data % 64, 0)

    def test_shapes_are_checked(self):
        block = compiled()
        for bad in (np.ones(2), np.ones(4), np.ones((1, 3)), np.ones(()), np.ones((3, 1))):
            with self.assertRaisesRegex(ArgumentError, r"'x\w*' of 'step' has shape \(3,\)"):
                block.call("step", [bad])
        with self.assertRaisesRegex(ArgumentError, r"shape \(4, 3\), found \(3, 3\)"):
            block.call("step_sequence", [np.ones((3, 3))], steps=4)

    def test_types_are_checked(self):
        block = compiled()
        with self.assertRaisesRegex(ArgumentError, "float64, found complex128"):
            block.call("step", [np.ones(3, complex)])
        block.views("param")["w"][...] = 1
        (out,) = block.call("step", [np.array([1, 2, 3])])
        np.testing.assert_allclose(out, 6)

    def test_strided_arrays_are_copied(self):
        block = compiled()
        block.views("param")["w"][...] = 1
        (out,) = block.call("step", [np.arange(6.)[::2]])
        np.testing.assert_allclose(out, 6)

    def test_numbers_of_arrays_are_checked(self):
        with self.assertRaisesRegex(ArgumentError, "takes 1 arrays"):
            compiled().call("step", [np.ones(3), np.ones(3)])
        with self.assertRaisesRegex(ArgumentError, "no entry 'learn'; it has advance"):
            compiled().call("learn", [np.ones(3)])

    def test_negative_steps(self):
        with self.assertRaises(ArgumentError):
            compiled().call("step_sequence", [np.ones((0, 3))], steps=-1)

    def test_code_outlives_its_module(self):
        block = compiled()
        Context().parse("module {}")
        (out,) = block.call("step", [np.ones(3)])
        np.testing.assert_allclose(out, 0)


    def test_any_order_of_destruction(self):
        """What a failure leaves in cycles is destroyed in no order."""
        for _ in range(3):
            context = Context()
            module = context.parse(MODEL)
            try:
                module.run("no-such-pass")
            except CompileError as error:
                context.cycle, module.cycle = (error, module), (error, context)
            del context, module
            gc.collect()
        first = Context()
        module = first.parse(MODEL)
        del first
        self.assertIn("leaky", str(module))


class DiagnosticsTest(unittest.TestCase):
    def test_parser(self):
        with self.assertRaises(CompileError) as caught:
            Context().parse("etrace.model @a {\n  etrace.param @w tensor<3xf32>\n}", "net.mlir")
        self.assertEqual(caught.exception.diagnostics[0].location, "net.mlir:2:18")

    def test_verifier(self):
        text = MODEL.replace("tensor<3xf64>, tensor<3x2xf64>", "tensor<3xf64>, tensor<3x2xf32>")
        with self.assertRaisesRegex(CompileError, r"model.mlir:\d+:\d+: error"):
            Context().parse(text)

    def test_unknown_pass(self):
        with self.assertRaisesRegex(CompileError, "no-such-pass"):
            Context().parse(MODEL).run("no-such-pass")

    def test_printed(self):
        self.assertIn("etrace.matmul", str(Context().parse(MODEL)))


class MissingTest(unittest.TestCase):
    def run_with(self, **variables):
        code = "import etrace, etrace._native as n\ntry: n.library()\n" \
               "except etrace.MissingBuildError as e: print(e)"
        return subprocess.run([sys.executable, "-c", code], env=os.environ | variables,
                              capture_output=True, text=True, check=True).stdout

    def test_no_such_library(self):
        self.assertIn("cannot load /nowhere.so", self.run_with(ETRACE_LIBRARY="/nowhere.so"))

    def test_other_library(self):
        import ctypes.util
        self.assertIn("is not the library of this version",
                      self.run_with(ETRACE_LIBRARY=ctypes.util.find_library("m")))

    def test_no_jax_at_run_time(self):
        code = "import sys, etrace; print('jax' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                              check=True)
        self.assertEqual(done.stdout.strip(), "False")


if __name__ == "__main__":
    unittest.main()
