# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""S003-04, 15..19, 21, 25: the return table, with the structure of each result: states by name,
the tuple of several arguments, names of auxiliary results. The rows that the reference refuses
are held against differences."""

import json
import pathlib
import sys

import numpy as np

from native import Checks, Module, differences

COLUMN = "tensor<5x1xf64>"
MODEL = """
etrace.model @regressor {
  etrace.param @bias : tensor<1xf64>
  etrace.param @weight : tensor<1x1xf64>
}
"""
# Residual r = x w + b - t of a regressor with one input.
RESIDUAL = f"""
  %w = etrace.get @regressor::@weight : tensor<1x1xf64>
  %b = etrace.get @regressor::@bias : tensor<1xf64>
  %z = arith.constant 0.0 : f64
  %e = tensor.empty() : {COLUMN}
  %zeros = linalg.fill ins(%z : f64) outs(%e : {COLUMN}) -> {COLUMN}
  %xw = linalg.matmul ins(%x, %w : {COLUMN}, tensor<1x1xf64>) outs(%zeros : {COLUMN}) -> {COLUMN}
  %bs = linalg.broadcast ins(%b : tensor<1xf64>) outs(%e : {COLUMN}) dimensions = [0]
  %y = arith.addf %xw, %bs : {COLUMN}
  %r = arith.subf %y, %t : {COLUMN}
  %five = arith.constant 5.0 : f64
"""
ARGUMENTS = f"%c: f64, %x: {COLUMN}, %t: {COLUMN}"


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
    """Auxiliary results are named as the values are."""
    first, *aux = [f"%{v}" for v in results]
    declared = ", ".join([types[0]] + [f'{t} {{etrace.name = "{v[1:]}"}}'
                                       for t, v in zip(types[1:], aux)])
    return (f"func.func @{name}({ARGUMENTS}) -> ({declared}) "
            f"attributes {{llvm.emit_c_interface}} {{\n"
            f"{body}\nreturn {', '.join([first] + aux)} : {', '.join(types)}\n}}\n")


TEXT = MODEL + (function("scalar", SCALAR_BODY, ["loss"], ["f64"]) +
                function("scalar_aux", SCALAR_BODY + MAE, ["loss", "l2", "mae", "mse"], ["f64"] * 4) +
                function("vector", VECTOR_BODY, ["v"], ["tensor<5xf64>"]) +
                function("vector_aux", VECTOR_BODY + MEAN, ["v", "mean"], ["tensor<5xf64>", "f64"]))
STATES = ["bias", "weight"]
RANKS = {0: None, 1: 2, 2: 2, "bias": 1, "weight": 2}


def build(row, found):
    """The nested result of the table from results and what `etrace.result` says of them."""
    states, arguments, value, aux = {}, {}, [], {}
    for what, array in found:
        if what["kind"] == "value":
            value.append(array)
        elif what["kind"] == "aux":
            aux[what["name"]] = array
        else:
            insert(states if isinstance(what["wrt"][0], str) else arguments, what["wrt"], array)
    result = []
    if row["grad_states"]:
        result.append(states)
    if arguments:
        result.append(close(arguments, isinstance(row["argnums"], list)))
    result = result[0] if len(result) == 1 else tuple(result)
    extra = value + ([aux] if row["has_aux"] else [])
    return tuple([result] + extra) if extra else result


def insert(tree, path, array):
    """Puts a block at its place in maps of maps; a state's key is its path in the model."""
    *outer, last = [p.partition(".")[2] if isinstance(p, str) else p for p in path]
    for key in outer:
        tree = tree.setdefault(key, {})
    tree[last] = array


def close(tree, several):
    """Maps by numbers of arguments become tuples, or what is in them."""
    if not isinstance(tree, dict) or not all(isinstance(key, int) for key in tree):
        return tree
    children = [close(child, several) for _, child in sorted(tree.items())]
    return tuple(children) if several else children[0]


def compare(checks, what, found, expected):
    if "data" in expected:
        checks.close(what, found, np.array(expected["data"]).reshape(expected["shape"]), 1e-12)
    elif "dict" in expected:
        keys = set(expected["dict"])
        checks.true(f"{what}: keys", isinstance(found, dict) and set(found) == keys)
        for key in keys & set(found if isinstance(found, dict) else []):
            compare(checks, f"{what}.{key}", found[key], expected["dict"][key])
    else:
        children = expected["tuple"]
        fits = isinstance(found, tuple) and len(found) == len(children)
        checks.true(f"{what}: tuple of {len(children)}", fits)
        for index, child in enumerate(children if fits else []):
            compare(checks, f"{what}[{index}]", found[index], child)


def targets(row):
    """States and arguments, in the order of the table."""
    numbers = row["argnums"] if isinstance(row["argnums"], list) else [row["argnums"] or 0]
    if row["grad_states"]:
        return STATES + (numbers if row["argnums"] is not None else [])
    return numbers


def block_rank(*ranks):
    return None if all(r is None for r in ranks) else sum(r or 0 for r in ranks)


class Row:
    def __init__(self, transform, row):
        self.transform, self.wrt, self.row = transform, targets(row), row
        self.aux, self.value = row["has_aux"], row["return_value"]
        vector = transform in ("vector_grad", "jacrev", "jacfwd", "jacobian")
        self.function = ("vector" if vector else "scalar") + ("_aux" if self.aux else "")
        self.name, self.flag = self.ask(transform, self.value)
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

    def ask(self, transform, value):
        """The name of the derived function and the pass that makes it."""
        kind = "jacrev" if transform == "jacobian" else transform
        states = [f"regressor.{n}" for n in self.wrt if isinstance(n, str)]
        numbers = [str(n) for n in self.wrt if isinstance(n, int)]
        name = (f"{self.function}.{kind}_" + "_".join(states + numbers) +
                ("_value" if value else "") + ("_aux" if self.aux else ""))
        symbols = ",".join("@" + s.replace(".", "::@") for s in states)
        return name, (f"--etrace-differentiate=function={self.function} transform={transform}" +
                      (f" states={symbols}" if states else "") +
                      (f" wrt={','.join(numbers)}" if numbers else "") +
                      (" has-aux" if self.aux else "") + (" return-value" if value else ""))

    def differences(self, module, states, at):
        """The Hessian by differences of the gradient, which other rows hold against numbers."""
        ranks = [RANKS[n] for n in self.wrt] + [None] * (3 * self.aux)
        gradient, _ = self.ask("grad", False)
        everything = [states["regressor." + n] for n in STATES] + [np.asarray(a) for a in at]
        blocks = []
        for index, _ in enumerate(self.wrt):
            def component(*point, index=index):
                moved = {"regressor." + n: v for n, v in zip(STATES, point)}
                rest = [float(point[2])] + list(point[3:])
                return module.run(gradient, moved, rest, ranks)[index][1]
            for target in self.wrt:
                number = STATES.index(target) if isinstance(target, str) else 2 + target
                blocks.append(differences(component, everything, number))
        return blocks


def main():
    directory = sys.argv[1]
    golden = json.loads((pathlib.Path(__file__).parent / "autodiff_return_table.json").read_text())
    rows = [(Row(t, row), row) for t, table in golden["transforms"].items() for row in table]
    flags = list(dict.fromkeys(row.flag for row, _ in rows))
    module = Module(TEXT, flags + ["--etrace-functionalize-functions"], directory, "table")
    at = [0.3, np.linspace(-1, 1, 5).reshape(5, 1), 3 * np.linspace(-1, 1, 5).reshape(5, 1) + 1]
    states = {"regressor.bias": np.array([0.25]), "regressor.weight": np.array([[0.5]])}
    checks = Checks()
    beyond = 0
    for row, expected in rows:
        found = module.run(row.name, states, at, row.ranks)
        if "result" in expected:
            compare(checks, f"S003-17 {row.name}", build(expected, found), expected["result"])
        else:
            beyond += 1
            for index, b in enumerate(row.differences(module, states, at)):
                checks.close(f"S003-25 {row.name}#{index}", found[index][1], b, 1e-6)
            # The value and the auxiliary results are those of the row without derivatives.
            rest = module.run(row.function, states, at, [None] * (4 if row.aux else 1))
            rest = rest if row.value else rest[1:]
            checks.close(f"S003-25 {row.name}: value and aux",
                         [v for _, v in found[row.derivatives:]], [v for _, v in rest], 0)
    print(f"{len(rows)} rows, {beyond} beyond the reference")
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
