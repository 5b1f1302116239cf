# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is measured: the machine, the pass over the trace, calls, memory, compile time."""

import ctypes
import os
import resource
import statistics
import subprocess
import time

import machine
import models
import numpy as np

# Forms of the blocks of the C reference: elements of a row, rows, samples (0: all).
BLOCKS = ((16, 1, 0), (32, 1, 0), (64, 1, 0), (16, 4, 8), (16, 2, 4), (16, 2, 1), (32, 2, 1))


class Arrays(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int64) for name in "BIO"] + [
        (name, ctypes.c_void_p) for name in ("e", "next", "work", "G", "x", "D", "f", "l", "delta")]


class Model:
    """A compiled model in memory of this process."""

    def __init__(self, bench, name, text):
        self.library = ctypes.CDLL(bench.compile_model(name, text)[0])
        self.size = bench.block_size(name)
        self.memory = machine.array(self.size // 4 + 16)
        self.block = self.memory.ctypes.data
        self.learn, self.step = (self.address("learn"), self.address("step"))
        if self.library.model_init(ctypes.c_void_p(self.block), None):
            raise RuntimeError(f"{name}: init failed")

    def address(self, entry):
        return ctypes.cast(getattr(self.library, "model_" + entry), ctypes.c_void_p)


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.compiler = machine.Compiler(options.cc, folder)
        self.clock = machine.clocks(self.compiler)
        self.rng = np.random.default_rng(1)
        self.rounds = 2 if options.smoke else options.runs
        self.smoke = options.smoke
        self.references = {}

    # -- Tools ---------------------------------------------------------------------------------

    def compile_model(self, name, text):
        """The shared library, its header beside it, and the seconds of processor time and on the
        clock that it took."""
        base = os.path.join(self.folder, name)
        with open(base + ".mlir", "w") as file:
            file.write(text)
        start, before = time.perf_counter(), self.child_time()
        subprocess.run([os.path.join(self.options.build, "bin", "etrace-compile"),
                        base + ".mlir", "-o", base + ".so", "--header=" + base + ".h",
                        "--rule=d-rtrl", "--window=1"], check=True)
        return base + ".so", self.child_time() - before, time.perf_counter() - start

    @staticmethod
    def child_time():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    def block_size(self, name):
        with open(os.path.join(self.folder, name + ".h")) as file:
            for line in file:
                if line.startswith("#define MODEL_SIZE "):
                    return int(line.split()[2].rstrip("u"))
        raise RuntimeError(f"{name}.h: no MODEL_SIZE")

    def interleave(self, tasks, at_least=0.02):
        """Seconds of every task, round by round: {name: [seconds]}; one round warms up."""
        at_least = 0.0 if self.smoke else at_least
        counts = {}
        for name, task in tasks.items():
            task(1)
            counts[name] = max(1, int(at_least / max(task(1), 1e-9)))
        times = {name: [] for name in tasks}
        for _ in range(self.rounds):
            for name, task in tasks.items():
                times[name].append(task(counts[name]))
        if min(min(values) for values in times.values()) < 0:
            raise RuntimeError("a compiled entry returned an error")
        return times

    # -- The machine ---------------------------------------------------------------------------

    def measure_machine(self):
        sizes = machine.caches()
        last = max(sizes.values(), default=32 << 20)
        private = sizes.get(2, 1 << 20)
        places = {"L2": private // 2, "L3": min(last // 4, 8 * private), "DRAM": 4 * last}
        if self.smoke:
            places = {name: 1 << 16 for name in places}
        tasks, keep = {}, []
        for name, size in places.items():
            e = machine.array(size // 4)
            keep.append(e)
            tasks[name] = lambda n, e=e: self.clock.time_stream(e.ctypes.data, e.size, n)
        times = self.interleave(tasks)
        rows = [(name, size, [2 * size / t for t in times[name]]) for name, size in places.items()]
        sink = machine.array(1)
        peak = [self.clock.time_fma(10 ** (3 if self.smoke else 7), sink.ctypes.data)
                for _ in range(self.rounds)]
        return rows, peak

    # -- The pass over the trace ---------------------------------------------------------------

    def cases(self):
        if self.smoke:
            return [(batch, 16, 64, states) for states in (1, 2, 4) for batch in (1, 16)]
        shapes = [(1, 1024, 512), (16, 1024, 512), (64, 1024, 512), (16, 252, 224), (64, 128, 128)]
        return [(*shape, states) for states in (1, 2, 4) for shape in shapes]

    def measure_passes(self):
        return [self.measure_pass(*case) for case in self.cases()]

    def reference_arrays(self, batch, inputs, outputs, states):
        trace = (states, batch, inputs, outputs)
        make = lambda shape, low, high: machine.array(shape, self.rng, low, high)
        arrays = {"e": machine.array(trace), "next": machine.array(trace),
                  "work": machine.array(trace if states > 1 else 1),
                  "G": machine.array((inputs, outputs)), "x": make((batch, inputs), -1, 1),
                  "D": make((states, states, batch, outputs), 0.1 / states, 0.9 / states),
                  "f": make((states, batch, outputs), 0.1, 1),
                  "l": make((states, batch, outputs), -0.1, 0.1),
                  "delta": make((batch, outputs), -0.1, 0.1)}
        pointers = {name: values.ctypes.data for name, values in arrays.items()}
        return Arrays(B=batch, I=inputs, O=outputs, **pointers), arrays

    def reference(self, states, block):
        key = (states, block)
        if key not in self.references:
            library = self.compiler.library(["reference.c", "machine.c"],
                                            f"reference{key}.so".replace(" ", ""),
                                            f"-DSTATES={states}", f"-DOB={block[0]}",
                                            f"-DROWS={block[1]}", f"-DSAMPLES={block[2]}")
            library.time_pass.restype = ctypes.c_double
            self.references[key] = library
        return self.references[key]

    def reference_tasks(self, arrays, states):
        tasks, outputs = {}, arrays.O
        for block in BLOCKS[::3] if self.smoke else BLOCKS:
            library = self.reference(states, block)
            row, rows, samples = block
            fits = outputs % row == 0 and arrays.I % rows == 0 and (
                samples == 0 or arrays.B % samples == 0 and (samples > 1 or arrays.B == 1))
            forms = ["fused_blocked"] if fits else []
            forms += ["two_pass", "fused_natural"] if block == BLOCKS[0] else []
            for form in forms:
                function = getattr(library, form)
                name = form + (f" {row} x {rows} x {samples or arrays.B}"
                               if form == "fused_blocked" else "")
                tasks[name] = lambda n, run=library.time_pass, function=function: run(
                    function, ctypes.byref(arrays), ctypes.c_int64(n))
        return tasks

    def model_tasks(self, model, batch, inputs, outputs):
        keep = [machine.array((batch, inputs), self.rng, -1, 1),
                machine.array((batch, outputs), self.rng, -1, 1),
                machine.array(1), machine.array((batch, outputs))]
        x, target, loss, out = [values.ctypes.data for values in keep]
        clock = self.clock
        return {"learn": lambda n: clock.time_learn(model.learn, model.block, x, target, loss,
                                                    out, n),
                "step": lambda n: clock.time_step(model.step, model.block, x, out, n)}, keep

    def measure_pass(self, batch, inputs, outputs, states):
        name = f"coupled{batch}-{inputs}-{outputs}-{states}"
        model = Model(self, name, models.coupled(inputs, outputs, batch, states))
        weights = model.memory[:inputs * outputs]
        weights[...] = self.rng.normal(0, inputs ** -0.5, weights.size)
        arrays, keep = self.reference_arrays(batch, inputs, outputs, states)
        tasks = self.reference_tasks(arrays, states)
        own, kept = self.model_tasks(model, batch, inputs, outputs)
        tasks.update(own)
        trace = keep["e"]
        tasks["stream"] = lambda n: self.clock.time_stream(trace.ctypes.data, trace.size, n)
        times = self.interleave(tasks)
        times["pass"] = [learn - step for learn, step in zip(times["learn"], times["step"])]
        return {"B": batch, "I": inputs, "O": outputs, "S": states, "times": times,
                "trace": trace.nbytes, "bytes": 2 * trace.nbytes + 8 * inputs * outputs}

    # -- Calls, memory, compile time -----------------------------------------------------------

    def measure_call(self):
        model = Model(self, "cell", models.cell(64, 128, 4))
        own, kept = self.model_tasks(model, 1, 64, 4)
        hand = self.compiler.library(["cell.c"], "hand.so")
        block = machine.array(64 * 128 + 128 + 128 * 4 + 4 + 128, self.rng, -0.1, 0.1)
        x, out = kept[0].ctypes.data, kept[3].ctypes.data
        function = ctypes.cast(hand.cell_step, ctypes.c_void_p)
        own["hand"] = lambda n: self.clock.time_step(function, block.ctypes.data, x, out, n)
        times = self.interleave(own)
        result = {name: statistics.median(values) for name, values in times.items()}
        return result | {"refused": self.time_refused_call(model)}

    def time_refused_call(self, model):
        """A call that the check of its block ends: nothing but the call. The clock reports the
        refusal as -1, so this one is timed from outside."""
        count = 1000 if self.smoke else 10 ** 7
        values = []
        for _ in range(self.rounds):
            start = time.thread_time()
            self.clock.time_step(model.step, None, None, None, count)
            values.append((time.thread_time() - start) / count)
        return statistics.median(values)

    def measure_memory(self):
        inputs, outputs, batch = (16, 64, 2) if self.smoke else (1024, 512, 16)
        self.compile_model("model", models.coupled(inputs, outputs, batch, 1))
        library = os.path.join(self.folder, "model.so")
        program = self.compiler.run(["memory.c"], "memory", "-I" + self.folder, library,
                                    f"-DINPUTS={batch * inputs}", f"-DOUTPUTS={batch * outputs}")
        peaks = {}
        for steps in (4, 8) if self.smoke else (16, 256):
            result = subprocess.run([program, str(steps)], check=True, capture_output=True)
            peaks[steps] = int(result.stdout) * 1024
        formula = 4 * (batch * inputs * outputs + 4 * inputs * outputs +
                       batch * (inputs + 3 * outputs))
        return {"formula": formula, "peaks": peaks, "block": self.block_size("model"),
                "shape": (batch, inputs, outputs)}

    def measure_compile_time(self):
        rows = []
        for layers in (2, 3) if self.smoke else (2, 10):
            for width in (16,) if self.smoke else (128, 1024):
                text = models.stack(layers, 64, width, 10)
                times = [self.compile_model(f"stack{layers}-{width}", text)[1:]
                         for _ in range(1 if self.smoke else 3)]
                rows.append((layers, width, *zip(*times)))
        return rows
