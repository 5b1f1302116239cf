# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs of random cells, and their two forms: a numpy step and MLIR text.

A program is a list of instructions `(result, operation, operands, extra)` over named values.
`step_of` runs it in a context, `text_of` prints it; neither knows the other.
"""

from dataclasses import dataclass, field

import numpy as np

from . import dual
from .model import Model, squared_error

POINTWISE = {"tanh": dual.tanh, "logistic": dual.logistic, "exp": dual.exp}


@dataclass
class Program:
    batch: int                                        # 0: no batch axis
    inputs: int                                       # width of the input
    code: list = field(default_factory=list)
    width: dict = field(default_factory=dict)         # value -> extent of the last axis
    params: dict = field(default_factory=dict)        # parameter -> shape
    states: dict = field(default_factory=dict)        # state -> width
    group: dict = field(default_factory=dict)         # state -> group
    reads: dict = field(default_factory=dict)         # value -> primitives read without crossing one
    relations: dict = field(default_factory=dict)     # primitive -> groups

    def emit(self, operation, operands, extra=None, width=None, result=None, reads=None):
        result = result or f"v{len(self.code)}"
        self.code.append((result, operation, tuple(operands), extra))
        self.width[result] = width or self.width[operands[0]]
        inherited = set().union(*(self.reads.get(o, set()) for o in operands))
        self.reads[result] = inherited if reads is None else reads
        return result

    def param(self, name, shape):
        self.params[name] = tuple(shape)
        return name

    def matmul(self, x, name, n, bias):
        weight = self.param("w_" + name, (self.width[x], n))
        leaves = (x, weight) + ((self.param("b_" + name, (n,)),) if bias else ())
        return self.emit("matmul", leaves, name, n, reads={name})

    def elementwise(self, name, n):
        return self.emit("elementwise", (self.param("e_" + name, (n,)),), name, n, reads={name})

    def get(self, state, group, n):
        self.states[state], self.group[state] = n, group
        return self.emit("get", (), state, n, reads=set())

    def set(self, state, value):
        for primitive in sorted(self.reads[value]):
            groups = self.relations.setdefault(primitive, [])
            if self.group[state] not in groups:
                groups.append(self.group[state])
        return self.emit("set", (value,), state, result=f"new_{state}")

    def model(self):
        groups = {}
        for state, group in self.group.items():
            groups.setdefault(group, []).append(state)
        return Model(step_of(self), groups, self.relations, squared_error)


def step_of(program):
    def step(c, p, s, x):
        value = {"x": x, **p}
        for result, operation, operands, extra in program.code:
            value[result] = evaluate(c, s, operation, [value[o] for o in operands], extra)
        return value["out"]
    return step


def evaluate(c, s, operation, u, extra):
    if operation in POINTWISE:
        return POINTWISE[operation](u[0])
    if operation in ("matmul", "elementwise", "set"):
        return getattr(c, operation)(extra, *u)
    if operation == "get":
        return s[extra]
    if operation == "scale":
        return extra * u[0]
    if operation == "spike":
        return c.spike(u[0] - extra)
    if operation == "concat":
        return dual.concat(*u)
    return {"add": lambda: u[0] + u[1], "sub": lambda: u[0] - u[1],
            "mul": lambda: u[0] * u[1], "same": lambda: u[0]}[operation]()


class Text:
    """MLIR text of a program."""

    def __init__(self, program):
        self.program, self.lines = program, []

    def type(self, n, batched=True):
        batch = [self.program.batch] if self.program.batch and batched else []
        return "tensor<" + "x".join(map(str, batch + list(np.atleast_1d(n)))) + "xf32>"

    def line(self, text):
        self.lines.append("    " + text)

    def constant(self, result, value, n):
        self.line(f"%{result} = arith.constant dense<{value!r}> : {self.type(n)}")

    def model(self):
        p = self.program
        for name, shape in p.params.items():
            self.line(f"%{name} = etrace.get @{name} : {self.type(shape, False)}")
        for result, operation, operands, extra in p.code:
            self.instruction(result, operation, operands, extra)
        n = p.width["out"]
        where = " attributes {batch_dim = 0}" if p.batch else ""
        head = [f"etrace.model @cell{where} {{"]
        head += [f"  etrace.param @{k} : {self.type(v, False)}" for k, v in p.params.items()]
        head += [f"  etrace.hidden @{k} : {self.type(v)}" for k, v in p.states.items()]
        head += [f"  etrace.step @update(%x: {self.type(p.inputs)}) -> {self.type(n)} {{"]
        return "\n".join(head + self.lines + [f"    etrace.yield %out : {self.type(n)}", "  }"]
                         + self.loss(n) + ["}", ""])

    def loss(self, n):
        t, axes = self.type(n), "[0, 1]" if self.program.batch else "[0]"
        return [f"  etrace.loss @squared_error(%out: {t}, %target: {t}) -> f32 {{",
                f"    %d = arith.subf %out, %target : {t}", f"    %s = arith.mulf %d, %d : {t}",
                "    %zero = arith.constant dense<0.0> : tensor<f32>",
                f"    %sum = linalg.reduce {{ arith.addf }} ins(%s : {t})"
                f" outs(%zero : tensor<f32>) dimensions = {axes}",
                "    %l = tensor.extract %sum[] : tensor<f32>", "    etrace.yield %l : f32", "  }"]

    def instruction(self, result, operation, u, extra):
        n = self.program.width[result]
        t = self.type(n)
        binary = {"add": "arith.addf", "sub": "arith.subf", "mul": "arith.mulf"}
        unary = {"tanh": "math.tanh", "exp": "math.exp", "logistic": "etrace.logistic"}
        if operation in binary:
            self.line(f"%{result} = {binary[operation]} %{u[0]}, %{u[1]} : {t}")
        elif operation in unary:
            self.line(f"%{result} = {unary[operation]} %{u[0]} : {t}")
        elif operation == "get":
            self.line(f"%{result} = etrace.get @{extra} : {t}")
        elif operation == "set":
            self.line(f"etrace.set @{extra}, %{u[0]} : {t}")
            self.line(f"%{result} = etrace.get @{extra} : {t}")
        elif operation in ("scale", "same"):
            self.constant(result + "_k", float(extra if operation == "scale" else 1.0), n)
            self.line(f"%{result} = arith.mulf %{result}_k, %{u[0]} : {t}")
        elif operation == "spike":
            self.constant(result + "_k", float(extra), n)
            self.line(f"%{result}_u = arith.subf %{u[0]}, %{result}_k : {t}")
            self.line(f"%{result} = etrace.spike %{result}_u : {t}")
        else:
            getattr(self, operation)(result, u, n)

    def concat(self, result, u, n):
        types = ", ".join(self.type(self.program.width[o]) for o in u)
        axis = 1 if self.program.batch else 0
        operands = ", ".join("%" + o for o in u)
        self.line(f"%{result} = tensor.concat dim({axis}) {operands} : ({types}) -> {self.type(n)}")

    def matmul(self, result, u, n):
        shapes = [self.type(self.program.width[u[0]])]
        shapes += [self.type(self.program.params[o], False) for o in u[1:]]
        bias = f" bias %{u[2]}" if len(u) > 2 else ""
        self.line(f"%{result} = etrace.matmul %{u[0]}, %{u[1]}{bias}"
                  f" : {', '.join(shapes)} -> {self.type(n)}")

    def elementwise(self, result, u, n):
        if not self.program.batch:
            self.line(f"%{result} = etrace.elementwise %{u[0]} : {self.type(n)}")
            return
        row = self.type(n, False)
        self.line(f"%{result}_y = etrace.elementwise %{u[0]} : {row}")
        self.line(f"%{result}_e = tensor.empty() : {self.type(n)}")
        self.line(f"%{result} = linalg.broadcast ins(%{result}_y : {row})"
                  f" outs(%{result}_e : {self.type(n)}) dimensions = [0]")


def text_of(program):
    return Text(program).model()
