# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Native online learners from braintrace models.

    learner = etrace.compile(model, "D_RTRL", x0)
    gradients = learner.etrace_grad(xs, ys, step_fn=step_fn)
    learner.save("net.so")

`compile` and `export` need JAX and brainstate; `load`, `read` (a model in MLIR) and the learners
that they return need numpy alone.
"""

from .compiler import read
from .errors import (ArgumentError, ArtefactError, CompileError, EtraceError, ImportModelError,
                     MissingBuildError, MissingJaxError)
from .learner import Learner, load

__all__ = ["ArgumentError", "ArtefactError", "CompileError", "EtraceError", "ImportModelError",
           "Learner", "MissingBuildError", "MissingJaxError", "compile", "export", "load", "read"]


def _importer():
    try:
        from . import importer
    except ModuleNotFoundError as error:
        raise MissingJaxError(f"importing models needs JAX and brainstate ({error}); install "
                              "them with `pip install etrace[jax]`") from error
    return importer


def compile(model, algorithm, *example_inputs, **options):
    """A native learner of a brainstate module: see etrace.importer.compile."""
    return _importer().compile(model, algorithm, *example_inputs, **options)


def export(model, *example_inputs, **options):
    """The text of a brainstate module as a model of the compiler."""
    return _importer().export(model, *example_inputs, **options)
