# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Products of the dialect in functions: values by numpy, gradients by differences of these,
Hessians by differences of gradients."""

import sys

import numpy as np

from native import ENTRY, Checks, Module, differences

SUM = """
  %t = math.tanh %y : Y
  %q = arith.mulf %t, %y : Y
  %zero = arith.constant dense<0.0> : tensor<f64>
  %sum = linalg.reduce { arith.addf } ins(%q : Y) outs(%zero : tensor<f64>) dimensions = [0, 1]
  %loss = tensor.extract %sum[] : tensor<f64>
  return %loss : f64
}
"""


def tensor(shape):
    return "tensor<" + "".join(f"{extent}x" for extent in shape) + "f64>"


class Product:
    """sum tanh(y) y of a product y of `operands`; `text` computes %y."""

    def __init__(self, text, value, **operands):
        self.text, self.value, self.shapes = text, value, operands

    def loss(self, *arrays):
        y = self.value(*arrays)
        return (np.tanh(y) * y).sum()

    def functions(self, name):
        types = [tensor(shape) for shape in self.shapes.values()]
        arguments = ", ".join(f"%{k}: {t}" for k, t in zip(self.shapes, types))
        names, listed = ", ".join("%" + k for k in self.shapes), ", ".join(types)
        count, wrt = len(types), list(range(len(types)))
        squares = [tensor(2 * shape) for shape in self.shapes.values()]
        parts = "\n".join(f"  %s{i} = etrace.hessian @{name}({names}) wrt [{i}] : ({listed}) -> {t}"
                          for i, t in enumerate(squares))
        returned = ", ".join(f"%s{i}" for i in wrt)
        y = tensor(self.value(*self.data()).shape)
        return f"""func.func @{name}({arguments}) -> f64 {{
{self.text}{SUM.replace("Y", y)}
func.func @{name}_value({arguments}) -> f64 {ENTRY} {{
  %v = func.call @{name}({names}) : ({listed}) -> f64
  return %v : f64
}}
func.func @{name}_grad({arguments}) -> ({listed}) {ENTRY} {{
  %g:{count} = etrace.grad @{name}({names}) wrt {wrt} : ({listed}) -> ({listed})
  return {", ".join(f"%g#{i}" for i in wrt)} : {listed}
}}
func.func @{name}_hessian({arguments}) -> ({", ".join(squares)}) {ENTRY} {{
{parts}
  return {returned} : {", ".join(squares)}
}}
"""

    def data(self):
        rng = np.random.default_rng(1)
        return [rng.normal(0, 0.7, shape) for shape in self.shapes.values()]

    def check(self, name, module, checks):
        data = self.data()
        ranks = [len(shape) for shape in self.shapes.values()]
        checks.close(f"{name} value", module.call(name + "_value", data, [None])[0],
                     self.loss(*data), 1e-12)
        gradients = module.call(name + "_grad", data, ranks)
        hessians = module.call(name + "_hessian", data, [2 * rank for rank in ranks])
        for i, k in enumerate(self.shapes):
            checks.close(f"{name} gradient by {k}", gradients[i],
                         differences(self.loss, data, i), 1e-7)

            def gradient(*at, number=i):
                return module.call(name + "_grad", list(at), ranks)[number]
            checks.close(f"{name} Hessian by {k}", hessians[i],
                         differences(gradient, data, i), 1e-7)


def stored(w):
    matrix = np.zeros((4, 3))
    np.add.at(matrix, ([0, 1, 1, 3, 3, 3], [2, 0, 0, 2, 1, 2]), w)
    return matrix


PRODUCTS = {
    "lora": Product("""  %y = etrace.lora_matmul %x, %b, %a alpha 0.5 bias %c
      : tensor<2x3xf64>, tensor<3x2xf64>, tensor<2x5xf64>, tensor<5xf64> -> tensor<2x5xf64>""",
                    lambda x, b, a, c: 0.5 * x @ b @ a + c,
                    x=(2, 3), b=(3, 2), a=(2, 5), c=(5,)),
    # Indices twice and outside.
    "embedding": Product("""  %i = arith.constant dense<[3, -2, 3, 9]> : tensor<4xi32>
  %y = etrace.embedding %i, %e : tensor<4xi32>, tensor<5x3xf64> -> tensor<4x3xf64>""",
                         lambda e: e[[3, 0, 3, 4]], e=(5, 3)),
    # Rows 0, 1, 1, 3, 3, 3 of compressed rows, the third of which is empty.
    "sparse": Product("""  %p = arith.constant dense<[0, 1, 3, 3, 6]> : tensor<5xi64>
  %r = etrace.expand_pointers %p : tensor<5xi64> -> tensor<6xi64>
  %j = arith.constant dense<[2, 0, 0, 2, 1, 2]> : tensor<6xi32>
  %y = etrace.sparse_matmul %x, %w at(%r, %j) bias %c
      : tensor<2x4xf64>, tensor<6xf64>, tensor<6xi64>, tensor<6xi32>, tensor<3xf64> -> tensor<2x3xf64>""",
                      lambda x, w, c: x @ stored(w) + c, x=(2, 4), w=(6,), c=(3,)),
}


def main(directory):
    checks = Checks()
    text = "".join(product.functions(name) for name, product in PRODUCTS.items())
    module = Module(text, ["--etrace-lower-derivatives", "--convert-etrace-to-linalg"],
                    directory, "products")
    for name, product in PRODUCTS.items():
        product.check(name, module, checks)
    return checks.report()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
