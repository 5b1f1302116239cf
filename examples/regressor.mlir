// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linear regression y = x w + b on 20 samples, trained by gradient descent on
//   mean (x w + b - y)^2 + 0.01 (w^2 + b^2),
// 50 epochs in one compiled loop. The gradient by the parameters is asked for by name.
//
//   etrace-run examples/regressor.mlir --mode=call --entry=train --data=data.json --out=out.json
//   etrace-compile examples/regressor.mlir -o regressor.so --header=regressor.h
etrace.model @regressor {
  etrace.param @weight : tensor<1x1xf64>
  etrace.param @bias : tensor<1xf64>
}

func.func private @predict(%x: tensor<20x1xf64>) -> tensor<20x1xf64> {
  %w = etrace.get @regressor::@weight : tensor<1x1xf64>
  %b = etrace.get @regressor::@bias : tensor<1xf64>
  %zeros = arith.constant dense<0.0> : tensor<20x1xf64>
  %xw = linalg.matmul ins(%x, %w : tensor<20x1xf64>, tensor<1x1xf64>)
      outs(%zeros : tensor<20x1xf64>) -> tensor<20x1xf64>
  %empty = tensor.empty() : tensor<20x1xf64>
  %bs = linalg.broadcast ins(%b : tensor<1xf64>) outs(%empty : tensor<20x1xf64>) dimensions = [0]
  %p = arith.addf %xw, %bs : tensor<20x1xf64>
  return %p : tensor<20x1xf64>
}

// The penalty, of the parameters at the time of the call.
func.func private @penalty() -> f64 {
  %w = etrace.get @regressor::@weight : tensor<1x1xf64>
  %b = etrace.get @regressor::@bias : tensor<1xf64>
  %c0 = arith.constant 0 : index
  %rate = arith.constant 0.01 : f64
  %w0 = tensor.extract %w[%c0, %c0] : tensor<1x1xf64>
  %b0 = tensor.extract %b[%c0] : tensor<1xf64>
  %w2 = arith.mulf %w0, %w0 : f64
  %b2 = arith.mulf %b0, %b0 : f64
  %sum = arith.addf %w2, %b2 : f64
  %l2 = arith.mulf %rate, %sum : f64
  return %l2 : f64
}

func.func private @loss(%x: tensor<20x1xf64>, %y: tensor<20x1xf64>)
    -> (f64, f64 {etrace.name = "mse"}, f64 {etrace.name = "l2"}) {
  %p = call @predict(%x) : (tensor<20x1xf64>) -> tensor<20x1xf64>
  %d = arith.subf %p, %y : tensor<20x1xf64>
  %s = arith.mulf %d, %d : tensor<20x1xf64>
  %zero = arith.constant dense<0.0> : tensor<f64>
  %sum = linalg.reduce {arith.addf} ins(%s : tensor<20x1xf64>) outs(%zero : tensor<f64>)
      dimensions = [0, 1]
  %total = tensor.extract %sum[] : tensor<f64>
  %count = arith.constant 20.0 : f64
  %mse = arith.divf %total, %count : f64
  %l2 = call @penalty() : () -> f64
  %loss = arith.addf %mse, %l2 : f64
  return %loss, %mse, %l2 : f64, f64, f64
}

// One step of gradient descent: the loss, its parts, and the gradients before the update.
func.func private @descend(%x: tensor<20x1xf64>, %y: tensor<20x1xf64>)
    -> (f64, f64, f64, tensor<1x1xf64>, tensor<1xf64>) {
  %dw, %db, %loss, %mse, %l2 = etrace.grad @loss(%x, %y)
      states [@regressor::@weight, @regressor::@bias] has_aux return_value
      : (tensor<20x1xf64>, tensor<20x1xf64>) -> (tensor<1x1xf64>, tensor<1xf64>, f64, f64, f64)
  %w = etrace.get @regressor::@weight : tensor<1x1xf64>
  %wrate = arith.constant dense<0.1> : tensor<1x1xf64>
  %wstep = arith.mulf %wrate, %dw : tensor<1x1xf64>
  %w1 = arith.subf %w, %wstep : tensor<1x1xf64>
  etrace.set @regressor::@weight, %w1 : tensor<1x1xf64>
  %b = etrace.get @regressor::@bias : tensor<1xf64>
  %brate = arith.constant dense<0.1> : tensor<1xf64>
  %bstep = arith.mulf %brate, %db : tensor<1xf64>
  %b1 = arith.subf %b, %bstep : tensor<1xf64>
  etrace.set @regressor::@bias, %b1 : tensor<1xf64>
  return %loss, %mse, %l2, %dw, %db : f64, f64, f64, tensor<1x1xf64>, tensor<1xf64>
}

// Columns: loss, mse, l2 (of the weights before the update), weight and bias after it, gradients.
func.func @regressor_train(%x: tensor<20x1xf64> {etrace.name = "x"},
                           %y: tensor<20x1xf64> {etrace.name = "y"})
    -> (tensor<50x7xf64> {etrace.name = "epochs"}) attributes {etrace.entry = "train"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c50 = arith.constant 50 : index
  %empty = tensor.empty() : tensor<50x7xf64>
  %epochs = scf.for %e = %c0 to %c50 step %c1 iter_args(%rows = %empty) -> tensor<50x7xf64> {
    %loss, %mse, %l2, %dw, %db = func.call @descend(%x, %y)
        : (tensor<20x1xf64>, tensor<20x1xf64>) -> (f64, f64, f64, tensor<1x1xf64>, tensor<1xf64>)
    %w = etrace.get @regressor::@weight : tensor<1x1xf64>
    %b = etrace.get @regressor::@bias : tensor<1xf64>
    %w0 = tensor.extract %w[%c0, %c0] : tensor<1x1xf64>
    %b0 = tensor.extract %b[%c0] : tensor<1xf64>
    %dw0 = tensor.extract %dw[%c0, %c0] : tensor<1x1xf64>
    %db0 = tensor.extract %db[%c0] : tensor<1xf64>
    %row = tensor.from_elements %loss, %mse, %l2, %w0, %b0, %dw0, %db0 : tensor<7xf64>
    %next = tensor.insert_slice %row into %rows[%e, 0] [1, 7] [1, 1]
        : tensor<7xf64> into tensor<50x7xf64>
    scf.yield %next : tensor<50x7xf64>
  }
  return %epochs : tensor<50x7xf64>
}

// The loss at the current parameters.
func.func @regressor_evaluate(%x: tensor<20x1xf64> {etrace.name = "x"},
                              %y: tensor<20x1xf64> {etrace.name = "y"})
    -> (f64 {etrace.name = "loss"}, f64 {etrace.name = "mse"}, f64 {etrace.name = "l2"})
    attributes {etrace.entry = "evaluate"} {
  %loss, %mse, %l2 = call @loss(%x, %y)
      : (tensor<20x1xf64>, tensor<20x1xf64>) -> (f64, f64, f64)
  return %loss, %mse, %l2 : f64, f64, f64
}
