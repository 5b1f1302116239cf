# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Types and constants as text of MLIR. Values are numpy arrays; needs JAX for dtypes only."""

import numpy as np

from .errors import ImportModelError

_NAMES = {"float64": "f64", "float32": "f32", "float16": "f16", "bfloat16": "bf16", "bool": "i1",
          "complex64": "complex<f32>", "complex128": "complex<f64>"}
_SHORT_LIST = 8


def is_key(dtype):
    """Whether values are keys of a random generator; those become two words of 32 bits."""
    return str(dtype).startswith("key<")


def element(dtype):
    """The element type: "f64", "i32"; integers carry no sign."""
    if is_key(dtype):
        if str(dtype) != "key<fry>":
            raise ImportModelError(f"keys of type {dtype} are not supported; use JAX's default "
                                   "generator, threefry2x32")
        return "i32"
    dtype = np.dtype(dtype)
    if dtype.kind in "iu" and dtype.itemsize <= 8 and dtype.names is None and "int" in str(dtype):
        return f"i{8 * dtype.itemsize}"
    if str(dtype) not in _NAMES:
        raise ImportModelError(f"values of type {dtype} are not supported")
    return _NAMES[str(dtype)]


def is_float(dtype):
    return element(dtype)[0] in "fb"


def shape_of(aval):
    """The extents; those of a key end in its two words."""
    return tuple(aval.shape) + ((2,) if is_key(aval.dtype) else ())


def tensor(shape, dtype):
    return f"tensor<{''.join(f'{d}x' for d in shape)}{element(dtype)}>"


def type_of(aval):
    return tensor(shape_of(aval), aval.dtype)


def types(avals):
    return ", ".join(map(type_of, avals))


def number(value, dtype):
    """One element; floats with all digits, those that are not finite by their bits."""
    name = element(dtype)
    if name == "i1":
        return "true" if value else "false"
    if name[0] == "i":
        return str(int(np.asarray(value, dtype).view(f"i{np.dtype(dtype).itemsize}")))
    if name[0] == "c":
        part = np.dtype(dtype).type(0).real.dtype
        return f"({number(value.real, part)}, {number(value.imag, part)})"
    array = np.asarray(value, dtype)
    if not np.isfinite(array):
        return "0x" + array.tobytes()[::-1].hex().upper()
    text = repr(float(array))
    return text.replace("e", ".0e") if "e" in text and "." not in text else text


def dense(array):
    """`dense<...>`: one value for all, a short list, or the bytes; exact for every value."""
    array = np.asarray(array)
    first = array.reshape(-1)[:1]
    if array.size and array.tobytes() == first.tobytes() * array.size:
        return f"dense<{number(first[0], array.dtype)}>"
    if array.dtype == bool or array.dtype.kind == "c" or array.size <= _SHORT_LIST:
        return f"dense<{_nested(array)}>"
    return f'dense<"0x{np.ascontiguousarray(array).tobytes().hex().upper()}">'


def _nested(array):
    if array.ndim == 0:
        return number(array[()], array.dtype)
    return "[" + ", ".join(_nested(part) for part in array) + "]"


def integers(values):
    return "[" + ", ".join(str(int(v)) for v in values) + "]"


def symbol(name):
    return f"@{name}"
