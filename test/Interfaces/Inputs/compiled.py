# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles functions over tensors and their jvp and vjp; calls them from numpy."""

import ctypes
import os
import re
import subprocess

import numpy as np

LOWERING = [
    "-etrace-elementwise-to-linalg", "-etrace-fuse-elementwise",
    "-one-shot-bufferize=bufferize-function-boundaries allow-return-allocs-from-loops "
    "function-boundary-type-conversion=identity-layout-map",
    "-convert-linalg-to-loops", "-convert-scf-to-cf", "-expand-strided-metadata",
    "-lower-affine", "-convert-complex-to-standard",
    "-convert-math-to-llvm", "-convert-math-to-libm", "-convert-complex-to-llvm",
    "-convert-arith-to-llvm", "-convert-index-to-llvm", "-finalize-memref-to-llvm",
    "-convert-cf-to-llvm", "-convert-func-to-llvm", "-convert-ub-to-llvm",
    "-reconcile-unrealized-casts",
]


DTYPES = {"f64": np.float64, "f32": np.float32, "complex<f64>": np.complex128, "i1": np.bool_,
          "i32": np.int32, "i64": np.int64, "index": np.int64}


def tensor(shape, element="f64"):
    """The type of an array; None stands for a dynamic extent."""
    return "tensor<" + "".join(f"{'?' if n is None else n}x" for n in shape) + element + ">"


class Array:
    """Shape and element type of an argument or result."""

    def __init__(self, shape, element="f64"):
        self.shape, self.element = tuple(shape), element
        self.type, self.dtype = tensor(shape, element), DTYPES[element]

    def differentiable(self):
        return self.element not in ("i1", "i32", "i64", "index")


def arrays(specs):
    return [s if isinstance(s, Array) else Array(s) for s in specs]


class Function:
    """`body` computes %r0, %r1, ... from %a0, %a1, ...; shapes are those of f64 tensors."""

    def __init__(self, name, arguments, results, body):
        # The prefix keeps clear of the mathematical library.
        self.name, self.body = "f_" + name, body
        self.arguments, self.results = arrays(arguments), arrays(results)
        self.inputs = [a for a in self.arguments if a.differentiable()]
        #: False if there is no transpose.
        self.reverse = True

    def text(self):
        arguments = ", ".join(f"%a{i}: {a.type}" for i, a in enumerate(self.arguments))
        types = ", ".join(r.type for r in self.results)
        values = ", ".join(f"%r{i}" for i in range(len(self.results)))
        return (f"func.func @{self.name}({arguments}) -> ({types}) "
                f"attributes {{llvm.emit_c_interface}} {{\n{self.body}\n"
                f"return {values} : {types}\n}}\n")


EXPANSIONS = {
    "etrace.logistic": ["{n} = arith.negf {x} : {T}", "{e} = math.exp {n} : {T}",
                        "{one} = arith.constant {1.0} : {T}", "{d} = arith.addf {e}, {one} : {T}",
                        "{r} = arith.divf {one}, {d} : {T}"],
    "etrace.spike": ["{zero} = arith.constant {0.0} : {T}",
                     "{c} = arith.cmpf oge, {x}, {zero} : {T}",
                     "{r} = arith.uitofp {c} : {B} to {T}"],
    "etrace.stop_gradient": ["{zero} = arith.constant {-0.0} : {T}",
                             "{r} = arith.addf {x}, {zero} : {T}"],
    "etrace.elementwise": ["{zero} = arith.constant {-0.0} : {T}",
                           "{r} = arith.addf {x}, {zero} : {T}"],
    "etrace.fresh": ["{zero} = arith.constant {-0.0} : {T}",
                     "{r} = arith.addf {x}, {zero} : {T}"],
}


def matmul(match):
    result, x, weight, bias, types, kind = match.groups()
    types = types.split(", ")
    stem = f"%of_{result[1:]}"
    batched = types[0].count("x") == 2
    dims, batch = ("b, i, o", "b, ") if batched else ("i, o", "")
    iterators = ('"parallel", ' if batched else "") + '"reduction", "parallel"'
    start = (f"ins({bias} : {types[2]}) outs({stem}_e : {kind}) dimensions = [{'0' if batched else ''}]"
             if bias else "")
    lines = [f"{stem}_z = arith.constant 0.0 : f64", f"{stem}_e = tensor.empty() : {kind}",
             f"{stem}_i = linalg.broadcast {start}" if bias else
             f"{stem}_i = linalg.fill ins({stem}_z : f64) outs({stem}_e : {kind}) -> {kind}",
             f"{result} = linalg.generic {{indexing_maps = [affine_map<({dims}) -> ({batch}i)>, "
             f"affine_map<({dims}) -> (i, o)>, affine_map<({dims}) -> ({batch}o)>], "
             f"iterator_types = [{iterators}]}} ins({x}, {weight} : {types[0]}, {types[1]}) "
             f"outs({stem}_i : {kind}) {{", "^bb0(%u: f64, %v: f64, %w: f64):",
             "%p = arith.mulf %u, %v : f64", "%q = arith.addf %w, %p : f64",
             f"linalg.yield %q : f64 }} -> {kind}"]
    return "\n".join(lines)


def expand(text):
    """Writes out the operations of the dialect that have no code of their own."""
    def replace(match):
        result, op, x, kind = match.groups()
        names = {"{r}": result, "{x}": x, "{T}": kind, "{B}": kind.replace("f64", "i1")}
        for number in ("1.0", "0.0", "-0.0"):
            names["{" + number + "}"] = f"dense<{number}>" if "tensor" in kind else number
        lines = "\n".join(EXPANSIONS[op])
        for name in re.findall(r"{\w+}|{[-.\d]+}", lines):
            lines = lines.replace(name, names.get(name, f"%{name[1:-1]}_of_{result[1:]}"))
        return lines
    text = re.sub(r"(%\w+) = etrace\.matmul (%\w+), (%\w+)(?: bias (%\w+))? : (.*) -> (\S+)$",
                  matmul, text, flags=re.M)
    return re.sub(r"(%\w+) = (etrace\.\w+) (%\w+)[^:\n]*: (tensor<\S+>|f64)$", replace, text,
                  flags=re.M)


def pipe(command, text):
    process = subprocess.run(command, input=text, capture_output=True, text=True)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{process.stderr}")
    return process.stdout


def descriptor(rank):
    class Descriptor(ctypes.Structure):
        _fields_ = [("allocated", ctypes.c_void_p), ("aligned", ctypes.c_void_p),
                    ("offset", ctypes.c_int64)] + (
                        [("sizes", ctypes.c_int64 * rank), ("strides", ctypes.c_int64 * rank)]
                        if rank else [])
    return Descriptor


def describe(array):
    result = descriptor(array.ndim)()
    result.allocated = result.aligned = array.ctypes.data
    for axis in range(array.ndim):
        result.sizes[axis] = array.shape[axis]
        result.strides[axis] = array.strides[axis] // array.itemsize
    return result


def read(memory, rank, dtype):
    size = np.dtype(dtype).itemsize
    shape = tuple(memory.sizes) if rank else ()
    strides = tuple(size * s for s in memory.strides) if rank else ()
    extent = size + sum((n - 1) * s for n, s in zip(shape, strides))
    if 0 in shape:
        return np.zeros(shape, dtype)
    pointer = ctypes.cast(memory.aligned + size * memory.offset, ctypes.POINTER(ctypes.c_uint8))
    flat = np.ctypeslib.as_array(pointer, (extent,))
    return np.ndarray(shape, dtype, flat.data, strides=strides).copy()


def only(text, suffix):
    """The functions of a module with a suffix, and the maps they name."""
    maps = "".join(re.findall(r"^#\w+ = .*\n", text, re.M))
    functions = re.findall(rf"  func\.func @\w+{suffix}\(.*?\n  }}\n", text, re.S)
    return maps + "module {\n" + "".join(functions) + "}\n"


def load(source, path):
    """Compiles a module into a shared library."""
    source = pipe(["etrace-opt", "-canonicalize", "-cse"], source)
    # What custom derivatives, random numbers and convolutions stand for is not a matter of text.
    custom = any("etrace." + name in source for name in ("custom", "random", "conv"))
    source = (pipe(["etrace-opt", "-convert-etrace-to-linalg"], source) if custom
              else expand(source))
    lowered = pipe(["etrace-opt"] + LOWERING, source)
    with open(path + ".ll", "w") as file:
        file.write(pipe(["mlir-translate", "--mlir-to-llvmir"], lowered))
    # Copies of strided buffers are calls into the runner utilities.
    runtime = os.environ["MLIR_LIB_DIR"]
    pipe(["clang", "-O0", "-fno-fast-math", "-shared", "-fPIC", "-Wno-override-module",
          path + ".ll", "-o", path + ".so", "-lm", "-L" + runtime,
          "-lmlir_c_runner_utils", "-Wl,-rpath," + runtime], "")
    return ctypes.CDLL(path + ".so")


def invoke(library, name, inputs, results, arguments):
    """Calls a function of a library on arrays as `inputs` describe them."""
    class Results(ctypes.Structure):
        _fields_ = [(f"r{i}", descriptor(len(r.shape))) for i, r in enumerate(results)]
    out = Results()
    held = [np.array(a, dtype=s.dtype, order="C") for a, s in zip(arguments, inputs, strict=True)]
    memory = [describe(a) for a in held]
    getattr(library, "_mlir_ciface_" + name)(ctypes.byref(out), *[ctypes.byref(m) for m in memory])
    return [read(getattr(out, f"r{i}"), len(r.shape), r.dtype) for i, r in enumerate(results)]


class Library:
    """The functions with `_jvp` and `_vjp` beside them, compiled into shared libraries; with
    `second` the tangents `_vjp_jvp` of the latter as well. The directory must be fresh: a
    path that is loaded stays loaded."""

    def __init__(self, functions, directory, callees="", second=False):
        text = callees + "".join(function.text() for function in functions)
        jvp = pipe(["etrace-opt", "-test-etrace-linearize"], text)
        text = callees + "".join(function.text() for function in functions if function.reverse)
        vjp = pipe(["etrace-opt", "-test-etrace-transpose"], text)
        if second:
            vjp = pipe(["etrace-opt", "-test-etrace-linearize"], only(vjp, "_vjp"))
        self.libraries = {"_jvp": load(jvp, os.path.join(directory, "jvp")),
                          "_vjp": load(vjp, os.path.join(directory, "vjp"))}

    def call(self, function, suffix, arguments, inputs, results):
        library = self.libraries["_vjp" if suffix.startswith("_vjp") else "_jvp"]
        return invoke(library, function.name + suffix, inputs, results, arguments)

    def value(self, function, arguments):
        return self.call(function, "", arguments, function.arguments, function.results)

    def jvp(self, function, arguments, tangents):
        """One tangent for each differentiable argument."""
        return self.call(function, "_jvp", list(arguments) + list(tangents),
                         function.arguments + function.inputs, function.results)

    def vjp(self, function, arguments, cotangents):
        return self.call(function, "_vjp", list(arguments) + list(cotangents),
                         function.arguments + function.results, function.inputs)

    def second(self, function, arguments, cotangents, tangents):
        """The tangent of the vjp along `tangents` of the arguments, with cotangents held."""
        still = [np.zeros_like(c) for c in cotangents]
        specs = function.arguments + function.results
        return self.call(function, "_vjp_jvp",
                         list(arguments) + list(cotangents) + list(tangents) + still,
                         specs + function.inputs + function.results, function.inputs)
