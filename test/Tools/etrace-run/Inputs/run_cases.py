# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""run_cases.py FILE COMMAND...: runs the cases of FILE. Each must fail with exit code 1 and
one line on standard error that contains the text, and must leave no file behind. {{...}} is
a regular expression."""

import os
import re
import subprocess
import sys


def matches(pattern, text):
    parts = re.split(r"\{\{(.*?)\}\}", pattern)
    expression = "".join(part if i % 2 else re.escape(part) for i, part in enumerate(parts))
    return re.search(expression, text)


def check(command, pattern):
    before = sorted(os.listdir())
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    problems = []
    if done.returncode != 1:
        problems.append(f"exit code {done.returncode}")
    if not matches(pattern, done.stderr):
        problems.append("no such message")
    # A diagnostic of the compiler shows the line of the model, too.
    errors = [line for line in done.stderr.splitlines() if "error:" in line]
    if len(errors) > 1 or "Stack dump" in done.stderr:
        problems.append("more than one line")
    if sorted(os.listdir()) != before:
        problems.append("files left behind")
    if problems:
        print(f"FAIL {' '.join(command)}\n  {', '.join(problems)}\n  expected: {pattern}\n"
              f"  found: {done.stderr.strip()}")
    return not problems


cases = re.findall(r"^CASE: ?(.*)\nSAYS: (.*)$", open(sys.argv[1], encoding="ascii").read(), re.M)
good = sum(check(sys.argv[2:] + options.split(), text) for options, text in cases)
print(f"{good} of {len(cases)} cases")
sys.exit(good != len(cases) or not cases)
