/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include <etrace-c/Etrace.h>
#include <stdio.h>
#include <string.h>

int main(void) {
  const char *text = "%s = arith.constant dense<1.0> : tensor<2xf32>\n"
                     "%t = etrace.logistic %s : tensor<2xf32>\n";
  EtraceContext *context = etraceContextCreate();
  EtraceModule *module = etraceModuleParse(context, text, strlen(text), "text");
  puts(module ? "parsed" : "not parsed");
  etraceModuleDestroy(module);
  etraceContextDestroy(context);
  return 0;
}
