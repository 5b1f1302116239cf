# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Keys and random words, bit for bit those of JAX: Threefry-2x32 of 20 rounds."""

import math

import jax
import jax.numpy as jnp
import numpy as np

from ..errors import ImportModelError
from .registry import make_registry

RULES, rule = make_registry()

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = np.uint32(0x1BD11BDA)


def threefry(key, high, low):
    """The two words of the block (high, low) of a counter under a key of two words."""
    keys = (key[0], key[1], key[0] ^ key[1] ^ _PARITY)
    a, b = high + keys[0], low + keys[1]
    for group in range(5):
        for shift in _ROTATIONS[group % 2]:
            a = a + b
            b = a ^ ((b << np.uint32(shift)) | (b >> np.uint32(32 - shift)))
        a, b = a + keys[(group + 1) % 3], b + keys[(group + 2) % 3] + np.uint32(group + 1)
    return a, b


def _counters(shape):
    numbers = np.arange(math.prod(shape), dtype=np.uint64).reshape(shape)
    return (numbers >> np.uint64(32)).astype(np.uint32), numbers.astype(np.uint32)


@rule("random_wrap", "random_unwrap")
def _same_words(emit, equation, values):
    return values[0]


@rule("random_fold_in")
def _fold_in(emit, equation, values):
    def fold_in(key, number):
        return jnp.stack(threefry(key, jnp.zeros((), np.uint32), number.astype(np.uint32)))
    results, _ = emit.apply(fold_in, values, [jax.ShapeDtypeStruct((2,), np.uint32),
                                              equation.invars[1].aval])
    return results


@rule("random_split", "random_bits")
def _draw(emit, equation, values):
    name, p = equation.primitive.name, equation.params
    width = p.get("bit_width", 32)
    if not jax.config.jax_threefry_partitionable or equation.invars[0].aval.shape != () \
            or width not in (32, 64):
        raise ImportModelError(f"`{name}` needs one key of the partitionable threefry generator "
                               "(JAX's default) and words of 32 or 64 bits")
    high, low = _counters(tuple(p["shape"]))

    def split(key):
        return jnp.stack(threefry(key, high, low), -1)

    def bits(key):
        a, b = threefry(key, high, low)
        if width == 32:
            return a ^ b
        return (a.astype(np.uint64) << np.uint64(32)) | b.astype(np.uint64)
    results, _ = emit.apply(split if name == "random_split" else bits, values,
                            [jax.ShapeDtypeStruct((2,), np.uint32)])
    return results
