#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The table of examples/zoo/README.md against the analysis of every model, the table of relations
of braintrace's cells, and the numpy models.

What the analysis calls exact is so in numpy.

Usage: zoo.py ROOT BIN, with the oracles on PYTHONPATH
"""
import json
import pathlib
import re
import subprocess
import sys

from Oracles.bptt import bptt
from Oracles.examples_test import draw
from Oracles.harness import deviation
from Oracles.models import find
from Oracles.quantities import trajectory
from Oracles.rule import learn

ROW = re.compile(r"^\| \[([\w-]+)\]\(([\w./-]+)\) \|(.*)\|$", re.M)
SURROGATE = re.compile(r'^def \w+\s*: Etrace_Surrogate<"\w+", "(\w+)">', re.M)
# Relations of the cells of braintrace, in program order, and weights excluded because they reach
# the state through another weight only: its cell_relation_guardrail_test.py in our names.
PINNED = {
    "relu-readout": (["w"], []),
    "gru": (["wz", "wc"], ["wr"]),
    "mgu": (["wf", "wh"], []),
    "lstm": (["wi", "wg", "wf", "wo"], []),
    "urlstm": (["wf", "wr", "wu", "wo", "beta", "beta"], []),
    "minimal-rnn": (["wz", "wu"], []),
    "minigru": (["wz", "wx"], []),
    "minilstm": (["wf", "wi", "wx"], []),
    "lru": (["nu", "theta", "gamma", "b_re", "b_im"], []),
    "cfn": (["wf", "wi", "wh"], []),
}
# Entries of D that are not zero by proof, as pairs (of, by) of states.
TRANSITIONS = {
    "vanilla-rnn": [],
    "leaky-tanh": ["hh"],
    "gru": ["hh"],
    "lstm": ["hc", "cc"],
    "urlstm": ["hc", "cc"],
    "lru": ["re re", "re im", "im re", "im im"],
    "lif-exp": ["VV", "Vg", "gg"],
    "gif": ["VV", "V I2", "I2 I2"],
    "lif-alpha": ["VV", "Vh", "Vg", "hh", "gh", "gg"],
    "alif-two-time": ["VV", "V a1", "V a2", "a1 V", "a1 a1", "a1 a2", "a2 V", "a2 a1", "a2 a2"],
    "delayed-feedback": ["d1 h", "d2 d1", "h d2", "hh"],
}
# The output reads a state of the step before: window 1 is exact, single-step has no signal there.
OLD_STATES = {("sru", "single-step")}
WEIGHT_TO_WEIGHT = "relation-excluded-weight-to-weight"
failures = 0


def expect(what, found, expected):
    global failures
    if found != expected:
        failures += 1
        print(f"FAIL {what}:\n  found    {found}\n  expected {expected}")


def analyse(tools, file):
    command = [f"{tools}/etrace-opt", str(file), "--etrace-analyze",
               "--etrace-print-graph=format=json", "-o", "/dev/null"]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{' '.join(command)}\n{run.stderr}")
    return json.loads(run.stdout)


def weights(relation):
    return [" and ".join(leaf["params"]) for leaf in relation["leaves"]]


def cells(graph):
    """The columns of the table that the analysis decides."""
    groups = [f"[{', '.join(g['members'])}]" for g in graph["groups"]]
    plain = [f"plain {', '.join(graph['dynamic_states'])}"] if graph["dynamic_states"] else []
    relations = [" ".join(weights(r)) + (" (mixed)" if r["kind"] == "mixed" else "")
                 for r in graph["relations"]]
    exact = [" ".join(weights(r)) for r in graph["relations"] if r["exact"]]
    excluded = {}
    for e in graph["excluded"]:
        excluded.setdefault(e["reason"].removeprefix("relation-excluded-").replace("-", " "),
                            []).append(e["param"])
    return ["; ".join(groups + plain), ", ".join(str(g["states"]) for g in graph["groups"]),
            ", ".join(relations),
            "all" if len(exact) == len(relations) else ", ".join(exact) or "none",
            "; ".join(f"{reason}: {', '.join(paths)}" for reason, paths in excluded.items())]


def check_twin(name, graph):
    """The numpy model was written with groups and relations found by thought."""
    model = find(name)
    expect(f"{name}: groups of the numpy model",
           [[path.split(".")[-1] for path in g["members"]] for g in graph["groups"]],
           list(model.groups.values()))
    expect(f"{name}: groups reached, by relation of the numpy model",
           [[f"group{t['group']}" for t in r["targets"]] for r in graph["relations"]],
           list(model.relations.values()))


def check_pinned(name, graph):
    relations, excluded = PINNED[name]
    expect(f"{name}: relations", [weights(r)[0] for r in graph["relations"]], relations)
    found = [e["param"] for e in graph["excluded"] if e["reason"] == WEIGHT_TO_WEIGHT]
    expect(f"{name}: weight to weight", [p for p in found if not p.startswith("b")], excluded)


def check_transition(name, graph):
    """The entries of D of the first group."""
    group, expected = graph["groups"][0], TRANSITIONS[name]
    members = group["members"]
    pairs = zip(group["edges"][::2], group["edges"][1::2])
    expect(f"{name}: D", {(members[a], members[b]) for a, b in pairs},
           {tuple(e.split() if " " in e else e) for e in expected})


def check_exactness(name, graph, text):
    """What the analysis calls exact is back-propagation through time, and nothing else is."""
    exact = {w for r in graph["relations"] if r["exact"] for w in weights(r)}
    p, s, inputs, targets = draw(text)
    steps = trajectory(find(name), p, s, inputs, targets)
    bound = bptt(p, steps)
    for window in ("single-step", 1):
        found, _ = learn(find(name), p, steps, "d-rtrl", window)
        for w in {w for r in graph["relations"] for w in weights(r)}:
            gap = deviation(found[w], bound[w])
            expect(f"{name}: {w} exact, window {window}, off by {gap:.1e}", gap < 1e-9,
                   w in exact and (name, window) not in OLD_STATES)


def main(root, tools):
    root = pathlib.Path(root)
    zoo = root / "examples" / "zoo"
    rows = ROW.findall((zoo / "README.md").read_text())
    files = {(zoo / link).resolve() for _, link, _ in rows}
    expect("files of the folder without a row",
           sorted(f.name for f in zoo.glob("*.mlir") if f.resolve() not in files), [])
    for name, link, columns in rows:
        graph = analyse(tools, zoo / link)
        expect(f"{name}: row of README.md", [c.strip() for c in columns.split("|")][1:],
               cells(graph))
        check_twin(name, graph)
        check_exactness(name, graph, (zoo / link).read_text())
        if name in PINNED:
            check_pinned(name, graph)
        if name in TRANSITIONS:
            check_transition(name, graph)
    expect("expected models without a row",
           (set(PINNED) | set(TRANSITIONS)) - {name for name, _, _ in rows}, set())
    text = "".join(f.read_text() for f in zoo.glob("*.mlir"))
    declared = SURROGATE.findall((root / "include/etrace/IR/EtraceAttrs.td").read_text()
                                 .replace("\n    :", " :"))
    expect("surrogates that no model uses",
           [s for s in declared if f"#etrace.{s}" not in text], [])
    print(f"{len(rows)} models, {len(declared)} surrogates, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
