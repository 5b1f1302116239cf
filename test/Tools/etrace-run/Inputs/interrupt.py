# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""interrupt.py COMMAND...: interrupts a training run, resumes it, and compares with a run
that was left alone."""

import json
import signal
import subprocess
import sys

import numpy as np

command = sys.argv[1:]
with subprocess.Popen(command + ["--epochs=1000000", "--checkpoint=cut.npz"],
                      stdout=subprocess.PIPE, text=True) as process:
    for line in process.stdout:
        if line.startswith("epoch 3"):
            process.send_signal(signal.SIGINT)
            break
    rest = process.stdout.read()
assert process.returncode == 130, process.returncode
assert "interrupted after" in rest and "--resume=cut.npz" in rest, rest

with np.load("cut.npz") as cut:
    position = json.loads(cut["checkpoint.json"])
assert position["epochs"] >= 3, position
epochs = str(position["epochs"] + 1)
subprocess.run(command + ["--epochs=" + epochs, "--resume=cut.npz", "--checkpoint=on.npz"],
               check=True)
subprocess.run(command + ["--epochs=" + epochs, "--checkpoint=alone.npz"], check=True)
with np.load("on.npz") as on, np.load("alone.npz") as alone:
    assert on.files == alone.files
    for name in on.files:
        if name != "checkpoint.json":
            assert np.array_equal(on[name], alone[name]), name
