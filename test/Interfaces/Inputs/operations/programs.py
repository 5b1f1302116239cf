# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random straight-line programs over the operations that have rules.

Values are tensors of five shapes. A step applies one operation to values made so far; where
an operation has a domain, its operand is squashed into it first. The result is the sum of the
values that nothing reads, so that every step counts.
"""

import pointwise
from case import Function, tensor

SHAPES = {"M": (3, 5), "N": (5, 3), "A": (3,), "B": (5,), "S": ()}
TYPES = {key: tensor(shape) for key, shape in SHAPES.items()}
ROWS = ["(i, j) -> (i, j)", "(i, j) -> (i)"]
#: Grow no faster than their operands.
TAME = {"arith.negf", "arith.addf", "arith.subf", "arith.maximumf", "arith.minimumf",
        "arith.maxnumf", "arith.minnumf", "math.absf", "math.sin", "math.cos", "math.tanh",
        "math.atan", "math.asinh", "math.erf", "math.erfc", "math.ceil", "math.floor",
        "math.round", "math.roundeven", "math.trunc", "math.copysign"}

#: Narrower than the tested domain: atan2 has no derivative at (0, 0), which programs find.
DOMAINS = {**pointwise.UNARY, **pointwise.BINARY, "math.atan2": (0.2, 2)}


class Program:
    """Text under construction; `values` are (name, type letter)."""

    def __init__(self, rng):
        self.rng, self.lines, self.count, self.used = rng, [], 0, set()
        self.ops = set()
        self.values = [("%a0", "M"), ("%a1", "A"), ("%a2", "B"), ("%a3", "S")]

    def name(self):
        self.count += 1
        return f"%v{self.count}"

    def choose(self, items):
        return items[int(self.rng.integers(len(items)))]

    def pick(self, letter):
        """A value of the type, recent ones first."""
        found = [v for v, kind in self.values if kind == letter][-3:]
        if not found:
            return self.add("N", "linalg.transpose", "{r} = linalg.transpose ins({0} : {M}) "
                            "outs({e} : {N}) permutation = [1, 0]", self.pick("M"))
        value = self.choose(found)
        self.used.add(value)
        return value

    def emit(self, template, *operands):
        """Formats with {r}: a new name, {e}, {z}: destinations; returns the new name."""
        result = self.name()
        names = {"r": result, "e": result + "e", "k": result + "k", "x": result + "x",
                 "y": result + "y", "w": result + "w", **TYPES}
        names.update({str(i): operand for i, operand in enumerate(operands)})
        for key, value in names.items():
            template = template.replace("{" + key + "}", value)
        self.lines.append(template)
        return result

    def add(self, letter, op, template, *operands):
        """Applies an operation whose destination {e} has the type of the result."""
        if "{e}" in template:
            template = f"{{e}} = arith.constant dense<0.0> : {TYPES[letter]}\n" + template
        result = self.emit(template, *operands)
        self.values.append((result, letter))
        self.ops.add(op)
        return result

    def squash(self, value, letter, low, high):
        """low + (high - low) (1 + tanh value) / 2."""
        scale, middle = (high - low) / 2, (high + low) / 2
        return self.emit(
            f"{{k}} = arith.constant dense<{scale!r}> : {TYPES[letter]}\n"
            f"{{w}} = arith.constant dense<{middle!r}> : {TYPES[letter]}\n"
            f"{{x}} = math.tanh {{0}} : {TYPES[letter]}\n"
            f"{{y}} = arith.mulf {{k}}, {{x}} : {TYPES[letter]}\n"
            f"{{r}} = arith.addf {{y}}, {{w}} : {TYPES[letter]}", value)


def generic(maps, iterators, ins, body, letter):
    """A `linalg.generic` on operands {0}, {1}, ... of the types `ins`; %o is the accumulator."""
    maps = ", ".join(f"affine_map<{m}>" for m in maps)
    kinds = ", ".join(f'"{i}"' for i in iterators)
    operands = ", ".join(f"{{{i}}}" for i in range(len(ins)))
    types = ", ".join(f"{{{t}}}" for t in ins)
    scalars = ", ".join([f"%x{i}: f64" for i in range(len(ins))] + ["%o: f64"])
    return (f"{{r}} = linalg.generic {{indexing_maps = [{maps}], iterator_types = [{kinds}]}} "
            f"ins({operands} : {types}) outs({{e}} : {{{letter}}}) {{\n^bb0({scalars}):\n{body}\n"
            f"linalg.yield %y : f64\n}} -> {{{letter}}}")


#: Name of the operation: (type of the result, types of the operands, text).
TEMPLATES = {
    "linalg.matmul": ("M", "MNM", "{x} = linalg.matmul ins({0}, {1} : {M}, {N}) outs({k} : "
                      "tensor<3x3xf64>) -> tensor<3x3xf64>\n{r} = linalg.matmul ins({x}, {2} : "
                      "tensor<3x3xf64>, {M}) outs({e} : {M}) -> {M}"),
    "linalg.matvec": ("A", "MB", "{r} = linalg.matvec ins({0}, {1} : {M}, {B}) outs({e} : {A}) -> "
                      "{A}"),
    "linalg.vecmat": ("B", "AM", "{r} = linalg.vecmat ins({0}, {1} : {A}, {M}) outs({e} : {B}) -> "
                      "{B}"),
    "linalg.dot": ("S", "BB", "{r} = linalg.dot ins({0}, {1} : {B}, {B}) outs({e} : {S}) -> {S}"),
    "linalg.transpose": ("M", "N", "{r} = linalg.transpose ins({0} : {N}) outs({e} : {M}) "
                         "permutation = [1, 0]"),
    "linalg.broadcast": ("M", "A", "{r} = linalg.broadcast ins({0} : {A}) outs({e} : {M}) "
                         "dimensions = [1]"),
    "linalg.softmax": ("M", "M", "{r} = linalg.softmax dimension(1) ins({0} : {M}) outs({e} : {M}) "
                       "-> {M}"),
    "linalg.map": ("B", "BB", "{r} = linalg.map { arith.mulf } ins({0}, {1} : {B}, {B}) "
                   "outs({e} : {B})"),
    "linalg.elementwise": ("A", "A", "{r} = linalg.elementwise kind=#linalg.elementwise_kind<tanh> "
                           "ins({0} : {A}) outs({e} : {A}) -> {A}"),
    "linalg.conv_1d": ("A", "BA", "{r} = linalg.conv_1d ins({0}, {1} : {B}, {A}) outs({e} : {A}) "
                       "-> {A}"),
    "linalg.conv_2d_nhwc_hwcf": (
        "A", "MA", "{x} = tensor.expand_shape {0} [[0, 1], [2, 3]] output_shape [1, 3, 5, 1] : {M} "
        "into tensor<1x3x5x1xf64>\n{y} = tensor.expand_shape {1} [[0, 1, 2, 3]] output_shape "
        "[1, 3, 1, 1] : {A} into tensor<1x3x1x1xf64>\n{w} = arith.constant dense<0.0> : "
        "tensor<1x3x3x1xf64>\n{k} = linalg.conv_2d_nhwc_hwcf ins({x}, {y} : tensor<1x3x5x1xf64>, "
        "tensor<1x3x1x1xf64>) outs({w} : tensor<1x3x3x1xf64>) -> tensor<1x3x3x1xf64>\n"
        "{r} = tensor.extract_slice {k}[0, 0, 1, 0] [1, 3, 1, 1] [1, 1, 1, 1] : "
        "tensor<1x3x3x1xf64> to {A}"),
    "linalg.generic": ("B", "MB", generic(
        ["(i, j) -> (j, i)", "(i, j) -> (i)", "(i, j) -> (i)"], ["parallel", "reduction"], "MB",
        "%p = math.sin %x0 : f64\n%q = arith.mulf %p, %x1 : f64\n%y = arith.addf %o, %q : f64",
        "B")),
    "tensor.generate": ("B", "BM", "{r} = tensor.generate {\n^bb0(%i: index):\n"
                        "%n = arith.constant 3 : index\n%k = arith.remui %i, %n : index\n"
                        "%a = tensor.extract {0}[%k] : {B}\n%b = tensor.extract {1}[%k, %i] : {M}\n"
                        "%c = arith.mulf %a, %b : f64\ntensor.yield %c : f64\n} : {B}"),
    "tensor.extract": ("S", "M", "{x} = arith.constant 2 : index\n"
                       "{y} = tensor.extract {0}[{x}, {x}] : {M}\n{r} = tensor.from_elements {y} : {S}"),
    "tensor.insert": ("B", "SB", "{x} = tensor.extract {0}[] : {S}\n"
                      "{y} = arith.constant 3 : index\n"
                      "{r} = tensor.insert {x} into {1}[{y}] : {B}"),
    "tensor.splat": ("A", "S", "{x} = tensor.extract {0}[] : {S}\n{r} = tensor.splat {x} : {A}"),
    "tensor.extract_slice": ("A", "B", "{r} = tensor.extract_slice {0}[0] [3] [2] : {B} to {A}"),
    "tensor.insert_slice": ("M", "AM", "{r} = tensor.insert_slice {0} into {1}[0, 2] [3, 1] [1, 1] "
                            ": {A} into {M}"),
    "tensor.concat": ("B", "AA",
                      "{x} = tensor.extract_slice {1}[1] [2] [1] : {A} to tensor<2xf64>\n"
                      "{r} = tensor.concat dim(0) {x}, {0} : (tensor<2xf64>, {A}) -> {B}"),
    "tensor.pad": ("B", "AS", "{x} = tensor.extract {1}[] : {S}\n"
                   "{r} = tensor.pad {0} low[2] high[0] {\n^bb0(%i: index):\ntensor.yield {x} : f64\n} : {A} to {B}"),
    "tensor.reshape": ("N", "M", "{k} = arith.constant dense<[5, 3]> : tensor<2xindex>\n"
                       "{r} = tensor.reshape {0}({k}) : ({M}, tensor<2xindex>) -> {N}"),
    "tensor.collapse_shape": ("N", "M", "{x} = tensor.collapse_shape {0} [[0, 1]] : {M} into "
                              "tensor<15xf64>\n{r} = tensor.expand_shape {x} [[0, 1]] output_shape "
                              "[5, 3] : tensor<15xf64> into {N}"),
    "arith.select": ("M", "MMM", "{x} = arith.cmpf ogt, {0}, {1} : {M}\n"
                     "{r} = arith.select {x}, {2}, {0} : tensor<3x5xi1>, {M}"),
    "arith.truncf": ("B", "BB", "{x} = arith.cmpf olt, {0}, {1} : {B}\n{y} = arith.uitofp {x} : "
                     "tensor<5xi1> to tensor<5xf32>\n{w} = arith.extf {y} : tensor<5xf32> to {B}\n"
                     "{r} = arith.mulf {w}, {1} : {B}"),
    # Bounds apart from the operand: at a bound the derivative is 0 by convention.
    "math.clampf": ("A", "AA", "{k} = arith.constant dense<0.3> : {A}\n{x} = arith.addf {1}, {k} : "
                    "{A}\n{y} = arith.subf {1}, {k} : {A}\n"
                    "{r} = math.clampf {0} to [{y}, {x}] : {A}"),
    "math.fma": ("M", "MMM", "{r} = math.fma {0}, {1}, {2} : {M}"),
    "math.sincos": ("B", "B", "{x}, {y} = math.sincos {0} : {B}\n{r} = arith.mulf {x}, {y} : {B}"),
    "math.fpowi": ("A", "A", "{k} = arith.constant dense<[0, 2, 3]> : tensor<3xi32>\n"
                   "{r} = math.fpowi {0}, {k} : {A}, tensor<3xi32>"),
}
for _op, _body in {"addf": "arith.addf %o, %x0", "maximumf": "arith.maximumf %x0, %o",
                   "minimumf": "arith.minimumf %o, %x0", "mulf": "arith.mulf %o, %x0"}.items():
    TEMPLATES["linalg.reduce " + _op] = ("A", "MA", "{r} = linalg.reduce { arith." + _op +
                                         " } ins({0} : {M}) outs({1} : {A}) dimensions = [1]")
for _op in ("max", "min", "sum"):
    TEMPLATES["linalg.pooling_nwc_" + _op] = (
        "A", "BA", "{x} = tensor.expand_shape {0} [[0, 1, 2]] output_shape [1, 5, 1] : {B} into "
        "tensor<1x5x1xf64>\n{y} = tensor.expand_shape {1} [[0, 1, 2]] output_shape [1, 3, 1] : {A} "
        "into tensor<1x3x1xf64>\n{w} = tensor.empty() : tensor<3xf64>\n{k} = linalg.pooling_nwc_" +
        _op + " ins({x}, {w} : tensor<1x5x1xf64>, tensor<3xf64>) outs({y} : tensor<1x3x1xf64>) -> "
        "tensor<1x3x1xf64>\n{r} = tensor.collapse_shape {k} [[0, 1, 2]] : tensor<1x3x1xf64> into "
        "{A}")
for _op in pointwise.COMPLEX_UNARY + ["complex.abs", "complex.angle"]:
    _real = _op in ("complex.abs", "complex.angle")
    TEMPLATES[_op] = ("B", "BB", generic(
        ["(i) -> (i)"] * 3, ["parallel"], "BB",
        "%h = arith.constant 1.5 : f64\n%t = math.tanh %x0 : f64\n%s = math.tanh %x1 : f64\n"
        "%a = arith.addf %t, %h : f64\n%z = complex.create %a, %s : complex<f64>\n" +
        (f"%y = {_op} %z : complex<f64>" if _real else
         f"%w = {_op} %z : complex<f64>\n%b = complex.re %w : complex<f64>\n"
         "%c = complex.im %w : complex<f64>\n%y = arith.mulf %b, %c : f64"), "B"))
for _op in pointwise.COMPLEX_BINARY:
    # z and c are never i times each other: atan2 has no derivative there.
    TEMPLATES[_op] = ("A", "AA", generic(
        ["(i) -> (i)"] * 3, ["parallel"], "AA",
        "%h = arith.constant 1.5 : f64\n%k = arith.constant 3.6 : f64\n"
        "%t = math.tanh %x0 : f64\n%s = math.tanh %x1 : f64\n"
        "%a = arith.addf %t, %h : f64\n%b = arith.addf %s, %k : f64\n"
        "%z = complex.create %a, %s : complex<f64>\n%c = complex.create %t, %b : complex<f64>\n"
        f"%w = {_op} %z, %c : complex<f64>\n%y = complex.im %w : complex<f64>", "A"))


def step(program, without):
    """Adds one operation; templates `without` are left out."""
    kind = int(program.rng.integers(3))
    if kind == 2:
        op = program.choose([t for t in TEMPLATES if t not in without])
        letter, operands, text = TEMPLATES[op]
        if op == "linalg.matmul":
            text = "{k} = arith.constant dense<0.0> : tensor<3x3xf64>\n" + text
        values = [program.squash(program.pick(o), o, -1.5, 1.5) for o in operands]
        program.add(letter, op, text, *values)
        return
    table = pointwise.BINARY if kind == 1 else pointwise.UNARY
    op = program.choose(list(table))
    letter = program.choose("MABS")
    values = [program.pick(letter) for _ in range(2 if kind == 1 else 1)]
    if op not in TAME:
        values = [program.squash(v, letter, *DOMAINS[op]) for v in values]
    program.add(letter, op, f"{{r}} = {op} " + ", ".join(f"{{{i}}}" for i in range(len(values))) +
                f" : {TYPES[letter]}", *values)


def total(program, letter):
    """The sum of the values of one type that nothing reads."""
    free = [v for v, kind in program.values if kind == letter and v not in program.used]
    if not free:
        return program.pick(letter)
    sum_ = free[0]
    for value in free[1:]:
        sum_ = program.emit(f"{{r}} = arith.addf {{0}}, {{1}} : {TYPES[letter]}", sum_, value)
    return sum_


def draw(rng, number, steps, without=()):
    """A function of four tensors with four results; the operations it uses."""
    program = Program(rng)
    for _ in range(steps):
        step(program, without)
    letters = "MABS"
    results = [total(program, letter) for letter in letters]
    lines = program.lines + [f"%r{k} = tensor.cast {v} : {TYPES[x]} to {TYPES[x]}"
                             for k, (v, x) in enumerate(zip(results, letters))]
    arguments = [SHAPES[letter] for letter in letters]
    function = Function(f"program_{number}", arguments, arguments, "\n".join(lines))
    return function, program.ops
