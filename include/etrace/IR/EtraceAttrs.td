//===- EtraceAttrs.td - Initialisers and surrogates --------*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef ETRACE_IR_ETRACEATTRS_TD
#define ETRACE_IR_ETRACEATTRS_TD

include "mlir/IR/AttrTypeBase.td"
include "etrace/IR/EtraceDialect.td"
include "etrace/IR/EtraceInterfaces.td"

class Etrace_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<Etrace_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

/// A double printed with all its digits; the default is left out.
class Etrace_Double<string value> : DefaultValuedParameter<"::etrace::detail::Double", value> {
  let cppAccessorType = "double";
  let parser = "::etrace::detail::parseDouble($_parser)";
  let printer = "::etrace::detail::printDouble($_printer, $_self)";
}

//===----------------------------------------------------------------------===//
// Initialisers
//===----------------------------------------------------------------------===//

class Etrace_Initializer<string name, string attrMnemonic>
    : Etrace_Attr<name, attrMnemonic,
                  [DeclareAttrInterfaceMethods<InitializerAttrInterface>]>;

/// An initialiser whose variance depends on fans, the last two dimensions.
class Etrace_MatrixInitializer<string name, string attrMnemonic>
    : Etrace_Attr<name, attrMnemonic,
                  [DeclareAttrInterfaceMethods<InitializerAttrInterface, ["getMinimumRank"]>]>;

class Etrace_ConstantInitializer<string name, string attrMnemonic>
    : Etrace_Attr<name, attrMnemonic,
                  [DeclareAttrInterfaceMethods<InitializerAttrInterface, ["isConstant", "getConstant"]>]>;

def Etrace_Zeros : Etrace_ConstantInitializer<"Zeros", "zeros"> {
  let summary = "all zeros";
  let description = "Example: `#etrace.zeros`.";
}
def Etrace_Constant : Etrace_ConstantInitializer<"Constant", "constant"> {
  let summary = "one value everywhere";
  let description = "Example: `#etrace.constant<value = 1.0>`.";
  let parameters = (ins Etrace_Double<"0.0">:$value);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
}
def Etrace_Uniform : Etrace_Initializer<"Uniform", "uniform"> {
  let summary = "uniform on [low, high)";
  let description = "Example: `#etrace.uniform<low = -0.1, high = 0.1>`.";
  let parameters = (ins Etrace_Double<"0.0">:$low, Etrace_Double<"1.0">:$high);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
  let genVerifyDecl = 1;
}
def Etrace_Normal : Etrace_Initializer<"Normal", "normal"> {
  let summary = "normal with mean and standard deviation";
  let description = "Example: `#etrace.normal<std = 0.1>`.";
  let parameters = (ins Etrace_Double<"0.0">:$mean, Etrace_Double<"1.0">:$std);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
  let genVerifyDecl = 1;
}
def Etrace_Xavier : Etrace_MatrixInitializer<"Xavier", "xavier"> {
  let summary = "uniform with variance 2 gain^2 / (fan_in + fan_out)";
  let description = "Example: `#etrace.xavier<gain = 1.0>`. Fans: the last two dimensions.";
  let parameters = (ins Etrace_Double<"1.0">:$gain);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
}
def Etrace_Kaiming : Etrace_MatrixInitializer<"Kaiming", "kaiming"> {
  let summary = "truncated normal with variance scale / fan_in";
  let description = [{
    Example: `#etrace.kaiming<scale = 2.0>`. The normal is truncated at two
    standard deviations and rescaled, so that the variance is scale / fan_in;
    fan_in is the last dimension but one.
  }];
  let parameters = (ins Etrace_Double<"2.0">:$scale);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
  let genVerifyDecl = 1;
}
def Etrace_Orthogonal : Etrace_MatrixInitializer<"Orthogonal", "orthogonal"> {
  let summary = "a random (semi-)orthogonal matrix times gain";
  let description = [{
    Example: `#etrace.orthogonal<gain = 1.0>`. Leading dimensions are folded into
    rows; the smaller side is orthonormal.
  }];
  let parameters = (ins Etrace_Double<"1.0">:$gain);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
}

//===----------------------------------------------------------------------===//
// Surrogates
//===----------------------------------------------------------------------===//

class Etrace_Surrogate<string name, string attrMnemonic>
    : Etrace_Attr<name, attrMnemonic,
                  [DeclareAttrInterfaceMethods<SurrogateAttrInterface>]>;

def Etrace_ReluGrad : Etrace_Surrogate<"ReluGrad", "relu_grad"> {
  let summary = "g'(u) = max(alpha (width - |u|), 0)";
  let description = "Example: `#etrace.relu_grad<alpha = 0.3, width = 1.0>`.";
  let parameters = (ins Etrace_Double<"0.3">:$alpha, Etrace_Double<"1.0">:$width);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
  let genVerifyDecl = 1;
}
def Etrace_SigmoidGrad : Etrace_Surrogate<"SigmoidGrad", "sigmoid_grad"> {
  let summary = "g'(u) = alpha s (1 - s), s = logistic(alpha u)";
  let description = "Example: `#etrace.sigmoid_grad<alpha = 4.0>`.";
  let parameters = (ins Etrace_Double<"4.0">:$alpha);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
  let genVerifyDecl = 1;
}
def Etrace_MultiGaussian : Etrace_Surrogate<"MultiGaussian", "multi_gaussian"> {
  let summary = "g'(u) = scale [N(u;0,sigma)(1+h) - h N(u;sigma,s sigma) - h N(u;-sigma,s sigma)]";
  let description = "Example: `#etrace.multi_gaussian<h = 0.15, s = 6.0, sigma = 0.5, scale = 0.5>`.";
  let parameters = (ins Etrace_Double<"0.15">:$h, Etrace_Double<"6.0">:$s,
                        Etrace_Double<"0.5">:$sigma, Etrace_Double<"0.5">:$scale);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
  let genVerifyDecl = 1;
}
def Etrace_Arctan : Etrace_Surrogate<"Arctan", "arctan"> {
  let summary = "g'(u) = alpha / (2 (1 + (pi alpha u / 2)^2))";
  let description = "Example: `#etrace.arctan<alpha = 2.0>`.";
  let parameters = (ins Etrace_Double<"1.0">:$alpha);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
  let genVerifyDecl = 1;
}
def Etrace_S2NN : Etrace_Surrogate<"S2NN", "s2nn"> {
  let summary = "g'(u) = alpha s (1 - s), s = logistic(alpha u), if u < 0; else beta / (u + 1)";
  let description = "Example: `#etrace.s2nn<alpha = 4.0, beta = 2.0>`.";
  let parameters = (ins Etrace_Double<"4.0">:$alpha,
                        Etrace_Double<"1.0">:$beta);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
  let genVerifyDecl = 1;
}
def Etrace_GaussianGrad : Etrace_Surrogate<"GaussianGrad", "gaussian_grad"> {
  let summary = "g'(u) = alpha N(u; 0, sigma)";
  let description = "Example: `#etrace.gaussian_grad<sigma = 0.5, alpha = 1.0>`.";
  let parameters = (ins Etrace_Double<"0.5">:$sigma,
                        Etrace_Double<"0.5">:$alpha);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
  let genVerifyDecl = 1;
}
def Etrace_PiecewiseQuadratic : Etrace_Surrogate<"PiecewiseQuadratic", "piecewise_quadratic"> {
  let summary = "g'(u) = alpha - alpha^2 |u| if |u| <= 1 / alpha, else 0";
  let description = "Example: `#etrace.piecewise_quadratic<alpha = 2.0>`.";
  let parameters = (ins Etrace_Double<"1.0">:$alpha);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
  let genVerifyDecl = 1;
}
def Etrace_PiecewiseExp : Etrace_Surrogate<"PiecewiseExp", "piecewise_exp"> {
  let summary = "g'(u) = alpha / 2 exp(-alpha |u|)";
  let description = "Example: `#etrace.piecewise_exp<alpha = 2.0>`.";
  let parameters = (ins Etrace_Double<"1.0">:$alpha);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
  let genVerifyDecl = 1;
}
def Etrace_SoftSign : Etrace_Surrogate<"SoftSign", "soft_sign"> {
  let summary = "g'(u) = alpha / (2 (1 + |alpha u|)^2)";
  let description = "Example: `#etrace.soft_sign<alpha = 2.0>`.";
  let parameters = (ins Etrace_Double<"1.0">:$alpha);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
  let genVerifyDecl = 1;
}
def Etrace_NonzeroSignLog : Etrace_Surrogate<"NonzeroSignLog", "nonzero_sign_log"> {
  let summary = "g'(u) = 1 / (1 / alpha + |u|)";
  let description = "Example: `#etrace.nonzero_sign_log<alpha = 2.0>`.";
  let parameters = (ins Etrace_Double<"1.0">:$alpha);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
  let genVerifyDecl = 1;
}
def Etrace_Erf : Etrace_Surrogate<"Erf", "erf"> {
  let summary = "g'(u) = alpha / sqrt(pi) exp(-alpha^2 u^2)";
  let description = "Example: `#etrace.erf<alpha = 2.0>`.";
  let parameters = (ins Etrace_Double<"1.0">:$alpha);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
  let genVerifyDecl = 1;
}
def Etrace_PiecewiseLeakyRelu : Etrace_Surrogate<"PiecewiseLeakyRelu", "piecewise_leaky_relu"> {
  let summary = "g'(u) = 1 / (2 w) if |u| <= w, else c";
  let description = "Example: `#etrace.piecewise_leaky_relu<c = 0.1, w = 2.0>`.";
  let parameters = (ins Etrace_Double<"0.01">:$c,
                        Etrace_Double<"1.0">:$w);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
  let genVerifyDecl = 1;
}
def Etrace_SquarewaveFourierSeries
    : Etrace_Surrogate<"SquarewaveFourierSeries", "squarewave_fourier_series"> {
  let summary = "g'(u) = 4 / period sum_{i = 1..terms} cos((2 i - 1) 2 pi u / period)";
  let description = "Example: `#etrace.squarewave_fourier_series<terms = 3, period = 4.0>`.";
  let parameters = (ins DefaultValuedParameter<"int64_t", "2">:$terms,
                        Etrace_Double<"8.0">:$period);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
  let genVerifyDecl = 1;
}
def Etrace_QPseudoSpike : Etrace_Surrogate<"QPseudoSpike", "q_pseudo_spike"> {
  let summary = "g'(u) = (1 + 2 |u| / (alpha + 1))^(-alpha)";
  let description = "Example: `#etrace.q_pseudo_spike<alpha = 3.0>`.";
  let parameters = (ins Etrace_Double<"2.0">:$alpha);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
  let genVerifyDecl = 1;
}
def Etrace_LeakyRelu : Etrace_Surrogate<"LeakyRelu", "leaky_relu"> {
  let summary = "g'(u) = alpha if u < 0, else beta";
  let description = "Example: `#etrace.leaky_relu<alpha = 0.2, beta = 1.0>`.";
  let parameters = (ins Etrace_Double<"0.1">:$alpha,
                        Etrace_Double<"1.0">:$beta);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
  let genVerifyDecl = 1;
}
def Etrace_LogTailedRelu : Etrace_Surrogate<"LogTailedRelu", "log_tailed_relu"> {
  let summary = "g'(u) = alpha if u <= 0; 1 if u <= 1; else 1 / u";
  let description = "Example: `#etrace.log_tailed_relu<alpha = 0.1>`.";
  let parameters = (ins Etrace_Double<"0.0">:$alpha);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
  let genVerifyDecl = 1;
}
def Etrace_InvSquareGrad : Etrace_Surrogate<"InvSquareGrad", "inv_square_grad"> {
  let summary = "g'(u) = 1 / (alpha |u| + 1)^2";
  let description = "Example: `#etrace.inv_square_grad<alpha = 10.0>`.";
  let parameters = (ins Etrace_Double<"100.0">:$alpha);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
  let genVerifyDecl = 1;
}
def Etrace_SlayerGrad : Etrace_Surrogate<"SlayerGrad", "slayer_grad"> {
  let summary = "g'(u) = exp(-alpha |u|)";
  let description = "Example: `#etrace.slayer_grad<alpha = 2.0>`.";
  let parameters = (ins Etrace_Double<"1.0">:$alpha);
  let assemblyFormat = "(`<` struct(params)^ `>`)?";
  let genVerifyDecl = 1;
}

include "etrace/IR/EtraceGradientTransforms.td"

#endif // ETRACE_IR_ETRACEATTRS_TD
