# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Print the PTX in the constant `etrace_device_code` of a module on standard input."""

import re
import sys

match = re.search(r'@etrace_device_code\("((?:[^"\\]|\\.)*)"', sys.stdin.read())
if not match:
    sys.exit("no constant etrace_device_code in the module")
text = re.sub(r"\\([0-9A-F]{2})", lambda code: chr(int(code.group(1), 16)), match.group(1))
sys.stdout.write(text.replace("\\\\", "\\").rstrip("\0"))
