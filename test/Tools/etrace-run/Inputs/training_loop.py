# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""S003-31, 33, 34: the training loop of the seed, 50 epochs against the numbers of the reference.

Usage: training_loop.py data GOLDEN OUT          writes the samples for etrace-run
       training_loop.py check GOLDEN RESULT      compares what etrace-run wrote
       training_loop.py value GOLDEN RESULT      compares the loss at the parameters left behind
       training_loop.py library GOLDEN LIBRARY HEADER    calls the compiled library
"""

import ctypes
import json
import pathlib
import re
import sys

import numpy as np

COLUMNS = ["loss", "mse", "l2", "weight_after", "bias_after", "grad_weight", "grad_bias"]


def array(node):
    return np.array(node["data"], np.float64).reshape(node["shape"])


def check(golden, epochs, weight, bias):
    failures = 0
    expected = np.array([[row[c] for c in COLUMNS] for row in golden["epochs"]])
    error = np.max(np.abs(epochs - expected) / np.maximum(1, np.abs(expected)))
    if not epochs.shape == expected.shape or not error <= 1e-12:
        failures += 1
        print(f"FAILED S003-31: off by {error}")
    # S003-34: l2 is that of the weights before the update.
    before = np.vstack([[0.0, 0.0], epochs[:-1, 3:5]])
    if np.max(np.abs(epochs[:, 2] - 0.01 * np.sum(before ** 2, axis=1))) > 1e-15:
        failures += 1
        print("FAILED S003-34: l2 is not that of the weights before the update")
    # S003-33: the loss falls; the line is near that of the samples, y = 3 x + 1 + noise.
    if not np.all(np.diff(epochs[:, 0]) < 0) or abs(weight - 3) > 0.25 or abs(bias - 1) > 0.1:
        failures += 1
        print(f"FAILED S003-33: weight {weight}, bias {bias}")
    if weight != epochs[-1, 3] or bias != epochs[-1, 4]:
        failures += 1
        print("FAILED the parameters left behind are not those of the last epoch")
    print(f"{expected.size} numbers of {len(expected)} epochs, error {error:.1e}, "
          f"{failures} failures")
    return 1 if failures else 0


def check_value(golden, result):
    """The loss at the last parameters, which no epoch has computed, in numpy."""
    weight, bias = (golden["epochs"][-1][key] for key in ("weight_after", "bias_after"))
    residual = array(golden["x"]) * weight + bias - array(golden["y"])
    expected = np.mean(residual ** 2) + 0.01 * (weight ** 2 + bias ** 2)
    failures = int(not abs(array(result["output:loss"]) - expected) <= 1e-12)
    print(f"loss behind the last epoch, {failures} failures")
    return failures


def call_library(golden, path, header):
    text = pathlib.Path(header).read_text()
    size = int(re.search(r"REGRESSOR_SIZE (\d+)u", text).group(1))
    memory = ctypes.create_string_buffer(size + 64)
    block = (ctypes.addressof(memory) + 63) // 64 * 64
    library = ctypes.CDLL(path)
    epochs = np.zeros((50, 7))
    data = [array(golden[k]) for k in ("x", "y")]
    pointers = [a.ctypes.data_as(ctypes.c_void_p) for a in data + [epochs]]
    for name in ("init", "train"):
        function = getattr(library, "regressor_" + name)
        arguments = [ctypes.c_void_p(block)] + (pointers if name == "train" else [])
        if function(*arguments, None):
            sys.exit(f"regressor_{name} failed")
    offsets = {name: int(offset) for name, offset in
               re.findall(r'{"(\w+)", "param", "double", \d, {[^}]*}, (\d+)u', text)}
    values = [ctypes.c_double.from_address(block + offsets[name]).value
              for name in ("weight", "bias")]
    return check(golden, epochs, *values)


def main():
    mode, golden, *paths = sys.argv[1:]
    golden = json.loads(pathlib.Path(golden).read_text())
    if mode == "data":
        data = {f"input:{key}": array(golden[key]).tolist() for key in ("x", "y")}
        pathlib.Path(paths[0]).write_text(json.dumps(data))
        return 0
    if mode == "library":
        return call_library(golden, *paths)
    result = json.loads(pathlib.Path(paths[0]).read_text())
    if mode == "value":
        return check_value(golden, result)
    return check(golden, array(result["output:epochs"]), array(result["param:weight"]).item(),
                 array(result["param:bias"]).item())


if __name__ == "__main__":
    sys.exit(main())
