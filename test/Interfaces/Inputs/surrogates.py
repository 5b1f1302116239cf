# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Surrogate gradients of spikes against closed forms, at kinks and far out, in both modes; the
value of a spike against the step function."""

import sys
from pathlib import Path

import numpy as np

from compiled import Function, Library, tensor

sys.path.insert(0, str(Path(__file__).parents[2]))
from Oracles.surrogates import (  # noqa: E402
    arctan, erf, fourier, gaussian, inv_square, leaky, log_tailed, multi_gaussian, piecewise_exp,
    piecewise_leaky, q_pseudo, quadratic, relu, s2nn, sigmoid, sign_log, slayer, soft_sign)

# attribute, closed form, other parameters, as attribute and as arguments.
SURROGATES = [
    ("relu_grad", relu, "alpha = 0.7, width = 2.0", (0.7, 2.0)),
    ("sigmoid_grad", sigmoid, "alpha = 2.5", (2.5,)),
    ("arctan", arctan, "alpha = 2.0", (2.0,)),
    ("s2nn", s2nn, "alpha = 2.0, beta = 0.5", (2.0, 0.5)),
    ("multi_gaussian", multi_gaussian, "h = 0.3, s = 2.0, sigma = 1.0, scale = 0.7",
     (0.3, 2.0, 1.0, 0.7)),
    ("gaussian_grad", gaussian, "sigma = 2.0, alpha = 0.25", (2.0, 0.25)),
    ("piecewise_quadratic", quadratic, "alpha = 0.5", (0.5,)),
    ("piecewise_exp", piecewise_exp, "alpha = 2.0", (2.0,)),
    ("soft_sign", soft_sign, "alpha = 3.0", (3.0,)),
    ("nonzero_sign_log", sign_log, "alpha = 4.0", (4.0,)),
    ("erf", erf, "alpha = 1.5", (1.5,)),
    ("piecewise_leaky_relu", piecewise_leaky, "c = 0.2, w = 0.5", (0.2, 0.5)),
    ("squarewave_fourier_series", fourier, "terms = 5, period = 3.0", (5, 3.0)),
    ("q_pseudo_spike", q_pseudo, "alpha = 3.0", (3.0,)),
    ("leaky_relu", leaky, "alpha = 0.3, beta = 0.8", (0.3, 0.8)),
    ("log_tailed_relu", log_tailed, "alpha = 0.2", (0.2,)),
    ("inv_square_grad", inv_square, "alpha = 10.0", (10.0,)),
    ("slayer_grad", slayer, "alpha = 0.5", (0.5,)),
]
KINKS = np.array([0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 2.0, -2.0, 40.0, -40.0, 1e3, -1e3])
POINTS = np.concatenate([KINKS, np.nextafter(KINKS, np.inf), np.nextafter(KINKS, -np.inf),
                         np.linspace(-4, 4, 61)])


def main(directory):
    t = tensor(POINTS.shape)
    cases = []
    for name, form, text, values in SURROGATES:
        for suffix, attribute, arguments in (("", name, ()), ("_other", f"{name}<{text}>", values)):
            body = f"%r0 = etrace.spike %a0 surrogate(#etrace.{attribute}) : {t}"
            cases.append((Function(name + suffix, [POINTS.shape], [POINTS.shape], body),
                          form(POINTS, *arguments)))
    # The user's own: the value of an operand, through which nothing is differentiated.
    cases.append((Function("operand", [POINTS.shape], [POINTS.shape],
                           f"%d = math.exp %a0 : {t}\n%m = arith.negf %d : {t}\n%e = math.exp %m : {t}\n"
                           f"%r0 = etrace.spike %a0 derivative(%e) : {t}"),
                  np.exp(-np.exp(np.minimum(POINTS, 700)))))
    library = Library([case[0] for case in cases], directory)
    failures = 0
    ones = np.ones_like(POINTS)
    for function, expected in cases:
        for mode, got, reference in (
                ("value", library.value(function, [POINTS])[0], (POINTS >= 0) * 1.0),
                ("jvp", library.jvp(function, [POINTS], [ones])[0], expected),
                ("vjp", library.vjp(function, [POINTS], [ones])[0], expected)):
            error = np.max(abs(got - reference) / np.maximum(1, abs(reference)))
            if not error <= 1e-12:
                failures += 1
                print("FAILED", function.name, mode, error)
    print(f"{len(cases)} surrogates, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
