# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Markdown tables of the measured figures."""

from statistics import median

GOALS = {"stream": 0.85, "best": 0.95, "two_pass": {1: 1.4, 2: 2.2, 4: 2.2}}


def table(title, head, rows):
    lines = [f"**{title}**", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def megabytes(size):
    return f"{size / 1e6:.1f} MB"


def spread(values, form):
    """Median and range."""
    return f"{form(median(values))} ({form(min(values))}-{form(max(values))})"


def ratio(case, above, below):
    """The median over the rounds of the ratio of two times."""
    times = case["times"]
    return median(a / b for a, b in zip(times[above], times[below]))


def best_hand(case):
    """The fused form by hand with the smallest median."""
    forms = [name for name in case["times"] if name.startswith("fused")]
    return min(forms, key=lambda name: median(case["times"][name]))


def of_stream(case, name):
    """Bytes of trace and gradient over time, in parts of the stream beside it."""
    scale = case["bytes"] / (2 * case["trace"])
    return scale * ratio(case, "stream", name)


def percent(value):
    return f"{100 * value:.0f} %"


def machine(measured):
    rows, peak = measured
    cells = [(f"stream in place, {name}", megabytes(size),
              spread(rates, lambda r: f"{r / 1e9:.1f}") + " GB/s") for name, size, rates in rows]
    cells.append(("fused multiply-add", "registers",
                  spread(peak, lambda r: f"{r / 1e9:.0f}") + " Gflop/s"))
    return table("Limits of the machine: median (lowest-highest)", ("what", "size", "rate"), cells)


def shape(case):
    return case["S"], case["B"], f"{case['I']} x {case['O']}", megabytes(case["trace"])


def passes(cases):
    """In per cent of the stream bandwidth; our pass is learn - step."""
    rows = []
    for case in cases:
        blocked = {name[len("fused_blocked "):]: of_stream(case, name) for name in case["times"]
                   if name.startswith("fused_blocked")}
        best = max(blocked, key=blocked.get) if blocked else None
        rows.append((*shape(case), percent(of_stream(case, "two_pass")),
                     percent(of_stream(case, "fused_natural")),
                     f"{percent(blocked[best])} ({best})" if best else "-",
                     percent(of_stream(case, "pass"))))
    return table("The pass over the trace: bytes of trace and gradient over time, in per cent of "
                 "the in-place stream over an array of the same size",
                 ("S", "B", "I x O", "trace", "C, two passes", "C, fused, natural",
                  "C, fused, blocks (of)", "compiled, learn - step"), rows)


def steps(cases):
    rows = []
    for case in cases:
        best = best_hand(case)
        milliseconds = lambda name: f"{1e3 * median(case['times'][name]):.3f}"
        rows.append((*shape(case), f"{ratio(case, 'two_pass', 'pass'):.2f}",
                     f"{ratio(case, 'two_pass', 'learn'):.2f}",
                     f"{ratio(case, best, 'pass'):.2f}", f"{ratio(case, best, 'learn'):.2f}",
                     milliseconds("learn"), milliseconds("step"), milliseconds("stream")))
    return table("Ratios: time of the C form over time of the compiled one (above 1: compiled is "
                 "faster)",
                 ("S", "B", "I x O", "trace", "two passes / (learn - step)", "two passes / learn",
                  "best C / (learn - step)", "best C / learn", "learn ms", "step ms",
                  "stream ms"), rows)


def reached(cases):
    last = max(case["trace"] for case in cases)
    large = [case for case in cases if case["trace"] >= 128e6] or \
        [case for case in cases if case["trace"] == last]
    rows = [("stream, trace at least 4 x last-level cache", ">= 85 %",
             percent(min(of_stream(case, "pass") for case in large)),
             percent(max(of_stream(case, "pass") for case in large)))]
    for states, goal in GOALS["two_pass"].items():
        values = [ratio(case, "two_pass", "pass") for case in cases if case["S"] == states]
        rows.append((f"over the two-pass form, S = {states}", f">= {goal}",
                     f"{min(values):.2f}", f"{max(values):.2f}"))
    for states in GOALS["two_pass"]:
        values = [ratio(case, best_hand(case), "pass") for case in cases if case["S"] == states]
        rows.append((f"of the best fused C, S = {states}", ">= 95 %", percent(min(values)),
                     percent(max(values))))
    return table("Goals of the pass (learn - step), over the rows above",
                 ("figure", "goal", "worst", "best"), rows)


def call(times):
    nano = lambda name: f"{1e9 * times[name]:.0f} ns"
    rows = [("compiled `step`", nano("step"), ""),
            ("the same arithmetic in C", nano("hand"), ""),
            ("difference", f"{1e9 * (times['step'] - times['hand']):.0f} ns", "<= 1000 ns"),
            ("a call refused by its first check", f"{1e9 * times['refused']:.1f} ns", ""),
            ("compiled `learn`", nano("learn"), "")]
    return table("One step through the C functions, cell 64-128-4, B = 1",
                 ("what", "time", "goal"), rows)


def memory(measured):
    (short, low), (long, high) = measured["peaks"].items()
    batch, inputs, outputs = measured["shape"]
    limit = 1.15 * measured["formula"] + 40e6
    rows = [("formula: trace, weights, gradient, two optimiser arrays, inputs",
             megabytes(measured["formula"]), ""),
            ("block of the header", megabytes(measured["block"]), ""),
            (f"peak after {short} steps", megabytes(low), f"<= {megabytes(limit)}"),
            (f"growth to {long} steps", f"{100 * (high / low - 1):.2f} %", "<= 2 %")]
    return table(f"Resident memory of a C program that learns and applies, {inputs} x {outputs}, "
                 f"B = {batch}", ("what", "measured", "goal"), rows)


def compile_time(measured):
    rows = [(layers, width, spread(processor, lambda s: f"{s:.2f}") + " s",
             f"{median(clock):.2f} s", f"<= {0.5 if layers == 2 else 2.0} s")
            for layers, width, processor, clock in measured]
    return table("Cold compile time, from MLIR text to a shared library and a header; the number "
                 "of steps is an argument at run time",
                 ("layers", "width", "processor time", "on the clock", "goal"), rows)
