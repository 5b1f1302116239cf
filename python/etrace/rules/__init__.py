# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How each primitive of JAX and of braintrace is written.

A rule is `rule(emitter, equation, values)`: values are SSA names, or numpy arrays where known;
it returns one result or a list. ImportModelError says why an equation cannot be written.
"""

from . import control, custom, elementwise, indexing, primitives, random, reductions, shapes

RULES = {**elementwise.RULES, **shapes.RULES, **reductions.RULES, **indexing.RULES,
         **primitives.RULES, **control.RULES, **custom.RULES, **random.RULES}
FALLBACK = custom.own_primitive
