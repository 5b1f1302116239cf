# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How lit runs the tests that are text: one RUN line after the other."""

import ctypes
import os
import shutil

import lit.formats
from lit.llvm import llvm_config

config.name = "etrace"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
# Inputs of tests, oracles shared by tests, and the consumer of an installation.
config.excludes = ["Inputs", "lib", "consumer", "CMakeLists.txt"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.etrace_obj_root, "test")

bin_dir = os.path.join(config.etrace_obj_root, "bin")
lib_dir = os.path.join(config.etrace_obj_root, "lib")
config.substitutions += [
    ("%etrace_plugin", os.path.join(lib_dir, "EtracePlugin.so")),
    ("%etrace_lib_dir", lib_dir),
    ("%mlir_lib_dir", config.mlir_lib_dir),
    ("%src_root", config.etrace_src_root),
    ("%obj_root", config.etrace_obj_root),
    ("%python", config.python_executable),
    ("%cmake", config.cmake_executable),
    ("%cxx", config.cxx_compiler),
    ("%cc", config.c_compiler),
]

llvm_config.with_system_environment(["HOME", "TMP", "TEMP", "CCACHE_DIR"])
llvm_config.use_default_substitutions()
# Ours first, then LLVM's (FileCheck, not, split-file, mlir-opt, ...).
for directory in (config.llvm_tools_dir, bin_dir):
    llvm_config.with_environment("PATH", directory, append_path=True)

try:
    ctypes.CDLL("libcuda.so.1")
    config.available_features.add("cuda")
except OSError:
    pass
ptxas = shutil.which("ptxas") or shutil.which("ptxas", path="/usr/local/cuda/bin")
if ptxas:
    config.available_features.add("ptxas")
    config.substitutions.append(("%ptxas", ptxas))
if config.build_type == "Debug":
    config.available_features.add("asserts")
