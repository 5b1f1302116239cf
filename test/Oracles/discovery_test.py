# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Groups, relations and uses of states, found by perturbing random steps.

What the compiler's report says is compared with what moves. A step in numpy knows which of its
operations are primitives, products or mix positions; it knows no graph. With FAULT, the kind of an
operation of `steps.py`, the compiler reads programs in which this operation does nothing.

Usage: discovery_test.py COUNT [SEED [FAULT]]
"""

import itertools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from .harness import deviation, run
from .steps import Frozen, Step, evaluate, extent

TINY, POINTS, CHUNK = 1e-30, 4, 50
RUN = 25      # every so many models D of a run is compared
CUT = ("primitive", "product")


class Point:
    """A program at one point: derivatives of its new states and its output."""

    def __init__(self, step, number):
        rng = np.random.default_rng([number, 5])
        program = step.program
        self.program, self.states = program, program.states
        self.shapes = {"x": (program.inputs,), **program.params,
                       **{"state:" + k: v for k, v in program.states.items()}}
        self.at = {k: rng.normal(0, 0.7, v) for k, v in self.shapes.items()}
        self.at["x"][0] = abs(self.at["x"][0]) * (1 if number % 2 else -1)

    def evaluate(self, trials, frozen, name=None):
        values = {k: np.broadcast_to(v, (trials,) + v.shape) + 0j for k, v in self.at.items()}
        if name:
            values[name] = values[name] + 1j * TINY * self.unit(self.shapes[name])
        return evaluate(self.program, values, frozen)

    @staticmethod
    def unit(shape):
        return np.eye(extent(shape)).reshape((-1,) + tuple(shape))

    def moved(self, name, frozen=Frozen()):
        """state -> d new / d name, (elements of name, positions)."""
        count = extent(self.shapes[name])
        new, _ = self.evaluate(count, frozen, name)
        return {k: v.imag.reshape(count, -1) / TINY for k, v in new.items()}

    def reads(self, state):
        """True if an operation does more with the value of a state than to keep it."""
        _, before = self.evaluate(1, Frozen(either=True))
        at, self.at = self.at, {**self.at, "state:" + state: self.at["state:" + state] + 0.1}
        _, after = self.evaluate(1, Frozen(either=True))
        self.at = at
        return any(not np.array_equal(before[result], after[result])
                   for result, operation, _, extra in self.program.code
                   if not (extra == state and operation in ("get", "set", "set_if")))

    def behind(self, primitive, n, states):
        """state -> d new / d y of a primitive; other primitives and `states` pass nothing on."""
        frozen = Frozen(["primitive"], (primitive, 1j * TINY * self.unit(n)), states, either=True)
        new, _ = self.evaluate(extent(n), frozen)
        return {k: np.broadcast_to(v, (extent(n),) + v.shape[1:]).imag.reshape(extent(n), -1)
                / TINY for k, v in new.items()}


def union(parts):
    """Where any of the dictionaries of arrays is not zero."""
    total = {}
    for part in parts:
        for k, v in part.items():
            total[k] = total.get(k, False) | (v != 0)
    return total


class Discovery:
    """What a step is found to be."""

    def __init__(self, step, seed):
        self.step, self.program = step, step.program
        self.points = [Point(step, seed * POINTS + k) for k in range(POINTS)]
        self.hidden = [s for s in self.program.states if s not in step.plain]
        self.written = {e for _, o, _, e in self.program.code if o in ("set", "set_if")}
        self.edges = self.find_edges()
        self.groups = self.find_groups()

    def shape(self, state):
        return self.program.states[state]

    def is_pointwise(self, source, moves):
        """Every position of every hidden state moves with its own position only."""
        return all(not pattern.any() or (self.shape(a) == self.shape(source) and
                                         not (pattern & ~np.eye(len(pattern), dtype=bool)).any())
                   for a, pattern in moves.items() if a in self.hidden)

    def cut(self, source):
        """The cuts of the transition from a state: mixing operations where positions mix."""
        moves = union(p.moved("state:" + source, Frozen(CUT, either=True)) for p in self.points)
        return CUT if self.is_pointwise(source, moves) else CUT + ("mixing",)

    def find_edges(self):
        edges = {}
        for b in self.hidden:
            kinds = self.cut(b)
            moves = union(p.moved("state:" + b, Frozen(kinds, either=True)) for p in self.points)
            assert self.is_pointwise(b, moves), f"positions of {b} mix in spite of all cuts"
            for a in self.hidden:
                if a not in self.written:
                    edges.setdefault(b, kinds) if a == b else None
                elif moves[a].any():
                    edges[a, b] = kinds
                if a == b and a not in self.written:
                    edges[a, a] = kinds
        return {k: v for k, v in edges.items() if isinstance(k, tuple)}

    def find_groups(self):
        groups = {s: {s} for s in self.hidden}
        for a, b in self.edges:
            joined = groups[a] | groups[b]
            for s in joined:
                groups[s] = joined
        return groups

    def transition(self, a, b):
        """D[., a, b] at the first point."""
        new = self.points[0].moved("state:" + b, Frozen(self.edges[a, b]))
        return np.diag(new[a]) if a in new else np.ones(extent(self.shape(a)))

    def targets(self, primitive, n):
        """The groups that y reaches position by position, with the members reached."""
        first = union(p.behind(primitive, n, self.hidden) for p in self.points)
        direct = {frozenset(self.groups[s]) for s, m in first.items()
                  if s in self.hidden and m.any()}
        foreign = [s for s in self.hidden if frozenset(self.groups[s]) not in direct]
        moves = union(p.behind(primitive, n, foreign) for p in self.points)
        found = []
        for group in direct:
            reach = [s for s in sorted(group) if s in moves and moves[s].any()]
            together = np.logical_or.reduce([moves[s] for s in reach])
            if together.sum(1).max() <= 1:
                found.append((sorted(group), reach))
        return sorted(found)

    def find_relations(self):
        relations = []
        for weight, turns in self.step.primitives.items():
            n = self.program.params[weight]
            n = n if weight.startswith("e") else n[1:]
            for turn in turns:
                if targets := self.targets(turn, n):
                    relations.append((weight, targets))
        return sorted(relations)

    def describe_use(self, state):
        """Is it read, and on which paths is it written?"""
        kept = []
        for point in self.points:
            new, _ = point.evaluate(1, Frozen())
            kept.append(state not in new
                        or np.array_equal(new[state][0].real, point.at["state:" + state]))
        written = "never" if all(kept) else "sometimes" if any(kept) else "always"
        return any(point.reads(state) for point in self.points), written

    def reached(self, weight):
        """True if a hidden state moves with the weight."""
        moves = union(p.moved(weight, Frozen(either=True)) for p in self.points)
        return any(m.any() for s, m in moves.items() if s in self.hidden)


def describe(found):
    """A discovery in the terms of a report."""
    program = found.program
    return {
        "groups": sorted({tuple(sorted(g)) for g in found.groups.values()}),
        "edges": sorted(found.edges),
        "relations": found.find_relations(),
        "without": sorted(set(program.params) - {w for w, _ in found.find_relations()}),
        "states": {s: found.describe_use(s) for s in program.states},
        "unreached": sorted(w for w in program.params if not found.reached(w)),
    }


def read_report(report):
    """The same of a report of the compiler."""
    groups = [g["members"] for g in report["groups"]]
    edges = [(g["members"][a], g["members"][b]) for g in report["groups"]
             for a, b in zip(g["edges"][::2], g["edges"][1::2])]
    relations = [(r["leaves"][0]["params"][0],
                  sorted((sorted(groups[t["group"]]), sorted(groups[t["group"]][k]
                                                             for k in t["reach"]))
                         for t in r["targets"])) for r in report["relations"]]
    return {
        "groups": sorted(tuple(sorted(g)) for g in groups),
        "edges": sorted(edges),
        "relations": sorted(relations),
        "without": sorted(e["param"] for e in report["excluded"]),
        "states": {s["path"]: (s["read"], s["written"]) for s in report["states"]},
        "unreached": sorted(e["param"] for e in report["excluded"]
                            if e["reason"] == "relation-excluded-non-temporal"),
    }


def compare(expected, report):
    """The entries that differ. Non-temporal is said of primitives; other products may be, too."""
    found = read_report(report)
    wrong = []
    for key in ("groups", "edges", "relations", "without", "states"):
        if expected[key] != found[key]:
            wrong.append(f"{key}: found {found[key]}, expected {expected[key]}")
    if not set(found["unreached"]) <= set(expected["unreached"]):
        wrong.append(f"moves hidden states: {found['unreached']}, not {expected['unreached']}")
    return wrong


def analyse(texts):
    """The reports of several models."""
    tool = os.environ.get("ETRACE_OPT", "etrace-opt")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "models.mlir"
        file.write_text("\n".join(texts))
        done = subprocess.run([tool, str(file), "--etrace-analyze",
                               "--etrace-print-graph=format=json", "-o", os.devnull],
                              capture_output=True, text=True, check=False)
    if done.returncode:
        return None if len(texts) > 1 else done.stderr
    reports, rest, decoder = [], done.stdout.strip(), json.JSONDecoder()
    while rest:
        report, end = decoder.raw_decode(rest)
        reports.append(report)
        rest = rest[end:].strip()
    return reports


def check_transition(found, text):
    """D of a run at the first point."""
    point, program = found.points[0], found.program
    p = {k: point.at[k] for k in program.params}
    s = {k: point.at["state:" + k] for k in program.states}
    x, n = point.at["x"][None], program.width["out"]
    out = run(text, p, s, x, np.zeros((1,) + n), options=("--queries",))
    group_of = {}
    for key in out:
        if key.startswith("query:D/"):
            group_of.setdefault(key.split("/")[1], []).append(key)
    wrong = []
    reports = read_groups(text)
    for name, members in reports.items():
        for (i, a), (j, b) in itertools.product(enumerate(members), repeat=2):
            key = f"query:D/{name}/{i}/{j}"
            expected = found.transition(a, b) if (a, b) in found.edges else 0.0
            value = out.get(key, np.zeros(1)).ravel()
            if deviation(value, np.broadcast_to(expected, value.shape)) > 1e-12:
                wrong.append(f"D[{a}, {b}]: found {value}, expected {expected}")
    return wrong


def read_groups(text):
    return {g["name"]: g["members"] for g in analyse([text])[0]["groups"]}


def check(seeds, fault):
    """Prints the models of a range of seeds that fail; returns how many."""
    steps = [Step(seed) for seed in seeds]
    texts = [step.text(f"m{seed}", fault) for seed, step in zip(seeds, steps)]
    reports = analyse(texts)
    if reports is None:
        reports = [found if isinstance(found, str) else found[0]
                   for found in (analyse([text]) for text in texts)]
    failures = 0
    for seed, step, text, report in zip(seeds, steps, texts, reports):
        found = Discovery(step, seed)
        wrong = [report] if isinstance(report, str) else compare(describe(found), report)
        if not wrong and seed % RUN == 0:
            wrong = check_transition(found, text)
        if wrong:
            failures += 1
            print(f"FAILED seed {seed}\n" + "\n".join(wrong) + f"\n{text}", flush=True)
    return failures


def main(count, seed=0, fault=None):
    count, seed = int(count), int(seed)
    failures = sum(check(range(first, min(first + CHUNK, seed + count)), fault)
                   for first in range(seed, seed + count, CHUNK))
    print(f"{count} models, seed {seed}, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
