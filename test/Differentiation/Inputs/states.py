# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Functions that use states: the examples of the seed by their numbers; loops, branches, calls
and nested derivatives against numpy and differences."""

import json
import pathlib
import sys

import numpy as np

from derivatives import leaves
from native import Checks, Module, differences

ENTRY = "attributes {llvm.emit_c_interface}"
T, T2, T3, X51 = "tensor<f64>", "tensor<2xf64>", "tensor<3xf64>", "tensor<5x1xf64>"
W, B = "tensor<1x1xf64>", "tensor<1xf64>"

STORE = f"""
etrace.model @store {{
  etrace.param @scale : {T}
  etrace.param @offset : {T}
  etrace.state @cache : {T}
  etrace.state @calls : tensor<i64>
}}
// sum (x scale + offset)^2; writes scale (the same value), the sum to cache, counts calls
func.func @energy(%x: {T2}) -> f64 {ENTRY} {{
  %s = etrace.get @store::@scale : {T}
  %e = tensor.empty() : {T2}
  %sb = linalg.broadcast ins(%s : {T}) outs(%e : {T2}) dimensions = [0]
  %p = arith.mulf %x, %sb : {T2}
  %o = etrace.get @store::@offset : {T}
  %ob = linalg.broadcast ins(%o : {T}) outs(%e : {T2}) dimensions = [0]
  %shifted = arith.addf %p, %ob : {T2}
  %z = arith.constant dense<0.0> : {T}
  %s1 = arith.addf %s, %z : {T}
  etrace.set @store::@scale, %s1 : {T}
  %c = linalg.reduce {{ arith.addf }} ins(%shifted : {T2}) outs(%z : {T}) dimensions = [0]
  etrace.set @store::@cache, %c : {T}
  %n = etrace.get @store::@calls : tensor<i64>
  %one = arith.constant dense<1> : tensor<i64>
  %m = arith.addi %n, %one : tensor<i64>
  etrace.set @store::@calls, %m : tensor<i64>
  %q = linalg.dot ins(%shifted, %shifted : {T2}, {T2}) outs(%z : {T}) -> {T}
  %v = tensor.extract %q[] : {T}
  return %v : f64
}}
"""
MANY = f"""
func.func @uses(%x: {T2}) -> ({T}, {T}, f64, {T2}, {T}) {ENTRY} {{
  %list:2 = etrace.grad @energy(%x) states [@store::@scale, @store::@offset] : ({T2}) -> ({T}, {T})
  %v, %single = call @value(%x) : ({T2}) -> (f64, {T})
  %dx = etrace.grad @energy(%x) states [] : ({T2}) -> {T2}
  return %list#0, %list#1, %v, %dx, %single : {T}, {T}, f64, {T2}, {T}
}}
func.func private @value(%x: {T2}) -> (f64, {T}) {{
  %g, %v = etrace.grad @energy(%x) states [@store::@scale] return_value : ({T2}) -> ({T}, f64)
  return %v, %g : f64, {T}
}}
// d2 energy / d(scale, offset)^2 in three ways; each runs the function once.
func.func @slopes(%x: {T2}) -> ({T}, {T}) {{
  %0:2 = etrace.grad @energy(%x) states [@store::@scale, @store::@offset] : ({T2}) -> ({T}, {T})
  return %0#0, %0#1 : {T}, {T}
}}
func.func @second(%x: {T2}) -> ({T}, {T}, {T}, {T}, {T}, {T}, {T}, {T}) {ENTRY} {{
  %0:4 = etrace.hessian @energy(%x) states [@store::@scale, @store::@offset]
      : ({T2}) -> ({T}, {T}, {T}, {T})
  %1:4 = etrace.jacfwd @slopes(%x) states [@store::@scale, @store::@offset]
      : ({T2}) -> ({T}, {T}, {T}, {T})
  return %0#0, %0#1, %0#2, %0#3, %1#0, %1#1, %1#2, %1#3 : {T}, {T}, {T}, {T}, {T}, {T}, {T}, {T}
}}
"""


def check_energy(checks, directory, golden):
    passes = ["--etrace-differentiate=function=energy find-states=param return-value",
              "--etrace-functionalize-functions"]
    # Counts are integers, which the caller of these tests does not pass: floats stand for them.
    text = STORE.replace("tensor<i64>", T).replace("arith.addi", "arith.addf")
    text = text.replace("dense<1>", "dense<1.0>")
    module = Module(text + MANY, passes, directory, "energy")
    x = np.array([1., 3.])

    def start():
        return {"store.scale": np.array(1.5), "store.offset": np.array(-0.2),
                "store.cache": np.array(0.0), "store.calls": np.array(0.0)}
    states = start()
    found = module.run("energy.grad_store.scale_store.offset_value", states, [x], [0, 0, None])
    for (what, value), leaf in zip(found, leaves(golden["energy"]), strict=True):
        checks.close("S003-12 energy", value, leaf, 1e-14)
    checks.true("S003-12 names", [what for what, _ in found] == [
        {"kind": "derivative", "wrt": ["store.scale"]},
        {"kind": "derivative", "wrt": ["store.offset"]}, {"kind": "value", "name": 0}])
    checks.close("S003-13 energy_cache_after", states["store.cache"],
                 golden["energy_cache_after"], 1e-14)
    checks.close("S003-13 written once", states["store.calls"], 1, 0)
    states = start()
    a, b, v, dx, single = [v for _, v in module.run("uses", states, [x], [0, 0, None, 1, 0])]
    for value, leaf in zip((a, b), leaves(golden["energy_list_of_states"]), strict=True):
        checks.close("S003-04 energy_list_of_states", value, leaf, 1e-14)
    checks.close("S003-04 energy_single_state", single, leaves(golden["energy_single_state"])[0],
                 1e-14)
    checks.close("value", v, 20.18, 1e-14)
    checks.close("argument beside states", dx, 2 * 1.5 * (1.5 * x - 0.2), 1e-14)
    checks.close("S003-13 three derivatives, three calls", states["store.calls"], 3, 0)
    states = start()
    found = [v for _, v in module.run("second", states, [x], [0] * 8)]
    expected = [2 * np.sum(x * x), 2 * np.sum(x), 2 * np.sum(x), 4.0] * 2
    for index, (value, number) in enumerate(zip(found, expected, strict=True)):
        checks.close(f"second derivatives by states #{index}", value, number, 1e-13)
    checks.close("S003-13 second derivatives run once each", states["store.calls"], 2, 0)
    checks.close("S003-13 cache behind a hessian", states["store.cache"], 5.6, 1e-14)


KINDS = f"""
etrace.model @kinds {{
  etrace.state @plain : {T}
  etrace.hidden @hidden : {T3}
  etrace.group_state @neuron {{
    etrace.component @V : {T3}
    etrace.component @a : {T3}
  }}
}}
func.func private @sum_of_squares(%x: {T3}) -> f64 {{
  %z = arith.constant dense<0.0> : {T}
  %q = linalg.dot ins(%x, %x : {T3}, {T3}) outs(%z : {T}) -> {T}
  %v = tensor.extract %q[] : {T}
  return %v : f64
}}
func.func @plain(%x: {T3}) -> f64 {ENTRY} {{
  %p = etrace.get @kinds::@plain : {T}
  %e = tensor.empty() : {T3}
  %b = linalg.broadcast ins(%p : {T}) outs(%e : {T3}) dimensions = [0]
  %y = arith.mulf %x, %b : {T3}
  %v = call @sum_of_squares(%y) : ({T3}) -> f64
  return %v : f64
}}
func.func @hidden(%x: {T3}) -> f64 {ENTRY} {{
  %h = etrace.get @kinds::@hidden : {T3}
  %y = arith.mulf %x, %h : {T3}
  %v = call @sum_of_squares(%y) : ({T3}) -> f64
  return %v : f64
}}
func.func @group(%x: {T3}) -> f64 {ENTRY} {{
  %v = etrace.get @kinds::@neuron::@V : {T3}
  %a = etrace.get @kinds::@neuron::@a : {T3}
  %n = arith.mulf %v, %a : {T3}
  etrace.set @kinds::@neuron::@V, %n : {T3}
  %m = etrace.get @kinds::@neuron::@V : {T3}
  %y = arith.mulf %x, %m : {T3}
  %r = call @sum_of_squares(%y) : ({T3}) -> f64
  return %r : f64
}}
"""


def check_kinds(checks, directory, golden):
    passes = ["--etrace-differentiate=function=plain states=@kinds::@plain",
              "--etrace-differentiate=function=hidden states=@kinds::@hidden",
              "--etrace-differentiate=function=group find-states=group return-value wrt=0",
              "--etrace-functionalize-functions"]
    module = Module(KINDS, passes, directory, "kinds")
    x = np.array([1., 2., 3.])
    found = module.run("plain.grad_kinds.plain", {"kinds.plain": np.array(2.0)}, [x], [0])
    checks.close("S003-14 plain_state", found[0][1], leaves(golden["plain_state"])[0], 0)
    hidden = {"kinds.hidden": np.array([2., -1., .5])}
    found = module.run("hidden.grad_kinds.hidden", hidden, [x], [1])
    checks.close("S003-14 hidden_state", found[0][1], leaves(golden["hidden_state"])[0], 0)
    v, a = np.array([.3, -.7, 1.1]), np.array([.9, .4, -.2])
    states = {"kinds.neuron.V": v, "kinds.neuron.a": a}
    found = [value for _, value in module.run(
        "group.grad_kinds.neuron.V_kinds.neuron.a_0_value", states, [x], [1, 1, 1, None])]
    y = x * v * a
    for name, value, expected in zip("Vax", found, (2 * y * x * a, 2 * y * x * v, 2 * y * v * a)):
        checks.close(f"S003-14 component, by {name}", value, expected, 1e-14)
    checks.close("component after", states["kinds.neuron.V"], v * a, 1e-15)


CONTROL = f"""
etrace.model @cell {{
  etrace.param @w : {T3}
  etrace.hidden @h : {T3}
  etrace.state @spikes : {T}
}}
func.func private @one_step(%x: {T3}) {{
  %w = etrace.get @cell::@w : {T3}
  %h = etrace.get @cell::@h : {T3}
  %wx = arith.mulf %w, %x : {T3}
  %u = arith.addf %wx, %h : {T3}
  %t = math.tanh %u : {T3}
  etrace.set @cell::@h, %t : {T3}
  return
}}
// Three steps; the state is halved in between if its first element is positive.
func.func @sequence(%xs: tensor<3x3xf64>) -> f64 {ENTRY} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %zero = arith.constant 0.0 : f64
  scf.for %i = %c0 to %c3 step %c1 {{
    %x = tensor.extract_slice %xs[%i, 0] [1, 3] [1, 1] : tensor<3x3xf64> to {T3}
    func.call @one_step(%x) : ({T3}) -> ()
    %h = etrace.get @cell::@h : {T3}
    %first = tensor.extract %h[%c0] : {T3}
    %positive = arith.cmpf ogt, %first, %zero : f64
    scf.if %positive {{
      %half = arith.constant dense<0.5> : {T3}
      %n = arith.mulf %h, %half : {T3}
      etrace.set @cell::@h, %n : {T3}
      %s = etrace.get @cell::@spikes : {T}
      %one = arith.constant dense<1.0> : {T}
      %m = arith.addf %s, %one : {T}
      etrace.set @cell::@spikes, %m : {T}
    }}
  }}
  %h = etrace.get @cell::@h : {T3}
  %z = arith.constant dense<0.0> : {T}
  %q = linalg.dot ins(%h, %h : {T3}, {T3}) outs(%z : {T}) -> {T}
  %v = tensor.extract %q[] : {T}
  return %v : f64
}}
"""


def check_control(checks, directory):
    """Loops, branches and calls that write states, against a loop in numpy."""
    def sequence(w, h, xs):
        spikes = 0
        for x in xs:
            h = np.tanh(w * x + h)
            if h[0] > 0:
                h, spikes = h / 2, spikes + 1
        return np.sum(h * h), h, spikes
    passes = ["--etrace-differentiate=function=sequence states=@cell::@h,@cell::@w wrt=0 "
              "return-value", "--etrace-functionalize-functions"]
    module = Module(CONTROL, passes, directory, "control")
    rng = np.random.default_rng(3)
    seen = set()
    for trial in range(6):
        w, h, xs = rng.normal(size=3), rng.normal(size=3), rng.normal(size=(3, 3))
        states = {"cell.w": w, "cell.h": h, "cell.spikes": np.array(2.0)}
        found = [v for _, v in module.run("sequence.grad_cell.h_cell.w_0_value", states, [xs],
                                          [1, 1, 2, None])]
        value, after, spikes = sequence(w, h, xs)
        seen.add(spikes)
        checks.close("sequence: value", found[3], value, 1e-14)
        checks.close("sequence: hidden after", states["cell.h"], after, 1e-14)
        checks.close("sequence: count", states["cell.spikes"], 2 + spikes, 0)
        for name, number, gradient in (("h", 1, found[0]), ("w", 0, found[1]), ("x", 2, found[2])):
            expected = differences(lambda *p: sequence(*p)[0], [w, h, xs], number)
            checks.close(f"sequence: by {name}", gradient, expected, 1e-6)
    checks.true("both branches were taken", len(seen) > 1)


REGRESSOR = f"""
etrace.model @regressor {{
  etrace.param @bias : {B}
  etrace.param @weight : {W}
}}
func.func private @predict(%x: {X51}) -> {X51} {{
  %w = etrace.get @regressor::@weight : {W}
  %b = etrace.get @regressor::@bias : {B}
  %z = arith.constant dense<0.0> : {X51}
  %e = tensor.empty() : {X51}
  %0 = linalg.matmul ins(%x, %w : {X51}, {W}) outs(%z : {X51}) -> {X51}
  %1 = linalg.broadcast ins(%b : {B}) outs(%e : {X51}) dimensions = [0]
  %2 = arith.addf %0, %1 : {X51}
  return %2 : {X51}
}}
func.func private @squares() -> (f64, f64) {{
  %i = arith.constant 0 : index
  %w = etrace.get @regressor::@weight : {W}
  %b = etrace.get @regressor::@bias : {B}
  %w0 = tensor.extract %w[%i, %i] : {W}
  %b0 = tensor.extract %b[%i] : {B}
  %w2 = arith.mulf %w0, %w0 : f64
  %b2 = arith.mulf %b0, %b0 : f64
  return %w2, %b2 : f64, f64
}}
func.func @mse(%x: {X51}, %t: {X51}) -> f64 {ENTRY} {{
  %y = call @predict(%x) : ({X51}) -> {X51}
  %d = arith.subf %y, %t : {X51}
  %z = arith.constant dense<0.0> : {T}
  %n = arith.constant 5.0 : f64
  %0 = arith.mulf %d, %d : {X51}
  %1 = linalg.reduce {{ arith.addf }} ins(%0 : {X51}) outs(%z : {T}) dimensions = [0, 1]
  %2 = tensor.extract %1[] : {T}
  %3 = arith.divf %2, %n : f64
  return %3 : f64
}}
func.func @penalized(%c: f64, %x: {X51}, %t: {X51}) -> f64 {ENTRY} {{
  %e = call @mse(%x, %t) : ({X51}, {X51}) -> f64
  %w2, %b2 = call @squares() : () -> (f64, f64)
  %n = arith.addf %w2, %b2 : f64
  %p = arith.mulf %c, %n : f64
  %0 = arith.addf %e, %p : f64
  return %0 : f64
}}
func.func @curved(%c: f64 {{etrace.name = "c"}}, %x: {X51}, %t: {X51}) -> f64 {ENTRY} {{
  %s = math.sin %c : f64
  %0 = call @penalized(%s, %x, %t) : (f64, {X51}, {X51}) -> f64
  return %0 : f64
}}
func.func @metrics(%c: f64, %x: {X51}, %t: {X51})
    -> (f64, f64 {{etrace.name = "l2"}}, f64 {{etrace.name = "mae"}}, f64 {{etrace.name = "mse"}})
    {ENTRY} {{
  %e = call @mse(%x, %t) : ({X51}, {X51}) -> f64
  %w2, %b2 = call @squares() : () -> (f64, f64)
  %p = arith.mulf %c, %w2 : f64
  %0 = arith.addf %e, %p : f64
  %y = call @predict(%x) : ({X51}) -> {X51}
  %d = arith.subf %y, %t : {X51}
  %a = math.absf %d : {X51}
  %z = arith.constant dense<0.0> : {T}
  %n = arith.constant 5.0 : f64
  %1 = linalg.reduce {{ arith.addf }} ins(%a : {X51}) outs(%z : {T}) dimensions = [0, 1]
  %2 = tensor.extract %1[] : {T}
  %3 = arith.divf %2, %n : f64
  return %0, %w2, %3, %e : f64, f64, f64, f64
}}
func.func @named(%x: {X51}, %t: {X51})
    -> (tensor<5xf64> {{etrace.name = "y"}}, f64 {{etrace.name = "e"}}) {ENTRY} {{
  %y = call @predict(%x) : ({X51}) -> {X51}
  %e = call @mse(%x, %t) : ({X51}, {X51}) -> f64
  %0 = tensor.collapse_shape %y [[0, 1]] : {X51} into tensor<5xf64>
  return %0, %e : tensor<5xf64>, f64
}}
"""
TARGETS = "states=@regressor::@bias,@regressor::@weight"


def check_regressor(checks, directory, golden):
    ask = "--etrace-differentiate=function="
    passes = [f"{ask}mse {TARGETS} return-value", f"{ask}penalized {TARGETS} wrt=0 return-value",
              f"{ask}metrics {TARGETS} wrt=0 return-value has-aux",
              f"{ask}mse {TARGETS} transform=hessian", f"{ask}curved {TARGETS} wrt=0 transform=hessian",
              f"{ask}named {TARGETS} transform=jacrev", f"{ask}named {TARGETS} transform=jacfwd",
              "--etrace-functionalize-functions"]
    module = Module(REGRESSOR, passes, directory, "regressor")
    x = np.linspace(-1, 1, 5).reshape(5, 1)
    data = [x, 3 * x + 1]
    by = "_regressor.bias_regressor.weight"

    def run(function, arguments, ranks, zero=False):
        states = {"regressor.bias": np.array([0.0 if zero else 0.25]),
                  "regressor.weight": np.array([[0.0 if zero else 0.5]])}
        return module.run(function, states, arguments, ranks)

    def compare(what, found, key, tolerance=1e-14):
        for (_, value), leaf in zip(found, leaves(golden[key]), strict=True):
            checks.close(f"{what} {key}", value, leaf, tolerance)
    compare("S003-03", run(f"mse.grad{by}_value", data, [1, 2, None], True), "params_value")
    for key, zero in (("zero", True), ("nonzero", False)):
        compare("S003-15", run(f"penalized.grad{by}_0_value", [0.5] + data, [1, 2, None, None], zero),
                "states_and_argnums_" + key)
        found = run(f"metrics.grad{by}_0_value_aux", [0.3] + data, [1, 2] + [None] * 5, zero)
        compare("S003-16", found, "all_options_" + key)
        checks.true("S003-16 names", [what["name"] for what, _ in found[4:]] == ["l2", "mae", "mse"])
    compare("S003-25", run(f"mse.hessian{by}", data, [2, 3, 3, 4]), "hessian_states")
    blocks = golden["beyond_hessian_states_and_argument"]["blocks"]["dict"]
    for what, value in run(f"curved.hessian{by}_0", [0.3] + data, [2, 3, 1, 3, 4, 2, 1, 2, None]):
        first, second = (path.removeprefix("regressor.") for path in what["wrt"])
        checks.close(f"S003-25 {first}, {second}", value,
                     leaves(blocks[first]["dict"][second])[0], 1e-14)
    blocks = golden["beyond_jacobian_named_outputs"]["blocks"]["dict"]
    for mode in ("jacrev", "jacfwd"):
        for what, value in run(f"named.{mode}{by}", data, [2, 3, 1, 2]):
            state = what["wrt"][0].removeprefix("regressor.")
            checks.close(f"S003-26 {mode} {what['of']} by {state}", value,
                         leaves(blocks[what["of"]]["dict"][state])[0], 1e-14)


LINEAR = f"""
etrace.model @linear {{
  etrace.param @bias : {B}
  etrace.param @weight : tensor<2x1xf64>
  etrace.param @unused : {T2}
}}
func.func @output(%x: {T2}) -> {B} {ENTRY} {{
  %w = etrace.get @linear::@weight : tensor<2x1xf64>
  %b = etrace.get @linear::@bias : {B}
  %0 = linalg.vecmat ins(%x, %w : {T2}, tensor<2x1xf64>) outs(%b : {B}) -> {B}
  return %0 : {B}
}}
"""


def check_linear(checks, directory, golden):
    targets = "states=@linear::@bias,@linear::@weight,@linear::@unused allow-unused"
    passes = [f"--etrace-differentiate=function=output transform={mode} {targets}"
              for mode in ("jacrev", "jacfwd")]
    module = Module(LINEAR, passes + ["--etrace-functionalize-functions"], directory, "linear")
    for mode in ("jacrev", "jacfwd"):
        states = {"linear.bias": np.zeros(1), "linear.weight": np.zeros((2, 1)),
                  "linear.unused": np.ones(2)}
        found = [v for _, v in module.run(
            f"output.{mode}_linear.bias_linear.weight_linear.unused", states,
            [np.array([1., 2.])], [2, 3, 2])]
        for value, leaf in zip(found, leaves(golden[mode + "_states"])):
            checks.close(f"S003-24 {mode}_states", value, leaf, 0)
        checks.close("S003-35 unused_state_unchecked", found[2], np.zeros((1, 2)), 0)


def main():
    directory = sys.argv[1]
    golden = json.loads((pathlib.Path(__file__).parent / "autodiff_examples.json").read_text())
    checks = Checks()
    check_energy(checks, directory, golden)
    check_kinds(checks, directory, golden)
    check_control(checks, directory)
    check_regressor(checks, directory, golden)
    check_linear(checks, directory, golden)
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
