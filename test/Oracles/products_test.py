# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Products of low rank, through indices and of stored entries, beside the rule by brute force:
products_test.py KIND. Odd sizes, batches, two states in a group; entries of one place, empty rows
and columns, symbols that come twice in a batch; in f64 to 1e-10.
"""

import sys

import numpy as np

from . import models
from .dual import logistic, tanh
from .fused_test import LOSS
from .golden_test import COMBINATIONS
from .harness import Report, run
from .quantities import trajectory
from .rule import learn

BODY = """
    %v = etrace.get @v : H
    %ku = arith.constant dense<0.8> : H
    %kv = arith.constant dense<0.6> : H
    %u0 = arith.mulf %ku, %u : H
    %d = math.tanh %y : H
    %u1 = arith.addf %u0, %d : H
    %v0 = arith.mulf %kv, %v : H
    %t = math.tanh %u : H
    %vt = arith.addf %v0, %t : H
    %v1 = arith.addf %vt, %y : H
    etrace.set @u, %u1 : H
    etrace.set @v, %v1 : H
    %out = arith.mulf %u1, %v1 : H
    etrace.yield %out : H
  }
"""


def cell(product):
    """u <- 0.8 u + tanh(y), v <- 0.6 v + tanh(u) + y; y reaches both."""
    def step(c, p, s, x):
        y = product(c, p, s, x)
        u = c.set("u", 0.8 * s["u"] + tanh(y))
        return u * c.set("v", 0.6 * s["v"] + tanh(s["u"]) + y)
    return models.single(step, ["u", "v"], ["y"])


# y reaches two groups.
APART = """
    %v = etrace.get @v : H
    %ku = arith.constant dense<0.8> : H
    %kv = arith.constant dense<0.6> : H
    %u0 = arith.mulf %ku, %u : H
    %d = math.tanh %y : H
    %u1 = arith.addf %u0, %d : H
    %t = math.tanh %v : H
    %v0 = arith.mulf %kv, %t : H
    %v1 = arith.subf %v0, %y : H
    etrace.set @u, %u1 : H
    etrace.set @v, %v1 : H
    %out = arith.mulf %u1, %v1 : H
    etrace.yield %out : H
  }
"""


def cells_apart(product):
    """u <- 0.8 u + tanh(y), v <- 0.6 tanh(v) - y."""
    def step(c, p, s, x):
        y = product(c, p, s, x)
        return c.set("u", 0.8 * s["u"] + tanh(y)) * c.set("v", 0.6 * tanh(s["v"]) - y)
    return models.Model(step, {"group0": ["u"], "group1": ["v"]}, {"y": ["group0", "group1"]},
                        models.squared_error)


def tensor(*shape, element="f64"):
    return "tensor<" + "".join(f"{extent}x" for extent in shape) + element + ">"


class Case:
    """A model as text and in numpy. `lead` are the axes of the batch, `x` is the input's type."""

    rules = ("d-rtrl", "pp-prop")
    declared, body, states = "", BODY, {}
    in_compat = True

    def __init__(self, lead, width, product, numpy_product, params, inputs, x):
        self.lead, self.width = lead, width
        self.h = tensor(*lead, width)
        self.params, self.inputs, self.x = params, inputs, x
        self.product, self.numpy_product = product, numpy_product
        self.model = cell(numpy_product)

    def apart(self):
        self.body, self.model = APART, cells_apart(self.numpy_product)
        return self

    def gated(self):
        """y = logistic(g) tanh(k), g and k the halves of the product."""
        product, self.width = self.numpy_product, self.width // 2
        whole, self.h = self.h, tensor(*self.lead, self.width)
        zeros, ones = ["0"] * len(self.lead), ", ".join(["1"] * (len(self.lead) + 1))
        sizes = ", ".join(str(extent) for extent in (*self.lead, self.width))
        self.product = self.product.replace("%y", "%g").replace("-> H", f"-> {whole}")
        for half in range(2):
            offsets = ", ".join(zeros + [str(half * self.width)])
            self.product += (f"    %g{half} = tensor.extract_slice %g[{offsets}] [{sizes}] "
                             f"[{ones}] : {whole} to H\n")
        self.product += ("    %gate = etrace.logistic %g0 : H\n    %new = math.tanh %g1 : H\n"
                         "    %y = arith.mulf %gate, %new : H\n")

        def halves(c, p, s, x):
            g = product(c, p, s, x)
            return logistic(g[..., :self.width]) * tanh(g[..., self.width:])
        # The oracle's f knows no slices; its trace for every parameter does. braintrace wants y
        # and h of one shape.
        self.model, self.rules, self.in_compat = cell(halves), ("d-rtrl",), False
        return self

    def text(self):
        declared = self.declared
        declared += "".join(f"  etrace.param @{k} : {tensor(*v.shape)}\n"
                           for k, v in self.params.items())
        read = "".join(f"    %{k} = etrace.get @{k} : {tensor(*v.shape)}\n"
                       for k, v in self.params.items())
        text = (f"etrace.model @cell {{\n{declared}  etrace.hidden @u : H\n  etrace.hidden @v : H\n"
                f"  etrace.step @update(%x: {self.x}) -> H {{\n    %u = etrace.get @u : H\n{read}"
                f"{self.product}{self.body}{LOSS}")
        return (text.replace("DIMS", str(list(range(len(self.lead) + 1)))).replace("H", self.h))

    def check(self, name):
        report, rng = Report(name), np.random.default_rng(5)
        shape = (*self.lead, self.width)
        s = {k: rng.normal(0, 0.4, shape) for k in "uv"}
        targets = rng.normal(0, 1, (len(self.inputs), *shape))
        steps = trajectory(self.model, self.params, s, self.inputs, targets)
        learned = {}
        for rule, window in (c for c in COMBINATIONS if c[0] in self.rules):
            what = f"{rule} {window}"
            out = run(self.text(), self.params, s | self.states, self.inputs, targets, rule, window)
            expected, _ = learn(self.model, self.params, steps, rule, window)
            report.equal(f"{what} losses", out.get("loss"), [step.loss for step in steps], 1e-12)
            for k, v in expected.items():
                report.equal(f"{what} gradient {k}", out.get(f"gradient:{k}"), v, 1e-10)
            # What braintrace's mode changes is no matter of the product.
            if (rule, window) == ("d-rtrl", 1) and self.in_compat:
                out = run(self.text(), self.params, s | self.states, self.inputs, targets, rule,
                          window, compat=True)
                for k, v in expected.items():
                    report.equal(f"compat {what} gradient {k}", out.get(f"gradient:{k}"), v, 1e-10)
            learned[what] = np.concatenate([v.ravel() for v in expected.values()])
        if "pp-prop" in self.rules:
            report.differs("D-RTRL is not pp-prop", learned["d-rtrl 1"], learned["pp-prop 1"], 1e-2)
        direct = np.sum([step.direct for step in steps], axis=0)
        report.differs("the trace has a part", learned["d-rtrl 1"], direct, 1e-2)
        return report.finish()


def draw(*shape, seed=0):
    return np.random.default_rng(seed).normal(0, 0.6, shape)


def low_rank(lead, inputs, rank, width):
    x, w = tensor(*lead, inputs), f"{tensor(inputs, rank)}, {tensor(rank, width)}"
    text = (f"    %y = etrace.lora_matmul %x, %b, %a alpha 0.3 bias %c : {x}, {w}, "
            f"{tensor(width)} -> H\n")
    product = lambda c, p, s, x: c.matmul("y", x, 0.3 * c.dot(p["b"], p["a"]), p["c"])
    return Case(lead, width, text, product,
                {"b": draw(inputs, rank), "a": draw(rank, width, seed=1), "c": draw(width, seed=2)},
                draw(6, *lead, inputs, seed=3), x)


def written_out(lead, inputs, rank, width):
    """A user's own product of two parameters as the weight."""
    case = low_rank(lead, inputs, rank, width)
    w, b, a = tensor(inputs, width), tensor(inputs, rank), tensor(rank, width)
    case.product = (f"    %zeros = arith.constant dense<0.0> : {w}\n"
                    f"    %w = linalg.matmul ins(%b, %a : {b}, {a}) outs(%zeros : {w}) -> {w}\n"
                    f"    %alpha = arith.constant dense<0.3> : {w}\n"
                    f"    %aw = arith.mulf %w, %alpha : {w}\n"
                    f"    %y = etrace.matmul %x, %aw bias %c : {case.x}, {w}, {tensor(width)}"
                    " -> H\n")
    return case


def tied():
    """Both factors are one parameter."""
    text = f"    %y = etrace.lora_matmul %x, %b, %b : {', '.join([tensor(3, 3)] * 3)} -> H\n"
    product = lambda c, p, s, x: c.matmul("y", x, c.dot(p["b"], p["b"]))
    return Case((3,), 3, text, product, {"b": draw(3, 3)}, draw(5, 3, 3, seed=3), tensor(3, 3))


def low_rank_cases():
    return {"batch": low_rank((5,), 3, 1, 9), "gates": low_rank((3,), 4, 2, 6).gated(),
            "two batch axes": low_rank((2, 3), 4, 5, 3), "written out": written_out((3,), 7, 2, 5),
            "tied factors": tied()}


# ---- rows of a table -------------------------------------------------------------------

def table(lead, rows, width, indices, behind=False):
    """y = table[x], or its product with a matrix, behind which the table has no trace."""
    x = tensor(*lead, element="i32")
    row = f"    %ROW = etrace.embedding %x, %e : {x}, {tensor(rows, width)} -> H\n"
    params = {"e": draw(rows, width)}

    def product(c, p, s, x):
        y = c.matmul("row" if behind else "y", models.one_hot(x, rows), p["e"])
        return c.matmul("y", y, p["w"]) if behind else y
    if behind:
        params["w"] = draw(width, width, seed=1)
        row += f"    %y = etrace.matmul %r, %w : H, {tensor(width, width)} -> H\n"
    indices = np.array(indices, np.int32).reshape(-1, *lead)
    return Case(lead, width, row.replace("%ROW", "%r" if behind else "%y"), product, params,
                indices, x)


def one_for_all(lead, rows, width, indices):
    """All samples read the row of one index, along an axis of extent 1."""
    x, row = tensor(1, element="i32"), tensor(1, width)
    text = (f"    %r = etrace.embedding %x, %e : {x}, {tensor(rows, width)} -> {row}\n"
            "    %none = tensor.empty() : H\n"
            "    %y = linalg.generic {indexing_maps = [affine_map<(b, d) -> (0, d)>, "
            "affine_map<(b, d) -> (b, d)>], iterator_types = [\"parallel\", \"parallel\"]} "
            f"ins(%r : {row}) outs(%none : H) {{\n    ^bb0(%a: f64, %o: f64):\n"
            "      linalg.yield %a : f64\n    } -> H\n")
    product = lambda c, p, s, x: c.matmul("y", models.one_hot(x, rows), p["e"])
    case = Case(lead, width, text, product, {"e": draw(rows, width)},
                np.array(indices, np.int32).reshape(-1, 1), x)
    case.rules = ("d-rtrl",)  # The oracle's pp-prop wants an x for each sample.
    return case


def table_cases():
    rng = np.random.default_rng(2)
    outside = [[-1, 6], [7, 700], [2**31 - 1, -2**31], [0, 0], [3, 7]]
    return {"symbols twice in a batch": table((4,), 5, 3, rng.integers(0, 5, (6, 4)) // 2 * 2),
            "two batch axes": table((2, 3), 4, 3, rng.integers(0, 4, (5, 6))),
            "one row": table((3,), 1, 5, np.zeros((4, 3))),
            "one index for all": one_for_all((3,), 7, 5, [3, 5, 3, 0, 0, 2]),
            "two groups": table((4,), 5, 3, rng.integers(0, 5, (6, 4))).apart(),
            "gates": table((4,), 5, 6, rng.integers(0, 5, (6, 4))).gated(),
            "outside the table": table((2,), 7, 3, outside),
            "behind another product": table((3,), 6, 3, rng.integers(0, 6, (6, 3)), behind=True)}


# ---- stored entries --------------------------------------------------------------------

def constant(name, values):
    return (f"    %{name} = arith.constant dense<{list(values)}> : "
            f"{tensor(len(values), element='i32')}\n")


def stored(lead, inputs, width, rows, cols, bias=True):
    """y = x m (+ c) with entries m[rows, cols]."""
    count, x = len(rows), tensor(*lead, inputs)
    index = tensor(count, element="i32")
    text = (constant("rows", rows) + constant("cols", cols) +
            f"    %y = etrace.sparse_matmul %x, %w at(%rows, %cols){' bias %c' if bias else ''} : "
            f"{x}, {tensor(count)}, {index}, {index}{', ' + tensor(width) if bias else ''} -> H\n")
    params = {"w": draw(count)} | ({"c": draw(width, seed=1)} if bias else {})

    def product(c, p, s, x):
        return c.matmul("y", x, models.scatter(p["w"], rows, cols, (inputs, width)), p.get("c"))
    return Case(lead, width, text, product, params, draw(6, *lead, inputs, seed=3), x)


class Rewired(Case):
    """The columns are the input: a trace keeps an entry apart at every position it has reached."""

    rules = ("d-rtrl",)

    def __init__(self, lead, width, rows, inputs):
        count = len(rows)
        index = tensor(count, element="i32")
        text = (constant("rows", rows) + f"    %y = etrace.sparse_matmul %u, %w at(%rows, %x) : H, "
                f"{tensor(count)}, {index}, {index} -> H\n")

        def product(c, p, s, x):
            cols = np.clip(x, 0, width - 1)
            return c.matmul("y", s["u"], models.scatter(p["w"], rows, cols, (width, width)))
        super().__init__(lead, width, text, product, {"w": draw(count)},
                         np.array(inputs, np.int32), index)


def compressed(lead, inputs, width, rows, cols):
    """Pointers to rows, in a state: rows are searched in the step."""
    case, count = stored(lead, inputs, width, rows, cols), len(rows)
    pointers = [sum(row < k for row in rows) for k in range(inputs + 1)]
    kept, index = tensor(inputs + 1, element="i32"), tensor(count, element="i32")
    case.declared = f"  etrace.state @pointers : {kept}\n"
    case.product = case.product.replace(constant("rows", rows), (
        f"    %p = etrace.get @pointers : {kept}\n"
        f"    %rows = etrace.expand_pointers %p : {kept} -> {index}\n"))
    case.states = {"pointers": np.array(pointers, np.int32)}
    return case


def kept(case, cols):
    """The columns are a state that no step writes."""
    index = tensor(len(cols), element="i32")
    case.declared = f"  etrace.state @cols : {index}\n"
    case.product = case.product.replace(constant("cols", cols),
                                        f"    %cols = etrace.get @cols : {index}\n")
    case.states = {"cols": np.array(cols, np.int32)}
    return case


def stored_cases():
    rng = np.random.default_rng(4)
    # Rows 0 and 3 and column 1 have no entry, (1, 2) and (4, 0) have several.
    rows, cols = [4, 1, 2, 1, 4, 4, 1], [0, 2, 2, 2, 3, 0, 0]
    return {"batch": stored((3,), 5, 4, rows, cols),
            "two batch axes": stored((2, 3), 5, 4, rows, cols, bias=False),
            "one entry": stored((3,), 5, 4, [2], [3], bias=False),
            "two groups": stored((3,), 5, 4, rows, cols).apart(),
            "gates": stored((3,), 5, 4, rows, cols).gated(),
            # Rows 0, 3, 5 and 6 are empty.
            "compressed rows": compressed((3,), 7, 4, [1, 1, 2, 4, 4], [0, 3, 3, 1, 0]),
            "columns of a state": kept(stored((3,), 5, 4, rows, cols), cols),
            "columns change": Rewired((), 4, [0, 1, 1, 3, 2], rng.integers(0, 4, (6, 5))),
            "columns change, batch": Rewired((3,), 4, [0, 1, 1, 3, 2], rng.integers(-1, 5, (6, 5)))}


KINDS = {"low-rank": low_rank_cases, "table": table_cases, "stored": stored_cases}

if __name__ == "__main__":
    raise SystemExit(max([case.check(f"{sys.argv[1]}, {name}")
                          for name, case in KINDS[sys.argv[1]]().items()]))
