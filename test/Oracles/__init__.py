# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Independent references for the compiled learners.

Written with numpy alone; nothing here knows how the compiler works.
"""
