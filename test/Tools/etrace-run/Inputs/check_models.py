# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models whose derivatives etrace-run must find right: check_models.py <options> -- <models>."""

import re
import subprocess
import sys

split = sys.argv.index("--")
options, models = sys.argv[1:split], sys.argv[split + 1:]
for model in models:
    command = ["etrace-run", model, "--check-gradients", *options]
    result = subprocess.run(command, capture_output=True, text=True)
    text = result.stdout + result.stderr
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit code {result.returncode}\n{text}")
    # Every line of the table compares something with something other than zero.
    rows = re.findall(r"^(\S.*?) {2,}(\d+) +(\d+) +(\S+)$", result.stdout, re.M)
    names = [name for name, *_ in rows]
    for wanted in ("D group", "f relation", "signal group", "gradient of", "operations"):
        if not any(wanted in name for name in names):
            sys.exit(f"{model}: nothing compared for '{wanted}'\n{text}")
    for name, compared, parted, largest in rows:
        if int(compared) == 0 or int(parted) != 0 or not float(largest) <= 1e-6:
            sys.exit(f"{model}: {name}\n{text}")
    if "--rule=pp-prop" not in options and not any("through the trace" in n for n in names):
        sys.exit(f"{model}: nothing compared through the trace\n{text}")
    wide = [line for line in result.stdout.splitlines() if len(line) > 80]
    if wide:
        sys.exit(f"{model}: too wide for a terminal: {wide}")
