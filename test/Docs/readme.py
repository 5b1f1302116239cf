#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the commands of a page that need no data; what it quotes must be what they print.

Usage: readme.py ROOT BIN [PAGE]

Quoted are blocks marked `text` and those that begin like a report.
"""
import pathlib
import re
import subprocess
import sys

root, tools = pathlib.Path(sys.argv[1]), sys.argv[2]
page = root / (sys.argv[3] if len(sys.argv) > 3 else "README.md")
blocks = re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(), re.M | re.S)
printed, commands, quotes = "", 0, 0
for language, block in blocks:
    if block.startswith("build/bin/etrace-opt"):
        command = block.replace("build/bin/", tools + "/")
        run = subprocess.run(command, shell=True, cwd=root, capture_output=True, text=True)
        if run.returncode:
            sys.exit(f"failed: {block}{run.stderr}")
        printed, commands = run.stdout, commands + 1
    elif language == "text" or block.startswith("The hidden groups"):
        if block not in printed:
            sys.exit(f"{page.name} quotes\n{block}\nbut the command prints\n{printed}")
        quotes += 1
if commands < 2 or quotes < 1:
    sys.exit(f"found {commands} commands and {quotes} quotations; {page.name} has changed its form")
for link in re.findall(r"\]\(([^)#]+)", page.read_text()):
    if not (page.parent / link).exists():
        sys.exit(f"{page.name} links to {link}, which is not there")
print(f"{commands} commands, {quotes} quotation{'' if quotes == 1 else 's'}")
