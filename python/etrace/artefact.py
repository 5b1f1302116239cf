# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Learners in files: net.so, net.h and net.bin for C, net.json and net.npz for `load`."""

import _ctypes
import ctypes
import dataclasses
import hashlib
import json
import re
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from . import tree
from ._native import ERROR, Argument, Block, Buffer, Diagnostic, tool
from .errors import ArgumentError, ArtefactError, CompileError
from .program import Description, Parameter, Signature

FORMAT = "etrace-learner/1"
# Kinds of buffers that are written.
VALUES = ("param", "hidden", "state")


def write(path, learner, program, home):
    """Compiles the model of a program; the arrays of the learner go along."""
    if path.suffix != ".so":
        raise ArgumentError(f"a learner is saved as a .so file, found '{path}'")
    header = path.with_suffix(".h")
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder, "model.mlir")
        model.write_text(program.text)
        options = [f"--{key}={value}" for key, value in learner.description.rule.items()]
        done = subprocess.run([tool("etrace-compile"), model, "-o", path, f"--header={header}",
                               *options], capture_output=True, text=True, check=False)
    if done.returncode:
        raise CompileError([Diagnostic(ERROR, str(path), done.stderr.strip())])
    native = program.block.model
    found = re.search(r"_ABI UINT64_C\((0x[0-9a-f]+)\)", header.read_text())
    if not found or int(found[1], 16) != native.hash:
        raise ArtefactError(f"{path} has another layout than the learner in memory; the command "
                            "and the library are of different builds")
    description = {
        "format": FORMAT, "library": _digest(path), "model": native.name, "size": native.size,
        "hash": native.hash, "rule": learner.description.rule,
        "buffers": [dataclasses.asdict(b) | {"dtype": b.dtype.name} for b in native.buffers],
        "entries": {name: [dataclasses.asdict(a) | {"dtype": a.dtype.name} for a in arguments]
                    for name, arguments in native.entries.items()},
        "call": _signature_json(_call_signature(program, home)),
        "learn": _signature_json(program.signature),
        "parameters": [{"path": list(p.path), "structure": tree.to_json(p.structure),
                        "names": p.names} for p in learner.description.parameters],
        "report": learner.description.report}
    path.with_suffix(".json").write_text(json.dumps(description, indent=1))
    arrays = {f"{kind}:{name}": view for kind in VALUES
              for name, view in home.block.views(kind).items()}
    initial = {f"initial:{name}": v for name, v in learner.description.initial.items()}
    np.savez(path.with_suffix(".npz"), **arrays, **initial)
    _write_memory(path, header, program)


def _write_memory(path, header, program):
    """What <model>_load takes in C: parameters, states and traces as they are."""
    size = int(re.search(r"_SAVED_SIZE (\d+)u", header.read_text())[1])
    memory = np.zeros(size, np.uint8)
    library = ctypes.CDLL(str(path.resolve()))
    save = getattr(library, f"{program.block.model.name}_save")
    save.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    status = save(program.block.memory.ctypes.data, memory.ctypes.data)
    # A file that stays open in this process could not be replaced in place.
    _ctypes.dlclose(library._handle)
    if status:
        raise ArtefactError(f"{path} cannot save the learner's memory")
    memory.tofile(path.with_suffix(".bin"))


def _digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _call_signature(program, home):
    """Of a call: the model's own, unless the step function computes on inputs before it."""
    def shapes(block):
        return [a.shape for a in block.model.entries["advance"] if not a.is_result]
    if shapes(program.block) == shapes(home.block):
        return home.signature
    inputs = tuple(range(len(program.signature.inputs)))
    return Signature(inputs, program.signature.results, list(inputs))


def _signature_json(signature):
    return dataclasses.asdict(signature) | {
        "arguments": tree.to_json(signature.arguments), "results": tree.to_json(signature.results)}


def _read_signature(values):
    return Signature(**{**values, "arguments": tree.from_json(values["arguments"]),
                        "results": tree.from_json(values["results"])})


class Library:
    """A saved model, with what `Block` needs to know of it."""

    def __init__(self, path, description):
        self.name, self.size = description["model"], description["size"]
        self.hash = description["hash"]
        self.buffers = [_entry(Buffer, b) for b in description["buffers"]]
        self.entries = {name: [_entry(Argument, a) for a in arguments]
                        for name, arguments in description["entries"].items()}
        try:
            self._library = ctypes.CDLL(str(path.resolve()))
        except OSError as error:
            raise ArtefactError(f"cannot load {path}: {error}") from None

    def call(self, entry, block, addresses):
        """Scalars are passed by value, arrays by address."""
        function = getattr(self._library, f"{self.name}_{entry}")
        values, kinds = [block], [ctypes.c_void_p]
        for argument, address in zip(self.entries[entry], addresses):
            kind = np.ctypeslib.as_ctypes_type(argument.dtype)
            scalar = argument.is_scalar and not argument.is_result
            values.append(kind.from_address(address).value if scalar else address)
            kinds.append(kind if scalar else ctypes.c_void_p)
        function.restype, function.argtypes = ctypes.c_int, [*kinds, ctypes.c_void_p]
        return function(*values, None)


def _entry(kind, values):
    return kind(**{**values, "dtype": np.dtype(values["dtype"]), "shape": tuple(values["shape"])})


@dataclasses.dataclass
class Saved:
    """What was read: memory with code, the signatures of calls and of learning, arrays by kind."""
    block: Block
    signatures: list
    description: Description
    arrays: dict


def read(path):
    """ArtefactError if a file of a learner is missing or of another version."""
    files = [path, path.with_suffix(".json"), path.with_suffix(".npz")]
    missing = [str(file) for file in files if not file.exists()]
    if missing:
        raise ArtefactError(f"{', '.join(missing)} is missing; a saved learner is the files "
                            ".so, .json and .npz together")
    try:
        values = json.loads(files[1].read_text())
    except ValueError as error:
        raise ArtefactError(f"{files[1]} cannot be read: {error}") from None
    if values.get("format") != FORMAT:
        raise ArtefactError(f"{files[1]} has the format {values.get('format')!r}, this "
                            f"version reads {FORMAT!r}; save the learner again")
    if values["library"] != _digest(path):
        raise ArtefactError(f"{path} is not the library that {files[1]} describes; save the "
                            "learner again")
    parameters = [Parameter(tuple(p["path"]), tree.from_json(p["structure"]), p["names"])
                  for p in values["parameters"]]
    arrays = {kind: {} for kind in (*VALUES, "initial")}
    with np.load(files[2]) as stored:
        for key in stored.files:
            kind, name = key.split(":", 1)
            arrays[kind][name] = stored[key]
    description = Description(values["rule"], parameters, arrays.pop("initial"),
                              values["report"])
    return Saved(Block(Library(path, values)),
                 [_read_signature(values[name]) for name in ("call", "learn")], description,
                 arrays)
