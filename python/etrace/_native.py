# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The compiler in this process, by its C library (include/etrace-c/Etrace.h).

The library is the one that the environment variable ETRACE_LIBRARY names, else that of the build
around this file, else an installed one.
"""

import ctypes
import ctypes.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .errors import ArgumentError, CompileError, MissingBuildError

LIBRARY = "libEtraceC.so"
SEVERITIES = ("note", "remark", "warning", "error")
ERROR = 3
KINDS = ("param", "hidden", "state", "trace", "gradient", "optimizer", "counter", "query")
TYPES = (np.float32, np.float64, np.int32, np.int64)
ALIGNMENT = 64

_OnDiagnostic = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p,
                                 ctypes.c_void_p)
_OnText = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)


class _Buffer(ctypes.Structure):
    _fields_ = [("path", ctypes.c_char_p), ("kind", ctypes.c_int), ("type", ctypes.c_int),
                ("rank", ctypes.c_size_t), ("shape", ctypes.POINTER(ctypes.c_int64)),
                ("offset", ctypes.c_uint64), ("bytes", ctypes.c_uint64),
                ("is_row_major", ctypes.c_int)]


class _Argument(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("type", ctypes.c_int), ("rank", ctypes.c_size_t),
                ("shape", ctypes.POINTER(ctypes.c_int64)), ("is_scalar", ctypes.c_int),
                ("is_result", ctypes.c_int)]


@dataclass(frozen=True)
class Diagnostic:
    severity: int
    location: str
    message: str

    def __str__(self):
        return f"{self.location}: {SEVERITIES[self.severity]}: {self.message}"


@dataclass(frozen=True)
class Buffer:
    """Storage inside the block: `kind` of KINDS, `offset` and `bytes` from its begin."""
    path: str
    kind: str
    dtype: np.dtype
    shape: tuple
    offset: int
    bytes: int
    is_row_major: bool


@dataclass(frozen=True)
class Argument:
    """An external of an entry; a first extent of -1 stands for the number of steps."""
    name: str
    dtype: np.dtype
    shape: tuple
    is_scalar: bool
    is_result: bool


def _candidates():
    named = os.environ.get("ETRACE_LIBRARY")
    if named:
        return [Path(named)]
    here = Path(__file__).resolve().parents[2]
    builds = [Path(os.environ["ETRACE_BUILD"])] if "ETRACE_BUILD" in os.environ else []
    builds += [here / "build", *sorted(here.glob("build-*"))]
    found = [build / "lib" / LIBRARY for build in builds]
    installed = ctypes.util.find_library("EtraceC")
    return [path for path in found if path.exists()] + ([Path(installed)] if installed else [])


def _declare(library):
    """Result and argument types of the functions that are used."""
    pointer, text, size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
    signatures = {
        "etraceContextCreate": (pointer, []),
        "etraceContextDestroy": (None, [pointer]),
        "etraceContextSetDiagnosticCallback": (None, [pointer, _OnDiagnostic, pointer]),
        "etraceModuleParse": (pointer, [pointer, text, size, text]),
        "etraceModuleDestroy": (None, [pointer]),
        "etraceModulePrint": (None, [pointer, _OnText, pointer]),
        "etraceModuleRunPipeline": (ctypes.c_int, [pointer, text]),
        "etraceModelCompile": (pointer, [pointer, text, ctypes.c_uint]),
        "etraceModelDestroy": (None, [pointer]),
        "etraceModelGetName": (text, [pointer]),
        "etraceModelGetSize": (ctypes.c_uint64, [pointer]),
        "etraceModelGetHash": (ctypes.c_uint64, [pointer]),
        "etraceModelGetBuffer": (ctypes.c_int, [pointer, size, ctypes.POINTER(_Buffer)]),
        "etraceModelGetEntryName": (text, [pointer, size]),
        "etraceModelGetArgument": (ctypes.c_int, [pointer, text, size,
                                                  ctypes.POINTER(_Argument)]),
        "etraceModelInvoke": (ctypes.c_int, [pointer, text, pointer, ctypes.POINTER(pointer),
                                             size, pointer]),
    }
    for name, (result, arguments) in signatures.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise MissingBuildError(f"{library._name} has no function {name}: it is not the "
                                    "library of this version of etrace") from None
        function.restype, function.argtypes = result, arguments
    return library


_library = None


def library():
    """The C library, loaded on first use; MissingBuildError names what was looked for."""
    global _library
    if _library is None:
        paths = _candidates()
        if not paths:
            raise MissingBuildError(
                f"cannot find {LIBRARY}: build the project (./tools/check, or ninja -C build), or "
                "set ETRACE_BUILD to its build folder or ETRACE_LIBRARY to the library")
        try:
            _library = _declare(ctypes.CDLL(str(paths[0])))
        except OSError as error:
            raise MissingBuildError(f"cannot load {paths[0]}: {error}") from None
    return _library


def tool(name):
    """The path of a command of the project such as `etrace-compile`: beside the library, or on
    the search path."""
    beside = Path(library()._name).resolve().parent.parent / "bin" / name
    found = beside if beside.exists() else shutil.which(name)
    if not found:
        raise MissingBuildError(f"cannot find {name} in {beside.parent} or on the search path: "
                                "build the project whole")
    return found


class _Handle:
    """A context of the library: it goes when the last of those that use it goes, in any order."""

    def __init__(self, diagnostics):
        def report(severity, location, message, _):
            diagnostics.append(Diagnostic(severity, location.decode(errors="replace"),
                                          message.decode(errors="replace")))
        self.library, self.users = library(), 0
        self._callback = _OnDiagnostic(report)
        self.address = self.library.etraceContextCreate()
        self.library.etraceContextSetDiagnosticCallback(self.address, self._callback, None)

    def acquire(self):
        self.users += 1
        return self

    def release(self):
        self.users -= 1
        if not self.users:
            self.library.etraceContextDestroy(self.address)


class Context:
    """Dialects and passes, and what they said."""

    def __init__(self):
        self.diagnostics = []
        self._handle = _Handle(self.diagnostics).acquire()

    def fail(self):
        """Raises what was said of the last failure."""
        raise CompileError([d for d in self.diagnostics if d.severity in (0, ERROR)])

    def parse(self, text, name="model.mlir"):
        return Module(self, text, name)

    def __del__(self):
        if hasattr(self, "_handle"):
            self._handle.release()


class Module:
    """A module of MLIR; keeps its context alive."""

    def __init__(self, context, text, name):
        self._context, self._shared = context, context._handle.acquire()
        self._library = self._shared.library
        data = text.encode()
        self._handle = self._library.etraceModuleParse(self._shared.address, data, len(data),
                                                       name.encode())
        if not self._handle:
            context.fail()

    def run(self, pipeline):
        """Runs passes, such as "etrace-analyze"; CompileError says where and why not."""
        if self._library.etraceModuleRunPipeline(self._handle, pipeline.encode()):
            self._context.fail()

    def __str__(self):
        pieces = []
        receive = _OnText(lambda text, size, _: pieces.append(ctypes.string_at(text, size)))
        self._library.etraceModulePrint(self._handle, receive, None)
        return b"".join(pieces).decode()

    def compile(self, cpu=None, optimisation=2):
        handle = self._library.etraceModelCompile(self._handle, cpu and cpu.encode(),
                                                  optimisation)
        if not handle:
            self._context.fail()
        return Model(handle)

    def __del__(self):
        if getattr(self, "_handle", None):
            self._library.etraceModuleDestroy(self._handle)
        if hasattr(self, "_shared"):
            self._shared.release()


class Model:
    """Native code of a learner, by JIT: name, size, hash, `buffers`, `entries`, `call`."""

    def __init__(self, handle):
        self._library, self._handle = library(), handle
        self.name = self._library.etraceModelGetName(handle).decode()
        self.size = self._library.etraceModelGetSize(handle)
        self.hash = self._library.etraceModelGetHash(handle)
        self.buffers = self._read(_Buffer, self._library.etraceModelGetBuffer, _to_buffer)
        self.entries = {}
        while name := self._library.etraceModelGetEntryName(handle, len(self.entries)):
            self.entries[name.decode()] = self._read(
                _Argument, lambda h, i, out, name=name: self._library.etraceModelGetArgument(
                    h, name, i, out), _to_argument)

    def _read(self, structure, get, convert):
        items, out = [], structure()
        while not get(self._handle, len(items), ctypes.byref(out)):
            items.append(convert(out))
        return items

    def call(self, entry, block, addresses):
        """The status of an entry; `addresses` are of arrays whose shapes were checked."""
        pointers = (ctypes.c_void_p * len(addresses))(*addresses)
        return self._library.etraceModelInvoke(self._handle, entry.encode(), block, pointers,
                                               len(addresses), None)

    def __del__(self):
        if getattr(self, "_handle", None):
            self._library.etraceModelDestroy(self._handle)
            self._handle = None


def _to_buffer(raw):
    return Buffer(raw.path.decode(), KINDS[raw.kind], np.dtype(TYPES[raw.type]),
                  tuple(raw.shape[:raw.rank]), raw.offset, raw.bytes, bool(raw.is_row_major))


def _to_argument(raw):
    return Argument(raw.name.decode(), np.dtype(TYPES[raw.type]), tuple(raw.shape[:raw.rank]),
                    bool(raw.is_scalar), bool(raw.is_result))


def allocate(size):
    """`size` zero bytes at an address that is a multiple of 64."""
    raw = np.zeros(size + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start:start + size]


class Block:
    """The memory of a learner and calls of its entries: the model is a `Model` or a `Library`."""

    def __init__(self, model):
        self.model = model
        self.memory = allocate(model.size)
        self._views = {(b.kind, b.path): self._view(b) for b in model.buffers}
        self.call("init")

    def _view(self, buffer):
        part = self.memory[buffer.offset:buffer.offset + buffer.bytes].view(buffer.dtype)
        return part.reshape(buffer.shape) if buffer.is_row_major else part

    def views(self, kind):
        """path -> array over the block; a blocked trace is flat, in the order of memory."""
        return {path: view for (k, path), view in self._views.items() if k == kind}

    def has(self, entry):
        return entry in self.model.entries

    def call(self, entry, inputs=(), steps=None):
        """Calls an entry on arrays for its inputs in order; returns the arrays of its results.

        ArgumentError if a number of arrays, a shape or a type is not that of the entry.
        """
        arguments = self.model.entries.get(entry)
        if arguments is None:
            raise ArgumentError(f"the learner has no entry '{entry}'; it has "
                                f"{', '.join(sorted(self.model.entries))}")
        externals = [a for a in arguments if not a.is_result]
        if steps is not None:
            inputs = [np.int64(steps), *inputs]
        if len(inputs) != len(externals):
            raise ArgumentError(f"'{entry}' takes {len(externals)} arrays "
                                f"({', '.join(a.name for a in externals)}), found {len(inputs)}")
        values = [_check(entry, a, value, steps) for a, value in zip(externals, inputs)]
        results = [np.zeros(_extents(a, steps), a.dtype) for a in arguments if a.is_result]
        sources, targets = iter(values), iter(results)
        arrays = [next(targets if a.is_result else sources) for a in arguments]
        status = self.model.call(entry, self.memory.ctypes.data, [a.ctypes.data for a in arrays])
        if status:
            raise ArgumentError(f"'{entry}' returned {status}: the block or the number of steps "
                                "is not what it expects")
        return results


def _extents(argument, steps):
    shape = argument.shape
    return (steps, *shape[1:]) if shape and shape[0] == -1 else shape


def _check(entry, argument, value, steps):
    """`value` as an array of the shape and type of an external; raises before a pointer is made."""
    array = np.asarray(value)
    shape = () if argument.is_scalar else _extents(argument, steps)
    if array.shape != shape:
        raise ArgumentError(f"'{argument.name}' of '{entry}' has shape {shape}, "
                            f"found {array.shape}")
    if array.dtype != argument.dtype:
        if not _is_exact_enough(array.dtype, argument.dtype):
            raise ArgumentError(f"'{argument.name}' of '{entry}' has the type "
                                f"{argument.dtype}, found {array.dtype}")
        array = array.astype(argument.dtype)
    return np.require(array, requirements="CA")


def _is_exact_enough(given, wanted):
    """Floats to floats, integers to integers and floats; never a float to an integer."""
    return given.kind in "biu" and wanted.kind in "if" or given.kind == wanted.kind == "f"
