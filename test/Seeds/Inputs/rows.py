# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every row of rows.txt is named by a test: rows.py TEST_FOLDER.

A test names a row as S002-04 or by a range, S002-01..04.
"""

import re
import sys
from pathlib import Path

NAMED = re.compile(r"\b(S00\d)-(\d\d)(?:\.\.(\d\d))?")
LIST = Path(__file__).with_name("rows.txt")
TESTS = {".mlir", ".test", ".py", ".cpp", ".c"}

where = {}
for path in sorted(Path(sys.argv[1]).rglob("*")):
    if path.suffix not in TESTS or path == Path(__file__):
        continue
    for document, first, last in NAMED.findall(path.read_text()):
        for number in range(int(first), int(last or first) + 1):
            where.setdefault(f"{document}-{number:02}", set()).add(path.name)

rows = [line.split(maxsplit=2) for line in LIST.read_text().splitlines()
        if line and not line.startswith("#")]
missing = [row for row, _, _ in rows if row not in where]
for row, part, words in rows:
    if row in missing:
        print(f"no test names {row} ({part}): {words}")
    else:
        print(f"{row} {', '.join(sorted(where[row]))}")
twice = len(rows) - len({row for row, _, _ in rows})
print(f"{len(rows)} rows, {len(missing)} without a test, {twice} listed twice")
sys.exit(1 if missing or twice or not rows else 0)
