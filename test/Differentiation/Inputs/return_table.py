# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""S003-15..19, 21, 25: the return table. The states of the regressor are arguments here, put
first in `wrt` as the table puts states first; the rows that the reference refuses are held
against differences."""

import json
import pathlib
import sys

import numpy as np

from native import Checks, Module, differences

COLUMN = "tensor<5x1xf64>"
# Residual r = x w + b - t of a regressor with one input.
RESIDUAL = f"""
  %z = arith.constant 0.0 : f64
  %e = tensor.empty() : {COLUMN}
  %zeros = linalg.fill ins(%z : f64) outs(%e : {COLUMN}) -> {COLUMN}
  %xw = linalg.matmul ins(%x, %w : {COLUMN}, tensor<1x1xf64>) outs(%zeros : {COLUMN}) -> {COLUMN}
  %bs = linalg.broadcast ins(%b : tensor<1xf64>) outs(%e : {COLUMN}) dimensions = [0]
  %y = arith.addf %xw, %bs : {COLUMN}
  %r = arith.subf %y, %t : {COLUMN}
  %five = arith.constant 5.0 : f64
"""
ARGUMENTS = f"%c: f64, %x: {COLUMN}, %t: {COLUMN}, %b: tensor<1xf64>, %w: tensor<1x1xf64>"


def total(name, value, kind, rank):
    """The sum of all elements of a value, as %name."""
    axes = ", ".join(str(i) for i in range(rank))
    return (f"%{name}_e = tensor.empty() : tensor<f64>\n"
            f"%{name}_z = linalg.fill ins(%z : f64) outs(%{name}_e : tensor<f64>) -> tensor<f64>\n"
            f"%{name}_s = linalg.reduce {{ arith.addf }} ins({value} : {kind}) "
            f"outs(%{name}_z : tensor<f64>) dimensions = [{axes}]\n"
            f"%{name} = tensor.extract %{name}_s[] : tensor<f64>\n")


SQUARES = f"%rr = arith.mulf %r, %r : {COLUMN}\n"
SCALAR_BODY = (RESIDUAL + SQUARES + total("sse", "%rr", COLUMN, 2) + f"""
  %mse = arith.divf %sse, %five : f64
  %ww = arith.mulf %w, %w : tensor<1x1xf64>
""" + total("l2", "%ww", "tensor<1x1xf64>", 2) + f"""
  %p = arith.mulf %c, %l2 : f64
  %loss = arith.addf %mse, %p : f64
""")
MAE = (f"%ar = math.absf %r : {COLUMN}\n" + total("sae", "%ar", COLUMN, 2) +
       "%mae = arith.divf %sae, %five : f64\n")
VECTOR_BODY = RESIDUAL + SQUARES + f"""
  %sc = math.sin %c : f64
  %scs = tensor.splat %sc : {COLUMN}
  %v2 = arith.mulf %scs, %rr : {COLUMN}
  %v = tensor.collapse_shape %v2 [[0, 1]] : {COLUMN} into tensor<5xf64>
"""
MEAN = total("sy", "%y", COLUMN, 2) + "%mean = arith.divf %sy, %five : f64\n"


def function(name, body, results, types):
    return (f"func.func @{name}({ARGUMENTS}) -> ({types}) attributes {{llvm.emit_c_interface}} {{\n"
            f"{body}\nreturn {results} : {types}\n}}\n")


TEXT = (function("scalar", SCALAR_BODY, "%loss", "f64") +
        function("scalar_aux", SCALAR_BODY + MAE, "%loss, %l2, %mae, %mse", "f64, f64, f64, f64") +
        function("vector", VECTOR_BODY, "%v", "tensor<5xf64>") +
        function("vector_aux", VECTOR_BODY + MEAN, "%v, %mean", "tensor<5xf64>, f64"))
#: Argument numbers of the states, in the order of the table.
STATES = [3, 4]
RANKS = {0: None, 1: 2, 2: 2, 3: 1, 4: 2}


def flatten(node):
    """The leaves of a result, in order."""
    if "data" in node:
        return [np.array(node["data"], np.float64).reshape(node["shape"])]
    children = node.get("tuple") or node.get("list") or list(node["dict"].values())
    return [leaf for child in children for leaf in flatten(child)]


def targets(row):
    numbers = row["argnums"] if isinstance(row["argnums"], list) else [row["argnums"] or 0]
    if row["grad_states"]:
        return STATES + (numbers if row["argnums"] is not None else [])
    return numbers


def block_rank(*ranks):
    return None if all(r is None for r in ranks) else sum(r or 0 for r in ranks)


class Row:
    def __init__(self, transform, row):
        self.transform, self.wrt = transform, targets(row)
        self.aux, self.value = row["has_aux"], row["return_value"]
        vector = transform in ("vector_grad", "jacrev", "jacfwd", "jacobian")
        self.function = ("vector" if vector else "scalar") + ("_aux" if self.aux else "")
        kind = "jacrev" if transform == "jacobian" else transform
        self.name = (f"{self.function}.{kind}_" + "_".join(map(str, self.wrt)) +
                     ("_value" if self.value else "") + ("_aux" if self.aux else ""))
        self.flag = (f"--etrace-differentiate=function={self.function} transform={transform} "
                     f"wrt={','.join(map(str, self.wrt))}" + (" has-aux" if self.aux else "") +
                     (" return-value" if self.value else ""))
        output = 1 if vector else None
        arguments = [RANKS[n] for n in self.wrt]
        if transform in ("grad", "vector_grad"):
            self.ranks = list(arguments)
        elif transform == "hessian":
            self.ranks = [block_rank(a, b) for a in arguments for b in arguments]
        else:
            self.ranks = [block_rank(output, a) for a in arguments]
        self.derivatives = len(self.ranks)
        self.ranks += [output] * self.value + [None] * (self.aux * (1 if vector else 3))

    def differences(self, module, at):
        """The Hessian by differences of the gradient, which other rows hold against numbers."""
        arguments = [RANKS[n] for n in self.wrt]
        gradient = f"{self.function}.grad_" + "_".join(map(str, self.wrt)) + (
            "_aux" if self.aux else "")
        ranks = arguments + [None] * (3 * self.aux)
        blocks = []
        for index, _ in enumerate(self.wrt):
            def component(*point, index=index):
                point = [float(point[0])] + list(point[1:])
                return module.call(gradient, point, ranks)[index]
            for number in self.wrt:
                blocks.append(differences(component, [np.asarray(a) for a in at], number))
        return blocks


def main():
    directory = sys.argv[1]
    golden = json.loads((pathlib.Path(__file__).parent / "autodiff_return_table.json").read_text())
    rows = [(Row(t, row), row) for t, table in golden["transforms"].items() for row in table]
    flags = list(dict.fromkeys(row.flag for row, _ in rows))
    module = Module(TEXT, flags, directory, "table")
    at = [0.3, np.linspace(-1, 1, 5).reshape(5, 1), 3 * np.linspace(-1, 1, 5).reshape(5, 1) + 1,
          np.array([0.25]), np.array([[0.5]])]
    checks = Checks()
    beyond = 0
    for row, expected in rows:
        found = module.call(row.name, at, row.ranks)
        if "result" in expected:
            leaves = flatten(expected["result"])
            checks.true(f"S003-17 {row.name}: number of results", len(found) == len(leaves))
            for index, (a, b) in enumerate(zip(found, leaves)):
                checks.close(f"S003-17 {row.name}#{index}", a, b, 1e-12)
        else:
            beyond += 1
            for index, b in enumerate(row.differences(module, at)):
                checks.close(f"S003-25 {row.name}#{index}", found[index], b, 1e-6)
            # The value and the auxiliary results are those of the row without derivatives.
            rest = module.call(row.function, at, [None] * (4 if row.aux else 1))
            rest = rest if row.value else rest[1:]
            checks.close(f"S003-25 {row.name}: value and aux", found[row.derivatives:], rest, 0)
    print(f"{len(rows)} rows, {beyond} beyond the reference")
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
