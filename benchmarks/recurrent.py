# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Functions over sequences and their gradients, written as MLIR with the entries

    forward(xs, ys, parameters...) -> loss
    gradient(xs, ys, parameters...) -> loss, d(parameters)...

`Gru(steps, batch, inputs, width, layers)` and `Lif(steps, batch, inputs, width)`: a loop of the
step, and the squared error of every step. `chain(length)`: operations one after the other.
"""


class Recurrent:
    def __init__(self, steps, batch, inputs, width, layers, element):
        self.steps, self.batch, self.inputs, self.width = steps, batch, inputs, width
        self.layers, self.element = layers, element

    def type(self, *shape):
        return "tensor<" + "".join(f"{extent}x" for extent in shape) + self.element + ">"

    def arguments(self):
        """Names and shapes: the sequences, then the parameters."""
        return [("xs", (self.steps, self.batch, self.inputs)),
                ("ys", (self.steps, self.batch, self.width))] + self.parameters()

    def module(self):
        names = ", ".join(f"%{name}" for name, _ in self.arguments())
        types = [self.type(*shape) for _, shape in self.arguments()]
        plain = ", ".join(f"%{name}: {t}" for (name, _), t in zip(self.arguments(), types))
        external = ", ".join(f'%{name}: {t} {{etrace.name = "{name}"}}'
                             for (name, _), t in zip(self.arguments(), types))
        loss = f'{self.type()} {{etrace.name = "loss"}}'
        gradients = ", ".join(f'{self.type(*shape)} {{etrace.name = "d{name}"}}'
                              for name, shape in self.parameters())
        own = ", ".join(types[2:])
        derived = ", ".join(f"%d{name}" for name, _ in self.parameters())
        numbers = list(range(2, len(types)))
        return "\n".join([
            f"func.func private @loss({plain}) -> {self.element} {{", *self.loop(), "}",
            f"func.func @model_forward({external}) -> ({loss}) "
            'attributes {etrace.entry = "forward"} {',
            f"  %v = call @loss({names}) : ({', '.join(types)}) -> {self.element}",
            f"  %o = tensor.from_elements %v : {self.type()}", f"  return %o : {self.type()}", "}",
            f"func.func @model_gradient({external}) -> ({loss}, {gradients}) "
            'attributes {etrace.entry = "gradient"} {',
            f"  {derived}, %v = etrace.grad @loss({names}) wrt {numbers} return_value"
            f" : ({', '.join(types)}) -> ({own}, {self.element})",
            f"  %o = tensor.from_elements %v : {self.type()}",
            f"  return %o, {derived} : {self.type()}, {own}", "}", ""])

    def loop(self):
        b, width, state = self.batch, self.width, self.type(self.batch, self.width)
        carried = [f"%h{k}" for k in range(self.layers)]
        states = ", ".join([state] * self.layers)
        return [
            "  %zero = arith.constant 0 : index", "  %one = arith.constant 1 : index",
            f"  %steps = arith.constant {self.steps} : index",
            f"  %start = arith.constant dense<0.0> : {state}",
            f"  %zeros = arith.constant dense<0.0> : {self.type(b, self.products() * width)}",
            f"  %scalar = arith.constant dense<0.0> : {self.type()}",
            f"  %none = arith.constant 0.0 : {self.element}", *self.constants(),
            f"  %end:{self.layers + 1} = scf.for %t = %zero to %steps step %one"
            f" iter_args({', '.join(f'{h} = %start' for h in carried)}, %l = %none)"
            f" -> ({states}, {self.element}) {{",
            f"    %x = tensor.extract_slice %xs[%t, 0, 0] [1, {b}, {self.inputs}] [1, 1, 1]"
            f" : {self.type(self.steps, b, self.inputs)} to {self.type(b, self.inputs)}",
            f"    %y = tensor.extract_slice %ys[%t, 0, 0] [1, {b}, {width}] [1, 1, 1]"
            f" : {self.type(self.steps, b, width)} to {state}",
            *(f"    {line}" for k in range(self.layers) for line in self.step(k)),
            f"    %error = arith.subf {self.output()}, %y : {state}",
            f"    %square = arith.mulf %error, %error : {state}",
            f"    %sum = linalg.reduce {{ arith.addf }} ins(%square : {state})"
            f" outs(%scalar : {self.type()}) dimensions = [0, 1]",
            f"    %s = tensor.extract %sum[] : {self.type()}",
            f"    %next = arith.addf %l, %s : {self.element}",
            f"    scf.yield {', '.join(f'%n{k}' for k in range(self.layers))}, %next"
            f" : {states}, {self.element}", "  }",
            f"  return %end#{self.layers} : {self.element}"]

    def matmul(self, result, left, right, rows, inner, columns):
        return (f"{result} = linalg.matmul ins({left}, {right} : {self.type(rows, inner)},"
                f" {self.type(inner, columns)}) outs(%zeros : {self.type(rows, columns)})"
                f" -> {self.type(rows, columns)}")


class Gru(Recurrent):
    """r, z = logistic(x W + h U + b), c = tanh(x W + b + r (h U)), h <- c + z (h - c)."""

    def __init__(self, steps, batch, inputs, width, layers, element="f32"):
        super().__init__(steps, batch, inputs, width, layers, element)

    def parameters(self):
        return [parameter for k in range(self.layers) for parameter in (
            (f"w{k}", (self.width if k else self.inputs, 3 * self.width)),
            (f"u{k}", (self.width, 3 * self.width)), (f"b{k}", (3 * self.width,)))]

    def products(self):
        return 3

    def output(self):
        return f"%n{self.layers - 1}"

    def constants(self):
        return []

    def step(self, k):
        b, width, inputs = self.batch, self.width, self.width if k else self.inputs
        state, gates = self.type(b, width), self.type(b, 3 * width)
        slices = [f"%{part}{gate}{k} = tensor.extract_slice %{part}{k}[0, {number * width}]"
                  f" [{b}, {width}] [1, 1] : {gates} to {state}"
                  for number, gate in enumerate("rzc") for part in ("a", "g")]
        lines = [self.matmul(f"%p{k}", f"%n{k - 1}" if k else "%x", f"%w{k}", b, inputs, 3 * width),
                 self.matmul(f"%g{k}", f"%h{k}", f"%u{k}", b, width, 3 * width),
                 f"%empty{k} = tensor.empty() : {gates}",
                 f"%wide{k} = linalg.broadcast ins(%b{k} : {self.type(3 * width)})"
                 f" outs(%empty{k} : {gates}) dimensions = [0]",
                 f"%a{k} = arith.addf %p{k}, %wide{k} : {gates}", *slices]
        for gate in "rz":
            lines += [f"%s{gate}{k} = arith.addf %a{gate}{k}, %g{gate}{k} : {state}",
                      f"%{gate}{k} = etrace.logistic %s{gate}{k} : {state}"]
        lines += [f"%rg{k} = arith.mulf %r{k}, %gc{k} : {state}",
                  f"%sc{k} = arith.addf %ac{k}, %rg{k} : {state}",
                  f"%c{k} = math.tanh %sc{k} : {state}",
                  f"%d{k} = arith.subf %h{k}, %c{k} : {state}",
                  f"%zd{k} = arith.mulf %z{k}, %d{k} : {state}",
                  f"%n{k} = arith.addf %c{k}, %zd{k} : {state}"]
        return lines


class Lif(Recurrent):
    """s = spike(V - 1), V <- 0.9 (V - s) + x W + s U + b; the output is spike(V - 1)."""

    def __init__(self, steps, batch, inputs, width, element="f32"):
        super().__init__(steps, batch, inputs, width, 1, element)

    def parameters(self):
        return [("w", (self.inputs, self.width)), ("u", (self.width, self.width)),
                ("b", (self.width,))]

    def products(self):
        return 1

    def output(self):
        return "%out"

    def constants(self):
        state = self.type(self.batch, self.width)
        return [f"  %threshold = arith.constant dense<1.0> : {state}",
                f"  %decay = arith.constant dense<0.9> : {state}"]

    def step(self, k):
        b, width, state = self.batch, self.width, self.type(self.batch, self.width)
        spike = "etrace.spike {0} surrogate(#etrace.relu_grad<alpha = 0.3, width = 1.0>) : " + state
        return [f"%v = arith.subf %h0, %threshold : {state}", "%s0 = " + spike.format("%v"),
                self.matmul("%p", "%x", "%w", b, self.inputs, width),
                self.matmul("%q", "%s0", "%u", b, width, width),
                f"%empty = tensor.empty() : {state}",
                f"%wide = linalg.broadcast ins(%b : {self.type(width)}) outs(%empty : {state})"
                " dimensions = [0]",
                f"%kept = arith.subf %h0, %s0 : {state}", f"%k = arith.mulf %decay, %kept : {state}",
                f"%i = arith.addf %p, %q : {state}", f"%j = arith.addf %i, %wide : {state}",
                f"%n0 = arith.addf %k, %j : {state}",
                f"%over = arith.subf %n0, %threshold : {state}", "%out = " + spike.format("%over")]


def chain(length, extent=64):
    """Products, sums and hyperbolic tangents in turn, each of the one before."""
    t = f"tensor<{extent}xf32>"
    kinds = ("math.tanh {0} : " + t, "arith.mulf {0}, %x : " + t, "arith.addf {0}, {1} : " + t)
    lines, last, before = [], "%x", "%x"
    for number in range(length):
        lines.append(f"  %{number} = " + kinds[number % 3].format(last, before))
        before, last = last, f"%{number}"
    return "\n".join([
        f"func.func private @f(%x: {t}) -> f32 {{", *lines,
        "  %scalar = arith.constant dense<0.0> : tensor<f32>",
        f"  %sum = linalg.reduce {{ arith.addf }} ins({last} : {t}) outs(%scalar : tensor<f32>)"
        " dimensions = [0]", "  %s = tensor.extract %sum[] : tensor<f32>", "  return %s : f32", "}",
        f'func.func @model_gradient(%x: {t} {{etrace.name = "x"}}) -> ({t} {{etrace.name = "dx"}})'
        ' attributes {etrace.entry = "gradient"} {',
        f"  %d = etrace.grad @f(%x) : ({t}) -> {t}", f"  return %d : {t}", "}", ""])
