# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What this package raises. Every message says where, what, and the way out."""


class EtraceError(Exception):
    """The base of all exceptions of this package."""


class MissingBuildError(EtraceError):
    """The compiler's library was not found, or is not the library of this compiler."""


class MissingJaxError(EtraceError):
    """A model is to be imported, and JAX or brainstate is not installed."""


class ArgumentError(EtraceError, ValueError):
    """An option or an array does not fit: a name, a shape, an element type."""


class ArtefactError(EtraceError):
    """A saved learner cannot be loaded: it is incomplete or of another version."""


class ImportModelError(EtraceError):
    """A model or a step function has constructs that cannot be imported.

    `problems` lists all that were found, each with file and line.
    """

    def __init__(self, problems):
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


class CompileError(EtraceError):
    """The compiler refused a model; `diagnostics` has what it said, errors first."""

    def __init__(self, diagnostics):
        self.diagnostics = sorted(diagnostics, key=lambda d: -d.severity)
        super().__init__("\n".join(str(d) for d in diagnostics) or "no reason was given")
