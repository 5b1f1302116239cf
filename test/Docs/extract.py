#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the files that a page shows: blocks of code whose first line is a comment with a name.

Usage: extract.py PAGE FOLDER
"""
import pathlib
import re
import sys

page, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
for name, text in re.findall(r"^```\w+\n(?://|#) ([\w.-]+)\n(.*?)^```", page.read_text(),
                             re.M | re.S):
    (folder / name).write_text(text)
