//===- EtraceGradientTransforms.td - Functions of gradients -*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_IR_ETRACEGRADIENTTRANSFORMS_TD
#define ETRACE_IR_ETRACEGRADIENTTRANSFORMS_TD

// Each is a step of the list `transforms` of a derivative; g stands for all derivatives that the
// operation returns, of states and arguments alike. The interface is attached as an external
// model, so other dialects may bring steps of their own.

def Etrace_Scale : Etrace_Attr<"Scale", "scale"> {
  let summary = "factor g";
  let description = "Example: `#etrace.scale<factor = 0.5>`.";
  let parameters = (ins Etrace_Double<"1.0">:$factor);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}
def Etrace_ClipByValue : Etrace_Attr<"ClipByValue", "clip_by_value"> {
  let summary = "min(max(g, low), high), element by element";
  let description = "Example: `#etrace.clip_by_value<low = -0.1, high = 0.1>`.";
  let parameters = (ins Etrace_Double<"-1.0">:$low, Etrace_Double<"1.0">:$high);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}
def Etrace_ClipByGlobalNorm : Etrace_Attr<"ClipByGlobalNorm", "clip_by_global_norm"> {
  let summary = "min(1, max / (n + 1e-6)) g, with n the Euclidean norm of all g together";
  let description = "Example: `#etrace.clip_by_global_norm<max = 1.0>`.";
  let parameters = (ins Etrace_Double<"1.0">:$max);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}
def Etrace_GradientNoise : Etrace_Attr<"GradientNoise", "gradient_noise"> {
  let summary = "g + std z, with z standard normal numbers of `seed`";
  let description = [{
    Example: `#etrace.gradient_noise<std = 0.01, seed = 7>`. The k-th derivative takes the stream
    "gradient_noise.k" of `etrace.random_normal`: the same numbers in every call.
  }];
  let parameters = (ins Etrace_Double<"1.0">:$std, "int64_t":$seed);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}
def Etrace_TransformBy : Etrace_Attr<"TransformBy", "transform_by"> {
  let summary = "a function (g..., parameters...) -> (g...) of the user";
  let description = [{
    Examples: `#etrace.transform_by<@centre>`, `#etrace.transform_by<@scaled, [0.5 : f64]>`. The
    parameters become constants.
  }];
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$function,
                        OptionalParameter<"::mlir::ArrayAttr">:$parameters);
  let assemblyFormat = "`<` $function (`,` $parameters^)? `>`";
  let genVerifyDecl = 1;
}

#endif // ETRACE_IR_ETRACEGRADIENTTRANSFORMS_TD
