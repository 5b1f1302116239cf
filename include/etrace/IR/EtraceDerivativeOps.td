//===- EtraceDerivativeOps.td - Derivatives of functions ---*- tablegen -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each stands for a derivative of a `func.func` f(x_0, ..., x_n) -> (y..., aux...) at the
// point of its operands. All have in common:
//
// * `states`: the states and parameters of models (`@model::@weight`) with respect to which f is
//   differentiated, at their current values. A function that uses states needs the list, if
//   only an empty one; what it writes is written, once.
// * `wrt`: the arguments with respect to which f is differentiated; without it the first, or
//   none beside states.
// * `allow_unused`: a state that f does not read has the derivative zero (else: an error).
// * `has_aux`: the results of f behind the first are auxiliary; they are not differentiated.
// * `return_value`: the value y is returned too.
// * `transforms`: functions of all derivatives together, such as `#etrace.scale<factor = 0.5>`,
//   applied in this order.
// * Results: derivatives (for states, then for arguments, each in the order of its list), then
//   the value, then the auxiliary results.
//===----------------------------------------------------------------------===//
#ifndef ETRACE_IR_ETRACEDERIVATIVEOPS_TD
#define ETRACE_IR_ETRACEDERIVATIVEOPS_TD

class Etrace_DerivativeOp<string mnemonic, list<Trait> traits = []>
    : Etrace_Op<mnemonic, !listconcat([
        DerivativeOpInterface, DeclareOpInterfaceMethods<ConditionallySpeculatable>,
        DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
        DeclareOpInterfaceMethods<SymbolUserOpInterface>], traits)> {
  dag commonArguments = (ins FlatSymbolRefAttr:$callee, Variadic<AnyType>:$point,
                             OptionalAttr<SymbolRefArrayAttr>:$states,
                             OptionalAttr<DenseI64ArrayAttr>:$wrt, UnitAttr:$allow_unused,
                             UnitAttr:$has_aux, UnitAttr:$return_value,
                             OptionalAttr<ArrayAttr>:$transforms);
  let arguments = commonArguments;
  let results = (outs Variadic<AnyType>:$results);
  let assemblyFormat = [{
    $callee `(` $point `)` (`states` $states^)? (`wrt` $wrt^)? (`allow_unused` $allow_unused^)?
    (`has_aux` $has_aux^)? (`return_value` $return_value^)? (`transforms` $transforms^)? attr-dict
    `:` functional-type($point, $results)
  }];
  let extraClassDeclaration = [{
    ::etrace::Derivative getDerivative() { return ::etrace::Derivative::}] # mnemonic # [{; }
  }];
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::verifySymbolUses(::mlir::SymbolTableCollection &tables) {
      return ::etrace::detail::verifyDerivativeOp(*this, tables);
    }
    ::mlir::Speculation::Speculatability $cppClass::getSpeculatability() {
      return getStates() ? ::mlir::Speculation::NotSpeculatable
                         : ::mlir::Speculation::Speculatable;
    }
    void $cppClass::getEffects(
        ::llvm::SmallVectorImpl<::mlir::MemoryEffects::EffectInstance> &effects) {
      if (getStates())
        effects.append({::mlir::MemoryEffects::EffectInstance(::mlir::MemoryEffects::Read::get()),
                        ::mlir::MemoryEffects::EffectInstance(::mlir::MemoryEffects::Write::get())});
    }
  }];
}

def Etrace_GradOp : Etrace_DerivativeOp<"grad"> {
  let summary = "gradient of a function with one scalar result, by reverse mode";
  let description = [{
    One gradient for each state in `states` and argument in `wrt`, of its type.

    ```mlir
    func.func @distance(%x: tensor<3xf64>, %y: tensor<3xf64>) -> f64 {
      %d = arith.subf %x, %y : tensor<3xf64>
      %z = arith.constant dense<0.0> : tensor<f64>
      %s = linalg.dot ins(%d, %d : tensor<3xf64>, tensor<3xf64>) outs(%z : tensor<f64>)
          -> tensor<f64>
      %v = tensor.extract %s[] : tensor<f64>
      return %v : f64
    }
    func.func @main(%x: tensor<3xf64>, %y: tensor<3xf64>) -> (tensor<3xf64>, tensor<3xf64>, f64) {
      %dx, %dy, %v = etrace.grad @distance(%x, %y) wrt [0, 1] return_value
          : (tensor<3xf64>, tensor<3xf64>) -> (tensor<3xf64>, tensor<3xf64>, f64)
      return %dx, %dy, %v : tensor<3xf64>, tensor<3xf64>, f64
    }
    ```

    A function beside a model uses its states and parameters by name:

    ```mlir
    etrace.model @spring {
      etrace.param @stiffness : tensor<f64>
      etrace.state @calls : tensor<f64>
    }
    func.func @energy(%x: f64) -> f64 {
      %c = etrace.get @spring::@calls : tensor<f64>
      %one = arith.constant dense<1.0> : tensor<f64>
      %next = arith.addf %c, %one : tensor<f64>
      etrace.set @spring::@calls, %next : tensor<f64>
      %w = etrace.get @spring::@stiffness : tensor<f64>
      %k = tensor.extract %w[] : tensor<f64>
      %0 = arith.mulf %x, %x : f64
      %1 = arith.mulf %k, %0 : f64
      return %1 : f64
    }
    func.func @main(%x: f64) -> (tensor<f64>, f64) {
      %dk, %dx = etrace.grad @energy(%x) states [@spring::@stiffness] wrt [0]
          : (f64) -> (tensor<f64>, f64)
      return %dk, %dx : tensor<f64>, f64
    }
    ```
  }];
}

def Etrace_VectorGradOp : Etrace_DerivativeOp<"vector_grad"> {
  let summary = "gradient of the sum of all elements of the results, by reverse mode";
  let description = [{
    The sum of the rows of the Jacobian; the value is that of the function, not summed.

    ```mlir
    func.func @squares(%x: tensor<3xf64>) -> tensor<3xf64> {
      %0 = arith.mulf %x, %x : tensor<3xf64>
      return %0 : tensor<3xf64>
    }
    func.func @main(%x: tensor<3xf64>) -> tensor<3xf64> {
      %0 = etrace.vector_grad @squares(%x) : (tensor<3xf64>) -> tensor<3xf64>
      return %0 : tensor<3xf64>
    }
    ```
  }];
}

class Etrace_JacobianOp<string mnemonic> : Etrace_DerivativeOp<mnemonic> {
  let arguments = !con(commonArguments, (ins UnitAttr:$automatic));
  let assemblyFormat = [{
    (`automatic` $automatic^)? $callee `(` $point `)` (`states` $states^)? (`wrt` $wrt^)?
    (`allow_unused` $allow_unused^)? (`has_aux` $has_aux^)? (`return_value` $return_value^)?
    (`transforms` $transforms^)? attr-dict `:` functional-type($point, $results)
  }];
}

def Etrace_JacRevOp : Etrace_JacobianOp<"jacrev"> {
  let summary = "Jacobian of a function, one reverse pass for each element of the results";
  let description = [{
    A block for each differentiated result and argument in `wrt`, the blocks of the first
    result first. A block has the axes of the result, then those of the argument, and
    the element type of the argument. To be preferred for few results; `automatic` takes
    the mode with fewer passes, if the extents are known.

    ```mlir
    func.func @products(%x: tensor<3xf64>) -> tensor<2xf64> {
      %a = tensor.extract_slice %x[0] [2] [1] : tensor<3xf64> to tensor<2xf64>
      %b = tensor.extract_slice %x[1] [2] [1] : tensor<3xf64> to tensor<2xf64>
      %0 = arith.mulf %a, %b : tensor<2xf64>
      return %0 : tensor<2xf64>
    }
    func.func @main(%x: tensor<3xf64>) -> tensor<2x3xf64> {
      %0 = etrace.jacrev @products(%x) : (tensor<3xf64>) -> tensor<2x3xf64>
      return %0 : tensor<2x3xf64>
    }
    ```
  }];
}

def Etrace_JacFwdOp : Etrace_JacobianOp<"jacfwd"> {
  let summary = "Jacobian of a function, one forward pass for each element of the arguments";
  let description = [{
    The blocks of `etrace.jacrev`, with the element type of the result. To be preferred for
    few elements of arguments.

    ```mlir
    func.func @powers(%x: f64) -> tensor<2xf64> {
      %s = arith.mulf %x, %x : f64
      %c = arith.mulf %s, %x : f64
      %0 = tensor.from_elements %s, %c : tensor<2xf64>
      return %0 : tensor<2xf64>
    }
    func.func @main(%x: f64) -> tensor<2xf64> {
      %0 = etrace.jacfwd @powers(%x) : (f64) -> tensor<2xf64>
      return %0 : tensor<2xf64>
    }
    ```
  }];
}

def Etrace_HessianOp : Etrace_DerivativeOp<"hessian"> {
  let summary = "second derivatives of a function: `jacfwd` of `jacrev`";
  let description = [{
    A block for each differentiated result and pair of arguments in `wrt`, in the order
    (result, first argument, second argument), with the axes in the same order.

    ```mlir
    func.func @cube(%x: f64) -> f64 {
      %s = arith.mulf %x, %x : f64
      %c = arith.mulf %s, %x : f64
      return %c : f64
    }
    func.func @main(%x: f64) -> f64 {
      %0 = etrace.hessian @cube(%x) : (f64) -> f64
      return %0 : f64
    }
    ```
  }];
}

def Etrace_BlockJacobianOp : Etrace_DerivativeOp<"block_jacobian"> {
  let arguments = !con(commonArguments, (ins
    DefaultValuedAttr<Etrace_MixingPolicyAttr, "::etrace::MixingPolicy::error">:$mixing));
  let assemblyFormat = [{
    $callee `(` $point `)` (`wrt` $wrt^)? (`has_aux` $has_aux^)? (`return_value` $return_value^)?
    (`mixing` $mixing^)? attr-dict `:` functional-type($point, $results)
  }];
  let summary = "Jacobian of states by states at each position";
  let description = [{
    The function takes S states of one type, the arguments in `wrt`, and returns their new
    values first, in this order; what is behind them is auxiliary. The result has the axes of a
    state, then S x S: D[p, a, b] = d state_a'[p] / d state_b[p].

    The block is exact and takes S sweeps over one linearisation, whatever the number of
    positions: by proof, every path from a position to itself leads through one point of each
    value. A mean has this property, two matrix products in a row do not. Where it fails,
    `mixing` says what to do; by default it is an error that names the operations.

    ```mlir
    func.func @leak(%v: tensor<3xf64>, %i: tensor<3xf64>) -> (tensor<3xf64>, tensor<3xf64>) {
      %c = arith.constant dense<0.9> : tensor<3xf64>
      %0 = arith.mulf %c, %v : tensor<3xf64>
      %1 = arith.addf %0, %i : tensor<3xf64>
      %2 = arith.mulf %c, %i : tensor<3xf64>
      return %1, %2 : tensor<3xf64>, tensor<3xf64>
    }
    func.func @main(%v: tensor<3xf64>, %i: tensor<3xf64>) -> tensor<3x2x2xf64> {
      %0 = etrace.block_jacobian @leak(%v, %i) wrt [0, 1]
          : (tensor<3xf64>, tensor<3xf64>) -> tensor<3x2x2xf64>
      return %0 : tensor<3x2x2xf64>
    }
    ```
  }];
}

def Etrace_FullJacobianOp : Etrace_DerivativeOp<"full_jacobian"> {
  let summary = "Jacobian of states by states, all positions by all positions";
  let description = [{
    As `etrace.block_jacobian`, with J[p, a, q, b] = d state_a'[p] / d state_b[q]: the axes of
    a state, S, the axes of a state, S. It takes a forward pass for each element of the states.

    ```mlir
    func.func @shift(%h: tensor<3xf64>) -> tensor<3xf64> {
      %z = arith.constant dense<0.0> : tensor<3xf64>
      %s = tensor.extract_slice %h[1] [2] [1] : tensor<3xf64> to tensor<2xf64>
      %0 = tensor.insert_slice %s into %z[0] [2] [1] : tensor<2xf64> into tensor<3xf64>
      return %0 : tensor<3xf64>
    }
    func.func @main(%h: tensor<3xf64>) -> tensor<3x1x3x1xf64> {
      %0 = etrace.full_jacobian @shift(%h) : (tensor<3xf64>) -> tensor<3x1x3x1xf64>
      return %0 : tensor<3x1x3x1xf64>
    }
    ```
  }];
}

class Etrace_DirectionalOp<string mnemonic, string seeds>
    : Etrace_DerivativeOp<mnemonic, [AttrSizedOperandSegments]> {
  let arguments = !con(commonArguments, (ins Variadic<Etrace_FloatLike>:$seeds));
  let assemblyFormat = [{
    $callee `(` $point `)` `}] # seeds # [{` `(` $seeds `)` (`states` $states^)? (`wrt` $wrt^)?
    (`allow_unused` $allow_unused^)? (`has_aux` $has_aux^)? (`return_value` $return_value^)?
    (`transforms` $transforms^)? attr-dict
    `:` `(` type($point) `)` `,` `(` type($seeds) `)` `->` `(` type($results) `)`
  }];
}

def Etrace_VJPOp : Etrace_DirectionalOp<"vjp", "cotangents"> {
  let summary = "cotangents of results sent to arguments, by one reverse pass";
  let description = [{
    For y = f(x) and a cotangent c of each differentiated result: the sum over the results
    of c^T dy/dx, for each argument in `wrt`.

    ```mlir
    func.func @squares(%x: tensor<3xf64>) -> tensor<3xf64> {
      %0 = arith.mulf %x, %x : tensor<3xf64>
      return %0 : tensor<3xf64>
    }
    func.func @main(%x: tensor<3xf64>, %c: tensor<3xf64>) -> tensor<3xf64> {
      %0 = etrace.vjp @squares(%x) cotangents(%c)
          : (tensor<3xf64>), (tensor<3xf64>) -> (tensor<3xf64>)
      return %0 : tensor<3xf64>
    }
    ```
  }];
}

def Etrace_JVPOp : Etrace_DirectionalOp<"jvp", "tangents"> {
  let summary = "tangents of arguments sent to results, by one forward pass";
  let description = [{
    For y = f(x) and a tangent t of each argument in `wrt`: the sum over these of dy/dx t, for
    each differentiated result.

    ```mlir
    func.func @squares(%x: tensor<3xf64>) -> tensor<3xf64> {
      %0 = arith.mulf %x, %x : tensor<3xf64>
      return %0 : tensor<3xf64>
    }
    func.func @main(%x: tensor<3xf64>, %t: tensor<3xf64>) -> tensor<3xf64> {
      %0 = etrace.jvp @squares(%x) tangents(%t)
          : (tensor<3xf64>), (tensor<3xf64>) -> (tensor<3xf64>)
      return %0 : tensor<3xf64>
    }
    ```
  }];
}

#endif // ETRACE_IR_ETRACEDERIVATIVEOPS_TD
