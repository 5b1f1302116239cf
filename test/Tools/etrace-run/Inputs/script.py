# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""script.py UNITS TOOL MODEL: runs one sequence through the tool and through numpy."""

import json
import subprocess
import sys

import numpy as np

STEPS, UNITS = 5, int(sys.argv[1])
rng = np.random.default_rng(1)
data = {"param:w": rng.normal(size=(4, UNITS)), "param:wo": rng.normal(size=(UNITS, 3)),
        "param:bo": rng.normal(size=3), "state:h": rng.normal(size=(4, UNITS)),
        "input:x": rng.normal(size=(STEPS, 4, 4)), "target:target": rng.integers(0, 3, 4)}
np.savez("data.npz", **data)
with open("data.json", "w", encoding="ascii") as file:
    json.dump({key: value.tolist() for key, value in data.items()}, file)


def run(mode, source, out, *options):
    subprocess.run(sys.argv[2:] + [f"--mode={mode}", f"--data={source}", f"--out={out}",
                                   "--dtype=f64", *options], check=True)


def close(what, a, b):
    assert a.shape == b.shape, (what, a.shape, b.shape)
    gap = np.abs(a - b).max()
    assert gap < 1e-6, (what, gap)


def reference():
    """Losses, outputs, last state and the gradient of the readout, which has no past."""
    h, wo, bo, label = (data[k] for k in ("state:h", "param:wo", "param:bo", "target:target"))
    losses, outputs, gradients = [], [], []
    for x in data["input:x"]:
        h = np.float64(np.float32(0.8)) * h + np.tanh(x @ data["param:w"])
        o = h @ wo + bo
        p = np.exp(o) / np.exp(o).sum(1, keepdims=True)
        losses.append(-np.log(p[np.arange(4), label]).mean())
        outputs.append(o)
        p[np.arange(4), label] -= 1
        gradients.append(h.T @ p / 4)
    return np.array(losses), np.array(outputs), h, np.array(gradients)


losses, outputs, h, gradients = reference()
run("learn", "data.npz", "out.npz", "--per-step", "--queries")
out = np.load("out.npz")
assert out["loss"].dtype == np.float64
close("loss", out["loss"], losses)
close("output", out["output:out"], outputs)
close("state", out["state:h"], h)
close("gradient", out["gradient:wo"], gradients.sum(0))
close("per step", out["gradient_per_step:wo"], gradients)
assert any(key.startswith("trace:") for key in out.files), out.files
queries = [key for key in out.files if key.startswith("query:")]
assert queries and all(out[key].shape[0] == STEPS for key in queries), out.files

# The sum of what every step adds is what the steps add up to.
run("learn", "data.json", "out.json")
with open("out.json", encoding="ascii") as file:
    written = json.load(file)
for key, value in written.items():
    array = np.array(value["data"], float).reshape(value["shape"])
    close(key, array, out[key])
assert not any(key.startswith("gradient_per_step:") for key in written)

run("infer", "data.npz", "infer.npz")
infer = np.load("infer.npz")
close("inferred", infer["output:out"], outputs)
assert "loss" not in infer.files and "gradient:w" not in infer.files, infer.files

# An output of the tool can be the input of the next call.
more = {key: value for key, value in data.items() if key.startswith("param:")}
more |= {key: out[key] for key in out.files if key.startswith(("state:", "trace:"))}
np.savez("more.npz", **more, **{"input:x": data["input:x"][:1],
                               "target:target": data["target:target"]})
run("learn", "more.npz", "more-out.npz")

# A missing key is named, and so is everything the model has.
del more["param:wo"]
np.savez("less.npz", **more)
done = subprocess.run(sys.argv[2:] + ["--mode=learn", "--data=less.npz", "--out=less-out.npz"],
                      capture_output=True, text=True, check=False)
assert done.returncode == 1, done
assert "missing key 'param:wo'; model 'classify' has: " in done.stderr, done.stderr
