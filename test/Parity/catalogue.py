# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models of braintrace, brainstate and brainpy.state, small, by name.

A case makes a model anew; `inputs` is the shape of one sample, `batch` the number of samples or
None. The step of every model is its call on one array.
"""

import dataclasses
from typing import Callable

import brainpy.state
import brainstate
import brainunit as u
import braintools
import braintrace
import jax
import jax.numpy as jnp
import numpy as np

STEPS, WIDTH, FEATURES = 5, 4, 3
CASES = {}


@dataclasses.dataclass
class Case:
    name: str
    make: Callable
    inputs: tuple = (FEATURES,)
    batch: int | None = None
    integers: int = 0


def add(name, make, inputs=(FEATURES,), batches=(None, 2), integers=0):
    """`integers`: the inputs are indices below it."""
    for batch in batches:
        key = name if batch is None else f"{name}, batch"
        CASES[key] = Case(key, make, inputs, batch, integers)


class Wrapped(brainstate.nn.Module):
    """A layer in front of a recurrent one and one behind."""

    def __init__(self, *layers):
        super().__init__()
        self.layers = layers

    def update(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class Spiking(brainstate.nn.Module):
    """Inputs and spikes through one matrix into neurons; gives their spikes."""

    def __init__(self, neuron, gain, voltage=None):
        super().__init__()
        self.syn = braintrace.nn.Linear(FEATURES + WIDTH, WIDTH)
        self.neu, self.gain, self.voltage = neuron, gain, voltage

    def spikes(self):
        return self.neu.get_spike()

    def update(self, x):
        return self.neu(self.syn(jnp.concatenate([x, self.spikes()], -1)) * self.gain)


class Synaptic(brainstate.nn.Module):
    """A matrix, a synapse, its current by or without the voltage, leaky units, a leaky readout."""

    def __init__(self, synapse, by_voltage):
        super().__init__()
        self.lin, self.syn = braintrace.nn.Linear(FEATURES + WIDTH, WIDTH), synapse
        self.neu, self.by_voltage = neuron(), by_voltage
        self.out = braintrace.nn.LeakyRateReadout(WIDTH, 2, tau=5. * u.ms)

    def update(self, x):
        y = self.syn(self.lin(jnp.concatenate([x, self.neu.get_spike()], -1)))
        g = u.get_mantissa(y)
        drive = 3. * u.mV - self.neu.V.value if self.by_voltage else 3. * u.mV
        return self.out(self.neu(g * drive / u.ohm))


class Plastic(brainstate.nn.Module):
    """Short-term plasticity of the inputs, a matrix, a synapse, leaky units."""

    def __init__(self, plasticity):
        super().__init__()
        self.plasticity, self.lin = plasticity, braintrace.nn.Linear(FEATURES, WIDTH)
        self.syn = brainpy.state.Expon(WIDTH, tau=3. * u.ms,
                                       g_initializer=braintools.init.ZeroInit())
        self.neu = neuron()

    def update(self, x):
        return self.neu(self.syn(self.lin(x * self.plasticity(x))) * 3. * u.mA)


def neuron(surrogate=None, kind=brainpy.state.LIF, **options):
    options = {"V_th": 1. * u.mV, "V_rest": 0. * u.mV, "V_reset": 0. * u.mV, "R": 1. * u.ohm,
               "tau": 5. * u.ms} | options
    if surrogate is not None:
        options["spk_fun"] = surrogate
    return kind(WIDTH, **options)


def cells():
    nn = braintrace.nn
    for name in ("ValinaRNNCell", "GRUCell", "MGUCell", "LSTMCell", "URLSTMCell",
                 "MinimalRNNCell", "MiniGRU", "MiniLSTM", "CFNCell"):
        add(f"braintrace.nn.{name}", lambda name=name: getattr(nn, name)(FEATURES, WIDTH))
        add(f"two braintrace.nn.{name} and Linear", lambda name=name: Wrapped(
            getattr(nn, name)(FEATURES, WIDTH), getattr(nn, name)(WIDTH, WIDTH),
            nn.Linear(WIDTH, 2)), batches=(None,))
    add("braintrace.nn.LRUCell", lambda: nn.LRUCell(FEATURES, WIDTH))
    for activation in ("tanh", "relu", "sigmoid", "softplus", "gelu", "elu", "silu"):
        add(f"ValinaRNNCell of {activation}", lambda a=activation: nn.ValinaRNNCell(
            FEATURES, WIDTH, activation=getattr(jax.nn, a)), batches=(None,))


def layers():
    nn = braintrace.nn

    def behind(make, inputs=(FEATURES,), batches=(None, 2), name=None, integers=0):
        add(name, lambda: Wrapped(make(), nn.LeakyRateReadout(WIDTH, 2, tau=5. * u.ms)), inputs,
            batches, integers)
    behind(lambda: nn.Linear(FEATURES, WIDTH), name="Linear, LeakyRateReadout")
    behind(lambda: nn.ScaledWSLinear(FEATURES, WIDTH), name="ScaledWSLinear, LeakyRateReadout")
    behind(lambda: nn.SignedWLinear(FEATURES, WIDTH), name="SignedWLinear, LeakyRateReadout")
    behind(lambda: nn.LoRA(FEATURES, 2, WIDTH), name="LoRA, LeakyRateReadout")
    behind(lambda: nn.Embedding(7, WIDTH), (), name="Embedding, LeakyRateReadout", integers=7)
    for kind in ("LayerNorm", "RMSNorm"):
        behind(lambda kind=kind: Wrapped(nn.Linear(FEATURES, WIDTH), getattr(
            brainstate.nn, kind)(WIDTH)), name=f"{kind}, LeakyRateReadout")
    add("Linear, LIF", lambda: Wrapped(nn.Linear(FEATURES, WIDTH), Current(neuron())))
    add("LoRA, LIF", lambda: Wrapped(nn.LoRA(FEATURES, 2, WIDTH), Current(neuron())))
    add("Embedding, LIF", lambda: Wrapped(nn.Embedding(7, WIDTH), Current(neuron())), (),
        integers=7)
    add("Conv1d, LIF", lambda: Wrapped(nn.Conv1d((6, 2), 3, 3), Current(
        brainpy.state.LIF((6, 3), R=1. * u.ohm, tau=5. * u.ms, V_th=0.5 * u.mV))), (6, 2))
    add("Conv2d of groups, LIF", lambda: Wrapped(nn.Conv2d(
        (4, 5, 2), 4, 3, stride=2, groups=2), Current(brainpy.state.LIF(
            (2, 3, 4), R=1. * u.ohm, tau=5. * u.ms, V_th=0.5 * u.mV))), (4, 5, 2))
    for name in ("GRUCell", "LSTMCell", "ValinaRNNCell"):
        add(f"brainstate.nn.{name} under Linear, LIF", lambda name=name: Wrapped(
            getattr(brainstate.nn, name)(FEATURES, WIDTH), nn.Linear(WIDTH, WIDTH),
            Current(neuron())), batches=(None,))


class Current(brainstate.nn.Module):
    """Neurons that take a number as a current in mA."""

    def __init__(self, neu, gain=3. * u.mA):
        super().__init__()
        self.neu, self.gain = neu, gain

    def update(self, x):
        return self.neu(x * self.gain)


def neurons():
    bp = brainpy.state
    leaky = {"LIF": bp.LIF, "LIFRef": bp.LIFRef, "ALIF": bp.ALIF}
    for name, kind in leaky.items():
        extra = {"tau_a": 20. * u.ms, "beta": 0.3 * u.mV} if name == "ALIF" else {}
        for reset in ("soft", "hard"):
            add(f"{name}, {reset} reset", lambda kind=kind, extra=extra, reset=reset: Spiking(
                neuron(kind=kind, spk_reset=reset, **extra), 3. * u.mA))
    add("IF", lambda: Spiking(bp.IF(WIDTH, V_th=1. * u.mV, tau=5. * u.ms), 3. * u.mA))
    for name in ("ExpIF", "ExpIFRef", "AdExIF", "AdExIFRef", "QuaIF", "AdQuaIF", "AdQuaIFRef",
                 "Gif", "GifRef", "Izhikevich", "IzhikevichRef", "HH", "MorrisLecar",
                 "WangBuzsakiHH", "FitzHughNagumo", "HindmarshRose"):
        gain = {"Izhikevich": 20. * u.mV / u.ms, "IzhikevichRef": 20. * u.mV / u.ms,
                "HH": 20. * u.uA, "MorrisLecar": 60. * u.uA,
                "WangBuzsakiHH": 5. * u.uA, "FitzHughNagumo": 1.,
                "HindmarshRose": 2.}.get(name, 20. * u.mA)
        add(name, lambda name=name, gain=gain: Spiking(getattr(bp, name)(WIDTH), gain))
    for name in dir(braintools.surrogate):
        kind = getattr(braintools.surrogate, name)
        if isinstance(kind, type) and name != "Surrogate":
            add(f"LIF, {name}", lambda kind=kind: Spiking(neuron(kind()), 3. * u.mA),
                batches=(None,))


def synapses():
    bp, zero = brainpy.state, braintools.init.ZeroInit()
    for name, options in (("Expon", {"tau": 3. * u.ms}), ("Alpha", {"tau": 3. * u.ms}),
                          ("DualExpon", {}), ("AMPA", {}), ("GABAa", {})):
        for by_voltage in (False, True):
            add(f"{name}, {'COBA' if by_voltage else 'CUBA'}",
                lambda name=name, options=options, by_voltage=by_voltage: Synaptic(
                    getattr(bp, name)(WIDTH, g_initializer=zero, **options), by_voltage))
    for name in ("STP", "STD"):
        add(f"{name}, Expon, CUBA", lambda name=name: Plastic(getattr(bp, name)(FEATURES)))


def build(case):
    """The model of a case, its parameters filled in, the same each time."""
    brainstate.random.seed(11)
    model, rng = case.make(), np.random.default_rng(5)
    for _, state in sorted(model.states(brainstate.ParamState).items(), key=str):
        leaves, structure = jax.tree.flatten(state.value)
        state.value = jax.tree.unflatten(structure, [
            jnp.asarray(rng.uniform(-1, 1, leaf.shape)) for leaf in leaves])
    return model


def inputs(case):
    """(T, batch..., sample...)."""
    shape = (STEPS, *(() if case.batch is None else (case.batch,)), *case.inputs)
    rng = np.random.default_rng(7)
    if case.integers:
        return rng.integers(0, case.integers, shape).astype(np.int32)
    return rng.uniform(0, 1, shape)


cells()
layers()
neurons()
synapses()
