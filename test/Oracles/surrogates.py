# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Derivatives of spikes in closed form, one function for every surrogate attribute."""

import numpy as np

from .dual import logistic_value as logistic


def normal(x, mean, std):
    return np.exp(-((x - mean) / std) ** 2 / 2) / (np.sqrt(2 * np.pi) * std)


def relu(x, alpha=0.3, width=1.0):
    return np.maximum(alpha * (width - abs(x)), 0)


def sigmoid(x, alpha=4.0):
    return alpha * logistic(alpha * x) * logistic(-alpha * x)


def arctan(x, alpha=1.0):
    return alpha / (2 * (1 + (np.pi * alpha * x / 2) ** 2))


def s2nn(x, alpha=4.0, beta=1.0):
    return np.where(x < 0, sigmoid(x, alpha), beta / (abs(x) + 1))


def multi_gaussian(x, h=0.15, s=6.0, sigma=0.5, scale=0.5):
    return scale * (normal(x, 0, sigma) * (1 + h) - h * normal(x, sigma, s * sigma)
                    - h * normal(x, -sigma, s * sigma))


def gaussian(x, sigma=0.5, alpha=0.5):
    return alpha * normal(x, 0, sigma)


def quadratic(x, alpha=1.0):
    return np.where(abs(x) <= 1 / alpha, alpha - alpha ** 2 * abs(x), 0)


def piecewise_exp(x, alpha=1.0):
    return alpha / 2 * np.exp(-alpha * abs(x))


def soft_sign(x, alpha=1.0):
    return alpha / (2 * (1 + abs(alpha * x)) ** 2)


def sign_log(x, alpha=1.0):
    return 1 / (1 / alpha + abs(x))


def erf(x, alpha=1.0):
    return alpha / np.sqrt(np.pi) * np.exp(-(alpha * x) ** 2)


def piecewise_leaky(x, c=0.01, w=1.0):
    return np.where(abs(x) <= w, 1 / (2 * w), c)


def fourier(x, n=2, period=8.0):
    return 4 / period * sum(np.cos(((2 * i - 1) * 2 * np.pi / period) * x)
                            for i in range(1, n + 1))


def q_pseudo(x, alpha=2.0):
    return (1 + 2 * abs(x) / (alpha + 1)) ** -alpha


def leaky(x, alpha=0.1, beta=1.0):
    return np.where(x < 0, alpha, beta)


def log_tailed(x, alpha=0.0):
    return np.where(x <= 0, alpha, np.where(x <= 1, 1, 1 / np.where(x == 0, 1, x)))


def inv_square(x, alpha=100.0):
    return 1 / (alpha * abs(x) + 1) ** 2


def slayer(x, alpha=1.0):
    return np.exp(-alpha * abs(x))
