# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Bytes of traces in the report beside the buffers of the derived learner: trace_cost.py FILE..."""

import json
import re
import subprocess
import sys

WIDTHS = {"f32": 4, "f64": 8}
BUFFER = re.compile(r"etrace\.buffer @.* kind\(trace\) .* : tensor<((?:\d+x)*)(f\d+)>")


def run(file, *passes):
    result = subprocess.run(["etrace-opt", file, "--etrace-analyze", *passes], check=False,
                            capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"{file}: {result.stderr}")
    return result.stdout


def find_graph(file):
    """What analysis finds in a model, as the report in JSON says it."""
    return json.loads(run(file, "--etrace-print-graph=format=json", "-o", "/dev/null"))


def report(file, rule):
    return sum(r["trace"]["bytes"][rule] for r in find_graph(file)["relations"])


def declared(file, rule):
    text = run(file, f"--etrace-derive-pipeline=rule={rule} window=1")
    total = 0
    for extents, element in BUFFER.findall(text):
        size = WIDTHS[element]
        for extent in extents.split("x")[:-1]:
            size *= int(extent)
        total += size
    return total


def main(*files):
    failures = 0
    for file in files:
        for rule in ("d-rtrl", "pp-prop"):
            said, taken = report(file, rule), declared(file, rule)
            if said != taken or not taken:
                failures += 1
                print(f"FAILED {file} {rule}: the report says {said} bytes, traces take {taken}")
    print(f"{len(files)} models, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
