# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares the checkpoints and results that train.test writes."""

import json

import numpy as np

a, b, c = (np.load(f"{name}.npz") for name in "abc")
assert "param:w" in a.files and any(name.startswith("optimizer:") for name in a.files), a.files
for name in a.files:
    if name != "checkpoint.json":
        assert np.array_equal(a[name], b[name]), name
        assert np.array_equal(a[name], c[name]), name
header = json.loads(a["checkpoint.json"])
assert header["format"] == "etrace-checkpoint" and header["epochs"] == 3, header
results = [json.load(open(f"{name}.json", encoding="ascii")) for name in "ab"]
for one, two in zip(*(r["epochs"] for r in results), strict=True):
    for key in ("epoch", "train_loss", "train_accuracy", "test_accuracy"):
        assert one[key] == two[key], (key, one, two)
losses = [epoch["train_loss"] for epoch in results[0]["epochs"]]
assert len(losses) == 3 and losses == sorted(losses, reverse=True), losses
# The last two of 402 samples make no batch.
assert results[0]["train_samples"] == 400
