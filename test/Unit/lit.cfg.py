# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How lit runs the GoogleTest programs: every case is a test."""

import os

import lit.formats

config.name = "etrace-unit"
config.suffixes = []
config.test_exec_root = os.path.join(config.etrace_obj_root, "test", "Unit")
config.test_source_root = config.test_exec_root
config.test_format = lit.formats.GoogleTest(".", "Tests")
