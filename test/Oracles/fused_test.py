# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One product for all gates, taken apart by slices, learns what one product for each gate learns:
fused_test.py. The separate products are what golden and random tests check.
"""

import numpy as np

from .golden_test import COMBINATIONS
from .harness import Report, run

LOSS = """
  etrace.loss @squared_error(%out: H, %target: H) -> f64 {
    %d = arith.subf %out, %target : H
    %s = arith.mulf %d, %d : H
    %zero = arith.constant dense<0.0> : tensor<f64>
    %sum = linalg.reduce { arith.addf } ins(%s : H) outs(%zero : tensor<f64>) dimensions = DIMS
    %loss = tensor.extract %sum[] : tensor<f64>
    etrace.yield %loss : f64
  }
}
"""

# Minimal GRU: the candidate does not see the state's product with a gate.
GRU = """
    %z = etrace.logistic %y0 : H
    %r = etrace.logistic %y1 : H
    %ry = arith.mulf %r, %y2 : H
    %n = math.tanh %ry : H
    %d = arith.subf %n, %h : H
    %zd = arith.mulf %z, %d : H
    %h1 = arith.addf %h, %zd : H
"""
# The output gate reaches h only; the others reach c, and h behind it.
LSTM = """
    %c = etrace.get @c : H
    %i = etrace.logistic %y0 : H
    %f = etrace.logistic %y1 : H
    %g = math.tanh %y2 : H
    %o = etrace.logistic %y3 : H
    %kept = arith.mulf %f, %c : H
    %in = arith.mulf %i, %g : H
    %c1 = arith.addf %kept, %in : H
    etrace.set @c, %c1 : H
    %t = math.tanh %c1 : H
    %h1 = arith.mulf %o, %t : H
"""


class Cell:
    """The text of a cell of n units with three inputs, its gates in one product or not."""

    def __init__(self, body, gates, n, batch, states):
        self.body, self.gates, self.n, self.batch, self.states = body, gates, n, batch, states
        self.lead = (batch,) if batch else ()

    def type(self, *shape):
        return "tensor<" + "".join(f"{extent}x" for extent in shape) + "f64>"

    def product(self, name, width):
        rows, y = self.type(*self.lead, 3 + self.n), self.type(*self.lead, width)
        w, b = self.type(3 + self.n, width), self.type(width)
        return (f"    %w{name} = etrace.get @w{name} : {w}\n    %b{name} = etrace.get @b{name} : {b}\n"
                f"    %y{name} = etrace.matmul %xh, %w{name} bias %b{name} : {rows}, {w}, {b} -> {y}\n")

    def slice(self, gate):
        zeros, ones = ["0"] * len(self.lead), ["1"] * (len(self.lead) + 1)
        offsets = ", ".join(zeros + [str(gate * self.n)])
        sizes = ", ".join([str(extent) for extent in self.lead] + [str(self.n)])
        return (f"    %y{gate} = tensor.extract_slice %y[{offsets}] [{sizes}] [{', '.join(ones)}] : "
                f"{self.type(*self.lead, self.gates * self.n)} to H\n")

    def text(self, fused):
        widths = {"": self.gates * self.n} if fused else {g: self.n for g in range(self.gates)}
        declared = "".join(f"  etrace.param @w{name} : {self.type(3 + self.n, width)}\n"
                           f"  etrace.param @b{name} : {self.type(width)}\n"
                           for name, width in widths.items())
        declared += "".join(f"  etrace.hidden @{state} : H\n" for state in self.states)
        products = "".join(self.product(*item) for item in widths.items())
        if fused:
            products += "".join(self.slice(gate) for gate in range(self.gates))
        x, xh = self.type(*self.lead, 3), self.type(*self.lead, 3 + self.n)
        text = (f"etrace.model @cell {{\n{declared}  etrace.step @update(%x: {x}) -> H {{\n"
                f"    %h = etrace.get @h : H\n"
                f"    %xh = tensor.concat dim({len(self.lead)}) %x, %h : ({x}, H) -> {xh}\n"
                f"{products}{self.body}    etrace.set @h, %h1 : H\n    etrace.yield %h1 : H\n  }}"
                f"{LOSS}")
        dims = str(list(range(len(self.lead) + 1)))
        return text.replace("DIMS", dims).replace("H", self.type(*self.lead, self.n))

    def data(self, steps=5):
        rng = np.random.default_rng(3)
        split = {f"w{g}": rng.normal(0, 0.6, (3 + self.n, self.n)) for g in range(self.gates)}
        split |= {f"b{g}": rng.normal(0, 0.6, (self.n,)) for g in range(self.gates)}
        s = {state: rng.normal(0, 0.4, self.lead + (self.n,)) for state in self.states}
        inputs = rng.normal(0, 1, (steps,) + self.lead + (3,))
        return split, s, inputs, rng.normal(0, 1, (steps,) + self.lead + (self.n,))

    def join(self, arrays, name):
        return np.concatenate([arrays[f"{name}{g}"] for g in range(self.gates)], axis=-1)


CELLS = {"gru": Cell(GRU, 3, 4, 0, "h"), "gru-batch": Cell(GRU, 3, 4, 3, "h"),
         "gru-one-unit": Cell(GRU, 3, 1, 1, "h"),
         "lstm": Cell(LSTM, 4, 4, 0, "hc"), "lstm-batch": Cell(LSTM, 4, 16, 2, "hc")}


def check(name, cell):
    report = Report(f"fused {name}")
    split, s, inputs, targets = cell.data()
    fused = {leaf: cell.join(split, leaf) for leaf in "wb"}
    for rule, window in COMBINATIONS:
        a = run(cell.text(True), fused, s, inputs, targets, rule, window)
        b = run(cell.text(False), split, s, inputs, targets, rule, window)
        what = f"{rule} {window}"
        report.equal(f"{what} losses", a.get("loss"), b["loss"], 1e-12)
        for leaf in "wb":
            gradients = {k.removeprefix("gradient:"): v for k, v in b.items()}
            report.equal(f"{what} gradient {leaf}", a.get(f"gradient:{leaf}"),
                         cell.join(gradients, leaf), 1e-10)
        # Without the trace, the gradient of each step alone would remain.
        alone = run(cell.text(True), fused, s, inputs[:1], targets[:1], rule, window)
        report.differs(f"{what} from the first step", a["gradient:w"], alone["gradient:w"], 1e-2)
    return report.finish()


if __name__ == "__main__":
    raise SystemExit(max(check(*item) for item in CELLS.items()))
