// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: split-file %s %t
// RUN: etrace-opt %t/usage.mlir --etrace-find-states=usage=x -verify-diagnostics
// RUN: etrace-opt %t/container.mlir --etrace-find-states=container=x -verify-diagnostics
// RUN: etrace-opt %t/kind.mlir --etrace-find-states=kinds=param,leaf -verify-diagnostics
// RUN: etrace-opt %t/keys.mlir --etrace-find-states=keys=path -verify-diagnostics
// RUN: etrace-opt %t/form.mlir --etrace-find-states=form=deep -verify-diagnostics
// RUN: etrace-opt %t/format.mlir --etrace-find-states=format=yaml -verify-diagnostics
// RUN: etrace-opt %t/function.mlir --etrace-find-states=function=g -verify-diagnostics
// RUN: etrace-opt %t/model.mlir --etrace-find-states=model=m -verify-diagnostics
// RUN: not etrace-opt %t/output.mlir --etrace-find-states=output=%t/none/file 2>&1 | FileCheck %s

// S003-11: an option with a value that it has not names those that it has.

// CHECK: error: cannot write the report

//--- usage.mlir
// expected-error@+1 {{invalid usage 'x', expected all, read, write or both [unknown-option]}}
module {
}

//--- container.mlir
// expected-error@+1 {{invalid container 'x', expected map, list or tuple [unknown-option]}}
module {
}

//--- kind.mlir
// expected-error@+1 {{invalid kind 'leaf', expected param, hidden, group, tree or plain [unknown-option]}}
module {
}

//--- keys.mlir
// expected-error@+1 {{invalid keys 'path', expected position or name [unknown-option]}}
module {
}

//--- form.mlir
// expected-error@+1 {{invalid form 'deep', expected flat or nested [unknown-option]}}
module {
}

//--- format.mlir
// expected-error@+1 {{invalid format 'yaml', expected text or json [unknown-option]}}
module {
}

//--- function.mlir
// expected-error@+1 {{the module has no function '@g' [unknown-function]}}
module {
}

//--- model.mlir
// expected-error@+1 {{the module has no 'etrace.model @m' [unknown-model]}}
module {
}

//--- output.mlir
module {
}
