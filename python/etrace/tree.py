# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Nested dicts, lists and tuples of arrays, without JAX.

A structure is such a nest with the number of each array at its place; dicts count by sorted keys.
"""

from .errors import ArgumentError


def flatten(structure, value, what):
    """The arrays of `value` by number; ArgumentError if it is not built like the structure."""
    leaves = {}
    _collect(structure, value, what, leaves)
    return [leaves[i] for i in range(len(leaves))]


def _collect(structure, value, what, leaves):
    if isinstance(structure, int):
        leaves[structure] = value
    elif isinstance(structure, dict):
        if not isinstance(value, dict) or value.keys() != structure.keys():
            raise ArgumentError(f"{what} is a dict of {sorted(structure)}, found {_kind(value)}")
        for key, part in structure.items():
            _collect(part, value[key], f"{what}[{key!r}]", leaves)
    elif isinstance(structure, (list, tuple)):
        if not isinstance(value, (list, tuple)) or len(value) != len(structure):
            raise ArgumentError(f"{what} has {len(structure)} parts, found {_kind(value)}")
        for i, part in enumerate(structure):
            _collect(part, value[i], f"{what}[{i}]", leaves)
    elif value is not None:
        raise ArgumentError(f"{what} is None, found {_kind(value)}")


def unflatten(structure, leaves):
    if isinstance(structure, int):
        return leaves[structure]
    if isinstance(structure, dict):
        return {key: unflatten(part, leaves) for key, part in structure.items()}
    if isinstance(structure, (list, tuple)):
        parts = [unflatten(part, leaves) for part in structure]
        if hasattr(structure, "_fields"):
            return type(structure)(*parts)
        return type(structure)(parts)
    return None


def check(structure, what):
    """ArgumentError if a structure has containers of other kinds."""
    if isinstance(structure, dict):
        structure = list(structure.values())
    if isinstance(structure, (list, tuple)):
        for part in structure:
            check(part, what)
    elif structure is not None and not isinstance(structure, int):
        raise ArgumentError(f"{what} holds a {type(structure).__name__}; use dicts, lists and "
                            "tuples of arrays")


def to_json(structure):
    """Tuples are marked: JSON has lists only."""
    if isinstance(structure, dict):
        return {"dict": {key: to_json(part) for key, part in structure.items()}}
    if isinstance(structure, (list, tuple)):
        kind = "list" if isinstance(structure, list) else "tuple"
        return {kind: [to_json(part) for part in structure]}
    return structure


def from_json(text):
    if not isinstance(text, dict):
        return text
    ((kind, parts),) = text.items()
    if kind == "dict":
        return {key: from_json(part) for key, part in parts.items()}
    return {"list": list, "tuple": tuple}[kind](from_json(part) for part in parts)


def _kind(value):
    return f"{type(value).__name__}" + (f" of {len(value)}" if hasattr(value, "__len__") else "")
