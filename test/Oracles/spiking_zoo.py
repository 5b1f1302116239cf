# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The neurons and synapses of examples/zoo, written a second time in numpy."""

import math

import numpy as np

from . import dual, surrogates
from .dual import concat, exp, logistic, square
from .model import single

KEEP = math.exp(-1 / 5)      # of the membrane in a step
SYNAPSE = math.exp(-1 / 3)
ADAPT = math.exp(-1 / 20)


def with_surrogate(derivative, **options):
    """A step that takes the derivative of its spikes as its last argument."""
    def bind(step):
        return lambda c, p, s, x: step(c, p, s, x, lambda u: c.spike(
            u, lambda z: derivative(z, **options)))
    return bind


def affine(c, p, x, spikes):
    return c.matmul("y", concat(x, spikes), p["w"], p["b"])


# ---- neurons ---------------------------------------------------------------------------

@with_surrogate(surrogates.piecewise_leaky, c=0.05, w=0.8)
def integrate_and_fire(c, p, s, x, spike):
    z = spike(s["V"] - 1)
    return spike(c.set("V", s["V"] - z + affine(c, p, x, z)) - 1)


@with_surrogate(surrogates.arctan, alpha=2.0)
def lif_hard(c, p, s, x, spike):
    z = spike(s["V"] - 1)
    reset = s["V"] - c.stop(s["V"]) * z
    return spike(c.set("V", KEEP * reset + affine(c, p, x, z)) - 1)


@with_surrogate(surrogates.sigmoid, alpha=4.0)
def lif_refractory(c, p, s, x, spike):
    z = spike(s["V"] - 1)
    count = c.set("q", dual.relu(s["q"] - 1) + 2 * c.stop(z))
    heard = (dual.value(count) <= 0).astype(float) * affine(c, p, x, z)
    return spike(c.set("V", KEEP * (s["V"] - z) + heard) - 1)


@with_surrogate(surrogates.relu, alpha=0.3, width=1.0)
def gif(c, p, s, x, spike):
    z = c.stop(spike(s["V"] - 1))
    slow = c.set("I2", math.exp(-1 / 10) * (s["I2"] - 0.3 * z))
    current = affine(c, p, x, z) + slow
    return c.set("V", KEEP * (s["V"] - z) + (1 - KEEP) * current) - 1


@with_surrogate(surrogates.piecewise_leaky, c=0.0, w=1.0)
def radlif(c, p, s, x, spike):
    alpha, beta, coupling, jump = (c.elementwise(k, p[k])
                                   for k in ("alpha", "beta", "coupling", "jump"))
    z = spike(s["V"] - 1)
    a = c.set("a", logistic(beta) * s["a"] + coupling * s["V"] + jump * z)
    keep = logistic(alpha)
    drive = affine(c, p, x, z) - a
    return spike(c.set("V", keep * (s["V"] - z) + (1 - keep) * drive) - 1)


@with_surrogate(surrogates.gaussian, sigma=0.5, alpha=1.0)
def eif(c, p, s, x, spike):
    z = spike(s["V"] - 1)
    r = s["V"] - z
    slope = 0.5 * exp((r - 0.8) * (1 / 0.5)) - r + affine(c, p, x, z)
    return spike(c.set("V", r + 0.2 * slope) - 1)


@with_surrogate(surrogates.soft_sign, alpha=2.0)
def qif(c, p, s, x, spike):
    z = spike(s["V"] - 1)
    r = s["V"] - z * (1 + c.stop(s["V"]))
    return spike(c.set("V", r + 0.2 * (square(r) + affine(c, p, x, z))) - 1)


@with_surrogate(surrogates.slayer, alpha=1.0)
def izhikevich(c, p, s, x, spike):
    z = spike((s["V"] - 30) * (1 / 50))
    v = s["V"] - z * (65 + c.stop(s["V"]))
    u = s["u"] + 8 * z
    slope = 0.04 * square(v) + 5 * v + 140 - u + 20 * affine(c, p, x, z)
    c.set("u", u + 0.5 * 0.02 * (0.2 * v - u))
    return spike((c.set("V", v + 0.5 * slope) - 30) * (1 / 50))


@with_surrogate(surrogates.sign_log, alpha=1.5)
def resonate_and_fire(c, p, s, x, spike):
    damping = math.exp(-0.1)
    re, z = s["re"], spike(s["im"] - 0.5)
    im = s["im"] - z
    c.set("re", damping * (math.cos(0.6) * re - math.sin(0.6) * im) + affine(c, p, x, z))
    return spike(c.set("im", damping * (math.sin(0.6) * re + math.cos(0.6) * im)) - 0.5)


@with_surrogate(surrogates.erf, alpha=1.5)
def alif_two_time(c, p, s, x, spike):
    z = spike(s["V"] - (1 + 0.3 * s["a1"] + 0.2 * s["a2"]))
    v = c.set("V", KEEP * (s["V"] - z) + affine(c, p, x, z))
    a1 = c.set("a1", math.exp(-1 / 10) * (s["a1"] + z))
    a2 = c.set("a2", math.exp(-1 / 50) * (s["a2"] + z))
    return spike(v - (1 + 0.3 * a1 + 0.2 * a2))


def fitzhugh_nagumo(c, p, s, x):
    v, u = s["v"], s["u"]
    c.set("u", u + 0.25 * 0.08 * (v + 0.7 - 0.8 * u))
    cubic = v - square(v) * v * (1 / 3)
    return c.set("v", v + 0.25 * (cubic - u + c.matmul("y", x, p["w"], p["b"])))


def hodgkin_huxley(c, p, s, x):
    def relax(gate, alpha, beta):
        c.set(gate, s[gate] + 0.02 * (alpha * (1 - s[gate]) - beta * s[gate]))

    def ramp(rate, u):
        return rate * u / (1 - exp(-0.1 * u))

    v = s["V"]
    relax("m", ramp(0.1, v + 40), 4 * exp((v + 65) * (-1 / 18)))
    relax("h", 0.07 * exp((v + 65) * (-1 / 20)), logistic((v + 35) * 0.1))
    relax("n", ramp(0.01, v + 55), 0.125 * exp((v + 65) * (-1 / 80)))
    sodium = 120 * square(s["m"]) * s["m"] * s["h"] * (50 - v)
    potassium = 36 * square(square(s["n"])) * (-77 - v)
    drive = 10 * c.matmul("y", x, p["w"], p["b"])
    new = c.set("V", v + 0.02 * (sodium + potassium + 0.3 * (-54.4 - v) + drive))
    return (new + 65) * 0.01


# ---- synapses --------------------------------------------------------------------------

def membrane(c, v, current):
    return c.set("V", KEEP * v + (1 - KEEP) * current)


def synapse(c, s, name, y, keep=SYNAPSE):
    return c.set(name, keep * s[name] + y)


@with_surrogate(surrogates.quadratic, alpha=0.8)
def lif_dual_exp(c, p, s, x, spike):
    z = spike(s["V"] - 1)
    y = affine(c, p, x, z)
    rise, fall = synapse(c, s, "p", y, math.exp(-1 / 2)), synapse(c, s, "q", y, math.exp(-1 / 8))
    peak = 8 / (8 - 2) * (2 / 8)**(2 / (2 - 8))
    return spike(membrane(c, s["V"] - z, peak * (fall - rise)) - 1)


@with_surrogate(surrogates.piecewise_exp, alpha=1.5)
def lif_alpha(c, p, s, x, spike):
    z = spike(s["V"] - 1)
    synapse(c, s, "h", affine(c, p, x, z))
    g = synapse(c, s, "g", (1 - SYNAPSE) * s["h"])
    return spike(membrane(c, s["V"] - z, g) - 1)


def recovered(s):
    """Resources before the spike, the solution of 20 d' = 1 - d after one step."""
    return 1 - (1 - s["d"]) * math.exp(-1 / 20)


@with_surrogate(surrogates.s2nn, alpha=4.0, beta=1.0)
def lif_std_expcu(c, p, s, x, spike):
    z, e = spike(s["V"] - 1), recovered(s)
    c.set("d", e - 0.4 * s["d"] * z)
    g = synapse(c, s, "g", affine(c, p, x, e * z))
    return spike(membrane(c, s["V"] - z, g) - 1)


def plastic(c, p, s, x, z):
    """The current behind synapses with short-term plasticity."""
    u = c.set("u", math.exp(-1 / 15) * s["u"] + 0.4 * (1 - s["u"]) * z)
    e = recovered(s)
    c.set("d", e - u * s["d"] * z)
    return synapse(c, s, "g", affine(c, p, x, u * e * z))


@with_surrogate(surrogates.multi_gaussian, h=0.15, s=6.0, sigma=0.5, scale=0.5)
def lif_stp_expcu(c, p, s, x, spike):
    z = spike(s["V"] - 1)
    return spike(membrane(c, s["V"] - z, plastic(c, p, s, x, z)) - 1)


@with_surrogate(surrogates.q_pseudo, alpha=2.5)
def lif_coba(c, p, s, x, spike):
    z = spike(s["V"] - 1)
    r = s["V"] - z
    return spike(membrane(c, r, synapse(c, s, "g", affine(c, p, x, z)) * (1.5 - r)) - 1)


@with_surrogate(surrogates.log_tailed, alpha=0.1)
def lif_nmda(c, p, s, x, spike):
    z = spike(s["V"] - 1)
    r = s["V"] - z
    g = synapse(c, s, "g", affine(c, p, x, z), math.exp(-1 / 30))
    return spike(membrane(c, r, g * (1.5 - r) / (1 + 1.2 / 3.57 * exp(-0.062 * r))) - 1)


@with_surrogate(surrogates.fourier, n=2, period=8.0)
def lif_ei_cuba(c, p, s, x, spike):
    z = spike(s["V"] - 1)
    sign = np.array([[1.0], [1.0], [1.0], [-1.0]])
    y = c.matmul("x", x, p["wx"]) + c.matmul("s", z, sign * dual.absolute(p["w"]))
    return spike(membrane(c, s["V"] - z, synapse(c, s, "g", y)) - 1)


def adaptation(c, s, z):
    return c.set("a", ADAPT * (s["a"] + z))


@with_surrogate(surrogates.inv_square, alpha=5.0)
def alif_ei_coba(c, p, s, x, spike):
    z = spike(s["V"] - (1 + 0.4 * s["a"]))
    r = s["V"] - z
    ge = synapse(c, s, "ge", c.matmul("e", z[..., :3], dual.absolute(p["we"])))
    gi = synapse(c, s, "gi", c.matmul("i", z[..., 3:], dual.absolute(p["wi"])), math.exp(-1 / 6))
    gx = synapse(c, s, "gx", c.matmul("x", x, p["wx"]))
    v = membrane(c, r, ge * (1.5 - r) + gi * (-0.5 - r) + gx)
    return spike(v - (1 + 0.4 * adaptation(c, s, z)))


@with_surrogate(surrogates.leaky, alpha=0.1, beta=0.5)
def alif_expcu(c, p, s, x, spike):
    z = spike(s["V"] - (1 + 0.4 * s["a"]))
    v = membrane(c, s["V"] - z, synapse(c, s, "g", affine(c, p, x, z)))
    return spike(v - (1 + 0.4 * adaptation(c, s, z)))


@with_surrogate(surrogates.relu, alpha=0.5, width=1.5)
def alif_stp_expcu(c, p, s, x, spike):
    z = spike(s["V"] - (1 + 0.4 * s["a"]))
    v = membrane(c, s["V"] - z, plastic(c, p, s, x, z))
    return spike(v - (1 + 0.4 * adaptation(c, s, z)))


MODELS = {
    "if": single(integrate_and_fire, ["V"], ["y"]),
    "lif-hard": single(lif_hard, ["V"], ["y"]),
    "lif-refractory": single(lif_refractory, ["V"], ["y"]),
    "gif": single(gif, ["V", "I2"], ["y"]),
    "radlif": single(radlif, ["V", "a"], ["y", "alpha", "beta", "coupling", "jump"]),
    "eif": single(eif, ["V"], ["y"]),
    "qif": single(qif, ["V"], ["y"]),
    "izhikevich": single(izhikevich, ["V", "u"], ["y"]),
    "resonate-and-fire": single(resonate_and_fire, ["re", "im"], ["y"]),
    "alif-two-time": single(alif_two_time, ["V", "a1", "a2"], ["y"]),
    "fitzhugh-nagumo": single(fitzhugh_nagumo, ["v", "u"], ["y"]),
    "hodgkin-huxley": single(hodgkin_huxley, ["V", "m", "h", "n"], ["y"]),
    "lif-dual-exp": single(lif_dual_exp, ["V", "p", "q"], ["y"]),
    "lif-alpha": single(lif_alpha, ["V", "h", "g"], ["y"]),
    "lif-std-expcu": single(lif_std_expcu, ["V", "d", "g"], ["y"]),
    "lif-stp-expcu": single(lif_stp_expcu, ["V", "u", "d", "g"], ["y"]),
    "lif-coba": single(lif_coba, ["V", "g"], ["y"]),
    "lif-nmda": single(lif_nmda, ["V", "g"], ["y"]),
    "lif-ei-cuba": single(lif_ei_cuba, ["V", "g"], ["x", "s"]),
    "alif-ei-coba": single(alif_ei_coba, ["V", "a", "ge", "gi", "gx"], ["e", "i", "x"]),
    "alif-expcu": single(alif_expcu, ["V", "a", "g"], ["y"]),
    "alif-stp-expcu": single(alif_stp_expcu, ["V", "a", "u", "d", "g"], ["y"]),
}
