# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""S002-32: every ETP primitive goes through the same passes: primitives.py FOLDER.

FOLDER has the models of the golden vectors, whose numbers test/Integration/CPU/goldens compares.
Here each primitive gets a relation, a trace, and a learner of either rule.
"""

import json
import subprocess
import sys
from pathlib import Path

MODELS = {"etrace.elementwise": "elemwise-decay", "etrace.conv": "conv1d-leaky",
          "etrace.sparse_matmul": "sparse-csr", "etrace.embedding": "embedding",
          "etrace.grouped_matmul": "grouped", "etrace.einsum": "einsum-diagonal",
          "etrace.matmul": "lora"}
#: What is a primitive but no weight of its own: written on a matmul.
LOW_RANK = "etrace.lora_matmul"


def opt(file, *flags):
    done = subprocess.run(["etrace-opt", file, "--etrace-analyze", *flags], capture_output=True,
                          text=True, check=False)
    if done.returncode:
        sys.exit(f"{file} {flags}\n{done.stderr}")
    return done.stdout


for operation, name in MODELS.items():
    file = Path(sys.argv[1]) / f"{name}.mlir"
    report = json.loads(opt(file, "--etrace-print-graph=format=json", "-o", "/dev/null"))
    found = [r for r in report["relations"] if r["operation"] == operation]
    assert found, f"{operation} has no relation in {name}"
    assert all(r["trace"]["bytes"]["d-rtrl"] > 0 and r["targets"] for r in found), name
    for rule in ("d-rtrl", "pp-prop"):
        learner = opt(file, f"--etrace-derive-pipeline=rule={rule}")
        for relation in found:
            assert f'kind(trace) path "{relation["name"]}/' in learner, (name, rule)
    print(f"{operation} {len(found)}")
assert LOW_RANK in (Path(sys.argv[1]) / "lora.mlir").read_text()
print(f"{len(MODELS)} primitives")
