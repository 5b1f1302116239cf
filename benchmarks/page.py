# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The page that measured tables are written into."""

import os

PAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs",
                    "Performance.md")


def replace_generated(program, text):
    """Replaces what stands between the marks of a program."""
    begin, end = f"<!-- {program}: begin -->", f"<!-- {program}: end -->"
    with open(PAGE) as file:
        page = file.read()
    head, rest = page.split(begin)
    tail = rest.split(end)[1]
    with open(PAGE + ".new", "w") as file:
        file.write(f"{head}{begin}\n{text}\n{end}{tail}")
    os.replace(PAGE + ".new", PAGE)
