# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A linear recurrent unit with a complex diagonal, z <- lambda z + x w, computed with complex
numbers and, by hand, with real ones: complex_test.py.

The real and the imaginary part are the two states of one group, S = 2. Without the imaginary
part of lambda they are not coupled and the gradient is another.
"""

import numpy as np

from .golden_test import COMBINATIONS
from .harness import Report, run

MODEL = """
#m = affine_map<(b, i) -> (b, i)>
#l = affine_map<(b, i) -> (i)>
etrace.model @lru attributes {batch_dim = 0 : i64} {
  etrace.param @w : tensor<3x5xf64>
  etrace.hidden @re : H
  etrace.hidden @im : H
  etrace.step @update(%x: tensor<2x3xf64>) -> H {
    %re = etrace.get @re : H
    %im = etrace.get @im : H
    %w = etrace.get @w : tensor<3x5xf64>
    %y = etrace.matmul %x, %w : tensor<2x3xf64>, tensor<3x5xf64> -> H
    %lr = arith.constant dense<[0.5, 0.7, 0.8, 0.9, 0.95]> : tensor<5xf64>
    %li = arith.constant dense<IMAGINARY> : tensor<5xf64>
    %e = tensor.empty() : H
    STEP
    etrace.set @re, %n#0 : H
    etrace.set @im, %n#1 : H
    %o = arith.mulf %n#0, %n#1 : H
    etrace.yield %o : H
  }
  etrace.loss @squared_error(%out: H, %target: H) -> f64 {
    %d = arith.subf %out, %target : H
    %s = arith.mulf %d, %d : H
    %zero = arith.constant dense<0.0> : tensor<f64>
    %sum = linalg.reduce { arith.addf } ins(%s : H) outs(%zero : tensor<f64>) dimensions = [0, 1]
    %loss = tensor.extract %sum[] : tensor<f64>
    etrace.yield %loss : f64
  }
}
"""
GENERIC = """%n:2 = linalg.generic {indexing_maps = [#m, #m, #l, #l, #m, #m, #m],
        iterator_types = ["parallel", "parallel"]}
        ins(%re, %im, %lr, %li, %y : H, H, tensor<5xf64>, tensor<5xf64>, H) outs(%e, %e : H, H) {
    ^bb0(%a: f64, %b: f64, %c: f64, %d: f64, %u: f64, %o1: f64, %o2: f64):
      BODY
      %r1 = arith.addf %r, %u : f64
      linalg.yield %r1, %i : f64, f64
    } -> (H, H)"""
COMPLEX = GENERIC.replace("BODY", """%z = complex.create %a, %b : complex<f64>
      %k = complex.create %c, %d : complex<f64>
      %p = complex.mul %z, %k : complex<f64>
      %r = complex.re %p : complex<f64>
      %i = complex.im %p : complex<f64>""")
REAL = GENERIC.replace("BODY", """%ac = arith.mulf %a, %c : f64
      %bd = arith.mulf %b, %d : f64
      %ad = arith.mulf %a, %d : f64
      %bc = arith.mulf %b, %c : f64
      %r = arith.subf %ac, %bd : f64
      %i = arith.addf %ad, %bc : f64""")
# The product as an array of complex numbers between two operations.
ARRAY = """%ez = tensor.empty() : tensor<2x5xcomplex<f64>>
    %p = linalg.generic {indexing_maps = [#m, #m, #l, #l, #m],
        iterator_types = ["parallel", "parallel"]}
        ins(%re, %im, %lr, %li : H, H, tensor<5xf64>, tensor<5xf64>)
        outs(%ez : tensor<2x5xcomplex<f64>>) {
    ^bb0(%a: f64, %b: f64, %c: f64, %d: f64, %o: complex<f64>):
      %z = complex.create %a, %b : complex<f64>
      %k = complex.create %c, %d : complex<f64>
      %q = complex.mul %z, %k : complex<f64>
      linalg.yield %q : complex<f64>
    } -> tensor<2x5xcomplex<f64>>
    %n:2 = linalg.generic {indexing_maps = [#m, #m, #m, #m],
        iterator_types = ["parallel", "parallel"]}
        ins(%p, %y : tensor<2x5xcomplex<f64>>, H) outs(%e, %e : H, H) {
    ^bb0(%q: complex<f64>, %u: f64, %o1: f64, %o2: f64):
      %r = complex.re %q : complex<f64>
      %i = complex.im %q : complex<f64>
      %r1 = arith.addf %r, %u : f64
      linalg.yield %r1, %i : f64, f64
    } -> (H, H)"""


def text(step, imaginary="[0.1, 0.2, 0.3, 0.2, 0.05]"):
    model = MODEL.replace("STEP", step).replace("IMAGINARY", imaginary)
    return model.replace(": H", ": tensor<2x5xf64>").replace("> H", "> tensor<2x5xf64>").replace(
        "(H", "(tensor<2x5xf64>").replace(" H", " tensor<2x5xf64>")


def main():
    report = Report("complex diagonal")
    rng = np.random.default_rng(4)
    p = {"w": rng.normal(0, 0.8, (3, 5))}
    s = {name: rng.uniform(-0.8, 0.8, (2, 5)) for name in ("re", "im")}
    inputs, targets = rng.uniform(0, 1, (6, 2, 3)), rng.uniform(0, 1, (6, 2, 5))
    for rule, window in COMBINATIONS:
        def gradient(*arguments):
            return run(text(*arguments), p, s, inputs, targets, rule, window)["gradient:w"]
        real, what = gradient(REAL), f"{rule} {window}"
        report.equal(f"{what} complex", gradient(COMPLEX), real, 1e-12)
        report.equal(f"{what} array of complex", gradient(ARRAY), real, 1e-12)
        report.differs(f"{what} uncoupled", gradient(COMPLEX, "0.0"), real, 1e-3)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
