# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Custom derivatives in models, against the same models without them: custom_test.py.

Where the region says what the derivative is anyway, nothing may change. A vjp alone does not say
which position reads which: behind the recurrence it is exact, inside the recurrence the path
through it is left to the instantaneous gradient.
"""

import numpy as np

from .golden_test import COMBINATIONS
from .harness import Report, run

H = "tensor<4xf64>"
MODEL = """
etrace.model @custom {
  etrace.param @w : tensor<3x4xf64>
  etrace.hidden @h : H
  etrace.step @update(%x: tensor<3xf64>) -> H {
    %h = etrace.get @h : H
    %w = etrace.get @w : tensor<3x4xf64>
    %y = etrace.matmul %x, %w : tensor<3xf64>, tensor<3x4xf64> -> H
    %leak = arith.constant dense<0.9> : H
    %kept = arith.mulf %leak, %h : H
    %n = arith.addf %kept, %y : H
    INSIDE
    etrace.set @h, %h1 : H
    BEHIND
    etrace.yield %out : H
  }
  etrace.loss @squared_error(%out: H, %target: H) -> f64 {
    %d = arith.subf %out, %target : H
    %s = arith.mulf %d, %d : H
    %zero = arith.constant dense<0.0> : tensor<f64>
    %sum = linalg.reduce { arith.addf } ins(%s : H) outs(%zero : tensor<f64>) dimensions = [0]
    %loss = tensor.extract %sum[] : tensor<f64>
    etrace.yield %loss : f64
  }
}
"""
# y = tanh(x), plainly or with derivatives written by hand.
PLAIN = "%Y = math.tanh %X : H"
BODY = "^bb0(%a: H):\n%t = math.tanh %a : H\netrace.yield %t : H\n"
LINEAR = ("^bb0(%a: H, %d: H):\n%t = math.tanh %a : H\n%q = arith.mulf %t, %t : H\n"
          "%one = arith.constant dense<1.0> : H\n%s = arith.subf %one, %q : H\n"
          "%r = arith.mulf %s, %d : H\netrace.yield %r : H\n")


def custom(*regions):
    written = "".join(f"{name} {{\n{LINEAR}}} " for name in regions)
    return f"%Y = etrace.custom_derivative(%X) {{\n{BODY}}} {written}: (H) -> H"


def text(inside, behind):
    inside = inside.replace("%Y", "%h1").replace("%X", "%n")
    behind = behind.replace("%Y", "%out").replace("%X", "%h1")
    return MODEL.replace("INSIDE", inside).replace("BEHIND", behind).replace("H", H)


def main():
    report = Report("custom derivatives")
    rng = np.random.default_rng(3)
    p, s = {"w": rng.normal(0, 0.8, (3, 4))}, {"h": rng.uniform(0, 0.8, 4)}
    inputs, targets = rng.uniform(0, 1, (6, 3)), rng.uniform(0, 1, (6, 4))
    for rule, window in COMBINATIONS:
        def gradient(inside, behind):
            return run(text(inside, behind), p, s, inputs, targets, rule, window)["gradient:w"]
        plain, what = gradient(PLAIN, PLAIN), f"{rule} {window}"
        report.equal(f"{what} jvp", gradient(custom("jvp"), custom("jvp")), plain, 1e-12)
        report.equal(f"{what} vjp behind", gradient(PLAIN, custom("vjp")), plain, 1e-12)
        report.equal(f"{what} both behind", gradient(PLAIN, custom("jvp", "vjp")), plain, 1e-12)
        report.differs(f"{what} vjp inside", gradient(custom("vjp"), PLAIN), plain, 1e-3)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(main())
