# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Changes of a program that change nothing: metamorphic.py [--learn] FILE...

Groups, relations and exclusions stay the same when values are renamed, operations reordered, dead
ones added, and results reshaped back and forth; with --learn, gradients too (to 1e-12).
"""

import pathlib
import random
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[2]))

from Oracles.examples_test import draw, paths
from Oracles.harness import deviation, run
from trace_cost import find_graph

STEP = re.compile(r"(  etrace\.step @.*?\{\n)(.*?)(\n  \}\n)", re.S)


def statements(body):
    """One text for each operation: those of regions and of further lines stand deeper."""
    found = []
    for line in body.split("\n"):
        if re.match(r"    (%|etrace\.)", line) or not found:
            found.append(line)
        else:
            found[-1] += "\n" + line
    return found


def result(statement):
    """Name and type of the only result, if it is a tensor of floats."""
    name = re.match(r"\s*(%\w+) = ", statement)
    types = re.findall(r"tensor<(?:\d+x)*f32>", statement)
    if (not name or not types or not statement.endswith(types[-1])
            or re.search(r"arith\.cmp|tensor\.extract ", statement)):
        return None
    return name[1], types[-1]


def rename(body, rng):
    names = set(re.findall(r"^\s*(%\w+) = ", body, re.M))
    return re.sub(r"%(\w+)", lambda m: "%r_" + m[1] if m[0] in names else m[0], body)


def add_dead(body, rng):
    out = []
    for number, statement in enumerate(statements(body)):
        out.append(statement)
        if found := result(statement):
            name, type_ = found
            out.append(f"    %dead{number} = math.exp {name} : {type_}")
            out.append(f"    %deader{number} = arith.mulf %dead{number}, {name} : {type_}")
    return "\n".join(out)


def reshape(body, rng):
    """x -> (n, 1) -> x behind every result, from there on in its place."""
    out, names = [], {}
    for number, statement in enumerate(statements(body)):
        for old, new in names.items():
            head, equals, tail = statement.partition(" = ") if statement.lstrip().startswith(
                "%") else ("", "", statement)
            statement = head + equals + re.sub(re.escape(old) + r"(?!\w)", new, tail)
        out.append(statement)
        found = result(statement)
        extents = re.findall(r"\d+(?=x)", found[1]) if found else []
        if not extents:
            continue
        name, type_ = found
        rank = len(extents)
        wide = f"tensor<{'x'.join(extents)}x1xf32>"
        map_ = ", ".join([f"[{k}]" for k in range(rank - 1)] + [f"[{rank - 1}, {rank}]"])
        out.append(f"    %wide{number} = tensor.expand_shape {name} [{map_}] "
                   f"output_shape [{', '.join(extents)}, 1] : {type_} into {wide}")
        out.append(f"    %back{number} = tensor.collapse_shape %wide{number} [{map_}] : {wide} "
                   f"into {type_}")
        names[name] = f"%back{number}"
    return "\n".join(out)


def shuffle(body, rng):
    """A random order that keeps values before their uses, and accesses of states as they are."""
    left, done, out = statements(body), set(), []
    defined = {n for s in left for n in re.findall(r"(%\w+)", s.partition(" = ")[0])
               if s.lstrip().startswith("%")}
    last = left.pop()
    while left:
        ready, blocked = [], False
        for statement in left:
            head, equals, tail = statement.partition(" = ")
            uses = set(re.findall(r"%\w+", tail if statement.lstrip().startswith("%")
                                  else statement)) & defined
            own = set(re.findall(r"%\w+", head)) if equals else set()
            isAccess = "etrace.get" in statement or "etrace.set" in statement
            if uses - own <= done and not (isAccess and blocked):
                ready.append(statement)
            blocked |= isAccess
        chosen = rng.choice(ready)
        left.remove(chosen)
        out.append(chosen)
        if chosen.lstrip().startswith("%"):
            done.update(re.findall(r"%\w+", chosen.partition(" = ")[0]))
    return "\n".join(out + [last])


CHANGES = [rename, add_dead, reshape, shuffle]


def graph(file):
    """What analysis finds, without names of operations and without the order of relations."""
    found = find_graph(file)
    members = [g["members"] for g in found["groups"]]
    groups = []
    for group in found["groups"]:
        names, edges = group["members"], group["edges"]
        pairs = sorted((names[a], names[b]) for a, b in zip(edges[::2], edges[1::2]))
        groups.append((sorted(names), group["positions"], pairs))
    relations = []
    for relation in found["relations"]:
        targets = sorted(sorted(members[t["group"]][k] for k in t["reach"])
                         for t in relation["targets"])
        leaves = sorted((leaf["key"], sorted(leaf["params"])) for leaf in relation["leaves"])
        stored = sorted((leaf["key"], leaf["extents"], leaf["states"])
                        for leaf in relation["trace"]["leaves"])
        relations.append((leaves, targets, relation["kind"], relation["exact"], stored))
    # What relations share counts for the first.
    size = sum(relation["trace"]["bytes"]["d-rtrl"] for relation in found["relations"])
    excluded = sorted((e["param"], e["reason"]) for e in found["excluded"])
    return {"groups": sorted(groups), "relations": sorted(relations), "excluded": excluded,
            "bytes": size}


def gradients(text):
    p, states, inputs, targets = draw(text)
    out = run(text, p, paths(text, states), inputs, targets)
    return {k: v for k, v in out.items() if k.startswith("gradient:")}


def differs(before, after):
    return any(deviation(after[k], before[k]) > 1e-12 for k in before)


def check(file, learn, place):
    """The number of changes of a model that change what is found; `place` takes its variants."""
    text, failures = pathlib.Path(file).read_text(), 0
    before, old = graph(file), gradients(text) if learn else None
    for change in CHANGES:
        rng = random.Random(5)
        new = STEP.sub(lambda m: m[1] + change(m[2], rng) + m[3], text, count=1)
        assert new != text or change is shuffle, (file, change.__name__)
        place.write_text(new)
        if graph(place) != before or learn and differs(old, gradients(new)):
            failures += 1
            print(f"FAILED {change.__name__} changes {file}")
    return failures


def main(*files):
    learn = files[0] == "--learn"
    files = files[learn:]
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder) / "model.mlir"
        failures = sum(check(file, learn, place) for file in files)
    print(f"{len(files)} models, {len(CHANGES)} changes each, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
