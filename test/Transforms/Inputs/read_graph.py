# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads the JSON report of print-graph.mlir: read_graph.py FILE SOURCE"""

import json
import sys

source = sys.argv[2]
with open(sys.argv[1]) as file:
    report = json.load(file)

assert report["model"] == "net"
assert [(state["path"], state["kind"], state["recurrent"]) for state in report["states"]] == [
    ("n.V", "hidden", True), ("n.I", "hidden", True), ("trace.of.x", "plain", False),
    ("h", "hidden", True)]
assert [group["members"] for group in report["groups"]] == [["n.V", "n.I"], ["h"]]
assert report["groups"][0]["edges"] == [0, 0, 0, 1, 1, 1]
assert report["groups"][0]["states"] == 2
assert report["groups"][1]["positions"] == [2, 4] and report["groups"][1]["edges"] == []
product, pointwise = report["relations"]
assert product["exact"] and product["reason"] == "" and product["kind"] == "direct"
assert [(leaf["key"], leaf["params"]) for leaf in product["leaves"]] == [
    ("weight", ["w"]), ("bias", ["b"])]
place = lambda line, column: {"location": f"{source}:{line}:{column}"}
line = next(number for number, text in enumerate(open(source), 1) if "%aw = math.absf" in text)
assert product["location"] == f"{source}:{line + 1}:10"
assert product["leaves"][0]["chain"] == [{"op": "math.absf", **place(line, 11)}]
assert product["leaves"][1]["chain"] == []
add = lambda below: {"op": "arith.addf", **place(line + below, 11)}
assert product["targets"] == [{"group": 0, "reach": [0, 1], "connected": ["n.V", "n.I"],
                               "tail": [add(5), add(6)]}]
assert not pointwise["exact"] and "product of weights" in pointwise["reason"]
assert [(target["group"], target["reach"], [step["op"] for step in target["tail"]])
        for target in pointwise["targets"]] == [
    (0, [0, 1], ["arith.mulf", "arith.addf", "arith.addf"]),
    (1, [0], ["linalg.broadcast", "arith.addf"])]
assert report["excluded"] == [
    {"param": "r", "reason": "relation-excluded-ordinary"},
    {"param": "out", "reason": "relation-excluded-non-temporal"}]
assert report["dynamic_states"] == ["trace.of.x"]
