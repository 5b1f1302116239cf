# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""docs/Analysis.md explains every kind of decision and every field of the JSON report.

Usage: decisions.py ROOT BIN
"""
import json
import pathlib
import re
import subprocess
import sys

root, tools = pathlib.Path(sys.argv[1]), sys.argv[2]
page = (root / "docs/Analysis.md").read_text()
models = [root / "examples" / name for name in ("gru.mlir", "two-layer.mlir", "lif-exp.mlir")]


def opt(*arguments):
    return subprocess.run([f"{tools}/etrace-opt", *arguments], capture_output=True, text=True)


message = opt(models[0], "--etrace-analyze=strict=nothing", "-o", "/dev/null").stderr
known = set(re.findall(r"'([a-z-]+)'", message.split("kinds are")[1])) - {"missed"}
table = page.split("## Decisions")[1].split("\n## ")[0]
explained = re.findall(r"^\| `([a-z-]+)` \|", table, re.M)
if sorted(known) != sorted(explained):
    sys.exit(f"kinds without a line, lines without a kind: {known.symmetric_difference(explained)}")


def fields(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from fields(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from fields(inner)


found = set()
for model in models:
    report = json.loads(opt(model, "--etrace-analyze", "--etrace-print-graph=format=json", "-o",
                            "/dev/null").stdout)
    # Keys that are names of the model or kinds of decisions.
    report.pop("state_groups")
    report["counts"].pop("warnings")
    for part in report["groups"] + report["relations"]:
        part.pop("functions")
    found |= set(fields(report))
missing = [key for key in sorted(found) if f"`{key}`" not in page]
if missing:
    sys.exit(f"fields that the page does not explain: {missing}")
print(f"{len(known)} kinds, {len(found)} fields")
