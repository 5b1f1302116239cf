# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random steps for discovery: whatever may stand between a state and its new value.

States of up to three shapes, hidden and plain, read but not written, written but not read or on
some paths only; chains of pointwise operations, means, softmax, shifts, transpositions, reshapes
back and forth, ordinary products, primitives, all of it in branches and loops too.

A program runs in numpy on arrays with a leading axis of trials, complex so that
f(a + i h) = f(a) + i h f'(a) exactly for tiny h: what moves has an imaginary part.
"""

import numpy as np

from .cells import Program, Text

SHAPES = [(3,), (4,), (2, 3), (2, 2)]
PRIMITIVES = ("matmul", "gated", "looped")
IDENTITIES = ("back", "reshape", "stop")
TURNS = 2


def extent(shape):
    return int(np.prod(shape))


class Frozen:
    """What passes no derivative on: kinds of operations, primitives but one, fresh states.

    With `either` a branch is the sum of both: what moves in one of them moves in the sum, whatever
    the condition.
    """

    def __init__(self, kinds=(), seed=None, states=(), either=False):
        self.kinds, self.states, self.either = set(kinds), set(states), either
        self.primitive, self.perturbation = seed or (None, None)

    def operation(self, kind, u):
        return u.real + 0j if kind in self.kinds else u

    def primitive_result(self, name, y):
        if name == self.primitive:
            return y.real + self.perturbation
        return self.operation("primitive", y)

    def fresh(self, state, v):
        return v.real + 0j if state in self.states else v


def product(x, w):
    return np.einsum("ti,tio->to", x, w)


def evaluate(program, values, frozen):
    """Runs a step on arrays (trials, shape...); the new states, and every value."""
    value, whole, new = dict(values), dict(values), {}
    is_open = value["x"][:, :1].real > 0

    def branch(then, otherwise):
        if frozen.either:
            return then + otherwise
        return np.where(is_open.reshape((-1,) + (1,) * (then.ndim - 1)), then, otherwise)

    def primitive(name, x, w, active=True):
        return frozen.primitive_result(name, product(np.where(active | frozen.either, x, 0), w))

    def run(operation, u, extra, n):
        if operation in PRIMITIVES:
            x, w, v = (list(u) + [None])[:3]
            if operation == "matmul":
                return primitive(extra, x, w)
            if operation == "gated":
                y = primitive(extra, x, w, is_open)
                return branch(np.tanh(y) + v, 0.5 * v)
            for turn in range(TURNS):
                v = 0.5 * v + np.tanh(primitive(f"{extra}.{turn}", x, w))
            return v
        if operation == "set_if":
            new[extra] = branch(*u)
            return frozen.fresh(extra, new[extra])
        axes = tuple(range(1, u[0].ndim)) if u else ()
        return {
            "get": lambda: values["state:" + extra],
            "tanh": lambda: np.tanh(u[0]), "logistic": lambda: 1 / (1 + np.exp(-u[0])),
            "scale": lambda: extra * u[0], "same": lambda: u[0],
            "add": lambda: u[0] + u[1], "mul": lambda: u[0] * u[1],
            "concat": lambda: np.concatenate(u, axis=1),
            "elementwise": lambda: frozen.primitive_result(extra, u[0])
            if extra == frozen.primitive else u[0],
            "dot": lambda: frozen.operation("product", product(*u)),
            "mean": lambda: frozen.operation("mixing", u[0].mean(axes, keepdims=True))
            + 0 * u[0].real,
            "spread": lambda: frozen.operation("mixing", u[0].mean(axes)).reshape(
                (-1,) + (1,) * len(n)) + np.zeros(n),
            "softmax": lambda: np.exp(u[0]) / frozen.operation(
                "mixing", np.exp(u[0]).sum(-1, keepdims=True)),
            "roll": lambda: frozen.operation("mixing", np.roll(u[0], 1, -1)),
            "transpose": lambda: frozen.operation("mixing", np.swapaxes(u[0], 1, 2)),
            "back": lambda: u[0], "reshape": lambda: u[0],
            "stop": lambda: u[0].real + 0j,
            "if": lambda: branch(np.tanh(u[0]), 0.5 * u[1]),
        }[operation]()

    # A value that is written is the fresh one wherever it is used.
    written = {o[0]: e for _, operation, o, e in program.code if operation == "set"}
    for result, operation, operands, extra in program.code:
        if operation == "set":
            new[extra], whole[result] = whole[operands[0]], value[operands[0]]
        else:
            whole[result] = run(operation, [value[o] for o in operands], extra,
                                program.width[result])
        value[result] = frozen.fresh(written.get(result), whole[result])
    return new, value


class StepText(Text):
    """MLIR text; a fault writes one kind of operation as an identity."""

    def __init__(self, program, plain, name, fault=None):
        super().__init__(program)
        self.plain, self.name, self.fault, self.k = plain, name, fault, 0

    def text(self):
        text = self.model().replace("@cell", f"@{self.name}")
        for state in self.plain:
            text = text.replace(f"etrace.hidden @{state} ", f"etrace.state @{state} ")
        opened = ["    %zero = arith.constant 0 : index", "    %none = arith.constant 0.0 : f32",
                  f"    %x0 = tensor.extract %x[%zero] : {self.type(self.program.inputs)}",
                  "    %open = arith.cmpf ogt, %x0, %none : f32"]
        head, body = text.split("{\n    %", 1) if "{\n    %" in text else (text, "")
        return head + "{\n" + "\n".join(opened) + "\n    %" + body

    def instruction(self, result, operation, u, extra):
        n = self.program.width[result]
        if operation == self.fault:
            operation, extra = "same", None
        write = getattr(self, "write_" + operation, None)
        if not write:
            super().instruction(result, operation, u, extra)
            return
        write(result, u, n, extra)

    def lines_of(self, text, **names):
        for line in text.format(**names).strip().splitlines():
            self.line(line.strip())

    def write_dot(self, r, u, n, _):
        self.lines_of("""
            %{r}_z = arith.constant dense<0.0> : {t}
            %{r} = linalg.vecmat ins(%{x}, %{w} : {tx}, {tw}) outs(%{r}_z : {t}) -> {t}""",
                      r=r, x=u[0], w=u[1], t=self.type(n), tx=self.type(self.program.width[u[0]]),
                      tw=self.type(self.program.params[u[1]]))

    def write_spread(self, r, u, n, _):
        m = self.program.width[u[0]]
        self.lines_of("""
            %{r}_z = arith.constant dense<0.0> : tensor<f32>
            %{r}_s = linalg.reduce {{ arith.addf }} ins(%{x} : {tx})
                outs(%{r}_z : tensor<f32>) dimensions = {axes}
            %{r}_k = arith.constant dense<{k}> : tensor<f32>
            %{r}_m = arith.mulf %{r}_s, %{r}_k : tensor<f32>
            %{r}_e = tensor.empty() : {t}
            %{r} = linalg.broadcast ins(%{r}_m : tensor<f32>)
                outs(%{r}_e : {t}) dimensions = {to}""",
                      r=r, x=u[0], tx=self.type(m), t=self.type(n), k=1 / extent(m),
                      axes=list(range(len(m))), to=list(range(len(n))))

    write_mean = write_spread

    def write_softmax(self, r, u, n, _):
        rows = self.type(n[:-1]) if n[:-1] else "tensor<f32>"
        self.lines_of("""
            %{r}_x = math.exp %{x} : {t}
            %{r}_z = arith.constant dense<0.0> : {rows}
            %{r}_s = linalg.reduce {{ arith.addf }} ins(%{r}_x : {t})
                outs(%{r}_z : {rows}) dimensions = [{last}]
            %{r}_e = tensor.empty() : {t}
            %{r}_b = linalg.broadcast ins(%{r}_s : {rows}) outs(%{r}_e : {t}) dimensions = [{last}]
            %{r} = arith.divf %{r}_x, %{r}_b : {t}""",
                      r=r, x=u[0], t=self.type(n), rows=rows, last=len(n) - 1)

    def shift(self, r, x, n, first):
        """The last axis begins with element `first`."""
        offset, size = [0] * len(n), list(n)
        parts = []
        for part, start, count in (("a", first, n[-1] - first), ("b", 0, first)):
            offset[-1], size[-1] = start, count
            type_ = self.type(size)
            self.line(f"%{r}_{part} = tensor.extract_slice %{x}{offset} {size} {[1] * len(n)}"
                      f" : {self.type(n)} to {type_}")
            parts.append(type_)
        self.line(f"%{r} = tensor.concat dim({len(n) - 1}) %{r}_a, %{r}_b : ({', '.join(parts)})"
                  f" -> {self.type(n)}")

    def write_roll(self, r, u, n, _):
        self.shift(r, u[0], n, n[-1] - 1)

    def write_back(self, r, u, n, _):
        self.shift(r + "_there", u[0], n, n[-1] - 1)
        self.shift(r, r + "_there", n, 1)

    def write_transpose(self, r, u, n, _):
        self.lines_of("""
            %{r}_e = tensor.empty() : {t}
            %{r} = linalg.transpose ins(%{x} : {t}) outs(%{r}_e : {t}) permutation = [1, 0]""",
                      r=r, x=u[0], t=self.type(n))

    def write_reshape(self, r, u, n, _):
        wide = self.type(list(n) + [1])
        groups = [[k] for k in range(len(n) - 1)] + [[len(n) - 1, len(n)]]
        self.lines_of("""
            %{r}_w = tensor.expand_shape %{x} {groups} output_shape {shape} : {t} into {wide}
            %{r} = tensor.collapse_shape %{r}_w {groups} : {wide} into {t}""",
                      r=r, x=u[0], t=self.type(n), wide=wide, groups=groups,
                      shape=list(n) + [1])

    def write_stop(self, r, u, n, _):
        self.line(f"%{r} = etrace.stop_gradient %{u[0]} : {self.type(n)}")

    def write_if(self, r, u, n, _):
        self.constant(r + "_h", 0.5, n)
        self.lines_of("""
            %{r} = scf.if %open -> {t} {{
              %{r}_t = math.tanh %{a} : {t}
              scf.yield %{r}_t : {t}
            }} else {{
              %{r}_s = arith.mulf %{r}_h, %{b} : {t}
              scf.yield %{r}_s : {t}
            }}""", r=r, a=u[0], b=u[1], t=self.type(n))

    def write_set_if(self, r, u, n, state):
        self.lines_of("""
            scf.if %open {{
              etrace.set @{s}, %{v} : {t}
            }}
            %{r} = etrace.get @{s} : {t}""", s=state, v=u[0], r=r, t=self.type(n))

    def write_gated(self, r, u, n, _):
        x, w = self.program.width[u[0]], self.program.params[u[1]]
        self.constant(r + "_h", 0.5, n)
        self.lines_of("""
            %{r} = scf.if %open -> {t} {{
              %{r}_y = etrace.matmul %{x}, %{w} : {tx}, {tw} -> {t}
              %{r}_u = math.tanh %{r}_y : {t}
              %{r}_s = arith.addf %{r}_u, %{v} : {t}
              scf.yield %{r}_s : {t}
            }} else {{
              %{r}_s = arith.mulf %{r}_h, %{v} : {t}
              scf.yield %{r}_s : {t}
            }}""", r=r, x=u[0], w=u[1], v=u[2], t=self.type(n), tx=self.type(x), tw=self.type(w))

    def write_looped(self, r, u, n, _):
        x, w = self.program.width[u[0]], self.program.params[u[1]]
        self.constant(r + "_h", 0.5, n)
        self.lines_of("""
            %{r}_one = arith.constant 1 : index
            %{r}_n = arith.constant {turns} : index
            %{r} = scf.for %{r}_k = %zero to %{r}_n step %{r}_one
                iter_args(%{r}_v = %{v}) -> ({t}) {{
              %{r}_y = etrace.matmul %{x}, %{w} : {tx}, {tw} -> {t}
              %{r}_u = math.tanh %{r}_y : {t}
              %{r}_l = arith.mulf %{r}_h, %{r}_v : {t}
              %{r}_s = arith.addf %{r}_l, %{r}_u : {t}
              scf.yield %{r}_s : {t}
            }}""", r=r, x=u[0], w=u[1], v=u[2], t=self.type(n), tx=self.type(x), tw=self.type(w),
                      turns=TURNS)


class Step:
    """A random program with its states by kind."""

    def __init__(self, seed):
        self.rng = np.random.default_rng([seed, 2])
        self.shapes = [SHAPES[k] for k in self.rng.permutation(len(SHAPES))[
            :int(self.rng.integers(1, 4))]]
        self.program = Program(0, int(self.rng.integers(2, 5)))
        self.program.width["x"] = (self.program.inputs,)
        self.values, self.plain, self.primitives = ["x"], set(), {}
        self.origin = {}       # the values of which one is the same in other words
        self.draw()

    def choose(self, values):
        """One of the values, a late one rather than an early one, so that few are dead."""
        weights = np.arange(1, len(values) + 1) ** 2
        return str(self.rng.choice(values, p=weights / weights.sum()))

    def origins(self, value):
        return self.origin.get(value, {value})

    def pick(self, shape):
        of_shape = [v for v in self.values if self.program.width[v] == shape]
        return self.choose(of_shape) if of_shape else None

    def emit(self, operation, operands, extra=None, width=None):
        self.values.append(self.program.emit(operation, operands, extra, width))
        return self.values[-1]

    def draw(self):
        rng, p = self.rng, self.program
        states = {}
        for k in range(int(rng.integers(1, 5))):
            name = f"s{k}"
            states[name] = (self.shapes[int(rng.integers(len(self.shapes)))],
                            "both" if k == 0 else str(rng.choice(
                                ["both", "read", "written"], p=[0.8, 0.1, 0.1])))
            if k and rng.random() < 0.2:
                self.plain.add(name)
            if states[name][1] != "written":
                self.values.append(p.get(name, "", states[name][0]))
            p.states[name] = states[name][0]
        for _ in range(int(rng.integers(4, 15))):
            self.instruction()
        for name in rng.permutation(list(states)):
            shape, use = states[str(name)]
            if use != "read":
                self.write(str(name), shape, use)
        flat = [v for v in self.values if len(p.width[v]) == 1]
        p.emit("same", (str(rng.choice(flat)),), result="out")

    def write(self, name, shape, use):
        """Mostly a leak and something of the right shape; sometimes that alone."""
        p, value = self.program, self.pick(shape)
        old = next((r for r, o, _, e in p.code if o == "get" and e == name), None)
        if value is None:
            value = self.source(shape)
        if old and self.rng.random() < 0.7:
            value = self.emit("add", (self.emit("scale", (old,), 0.8), value))
        if old in self.origins(value):
            value = self.emit("scale", (value,), 0.8)
        kept = [old] if old and self.rng.random() < 0.15 else []
        self.values.append(p.emit("set_if" if kept else "set", [value] + kept, name))
        self.origin[self.values[-1]] = set().union(*map(self.origins, [value] + kept))

    def source(self, shape):
        """A value of a shape of which there is none yet."""
        return self.emit("spread", (str(self.rng.choice(self.values)),), width=shape)

    def weight(self, prefix, x, n):
        return self.program.param(f"{prefix}{len(self.program.params)}",
                                  (extent(self.program.width[x]), extent(n)))

    def instruction(self):
        rng, p = self.rng, self.program
        v = self.choose(self.values)
        shape = p.width[v]
        kind = str(rng.choice(
            ["tanh", "logistic", "scale", "add", "mul", "mean", "softmax", "roll", "back",
             "reshape", "transpose", "stop", "if", "spread", "dot", "matmul", "elementwise",
             "gated", "looped"],
            p=np.array([6, 4, 4, 8, 5, 2, 2, 2, 3, 3, 3, 1, 5, 1, 3, 8, 3, 4, 4]) / 71))
        if kind in IDENTITIES:
            self.origin[self.emit(kind, (v,))] = self.origins(v)
        elif kind in ("tanh", "logistic", "mean", "softmax", "roll"):
            self.emit(kind, (v,))
        elif kind == "scale":
            self.emit(kind, (v,), round(float(rng.uniform(0.2, 0.9)), 3))
        elif kind in ("add", "mul", "if"):
            self.emit(kind, (v, self.pick(shape)))
        elif kind == "transpose" and shape == (2, 2):
            self.emit(kind, (v,))
        elif kind == "spread":
            self.emit(kind, (v,), width=self.shapes[int(rng.integers(len(self.shapes)))])
        elif kind == "elementwise":
            shape = self.shapes[int(rng.integers(len(self.shapes)))]
            name = p.param(f"e{len(p.params)}", shape)
            self.primitives[name] = [name]
            self.emit(kind, (name,), name, shape)
        elif kind in ("dot",) + PRIMITIVES:
            self.product(kind)

    def product(self, kind):
        """A product of a vector; its weight is its name."""
        vectors = [v for v in self.values if len(self.program.width[v]) == 1]
        rows = [s for s in self.shapes if len(s) == 1]
        if not rows:
            return
        x, n = self.choose(vectors), rows[int(self.rng.integers(len(rows)))]
        if kind == "dot":
            self.emit(kind, (x, self.weight("r", x, n)), width=n)
            return
        carried = self.pick(n)
        if kind != "matmul" and not carried:
            return
        w = self.weight("w", x, n)
        self.primitives[w] = [f"{w}.{k}" for k in range(TURNS)] if kind == "looped" else [w]
        self.emit(kind, (x, w) + ((carried,) if kind != "matmul" else ()), w, n)

    def text(self, name, fault=None):
        return StepText(self.program, self.plain, name, fault).text()
