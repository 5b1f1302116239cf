// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: etrace-opt %s --etrace-lower-derivatives -split-input-file -verify-diagnostics

func.func @f(%x: f64) -> f64 {
  return %x : f64
}
func.func @main(%x: f64) -> f64 {
  // expected-error@+1 {{'etrace.grad' op has "scale" in transforms, which is no function of derivatives; expected #etrace.scale, clip_by_value, clip_by_global_norm, gradient_noise or transform_by [derivative-transforms]}}
  %0 = etrace.grad @f(%x) transforms ["scale"] : (f64) -> f64
  return %0 : f64
}

// -----

func.func @f(%x: f64) -> f64 {
  return %x : f64
}
func.func @main(%x: f64) -> f64 {
  // expected-error@+1 {{names @g in transforms, which is not a 'func.func' beside the function that is differentiated [derivative-transforms]}}
  %0 = etrace.grad @f(%x) transforms [#etrace.transform_by<@g>] : (f64) -> f64
  return %0 : f64
}

// -----

func.func @f(%x: f64) -> f64 {
  return %x : f64
}
// expected-note@+1 {{it has the type '(f64) -> f64'}}
func.func @g(%x: f64) -> f64 {
  return %x : f64
}
func.func @main(%x: f64) -> f64 {
  // expected-error@+1 {{hands its derivatives to @g, which must have the type '(f64, tensor<2xf64>) -> f64' [derivative-transforms]}}
  %0 = etrace.grad @f(%x) transforms [#etrace.transform_by<@g, [dense<0.5> : tensor<2xf64>]>] : (f64) -> f64
  return %0 : f64
}

// -----

etrace.model @store {
  etrace.state @s : tensor<f64>
}
func.func @f(%x: f64) -> f64 {
  return %x : f64
}
func.func @g(%x: f64) -> f64 {
  %s = etrace.get @store::@s : tensor<f64>
  %0 = tensor.extract %s[] : tensor<f64>
  return %0 : f64
}
func.func @main(%x: f64) -> f64 {
  // expected-error@+1 {{names @g in transforms, which uses states; hand it what it needs as parameters [derivative-transforms]}}
  %0 = etrace.grad @f(%x) transforms [#etrace.transform_by<@g>] : (f64) -> f64
  return %0 : f64
}

// -----

// expected-error@+1 {{factor must be finite, found}}
#scale = #etrace.scale<factor = 0x7FF0000000000000>

// -----

// expected-error@+1 {{low must not be above high, found 1.000000e+00 and 5.000000e-01}}
#clip = #etrace.clip_by_value<low = 1.0, high = 0.5>

// -----

// expected-error@+1 {{max must be finite and not negative, found -1.000000e+00}}
#clip = #etrace.clip_by_global_norm<max = -1.0>

// -----

// expected-error@+1 {{std must be finite and not negative, found -1.000000e+00}}
#noise = #etrace.gradient_noise<std = -1.0, seed = 0>

// -----

// expected-error@+1 {{a parameter must be a number or a tensor of numbers, found "x"}}
#user = #etrace.transform_by<@g, ["x"]>
