# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Walks a jaxpr and writes operations of MLIR.

A value is an SSA name, or a numpy array where it is known: equations of known operands are
computed by JAX itself, so that decay factors and index arithmetic become constants of its bits.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core as jex_core

from .errors import ImportModelError
from .locations import UNKNOWN, location, where
from .text import dense, element, integers, is_key, number, shape_of, tensor, type_of, types
from .tracing import live_equations, mantissa

# Larger results are left to the compiled program.
FOLD_LIMIT = 1 << 16
# Stands for the results of an equation that cannot be imported, until all are reported.
UNSUPPORTED = "%unsupported"


def is_known(value):
    return isinstance(value, np.ndarray)


def is_literal(variable):
    return isinstance(variable, jex_core.Literal)


def struct(aval):
    return jax.ShapeDtypeStruct(aval.shape, aval.dtype)


def words(value):
    """A known value as numpy has it; a key becomes its two words."""
    if is_key(jax.typeof(value).dtype):
        return np.asarray(jax.random.key_data(value))
    return np.asarray(value)


def one_equation(equation):
    """The equation as a function of its operands, literals included, that gives a list."""
    variables = [jex_core.Var(v.aval) for v in equation.invars]
    jaxpr = jex_core.Jaxpr([], variables, equation.outvars, [equation.replace(invars=variables)])

    def function(*values):
        return jax.core.eval_jaxpr(jaxpr, [], *values)
    return function


class Emitter:
    """Lines of text with a counter of names. `problems` collects what cannot be imported."""

    def __init__(self, rules, fallback):
        self.rules, self.fallback = rules, fallback
        self.lines, self.problems, self.functions = [], [], {}
        self.indent, self.count, self.location, self.place = 0, 0, "", UNKNOWN
        self.values_only = False

    # Text.

    def put(self, text):
        self.lines.append("  " * self.indent + text)

    def name(self):
        self.count += 1
        return f"%{self.count}"

    def suffix(self):
        return f" loc({self.location})" if self.location else ""

    def op(self, text):
        result = self.name()
        self.put(f"{result} = {text}{self.suffix()}")
        return result

    def results(self, count):
        """(left-hand side, names) of an operation with `count` results."""
        base = self.name()
        return (base, [base]) if count == 1 else (f"{base}:{count}",
                                                  [f"{base}#{i}" for i in range(count)])

    # Constants.

    def constant(self, array):
        array = np.asarray(array)
        return self.op(f"arith.constant {dense(array)} : {tensor(array.shape, array.dtype)}")

    def splat(self, value, shape, dtype):
        return self.constant(np.full(shape, value, dtype))

    def scalar(self, value, dtype):
        kind = "" if element(dtype) == "i1" else f" : {element(dtype)}"
        return self.op(f"arith.constant {number(value, dtype)}{kind}")

    def index(self, value):
        return self.op(f"arith.constant {value} : index")

    def value(self, value):
        return self.constant(value) if is_known(value) else value

    # Shapes; a is the shape before, b after.

    def empty(self, shape, dtype):
        return self.op(f"tensor.empty() : {tensor(shape, dtype)}")

    def fill(self, value, shape, dtype):
        kind = tensor(shape, dtype)
        return self.op(f"linalg.fill ins({self.scalar(value, dtype)} : {element(dtype)}) "
                       f"outs({self.empty(shape, dtype)} : {kind}) -> {kind}")

    def reshape(self, value, a, b, dtype):
        """Same elements in row-major order: one collapse or expansion if that suffices."""
        a, b = tuple(a), tuple(b)
        if a == b:
            return value
        if (groups := _groups(a, b)) is not None:
            return self._collapse(value, a, b, groups, dtype)
        if (groups := _groups(b, a)) is not None:
            return self._expand(value, a, b, groups, dtype)
        flat = (int(np.prod(a)),)
        value = self._collapse(value, a, flat, [list(range(len(a)))], dtype)
        return self._expand(value, flat, b, [list(range(len(b)))], dtype)

    def _collapse(self, value, a, b, groups, dtype):
        return self.op(f"tensor.collapse_shape {value} {groups} : {tensor(a, dtype)} "
                       f"into {tensor(b, dtype)}")

    def _expand(self, value, a, b, groups, dtype):
        return self.op(f"tensor.expand_shape {value} {groups} output_shape {integers(b)} : "
                       f"{tensor(a, dtype)} into {tensor(b, dtype)}")

    def broadcast(self, value, a, b, dims, dtype):
        """Axis i of a is axis dims[i] of b; axes of extent 1 are repeated."""
        keep = [d for n, d in zip(a, dims) if not (n == 1 and b[d] != 1)]
        inner = tuple(b[d] for d in keep)
        value = self.reshape(value, a, inner, dtype)
        new = [d for d in range(len(b)) if d not in keep]
        if not new:
            return value
        return self.op(f"linalg.broadcast ins({value} : {tensor(inner, dtype)}) "
                       f"outs({self.empty(b, dtype)} : {tensor(b, dtype)}) dimensions = {new}")

    def fit(self, value, aval, shape):
        """An operand in the shape of the result; equations may leave broadcasts out."""
        if is_known(value):
            return self.constant(np.broadcast_to(value, shape))
        a = shape_of(aval)
        dims = range(len(shape) - len(a), len(shape))
        return value if a == shape else self.broadcast(value, a, shape, dims, aval.dtype)

    def transpose(self, value, a, order, dtype):
        b = tuple(a[p] for p in order)
        return self.op(f"linalg.transpose ins({value} : {tensor(a, dtype)}) "
                       f"outs({self.empty(b, dtype)} : {tensor(b, dtype)}) "
                       f"permutation = {integers(order)}")

    def slice(self, value, a, start, size, stride, dtype):
        """Starts may be numbers or names of index values."""
        return self.op(f"tensor.extract_slice {value}{_mixed(start)} {integers(size)} "
                       f"{integers(stride)} : {tensor(a, dtype)} to {tensor(size, dtype)}")

    def insert(self, value, a, into, b, start, stride, dtype):
        return self.op(f"tensor.insert_slice {value} into {into}{_mixed(start)} {integers(a)} "
                       f"{integers(stride)} : {tensor(a, dtype)} into {tensor(b, dtype)}")

    def concat(self, values, shapes, axis, dtype):
        total = tuple(sum(s[axis] for s in shapes) if i == axis else n
                      for i, n in enumerate(shapes[0]))
        return self.op(f"tensor.concat dim({axis}) {', '.join(values)} : "
                       f"({', '.join(tensor(s, dtype) for s in shapes)}) -> "
                       f"{tensor(total, dtype)}")

    def extract(self, value, aval, indices=()):
        return self.op(f"tensor.extract {value}[{', '.join(indices)}] : {type_of(aval)}")

    def generic(self, loops, inputs, outputs, reduced, body):
        """linalg.generic; inputs and outputs are (value, shape, dtype, map expressions).

        `body` takes the names of the elements and returns the names of the results.
        """
        dims = ", ".join(f"d{i}" for i in range(loops))
        both = inputs + outputs
        maps = ", ".join(f"affine_map<({dims}) -> ({', '.join(m)})>" for _, _, _, m in both)
        kinds = ", ".join('"reduction"' if i in reduced else '"parallel"' for i in range(loops))

        def operands(part):
            return (f"({', '.join(v for v, _, _, _ in part)} : "
                    f"{', '.join(tensor(s, d) for _, s, d, _ in part)})")
        left, names = self.results(len(outputs))
        ins = f" ins{operands(inputs)}" if inputs else ""
        self.put(f"{left} = linalg.generic {{indexing_maps = [{maps}], "
                 f"iterator_types = [{kinds}]}}{ins} outs{operands(outputs)} {{")
        arguments = [self.name() for _ in both]
        self.put("^bb0(" + ", ".join(f"{a}: {element(d)}" for a, (_, _, d, _) in
                                     zip(arguments, both)) + "):")
        self.indent += 1
        yielded = body(arguments)
        self.put(f"linalg.yield {', '.join(yielded)} : "
                 f"{', '.join(element(d) for _, _, d, _ in outputs)}")
        self.indent -= 1
        kind = ", ".join(tensor(s, d) for _, s, d, _ in outputs)
        self.put(f"}} -> {kind if len(outputs) == 1 else f'({kind})'}{self.suffix()}")
        return names

    # Equations.

    def run(self, jaxpr, consts, arguments):
        """Writes the equations of a jaxpr; arguments and results are names or known arrays."""
        env = dict(zip(jaxpr.constvars, map(words, consts)))
        env.update(zip(jaxpr.invars, arguments))

        def read(variable):
            if is_literal(variable):
                return np.asarray(variable.val, variable.aval.dtype)
            return env[variable]
        for equation in live_equations(jaxpr):
            values = [read(v) for v in equation.invars]
            results = self._fold(equation, values)
            if results is None:
                results = self._emit(equation, values)
            env.update(zip(equation.outvars, results))
        return [read(v) for v in jaxpr.outvars]

    def run_closed(self, closed, arguments):
        return self.run(closed.jaxpr, closed.consts, arguments)

    def apply(self, function, values, avals):
        """A Python function of arrays, traced and written: ([results], [types of results])."""
        closed = jax.make_jaxpr(lambda *a: mantissa(function(*a)))(*map(struct, avals))
        return self.run_closed(closed, values), [v.aval for v in closed.jaxpr.outvars]

    def _fold(self, equation, values):
        if not all(map(is_known, values)) or equation.effects:
            return None
        if any(is_key(v.aval.dtype) for v in equation.invars) or any(
                v.aval.size > FOLD_LIMIT or str(v.aval.dtype) in ("key<rbg>", "key<unsafe_rbg>")
                for v in equation.outvars):
            return None
        return list(map(words, one_equation(equation)(*map(jnp.asarray, values))))

    def _emit(self, equation, values):
        old = self.location, self.place
        # A call inside a library has no line of its own: the caller's stands for it.
        self.location = location(equation) or self.location
        if where(equation) != UNKNOWN:
            self.place = where(equation)
        rule = self.rules.get(equation.primitive.name, self.fallback)
        if all(map(is_known, values)):
            values = [self.constant(v) for v in values]
        try:
            results = rule(self, equation, values)
            return results if isinstance(results, list) else [results]
        except ImportModelError as error:
            for problem in error.problems:
                self._add_problem(f"{self.place}: {problem}")
            return [UNSUPPORTED] * len(equation.outvars)
        finally:
            self.location, self.place = old

    def _add_problem(self, problem):
        if problem not in self.problems:
            self.problems.append(problem)

    def region(self, variables, write):
        """A block of arguments: `write(names)` returns (keyword of the end, values, types)."""
        names = [self.name() for _ in variables]
        if variables:
            self.put("^bb0(" + ", ".join(f"{n}: {type_of(v.aval)}"
                                         for n, v in zip(names, variables)) + "):")
        self.indent += 1
        end, values, kinds = write(names)
        self.put(f"{end} {', '.join(values)} : {', '.join(kinds)}" if values else end)
        self.indent -= 1


def describe(equation):
    """The primitive with its types, for messages."""
    return (f"`{equation.primitive.name}` "
            f"({', '.join(v.aval.str_short() for v in equation.invars)}) -> "
            f"{', '.join(v.aval.str_short() for v in equation.outvars)}")


def type_list(variables):
    return types([v.aval for v in variables])


def _mixed(values):
    return "[" + ", ".join(str(v) for v in values) + "]"


def _groups(a, b):
    """For each axis of b the axes of a that are collapsed into it, or None."""
    if not b:
        return [] if all(n == 1 for n in a) else None
    groups, at = [], 0
    for k, extent in enumerate(b):
        group, product = [], 1
        while at < len(a) and (product < extent or not group):
            product *= a[at]
            group.append(at)
            at += 1
        last = k == len(b) - 1
        while at < len(a) and a[at] == 1 and (last or b[k + 1] != 1):
            group.append(at)
            at += 1
        if product != extent or not group:
            return None
        groups.append(group)
    return groups if at == len(a) else None
