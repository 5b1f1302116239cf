# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Derivatives of control flow, calls and custom derivatives: values and jvp against a program
of dual numbers in numpy (1e-12), jvp against central differences, and <Jv, u> = <v, J^T u>.
Every construct reads an active value from outside."""

import sys

import numpy as np

from compiled import Function, Library, tensor
from structured import inner

T5 = tensor((5,))
SETUP = """%c0 = arith.constant 0 : index
%c1 = arith.constant 1 : index
%c2 = arith.constant 2 : index
%c3 = arith.constant 3 : index
%zero = arith.constant 0.0 : f64
"""
# From here on, %n is the number that the first argument rounds down to.
COUNT = """%nf = tensor.extract %a0[] : tensor<f64>
%ni = arith.fptosi %nf : f64 to i64
%n = arith.index_cast %ni : i64 to index
"""


class Dual:
    """A value and its directional derivative."""

    def __init__(self, value, tangent=0.0):
        self.value, self.tangent = np.asarray(value), np.asarray(tangent) + 0.0 * np.asarray(value)

    def __add__(self, other):
        other = dual(other)
        return Dual(self.value + other.value, self.tangent + other.tangent)

    def __mul__(self, other):
        other = dual(other)
        return Dual(self.value * other.value,
                    self.tangent * other.value + self.value * other.tangent)

    __radd__, __rmul__ = __add__, __mul__

    def __sub__(self, other):
        return self + other * -1.0

    def __getitem__(self, key):
        return Dual(self.value[key], self.tangent[key])

    def map(self, function, derivative):
        return Dual(function(self.value), derivative(self.value) * self.tangent)


def dual(x):
    return x if isinstance(x, Dual) else Dual(x)


def sin(x):
    return x.map(np.sin, np.cos)


def exp(x):
    return x.map(np.exp, np.exp)


def total(x):
    return Dual(np.sum(x.value), np.sum(x.tangent))


def step(x, w):
    return sin(x * w) + w


# x <- sin(x w) + w, the body of many of the loops.
BODY = """%m = arith.mulf {x}, %a2 : {T}
%s = math.sin %m : {T}
%y = arith.addf %s, %a2 : {T}
""".replace("{T}", T5)
STEP = BODY.replace("{x}", "%x")


def loop(n, x, w):
    for _ in range(max(0, int(n.value))):
        x = step(x, w)
    return [x]


def for_loop(bounds, attributes=""):
    return (SETUP + COUNT + f"%r0 = scf.for %i = {bounds} iter_args(%x = %a1) -> ({T5}) {{\n"
            + STEP + f"scf.yield %y : {T5}\n}} {attributes}")


def fibonacci(n, x, w):
    """Two carried values that change places, a counter that is not differentiated, and one
    that nothing reads."""
    y, count = w, 0.0
    for k in range(int(n.value)):
        x, y, count = y * w, sin(x * y + sin(y) * count), count + 0.05 * k
    return [x, y]


FIBONACCI = SETUP + COUNT + f"""%r0, %r1, %last, %unread = scf.for %i = %c0 to %n step %c1
    iter_args(%x = %a1, %y = %a2, %k = %zero, %u = %a1) -> ({T5}, {T5}, f64, {T5}) {{
  %p = arith.mulf %y, %a2 : {T5}
  %q = arith.mulf %x, %y : {T5}
  %s = math.sin %y : {T5}
  %b = tensor.splat %k : {T5}
  %t = arith.mulf %s, %b : {T5}
  %o = arith.addf %q, %t : {T5}
  %z = math.sin %o : {T5}
  %ii = arith.index_cast %i : index to i64
  %f = arith.sitofp %ii : i64 to f64
  %part = arith.constant 0.05 : f64
  %g = arith.mulf %part, %f : f64
  %l = arith.addf %k, %g : f64
  %v = arith.mulf %u, %u : {T5}
  scf.yield %p, %z, %l, %v : {T5}, {T5}, f64, {T5}
}}"""


def induction(n, x, w):
    """Reads a table at the induction variable, which runs from 1 in steps of 2."""
    s = Dual(0.0)
    for i in range(1, int(n.value), 2):
        s = sin(s) + x[i] * w[i]
    return [s]


INDUCTION = SETUP + COUNT + f"""%s = scf.for %i = %c1 to %n step %c2
    iter_args(%q = %zero) -> (f64) {{
  %x = tensor.extract %a1[%i] : {T5}
  %w = tensor.extract %a2[%i] : {T5}
  %m = arith.mulf %x, %w : f64
  %t = math.sin %q : f64
  %u = arith.addf %t, %m : f64
  scf.yield %u : f64
}}
%r0 = tensor.from_elements %s : tensor<f64>"""


def until(n, x, w):
    """x <- x w + x until its sum exceeds n."""
    while np.sum(x.value) < n.value:
        x = sin(x) * w + x
    return [x * x]


def while_loop(attributes):
    return SETUP + f"""%nf = tensor.extract %a0[] : tensor<f64>
%r0 = scf.while (%x = %a1) : ({T5}) -> ({T5}) {{
  %e = tensor.empty() : tensor<f64>
  %z = linalg.fill ins(%zero : f64) outs(%e : tensor<f64>) -> tensor<f64>
  %st = linalg.reduce {{ arith.addf }} ins(%x : {T5}) outs(%z : tensor<f64>) dimensions = [0]
  %s = tensor.extract %st[] : tensor<f64>
  %c = arith.cmpf olt, %s, %nf : f64
  %q = arith.mulf %x, %x : {T5}
  scf.condition(%c) %q, %x : {T5}, {T5}
}} do {{
^bb0(%q: {T5}, %x: {T5}):
  %s = math.sin %x : {T5}
  %m = arith.mulf %s, %a2 : {T5}
  %y = arith.addf %m, %x : {T5}
  scf.yield %y : {T5}
}} {attributes}""".replace(f"-> ({T5})", f"-> ({T5}, {T5})").replace("%r0 =", "%r0, %rest =")


def switch(n, x, w):
    case = int(n.value)
    if case == 1:
        return [sin(x) * w, x]
    if case == 3:
        return [Dual(np.zeros(5)), w]
    return [w * 3.0, exp(x)]


SWITCH = SETUP + COUNT + f"""%r0, %r1 = scf.index_switch %n -> {T5}, {T5}
case 1 {{
  %s = math.sin %a1 : {T5}
  %m = arith.mulf %s, %a2 : {T5}
  scf.yield %m, %a1 : {T5}, {T5}
}}
case 3 {{
  %z = arith.constant dense<0.0> : {T5}
  scf.yield %z, %a2 : {T5}, {T5}
}}
default {{
  %k = arith.constant dense<3.0> : {T5}
  %m = arith.mulf %k, %a2 : {T5}
  %e = math.exp %a1 : {T5}
  scf.yield %m, %e : {T5}, {T5}
}}"""


def nested(n, x, w):
    """A loop in a branch in a loop."""
    for i in range(int(n.value)):
        if i % 2:
            x = x * w
        else:
            for _ in range(i):
                x = step(x, w)
    return [x]


def nested_text(outer="", inner_attributes=""):
    return SETUP + COUNT + f"""%r0 = scf.for %i = %c0 to %n step %c1
    iter_args(%v = %a1) -> ({T5}) {{
  %k = arith.remui %i, %c2 : index
  %odd = arith.cmpi eq, %k, %c1 : index
  %u = scf.if %odd -> ({T5}) {{
    %m = arith.mulf %v, %a2 : {T5}
    scf.yield %m : {T5}
  }} else {{
    %l = scf.for %j = %c0 to %i step %c1 iter_args(%x = %v) -> ({T5}) {{
      {STEP}
      scf.yield %y : {T5}
    }} {inner_attributes}
    scf.yield %l : {T5}
  }}
  scf.yield %u : {T5}
}} {outer}"""


def in_while(n, x, w):
    k = 0
    while k < int(n.value):
        for _ in range(3):
            x = step(x, w)
        k += 1
    return [x]


IN_WHILE = SETUP + COUNT + f"""
%k, %r0 = scf.while (%k = %c0, %x = %a1) : (index, {T5}) -> (index, {T5}) {{
  %c = arith.cmpi slt, %k, %n : index
  scf.condition(%c) %k, %x : index, {T5}
}} do {{
^bb0(%k: index, %v: {T5}):
  %l = scf.for %j = %c0 to %c3 step %c1 iter_args(%x = %v) -> ({T5}) {{
    {STEP}
    scf.yield %y : {T5}
  }}
  %next = arith.addi %k, %c1 : index
  scf.yield %next, %l : index, {T5}
}} attributes {{etrace.max_trips = 8 : i64}}"""


def calls(n, x, w):
    """A callee that calls another, in a loop; an argument is not differentiated."""
    for _ in range(int(n.value)):
        x = (step(x, w) * w + exp(x * w) * 2.0) * 0.05
    y = step(Dual(np.ones(5)), x)
    return [x, y]


CALLEES = f"""
func.func private @leaf(%x: {T5}, %w: {T5}) -> ({T5}, {T5}) {{
  %m = arith.mulf %x, %w : {T5}
  %s = math.sin %m : {T5}
  %y = arith.addf %s, %w : {T5}
  %e = math.exp %m : {T5}
  return %y, %e : {T5}, {T5}
}}
func.func private @middle(%k: {T5}, %x: {T5}, %w: {T5}) -> {T5} {{
  %y, %e = func.call @leaf(%x, %w) : ({T5}, {T5}) -> ({T5}, {T5})
  %p = arith.mulf %y, %w : {T5}
  %q = arith.mulf %e, %k : {T5}
  %r = arith.addf %p, %q : {T5}
  %t = arith.constant dense<0.05> : {T5}
  %s = arith.mulf %r, %t : {T5}
  return %s : {T5}
}}
"""
CALLS = SETUP + COUNT + f"""%two = arith.constant dense<2.0> : {T5}
%one = arith.constant dense<1.0> : {T5}
%r0 = scf.for %i = %c0 to %n step %c1 iter_args(%x = %a1) -> ({T5}) {{
  %y = func.call @middle(%two, %x, %a2) : ({T5}, {T5}, {T5}) -> {T5}
  scf.yield %y : {T5}
}}
%r1, %unused = func.call @leaf(%one, %r0) : ({T5}, {T5}) -> ({T5}, {T5})"""


def integers(n, x, w):
    """Induction variables of 32 bits, down to negative ones, in steps of 3."""
    for i in range(-4, int(n.value), 3):
        x = sin(x * w) + w * float(i)
    return [x]


INTEGERS = SETUP + COUNT + f"""%ub = arith.trunci %ni : i64 to i32
%lb = arith.constant -4 : i32
%st = arith.constant 3 : i32
%r0 = scf.for %i = %lb to %ub step %st iter_args(%x = %a1) -> ({T5}) : i32 {{
  %m = arith.mulf %x, %a2 : {T5}
  %s = math.sin %m : {T5}
  %f = arith.sitofp %i : i32 to f64
  %b = tensor.splat %f : {T5}
  %v = arith.mulf %b, %a2 : {T5}
  %y = arith.addf %s, %v : {T5}
  scf.yield %y : {T5}
}}"""


def bodies(n, x, w):
    """Structured operations that read a scalar from outside of the branch that they are in."""
    s = w[0]
    for _ in range(int(n.value)):
        x = sin(x * s) if n.value > 2 else x * s
    return [x]


def scaled(name):
    return f"""%e = tensor.empty() : {T5}
    %{name} = linalg.generic {{indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
        iterator_types = ["parallel"]}} ins(%x : {T5}) outs(%e : {T5}) {{
    ^bb0(%u: f64, %o: f64):
      %p = arith.mulf %u, %s : f64
      linalg.yield %p : f64
    }} -> {T5}"""


BODIES = SETUP + COUNT + f"""%s = tensor.extract %a2[%c0] : {T5}
%many = arith.cmpi sge, %n, %c2 : index
%r0 = scf.for %i = %c0 to %n step %c1 iter_args(%x = %a1) -> ({T5}) {{
  %y = scf.if %many -> ({T5}) {{
    {scaled("g")}
    %h = math.sin %g : {T5}
    scf.yield %h : {T5}
  }} else {{
    {scaled("g")}
    scf.yield %g : {T5}
  }}
  scf.yield %y : {T5}
}}"""


def custom(regions, w="%a2"):
    """x <- sin(x w) + w, with derivatives written by hand."""
    body = f"""^bb0(%u: {T5}, %v: {T5}):
{BODY.replace("{x}", "%u").replace("%a2", "%v")}
etrace.yield %y : {T5}
"""
    cosine = f"%m = arith.mulf %u, %v : {T5}\n%c = math.cos %m : {T5}\n"
    jvp = f"""jvp {{
^bb0(%u: {T5}, %v: {T5}, %du: {T5}, %dv: {T5}):
{cosine}%p = arith.mulf %du, %v : {T5}
%q = arith.mulf %u, %dv : {T5}
%s = arith.addf %p, %q : {T5}
%t = arith.mulf %c, %s : {T5}
%d = arith.addf %t, %dv : {T5}
etrace.yield %d : {T5}
}} """
    vjp = f"""vjp {{
^bb0(%u: {T5}, %v: {T5}, %g: {T5}):
{cosine}%k = arith.mulf %c, %g : {T5}
%p = arith.mulf %k, %v : {T5}
%q = arith.mulf %k, %u : {T5}
%r = arith.addf %q, %g : {T5}
etrace.yield %p, %r : {T5}, {T5}
}} """
    return SETUP + COUNT + f"""%half = arith.constant dense<0.5> : {T5}
%r0 = scf.for %i = %c0 to %n step %c1 iter_args(%x = %a1) -> ({T5}) {{
  %y = etrace.custom_derivative(%x, {w}) {{
  {body}}} {jvp if "jvp" in regions else ""}{vjp if "vjp" in regions else ""}: ({T5}, {T5}) -> {T5}
  scf.yield %y : {T5}
}}"""


ALL, SQRT, NONE = ("{etrace.checkpoint = #etrace.checkpoint<%s>}" % p
                   for p in ("all", "sqrt", "none"))
TRIPS = (0.5, 1.5, 2.5, 7.5)
# name, program, the same in numpy, results, values of the first argument.
CASES = [
    ("for", for_loop("%c0 to %n step %c1"), loop, 1, (-2.5,) + TRIPS),
    ("for_sqrt", for_loop("%c0 to %n step %c1", SQRT), loop, 1, (-2.5,) + TRIPS + (16.5, 17.5)),
    ("for_none", for_loop("%c0 to %n step %c1", NONE), loop, 1, (-2.5,) + TRIPS),
    ("for_bounded", for_loop("%c0 to %n step %c1", "{etrace.max_trips = 9 : i64}"), loop, 1, TRIPS),
    ("for_static", for_loop("%c0 to %c3 step %c1"), lambda n, x, w: loop(Dual(3), x, w), 1, (0.5,)),
    ("for_static_sqrt", for_loop("%c0 to %c3 step %c1", SQRT),
     lambda n, x, w: loop(Dual(3), x, w), 1, (0.5,)),
    ("for_empty", for_loop("%c3 to %c2 step %c1"), lambda n, x, w: [x], 1, (0.5,)),
    ("fibonacci", FIBONACCI, fibonacci, 2, TRIPS),
    ("fibonacci_sqrt", FIBONACCI + SQRT, fibonacci, 2, TRIPS + (10.5,)),
    ("fibonacci_none", FIBONACCI + NONE, fibonacci, 2, TRIPS),
    ("induction", INDUCTION, induction, 1, (0.5, 1.5, 2.5, 4.5, 5.5)),
    ("induction_sqrt", INDUCTION.replace("}\n%r0", "} " + SQRT + "\n%r0"), induction, 1,
     (0.5, 1.5, 2.5, 4.5, 5.5)),
    ("while", while_loop("attributes {etrace.max_trips = 20 : i64}"), until, 1, (-1.5, 7.5, 12.5)),
    ("while_sqrt", while_loop("attributes {etrace.max_trips = 20 : i64, "
                              "etrace.checkpoint = #etrace.checkpoint<sqrt>}"), until, 1,
     (-1.5, 7.5, 12.5)),
    ("switch", SWITCH, switch, 2, (1.5, 3.5, 0.5, 8.5)),
    ("nested", nested_text(), nested, 1, TRIPS),
    ("nested_sqrt", nested_text(SQRT, SQRT), nested, 1, TRIPS),
    ("nested_none", nested_text(NONE, ALL), nested, 1, TRIPS),
    ("in_while", IN_WHILE, in_while, 1, TRIPS),
    ("calls", CALLS, calls, 2, TRIPS),
    ("integers", INTEGERS, integers, 1, (-7.5, -3.5, -1.5, 0.5, 5.5)),
    ("bodies", BODIES, bodies, 1, TRIPS),
    ("custom_jvp", custom(["jvp"]), loop, 1, TRIPS),
    ("custom_both", custom(["jvp", "vjp"]), loop, 1, TRIPS),
    ("custom_jvp_partly", custom(["jvp"], "%half"),
     lambda n, x, w: loop(n, x, Dual(np.full(5, 0.5))), 1, TRIPS),
    ("custom_both_partly", custom(["jvp", "vjp"], "%half"),
     lambda n, x, w: loop(n, x, Dual(np.full(5, 0.5))), 1, TRIPS),
]


def relative(a, b):
    return max(np.max(abs(x - y) / np.maximum(1, abs(y)), initial=0) for x, y in zip(a, b))


def check(library, function, model, first, rng):
    """The failures of one function at one point."""
    x = [np.array(first), 0.5 + rng.random(5), 0.5 + rng.random(5)]
    v = [np.array(0.0), rng.standard_normal(5), rng.standard_normal(5)]
    u = [rng.standard_normal(r.shape) for r in function.results]
    expected = model(*[Dual(a, b) for a, b in zip(x, v)])
    jv = library.jvp(function, x, v)
    vjp = library.vjp(function, x, u)
    if not relative(library.value(function, x), [e.value for e in expected]) <= 1e-12:
        yield "value", library.value(function, x), [e.value for e in expected]
    if not relative(jv, [e.tangent for e in expected]) <= 1e-12:
        yield "jvp", jv, [e.tangent for e in expected]
    up, down = (library.value(function, [a + h * b for a, b in zip(x, v)]) for h in (1e-6, -1e-6))
    if not relative(jv, [(a - b) / 2e-6 for a, b in zip(up, down)]) < 1e-6:
        yield "differences", jv, [(a - b) / 2e-6 for a, b in zip(up, down)]
    left, right = inner(jv, u), inner(v, vjp)
    if not abs(left - right) <= 1e-12 * max(1.0, abs(left)):
        yield "transpose", left, right


def main(directory):
    rng = np.random.default_rng(7)
    functions = [Function(name, [(), (5,), (5,)],
                          [()] if name.startswith("induction") else [(5,)] * results, body)
                 for name, body, _, results, _ in CASES]
    library = Library(functions, directory, CALLEES)
    failures = 0
    for function, (name, _, model, _, points) in zip(functions, CASES):
        for first in points:
            for failure in check(library, function, model, first, rng):
                failures += 1
                print("FAILED", name, "at", first, *failure)
    print(f"{len(CASES)} functions, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
