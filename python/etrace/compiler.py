# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""From the text of a model to native code and to a learner. Needs numpy only."""

import tempfile
from pathlib import Path

import numpy as np

from ._native import Block, Context
from .errors import ArgumentError
from .learner import Learner
from .program import Description, Parameter, Program, Signature

_RULES = {"d_rtrl": "d-rtrl", "pp_prop": "pp-prop", "es_d_rtrl": "pp-prop", "esd_rtrl": "pp-prop"}
_WINDOWS = {"single-step": "single-step", "multi-step": "1"}


def _rule_name(algorithm):
    """The rule of a name, a class of braintrace, or an ETraceConfig, whose axes are read."""
    if type(algorithm).__name__ == "ETraceConfig":
        axes = (algorithm.trace_factorization, algorithm.temporal_recursion)
        if axes == ("per_param", "jacobian") and getattr(algorithm, "kappa", None) is None:
            return "d-rtrl"
        raise ArgumentError(f"the learning rule with the axes {axes} is not supported; use "
                            "D_RTRL or pp_prop")
    name = algorithm if isinstance(algorithm, str) else getattr(algorithm, "__name__", "")
    key = name.strip().lower()
    if key not in _RULES:
        raise ArgumentError(f"the learning rule {algorithm!r} is not supported; use "
                            "'D_RTRL' or 'pp_prop'")
    return _RULES[key]


def _decay(value):
    """A decay as it is; a rank r stands for (r - 1) / (r + 1)."""
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        if value < 1:
            raise ArgumentError(f"a rank is at least 1, found {value}")
        return (value - 1) / (value + 1)
    return float(value)


def read_rule(algorithm, vjp_method, compat, options):
    """Options of the compiler's pipeline; ArgumentError names what is not supported."""
    options = dict(options)
    rule = {"rule": _rule_name(algorithm)}
    if vjp_method not in _WINDOWS:
        raise ArgumentError(f"vjp_method is one of {tuple(_WINDOWS)}, found {vjp_method!r}")
    if compat not in (None, "none", "braintrace"):
        raise ArgumentError(f"compat is None or 'braintrace', found {compat!r}")
    rule |= {"window": _WINDOWS[vjp_method], "compat": compat or "none"}
    if rule["rule"] == "pp-prop":
        if "decay_or_rank" not in options:
            raise ArgumentError("pp_prop needs decay_or_rank: a decay in [0, 1), or a rank")
        rule["decay"] = _decay(options.pop("decay_or_rank"))
    if options:
        raise ArgumentError(f"the option {sorted(options)[0]!r} of {rule['rule']} is not "
                            "supported")
    return rule


def _pipeline(rule):
    derive = " ".join(f"{key}={value!r}" if isinstance(value, float) else f"{key}={value}"
                      for key, value in rule.items() if key != "compat")
    return (f"etrace-analyze{{compat={rule['compat']}}}", f"etrace-derive-pipeline{{{derive}}}")


def build(text, rule, name="model.mlir"):
    """(native model, report) of the text of a model; CompileError says where and why not."""
    analyze, derive = _pipeline(rule)
    module = Context().parse(text, name)
    module.run(analyze)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "report.txt")
        module.run(f"etrace-print-graph{{output={path}}}")
        report = path.read_text()
    module.run(derive)
    return module.compile(), report


def _signature(entries):
    """One array is itself, several are a tuple; targets follow the inputs."""
    step = entries["step"]
    inputs = [a for a in step if not a.is_result]
    learning = [a for a in entries.get("learn", step) if not a.is_result]
    results = list(range(len(step) - len(inputs)))
    return Signature(tuple(range(len(learning))), results[0] if len(results) == 1 else
                     tuple(results), list(range(len(inputs))),
                     list(range(len(inputs), len(learning))))


def read(path, algorithm="D_RTRL", vjp_method="multi-step", compat=None, **options):
    """A learner of a model in a file of MLIR; its loss stands for the step function.

    Parameters with a constant initialiser have it, others are zero: write `params`.
    """
    try:
        text = Path(path).read_text()
    except OSError as error:
        raise ArgumentError(f"cannot read {path}: {error.strerror}") from None
    rule = read_rule(algorithm, vjp_method, compat, options)
    native, report = build(text, rule, Path(path).name)
    block, whole = Block(native), _signature(native.entries)
    call = Signature(whole.arguments[:len(whole.inputs)], whole.results, whole.inputs)
    parameters = [Parameter((name,), 0, [name]) for name in block.views("param")]
    initial = {name: view.copy() for kind in ("hidden", "state")
               for name, view in block.views(kind).items()}
    learning = Program(block, whole, text) if whole.targets else None
    return Learner(Program(block, call, text), Description(rule, parameters, initial, report),
                   learning)
