#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the examples of operations and passes, the ```mlir blocks of the .td files.

Usage: examples.py <directory of .td files> <etrace-opt>

An example need not be a whole module: what it takes for granted (the model around it, the
declarations it names, the operands it uses) is written around it. The example of a pass may
have two parts with `// becomes` between them: the pass makes the second of the first. Flags
are named in a first line `// --flag`; without it the pass runs without options.
"""

import pathlib
import re
import subprocess
import sys
import textwrap

BLOCK = re.compile(r"^def (\w+) : (.*?)^}", re.M | re.S)
EXAMPLE = re.compile(r"```mlir\n(.*?)```", re.S)
TYPE = r"(?:tensor<[^>]*>|memref<[^>]*>|f32|f64|i32|i64|index)"
IN_MODEL = ("param", "hidden", "state", "group_state", "tree_state", "step", "loss", "group",
            "relation", "recurrence", "excluded")


def in_model(text):
    """A model around text, with the declarations that the text names."""
    lines = []
    declared = set(re.findall(r"etrace\.(?:%s) @(\w+)" % "|".join(IN_MODEL), text))

    def declare(kind, path, type_):
        group, _, component = path.partition(".")
        if group in declared:
            return
        if component:
            members = set(re.findall(r'"%s\.(\w+)"|@%s::@(\w+)' % (group, group), text))
            names = sorted({a or b for a, b in members})
            body = "\n".join(f"etrace.component @{n} : {type_}" for n in names)
            lines.append(f"etrace.group_state @{group} {{\n{body}\n}}")
        else:
            lines.append(f"etrace.{kind} @{group} : {type_}")
        declared.add(group)

    for type_, kind, path in re.findall(r'(tensor<[^>]*>) \{etrace\.(\w+) = "([\w.]+)"\}', text):
        declare(kind, path, type_)
    for members, positions in re.findall(r"members \[(.*?)\] positions \[(.*?)\]", text):
        shape = "x".join(positions.split(", "))
        for path in re.findall(r'"([\w.]+)"', members):
            declare("hidden", path, f"tensor<{shape}xf32>")
    for params in re.findall(r"params \[(.*?)\] chains", text):
        for path in re.findall(r'"([\w.]+)"', params):
            declare("param", path, "tensor<5xf32>")
    for path in re.findall(r"etrace\.excluded @(\w+)", text):
        lines.append(f"etrace.param @{path} : tensor<5xf32>")
    for path in re.findall(r"etrace\.recurrence @(\w+)", text):
        lines.append(f"etrace.hidden @{path} : tensor<5xf32>")
    for symbols in re.findall(r"groups \[(.*?)\]", text):
        for symbol in re.findall(r"@(\w+)", symbols):
            if symbol not in declared:
                declare("hidden", "h", "tensor<5xf32>")
                lines.append(f'etrace.group @{symbol} members ["h"] positions [5] edges [0, 0]')
    for op, symbol, type_ in re.findall(
            rf"etrace\.(get|set) @([\w:@]+).*: ({TYPE})", text):
        declare("hidden", symbol.replace("::@", "."), type_)
    if "etrace.step" not in text:
        output = re.search(r"etrace\.loss @\w+\(%\w+: (tensor<[^>]*>)", text)
        type_ = output.group(1) if output else "tensor<1xf32>"
        lines.append(f"etrace.step @example_step(%x: {type_}) -> {type_} {{\n"
                     f"etrace.yield %x : {type_}\n}}")
    return "etrace.model @example {\n" + "\n".join(lines) + "\n" + text + "\n}\n"


def as_operations(text):
    """A step or function around operations whose operands come from nowhere."""
    text = re.sub(r"\n\s+: ", " : ", text)  # types in a line of their own
    defined = set(re.findall(r"^\s*%(\w+) =", text, re.M))
    arguments = {}
    for line in text.splitlines():
        head, _, tail = line.rpartition(" : ")
        operands = re.findall(r"%(\w+)", head.partition(" = ")[2] or head)
        types = re.findall(TYPE, tail)
        for index, name in enumerate(operands):
            if name not in defined and types:
                arguments[name] = types[min(index, len(types) - 1)]
        for names, listed in re.findall(r"\(((?:%\w+, )*%\w+) : ([^()]*)\)", line):
            arguments |= {name: type_ for name, type_ in zip(re.findall(r"%(\w+)", names),
                                                             re.findall(TYPE, listed))
                          if name in arguments}
    signature = ", ".join(f"%{name}: {type_}" for name, type_ in arguments.items())
    if "etrace.yield" in text:
        results = re.search(r"etrace\.yield .*? : (.*)", text).group(1)
        return in_model(f"etrace.step @example_step({signature}) -> ({results}) {{\n{text}\n}}")
    if re.search(r"etrace\.(get|set) ", text):
        return in_model(f"etrace.step @example_step({signature}) {{\n{text}\netrace.yield\n}}")
    return f"func.func @example({signature}) {{\n{text}\nreturn\n}}\n"


def complete(text):
    first = re.search(r"^\s*(?!//)(\S.*)$", text, re.M).group(1)
    operation = re.match(r"etrace\.(\w+) ", first)
    if operation and operation.group(1) in IN_MODEL:
        return in_model(text)
    if re.match(r"(module|func\.func|etrace\.model|etrace\.buffer|#\w+ = )", first):
        return text
    return as_operations(text)


def run(tool, text, *flags):
    result = subprocess.run([tool, "-", *flags], input=text, text=True, capture_output=True)
    if result.returncode:
        raise RuntimeError(f"{' '.join(flags)}\n{result.stderr}\nof\n{text}")
    return result.stdout


def check(tool, name, body, example):
    text = textwrap.dedent(example)
    before, becomes, after = text.partition("// becomes")
    result = run(tool, complete(before))
    if not becomes:
        return
    named = re.search(r'Pass<"([\w-]+)"', body)
    flags = re.match(r"\s*// (--.*\S)", before)
    if not flags and not named:
        raise RuntimeError("'// becomes' in the example of something that is not a pass")
    flag = flags.group(1) if flags else "--" + named.group(1)
    result = run(tool, complete(before), flag)
    expected = run(tool, complete(after))
    if result != expected:
        raise RuntimeError(f"{flag} gives\n{result}\nbut its example says\n{expected}")


def main():
    directory, tool = sys.argv[1:]
    failures = checked = 0
    for path in sorted(pathlib.Path(directory).rglob("*.td")):
        for name, body in BLOCK.findall(path.read_text()):
            for example in EXAMPLE.findall(body):
                checked += 1
                try:
                    check(tool, name, body, example)
                except RuntimeError as error:
                    failures += 1
                    print(f"{path.name}: {name}: {error}", file=sys.stderr)
    print(f"{checked} examples, {failures} wrong")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
