# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models that the benchmarks measure, written as MLIR.

`coupled(I, O, B, S)`: one weight drives a group of S coupled states,
    h_k <- tanh(sum_j A[k,j] h_j + c_k (x W)),
so that every entry of the block D [B, O, S, S] is a number that changes from step to step. The
loss is the squared error of h_0.
`cell(I, H, O)`: a leaky layer and a linear readout, one sample.
`stack(layers, width)`: leaky layers one after the other and a linear readout.
"""


def _f32(*shape):
    return "tensor<" + "".join(f"{extent}x" for extent in shape) + "f32>"


def _loss(shape):
    t = _f32(*shape)
    dims = ", ".join(str(axis) for axis in range(len(shape)))
    return f"""  etrace.loss @squared_error(%out: {t}, %target: {t}) -> f32 {{
    %d = arith.subf %out, %target : {t}
    %s = arith.mulf %d, %d : {t}
    %zero = arith.constant dense<0.0> : tensor<f32>
    %sum = linalg.reduce {{ arith.addf }} ins(%s : {t})
        outs(%zero : tensor<f32>) dimensions = [{dims}]
    %loss = tensor.extract %sum[] : tensor<f32>
    etrace.yield %loss : f32
  }}
}}
"""


def coupling(states):
    """A [S, S] and c [S]: contractions, all entries different from zero."""
    a = [[0.9 / (1 + 2 * abs(k - j)) * (1 if k >= j else -1) / (1 if states == 1 else 1.5)
          for j in range(states)] for k in range(states)]
    return a, [1.0 / (1 + k) for k in range(states)]


def coupled(inputs, outputs, batch, states):
    a, c = coupling(states)
    t = _f32(batch, outputs)
    lines = ["etrace.model @model attributes {batch_dim = 0} {",
             f"  etrace.param @w : {_f32(inputs, outputs)} init #etrace.orthogonal",
             "  etrace.group_state @h {"]
    lines += [f"    etrace.component @s{k} : {t}" for k in range(states)]
    lines += ["  }", f"  etrace.step @update(%x: {_f32(batch, inputs)}) -> {t} {{",
              f"    %w = etrace.get @w : {_f32(inputs, outputs)}",
              f"    %y = etrace.matmul %x, %w : {_f32(batch, inputs)}, {_f32(inputs, outputs)}"
              f" -> {t}"]
    lines += [f"    %h{k} = etrace.get @h::@s{k} : {t}" for k in range(states)]
    for k in range(states):
        lines += [f"    %c{k} = arith.constant dense<{c[k]}> : {t}",
                  f"    %sum{k}_0 = arith.mulf %c{k}, %y : {t}"]
        for j in range(states):
            lines += [f"    %a{k}_{j} = arith.constant dense<{a[k][j]}> : {t}",
                      f"    %p{k}_{j} = arith.mulf %a{k}_{j}, %h{j} : {t}",
                      f"    %sum{k}_{j + 1} = arith.addf %sum{k}_{j}, %p{k}_{j} : {t}"]
        lines.append(f"    %n{k} = math.tanh %sum{k}_{states} : {t}")
    lines += [f"    etrace.set @h::@s{k}, %n{k} : {t}" for k in range(states)]
    lines += [f"    etrace.yield %n0 : {t}", "  }"]
    return "\n".join(lines) + "\n" + _loss((batch, outputs))


def stack(layers, inputs, width, outputs):
    """h_k <- 0.9 h_k + tanh(x_k W_k + b_k), x_{k+1} = h_k; out = x_layers R + r."""
    t = _f32(width)
    lines = ["etrace.model @model {"]
    for k in range(layers):
        lines += [f"  etrace.param @w{k} : {_f32(width if k else inputs, width)}"
                  " init #etrace.orthogonal",
                  f"  etrace.param @b{k} : {t}", f"  etrace.hidden @h{k} : {t}"]
    lines += [f"  etrace.param @r : {_f32(width, outputs)} init #etrace.kaiming",
              f"  etrace.param @q : {_f32(outputs)}",
              f"  etrace.step @update(%x0: {_f32(inputs)}) -> {_f32(outputs)} {{",
              f"    %leak = arith.constant dense<0.9> : {t}"]
    for k in range(layers):
        rows = width if k else inputs
        lines += [f"    %h{k} = etrace.get @h{k} : {t}",
                  f"    %w{k} = etrace.get @w{k} : {_f32(rows, width)}",
                  f"    %b{k} = etrace.get @b{k} : {t}",
                  f"    %y{k} = etrace.matmul %x{k}, %w{k} bias %b{k}"
                  f" : {_f32(rows)}, {_f32(rows, width)}, {t} -> {t}",
                  f"    %d{k} = math.tanh %y{k} : {t}",
                  f"    %m{k} = arith.mulf %leak, %h{k} : {t}",
                  f"    %x{k + 1} = arith.addf %m{k}, %d{k} : {t}",
                  f"    etrace.set @h{k}, %x{k + 1} : {t}"]
    lines += [f"    %r = etrace.get @r : {_f32(width, outputs)}",
              f"    %q = etrace.get @q : {_f32(outputs)}",
              f"    %out = etrace.matmul %x{layers}, %r bias %q"
              f" : {t}, {_f32(width, outputs)}, {_f32(outputs)} -> {_f32(outputs)}",
              f"    etrace.yield %out : {_f32(outputs)}", "  }"]
    return "\n".join(lines) + "\n" + _loss((outputs,))


def cell(inputs, width, outputs):
    return stack(1, inputs, width, outputs)
