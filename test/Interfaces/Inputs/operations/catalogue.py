# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every operation of arith, math, complex, tensor and linalg: tested, without a tangent, or
declared to have no rule."""

import subprocess

import generics
import pointwise
import shapes
import structures


def all_cases():
    return (pointwise.real_cases() + pointwise.complex_cases() + shapes.cases() +
            structures.cases() + generics.cases())


# Results are integers, booleans, indices, constants or undefined: no tangent.
INACTIVE = set("""
arith.addi arith.addui_extended arith.andi arith.ceildivsi arith.ceildivui arith.cmpf arith.cmpi
arith.constant arith.divsi arith.divui arith.extsi arith.extui arith.floordivsi arith.fptosi
arith.fptoui arith.index_cast arith.index_castui arith.maxsi arith.maxui arith.minsi arith.minui
arith.muli arith.mulsi_extended arith.mului_extended arith.ori arith.remsi arith.remui arith.shli
arith.shrsi arith.shrui arith.sitofp arith.subi arith.trunci arith.uitofp arith.xori
math.absi math.ctlz math.ctpop math.cttz math.ipowi math.isfinite math.isinf math.isnan
math.isnormal
complex.constant complex.eq complex.neq
tensor.dim tensor.empty tensor.rank
linalg.div_unsigned linalg.index linalg.pooling_nhwc_max_unsigned linalg.pooling_nhwc_min_unsigned
linalg.pooling_nwc_max_unsigned linalg.pooling_nwc_min_unsigned
""".split())

# Part of the region of another operation.
TERMINATORS = {"linalg.yield", "tensor.yield"}

# Operations without a rule: a function that differentiates them.
T = "tensor<4x4xf32>"
NO_RULE = {
    "arith.bitcast": "(%x: f32) -> f32 {\n%r = arith.bitcast %x : f32 to f32\nreturn %r : f32",
    "arith.scaling_extf": "(%x: f8E5M2, %s: f8E8M0FNU) -> f32 {\n%r = arith.scaling_extf %x, %s : "
                          "f8E5M2, f8E8M0FNU to f32\nreturn %r : f32",
    "arith.scaling_truncf": "(%x: f32, %s: f8E8M0FNU) -> f8E5M2 {\n%r = arith.scaling_truncf %x, "
                            "%s : f32, f8E8M0FNU to f8E5M2\nreturn %r : f8E5M2",
    "complex.bitcast": "(%x: f64) -> complex<f32> {\n%r = complex.bitcast %x : f64 to "
                       "complex<f32>\nreturn %r : complex<f32>",
    "tensor.bitcast": "(%x: tensor<4xf32>) -> tensor<4xf32> {\n%r = tensor.bitcast %x : "
                      "tensor<4xf32> to tensor<4xf32>\nreturn %r : tensor<4xf32>",
    "tensor.gather": "(%x: tensor<4x4xf32>, %i: tensor<3x1xindex>) -> tensor<3x1x4xf32> {\n"
                     "%r = tensor.gather %x[%i] gather_dims([0]) : (tensor<4x4xf32>, "
                     "tensor<3x1xindex>) -> tensor<3x1x4xf32>\nreturn %r : tensor<3x1x4xf32>",
    "tensor.scatter": "(%x: tensor<4x4xf32>, %y: tensor<3x1x4xf32>, %i: tensor<3x1xindex>) -> "
                      "tensor<4x4xf32> {\n%r = tensor.scatter %y into %x[%i] scatter_dims([0]) "
                      "unique : (tensor<3x1x4xf32>, tensor<4x4xf32>, tensor<3x1xindex>) -> "
                      "tensor<4x4xf32>\nreturn %r : tensor<4x4xf32>",
    "linalg.pack": "(%x: tensor<4x4xf32>) -> tensor<2x2x2x2xf32> {\n%e = tensor.empty() : "
                   "tensor<2x2x2x2xf32>\n%r = linalg.pack %x inner_dims_pos = [0, 1] inner_tiles = "
                   "[2, 2] into %e : tensor<4x4xf32> -> tensor<2x2x2x2xf32>\n"
                   "return %r : tensor<2x2x2x2xf32>",
    "linalg.unpack": "(%x: tensor<2x2x2x2xf32>) -> tensor<4x4xf32> {\n%e = tensor.empty() : "
                     "tensor<4x4xf32>\n%r = linalg.unpack %x inner_dims_pos = [0, 1] inner_tiles = "
                     "[2, 2] into %e : tensor<2x2x2x2xf32> -> tensor<4x4xf32>\n"
                     "return %r : tensor<4x4xf32>",
    "linalg.winograd_filter_transform":
        "(%x: tensor<2x3x3x2xf32>) -> tensor<6x6x2x2xf32> {\n%e = tensor.empty() : "
        "tensor<6x6x2x2xf32>\n%r = linalg.winograd_filter_transform fmr(F_4_3) ins(%x : "
        "tensor<2x3x3x2xf32>) outs(%e : tensor<6x6x2x2xf32>) -> tensor<6x6x2x2xf32>\n"
        "return %r : tensor<6x6x2x2xf32>",
    "linalg.winograd_input_transform":
        "(%x: tensor<2x6x6x2xf32>) -> tensor<6x6x1x1x2x2xf32> {\n%e = tensor.empty() : "
        "tensor<6x6x1x1x2x2xf32>\n%r = linalg.winograd_input_transform fmr(F_4_3) ins(%x : "
        "tensor<2x6x6x2xf32>) outs(%e : tensor<6x6x1x1x2x2xf32>) -> tensor<6x6x1x1x2x2xf32>\n"
        "return %r : tensor<6x6x1x1x2x2xf32>",
    "linalg.winograd_output_transform":
        "(%x: tensor<6x6x1x1x2x2xf32>) -> tensor<2x4x4x2xf32> {\n%e = tensor.empty() : "
        "tensor<2x4x4x2xf32>\n%r = linalg.winograd_output_transform fmr(F_4_3) ins(%x : "
        "tensor<6x6x1x1x2x2xf32>) outs(%e : tensor<2x4x4x2xf32>) -> tensor<2x4x4x2xf32>\n"
        "return %r : tensor<2x4x4x2xf32>",
    "tensor.parallel_insert_slice":
        "(%x: tensor<4xf32>) -> tensor<4xf32> {\n%e = tensor.empty() : tensor<4xf32>\n"
        "%r = scf.forall (%i) in (2) shared_outs(%o = %e) -> (tensor<4xf32>) {\n"
        "%s = tensor.extract_slice %x[%i] [2] [1] : tensor<4xf32> to tensor<2xf32>\n"
        "scf.forall.in_parallel {\ntensor.parallel_insert_slice %s into %o[%i] [2] [1] : "
        "tensor<2xf32> into tensor<4xf32>\n}\n}\nreturn %r : tensor<4xf32>",
}


def models():
    """The registered operations, each with the set of its models."""
    text = subprocess.run(["etrace-opt", "-test-etrace-models", "-o", "/dev/null"],
                          input="module {}", capture_output=True, text=True, check=True).stdout
    return {line.split()[0]: set(line.split()[1:]) for line in text.splitlines()}


def holes(found, tested):
    """What is wrong with the catalogue."""
    for op, answers in found.items():
        places = [name for name, ops in (("tested", tested), ("inactive", INACTIVE),
                                         ("no rule", NO_RULE), ("terminator", TERMINATORS))
                  if op in ops]
        if len(places) != 1:
            yield f"{op}: expected in one part of the catalogue, found {places}"
        elif places[0] == "inactive" and op.startswith("linalg."):
            continue  # All structured operations have one model.
        elif ("linearizable" in answers) != (places[0] == "tested"):
            yield f"{op}: has {sorted(answers)}, is catalogued as {places[0]}"
    for op in sorted((set(tested) | INACTIVE | set(NO_RULE)) - set(found)):
        yield f"{op}: not an operation of these dialects"


def error_of(op):
    """The error for an operation without a rule."""
    process = subprocess.run(["etrace-opt", "-test-etrace-linearize"],
                             input=f"func.func @f{NO_RULE[op]}\n}}\n", capture_output=True,
                             text=True)
    lines = [line for line in process.stderr.splitlines() if " error: " in line]
    if process.returncode == 0 or len(lines) != 1 or "[no-derivative-rule]" not in lines[0]:
        raise SystemExit(f"FAILED {op}: expected one error, got\n{process.stderr}")
    return lines[0].split(" error: ")[1]
