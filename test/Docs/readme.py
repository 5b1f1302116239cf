#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the commands of README.md that need no data; what it quotes must be what they print.

Usage: readme.py ROOT BIN
"""
import pathlib
import re
import subprocess
import sys

root, tools = pathlib.Path(sys.argv[1]), sys.argv[2]
blocks = re.findall(r"^```\w*\n(.*?)^```", (root / "README.md").read_text(), re.M | re.S)
printed, commands, quotes = "", 0, 0
for block in blocks:
    if block.startswith("build/bin/etrace-opt"):
        command = block.replace("build/bin/", tools + "/")
        run = subprocess.run(command, shell=True, cwd=root, capture_output=True, text=True)
        if run.returncode:
            sys.exit(f"failed: {block}{run.stderr}")
        printed, commands = run.stdout, commands + 1
    elif block.startswith("The hidden groups"):
        if block not in printed:
            sys.exit(f"README quotes\n{block}\nbut the command prints\n{printed}")
        quotes += 1
if commands < 2 or quotes < 1:
    sys.exit(f"found {commands} commands and {quotes} quotations; the README has changed its form")
for link in re.findall(r"\]\(([^)#]+)", (root / "README.md").read_text()):
    if not (root / link).exists():
        sys.exit(f"README links to {link}, which is not there")
print(f"{commands} commands, {quotes} quotation")
