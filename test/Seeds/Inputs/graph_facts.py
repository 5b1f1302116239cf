# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The graph that the reference compiles against our JSON report: graph_facts.py FOLDER.

One model after the other: S002-08 all fields of the graph, S002-09 of its groups, S002-11 and
S002-12 of its relations, S002-18 of the step; S002-04 the counts; S002-13 the perturbed step;
S002-17 what is said of every primitive. The differences to the reference are named here.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(sys.argv[1])
FULL = json.loads((FOLDER / "graph_full_size.json").read_text())
#: model: the reference's graph.
GRAPHS = {
    "two-layer-rnn": FULL["two_layer_10_16_8"],
    "gru2-readout": FULL["gru2_10_32_5"],
    "conv-rnn-first": FULL["conv_1x28x28_8_64_10"],
    "vanilla-readout": FULL["vanilla_10_32_5"],
    "simple-8": FULL["simple_8"],
    "lstm-readout": json.loads((FOLDER / "graph_lstm_readout.json").read_text()),
    "conv-state": json.loads((FOLDER / "graph_conv_state.json").read_text()),
    "gif-separate": json.loads((FOLDER / "hidden_tree_gif.json").read_text())["separate"],
}
#: S002-22, S002-29: what reaches a second layer through the products of that layer. The reference
#: asks about the first group only.
CROSSING = {"gru2-readout relation0", "gru2-readout relation1"}
OPERATIONS = {"etp_mv": "etrace.matmul", "etp_conv": "etrace.conv"}
checked = failures = 0


def expect(what, found, expected):
    global checked, failures
    checked += 1
    if found != expected:
        failures += 1
        print(f"FAILED {what}: found {found}, expected {expected}")


def opt(file, *flags):
    return subprocess.run(["etrace-opt", file, "--etrace-analyze", *flags], capture_output=True,
                          text=True, check=True).stdout


def leaves(paths):
    """The reference names a parameter, of which "weight" and "bias" are leaves; we name leaves."""
    return {key: [path if path.startswith("w") else f"{path}.{key}"]
            for key, path in paths.items()}


def parameter(path):
    return re.sub(r"(?<=\.weight)\.(weight|bias)$", "", path)


def without_batch(shape, rank):
    """Its convolutions have an axis of one sample."""
    return shape[-rank:]


def check_relation(name, ours, theirs):
    expect(f"{name} operation", ours["operation"], OPERATIONS[theirs["primitive"]])
    expect(f"{name} groups", [t["group"] for t in ours["targets"]], theirs["hidden_groups"])
    expect(f"{name} leaves", {leaf["key"]: leaf["params"] for leaf in ours["leaves"]},
           leaves(theirs["trainable_paths"]))
    connected = sum((t["connected"] for t in ours["targets"]), [])
    # S002-28: the reference lists c alone for a gate that reaches h within the step, too.
    expect(f"{name} connected", set(connected) >= set(theirs["connected_hidden_paths"]), True)
    expect(f"{name} class of theirs", set(theirs["path_classification"].values()), {"all_direct"})
    expect(f"{name} class", ours["kind"], "mixed" if name in CROSSING else "direct")
    for key in "xy":
        shape = theirs[f"{key}_shape"]
        expect(f"{name} {key}", ours[key], without_batch(shape, len(ours[key])))


def check_step(name, module, graph):
    """S002-18: every state with its argument and result, every weight with its argument."""
    arguments = [e["argument"] for part in ("inputs", "states", "params") for e in module[part]]
    results = [e["result"] for part in ("states", "outputs") for e in module[part]]
    expect(f"{name} arguments", sorted(arguments), list(range(len(arguments))))
    expect(f"{name} results", sorted(results), list(range(len(results))))
    expect(f"{name} states", {s["path"] for s in module["states"]},
           set(graph["hid_path_to_group"]))
    step = next(line for line in opt(FOLDER / f"{name}.mlir").splitlines() if "etrace.step" in line)
    takes, gives = (re.findall(r'\{([^{}]*)\}', part) for part in step.split(") -> ("))
    for kind, part in (("hidden", "states"), ("param", "params")):
        for entry in module[part]:
            expect(f"{name} argument of {entry['path']}", takes[entry["argument"]],
                   f'etrace.{kind} = "{entry["path"]}"')
    for entry in module["states"]:
        named = len(gives) - len(results)
        expect(f"{name} result of {entry['path']}", gives[entry["result"] + named],
               f'etrace.hidden = "{entry["path"]}"')


def check_groups(name, report, graph):
    expect(f"{name} state -> group", report["state_groups"], graph["hid_path_to_group"])
    states = {s["path"]: s for s in report["module"]["states"]}
    known = {e.get("name", e.get("path")) for part in ("inputs", "params", "states")
             for e in report["module"][part]}
    for ours, theirs in zip(report["groups"], graph["hidden_groups"], strict=True):
        label = f"{name} {ours['name']}"
        expect(f"{label} index", ours["index"], theirs["index"])
        expect(f"{label} members", ours["members"], theirs["hidden_paths"])
        expect(f"{label} count", ours["states"], theirs["num_state"])
        expect(f"{label} shape", ours["positions"], theirs["varshape"])
        expect(f"{label} in", ours["arguments"], [states[m]["argument"] for m in ours["members"]])
        expect(f"{label} out", ours["results"], [states[m]["result"] for m in ours["members"]])
        expect(f"{label} constants", set(ours["constants"]) <= known - set(ours["members"])
               and len(ours["constants"]) > 0, True)


def check_functions(name, report, graph):
    """S000-21, S002-09: the transition is a function. S002-13: so is the perturbed step, with one
    perturbation for each hidden state, of its shape."""
    text = opt(FOLDER / f"{name}.mlir", "--etrace-outline-graph")
    functions = dict(re.findall(r"func\.func @(\S+?)\((.*)\{$", text, re.M))
    perturbed = {}
    for group in report["groups"]:
        expect(f"{name} {group['name']} transition returns the members",
               re.findall(r'etrace\.name = "state:([^"]+)"',
                          functions[group["functions"]["transition"]].split(") -> ")[1]),
               group["members"])
        D = re.findall(rf'"D/{group["name"]}/(\d+)/(\d+)"',
                       functions[group["functions"]["jacobian"]])
        edges = group["edges"]
        expect(f"{name} {group['name']} D", [(int(a), int(b)) for a, b in D],
               list(zip(edges[::2], edges[1::2])))
        moved = re.findall(r'tensor<([\dx]+)xf32> {etrace\.name = "perturbation:([^"]+)"',
                           functions[group["functions"]["perturbed"]])
        perturbed |= {path: [int(n) for n in shape.split("x")] for shape, path in moved}
    theirs = graph["hidden_perturb"]
    expect(f"{name} perturbations", perturbed, dict(zip(theirs["paths"], theirs["shapes"])))
    for relation in report["relations"]:
        expect(f"{name} factors", relation["functions"]["factors"] in functions, True)
    # S002-14: the analysis alone has no perturbation.
    expect(f"{name} without perturbation", "perturb" in opt(FOLDER / f"{name}.mlir"), False)


def check_decisions(name, report, graph):
    """S002-17, S002-30: what is said of each primitive, with the weight; S002-04: the counts."""
    kinds = ("relation-included", "relation-excluded")
    ours = [(d["kind"].replace("-", "_"), parameter(re.match(r"weight '([^']+)'", d["text"])[1]))
            for d in report["decisions"]
            if d["kind"].startswith(kinds) and d["kind"] != "relation-excluded-ordinary"]
    theirs = [(d["kind"], d["weight"]) for d in graph["diagnostics"]
              if d["kind"].startswith("relation")]
    expect(f"{name} decisions", ours, theirs)
    for d in report["decisions"]:
        expect(f"{name} place of {d['kind']}", bool(re.search(r":\d+:\d+$", d["location"])), True)
    counts = report["counts"]
    expect(f"{name} groups", counts["hidden_groups"], graph["counts"]["hidden_groups"])
    expect(f"{name} weights", counts["etp_weights"], graph["counts"]["etrace_weights"])
    # The reference counts excluded parameters, we count leaves; it has no warning for ordinary
    # products and for edges that D leaves out.
    expect(f"{name} excluded", len({parameter(e["param"]) for e in report["excluded"]}),
           graph["counts"]["excluded_weights"])
    expect(f"{name} excluded leaves", counts["excluded_weights"], len(report["excluded"]))
    left_out = {k: n for k, n in counts["warnings"].items()
                if k.startswith("relation-excluded") and k != "relation-excluded-ordinary"}
    expect(f"{name} warnings", sum(left_out.values()), graph["counts"]["warnings"])
    reasons = {e["weight"]: (e["reason"] or "relation_excluded_ordinary").replace("_", "-")
               for e in graph["excluded"]}
    expect(f"{name} reasons", {parameter(e["param"]): e["reason"] for e in report["excluded"]},
           reasons)


for name, study in GRAPHS.items():
    report = json.loads(opt(FOLDER / f"{name}.mlir", "--etrace-print-graph=format=json", "-o",
                            "/dev/null"))
    graph = study["graph"]
    check_step(name, report["module"], graph)
    check_groups(name, report, graph)
    for ours, theirs in zip(report["relations"], graph["relations"], strict=True):
        check_relation(f"{name} {ours['name']}", ours, theirs)
    check_decisions(name, report, graph)
    check_functions(name, report, graph)
    expect(f"{name} dynamic", report["dynamic_states"], graph["dynamic_states"])
print(f"{len(GRAPHS)} models, {checked} facts, {failures} wrong")
sys.exit(1 if failures else 0)
