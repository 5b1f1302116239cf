# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs models of the catalogue in braintrace and natively, in f64, and compares.

    test/Parity/check.py [--filter=REGEX] [--part=K/N] [--results=FOLDER] [--write] [--list]
    test/Parity/check.py --filter=REGEX --freeze=test/Python/Inputs/models

Outputs and losses are compared to 1e-12, gradients under compat to 1e-10 (norms, relative): of
cells in four ways (D-RTRL and pp-prop, single-step and window 1), of others in two. With a folder
for results what is there already is not run again, and several parts may run at once. --write puts
the table of all results into docs/Parity.md. The exit status is 1 if a model is different, refused
by us, or fails.
"""

import argparse
import json
import os
import re
import sys
import traceback
import warnings
from pathlib import Path

import numpy as np

os.environ.setdefault("JAX_PLATFORMS", "cpu")
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))
warnings.filterwarnings("ignore")

import jax  # noqa: E402

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_disable_most_optimizations", True)

import brainevent  # noqa: E402
import brainstate  # noqa: E402
import brainunit as u  # noqa: E402
import jax.numpy as jnp  # noqa: E402

brainstate.environ.set(precision=64, dt=1. * u.ms, t=0. * u.ms)
brainevent.config.set_backend("cpu", "jax_raw")

import braintrace  # noqa: E402
import catalogue  # noqa: E402
import etrace  # noqa: E402

RULES = (("D_RTRL", {}), ("pp_prop", {"decay_or_rank": 0.9}))
WINDOWS = ("single-step", "multi-step")
RUNS = [(rule, options, window) for rule, options in RULES for window in WINDOWS]
PAGE = ROOT / "docs" / "Parity.md"
OF_VALUES, OF_GRADIENTS = 1e-12, 1e-10


def deviation(a, b):
    a, b = np.asarray(a, float), np.asarray(b, float)
    scale = np.linalg.norm(b)
    gap = np.linalg.norm(a - b)
    return float(gap / scale if scale else gap)


def number_of(leaf):
    return jnp.asarray(u.get_mantissa(leaf), float)


def loss_of(out, target):
    """Squares of all results, the first against a target."""
    first, *rest = map(number_of, jax.tree.leaves(out))
    return ((first - target) ** 2).sum() + sum((leaf ** 2).sum() for leaf in rest)


def flatten(gradients):
    return {".".join(map(str, path)) + jax.tree_util.keystr(key): np.asarray(u.get_mantissa(leaf))
            for path, value in gradients.items()
            for key, leaf in jax.tree_util.tree_flatten_with_path(value)[0]}


def reference_outputs(case, xs):
    model = catalogue.build(case)
    with brainstate.random.seed_context(3):
        brainstate.nn.init_all_states(model, batch_size=case.batch)
    return brainstate.transform.for_loop(model, jnp.asarray(xs))


def gradients(compile_, case, xs, ys, rule, options, window, **more):
    model = catalogue.build(case)
    learner = compile_(model, rule, jnp.asarray(xs[0]), batch_size=case.batch, seed=3,
                       vjp_method=window, **options, **more)
    grads, losses = learner.etrace_grad(
        jnp.asarray(xs), jnp.asarray(ys), step_fn=lambda x, y: loss_of(learner(x), y),
        return_value=True)
    return flatten(grads), np.asarray(losses)


class Refused(Exception):
    """The reference itself does not take the model."""


def reference(function, *args, **options):
    try:
        return function(*args, **options)
    except Exception as error:
        raise Refused(f"{type(error).__name__}: {str(error).splitlines()[0]}") from error


def compare_run(case, xs, ys, rule, options, window):
    """A text for each array that differs."""
    theirs, losses = reference(gradients, braintrace.compile, case, xs, ys, rule, options, window)
    ours, own_losses = gradients(etrace.compile, case, xs, ys, rule, options, window,
                                 compat="braintrace")
    label, gaps = f"{rule} {window}", []
    if deviation(own_losses, losses) > OF_VALUES:
        gaps.append(f"{label}: losses by {deviation(own_losses, losses):.1e}")
    for name, value in theirs.items():
        gap = deviation(ours[name], value)
        if not gap <= OF_GRADIENTS:
            gaps.append(f"{label}: gradient of {name} by {gap:.1e}")
    return gaps


def check(case):
    """(state, reason): passed, different, refused by the reference, refused by us."""
    xs = catalogue.inputs(case)
    try:
        outs = reference(reference_outputs, case, xs)
        first = np.asarray(number_of(jax.tree.leaves(outs)[0]))
        ys = np.random.default_rng(9).uniform(0, 1, first.shape)
        learner = etrace.compile(catalogue.build(case), "D_RTRL", jnp.asarray(xs[0]),
                                 batch_size=case.batch, seed=3)
        own = learner.etrace_evolve(xs, return_outputs=True)
        gaps = [f"output {i} by {deviation(a, number_of(b)):.1e}" for i, (a, b) in
                enumerate(zip(jax.tree.leaves(own), jax.tree.leaves(outs)))
                if not deviation(a, number_of(b)) <= OF_VALUES]
        thorough = case.batch is None and case.name.startswith("braintrace.nn.")
        for run in RUNS if thorough else (RUNS[0], RUNS[3]):
            gaps += compare_run(case, xs, ys, *run)
    except Refused as error:
        return "refused by the reference", str(error)
    except etrace.EtraceError as error:
        return "refused by us", str(error).splitlines()[0]
    return ("different", "; ".join(gaps)) if gaps else ("passed", "")


HEAD = """# Parity with braintrace

Generated by `test/Parity/check.py`; `./tools/check --parity` runs it. Each model of
[the catalogue](../test/Parity/catalogue.py) runs in braintrace {reference} and natively, in f64
over {steps} steps: "passed" are those with outputs and losses equal to 1e-12 and gradients under
`compat="braintrace"` to 1e-10. "Batch" is a batch of two samples. Of {all} models {some} were run.

{summary}.

"""


def page(results):
    head = HEAD.format(reference=braintrace.__version__, steps=catalogue.STEPS,
                       all=len(catalogue.CASES), some=len(results),
                       summary=summary(results).capitalize())
    rows = ["| model | result | why |", "|---|---|---|"]
    for name in catalogue.CASES:
        if name in results:
            state, reason = results[name]
            rows.append(f"| {name} | {state} | {reason.replace('|', '/')[:240]} |")
    return head + "\n".join(rows) + "\n"


def summary(results):
    states = [state for state, _ in results.values()]
    return ", ".join(f"{states.count(s)} {s}" for s in sorted(set(states), key=states.count)[::-1])


def read_results(folder):
    results = {}
    for file in sorted(folder.glob("*.json")) if folder else []:
        results |= json.loads(file.read_text())
    return results


def run(cases, done, file):
    """Results by name; those of this run are kept in a file after each case."""
    results = {}
    for case in cases:
        if case.name in done:
            continue
        try:
            results[case.name] = check(case)
        except Exception:
            results[case.name] = ("failed", traceback.format_exc().splitlines()[-1])
            traceback.print_exc()
        jax.clear_caches()
        print(f"{case.name}: {' '.join(results[case.name])}", flush=True)
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(results, indent=1))
    return done | results


def freeze(case, folder):
    """The exported learner of a case, its data, and losses and gradients of the reference."""
    xs = catalogue.inputs(case)
    first = number_of(jax.tree.leaves(reference_outputs(case, xs))[0])
    ys = np.random.default_rng(9).uniform(0, 1, first.shape)
    learner = etrace.compile(catalogue.build(case), "D_RTRL", jnp.asarray(xs[0]),
                             batch_size=case.batch, seed=3)
    arrays = {f"param:{k}": v.copy() for k, v in learner.params.items()}
    arrays |= {f"initial:{k}": v for k, v in learner.description.initial.items()}
    learner.etrace_grad(xs, ys, step_fn=lambda x, y: loss_of(learner(x), y))
    for rule, options in RULES:
        for window in WINDOWS:
            grads, losses = gradients(braintrace.compile, case, xs, ys, rule, options, window)
            for parameter in learner.description.parameters:
                keys = jax.tree_util.tree_flatten_with_path(parameter.structure)[0]
                for key, number in keys:
                    name = ".".join(map(str, parameter.path)) + jax.tree_util.keystr(key)
                    arrays[f"{rule}:{window}:{parameter.names[number]}"] = grads[name]
    stem = re.sub(r"[^0-9a-z]+", "-", case.name.lower())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{stem}.mlir").write_text(learner.exported())
    np.savez_compressed(folder / f"{stem}.npz", x=xs, y=ys, losses=losses, **arrays)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--filter", default="", help="of names, a regular expression")
    parser.add_argument("--part", default="1/1", help="K/N: every N-th model from the K-th")
    parser.add_argument("--results", type=Path, help="a folder")
    parser.add_argument("--write", action="store_true", help="write docs/Parity.md")
    parser.add_argument("--freeze", type=Path, help="write models and figures to a folder")
    parser.add_argument("--list", action="store_true", help="names only")
    options = parser.parse_args()
    part, parts = map(int, options.part.split("/"))
    chosen = [c for n, c in catalogue.CASES.items() if re.search(options.filter, n)]
    chosen = sorted(chosen, key=lambda case: case.batch is not None)[part - 1::parts]
    if options.list:
        print("\n".join(case.name for case in chosen))
        return 0
    if options.freeze:
        for case in chosen:
            freeze(case, options.freeze)
        return 0
    done = read_results(options.results)
    file = options.results and options.results / f"{part}-of-{parts}-{os.getpid()}.json"
    results = run(chosen, done, file)
    if options.write:
        PAGE.write_text(page(read_results(options.results) or results))
    print(summary(results))
    good = ("passed", "refused by the reference")
    return 0 if all(state in good for state, _ in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
