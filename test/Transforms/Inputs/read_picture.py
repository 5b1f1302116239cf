# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The picture of the model of print-graph.mlir: read_picture.py FILE."""

import re
import sys
import xml.etree.ElementTree as xml

NAMESPACE = "{http://www.w3.org/2000/svg}"
TRAINED, RECURRENT = "#c07a1a", "#3b6ea5"


def number(element, name):
    return float(element.get(name))


class Box:
    def __init__(self, rect):
        self.x, self.y = number(rect, "x"), number(rect, "y")
        self.right = self.x + number(rect, "width")
        self.bottom = self.y + number(rect, "height")
        self.isDashed = rect.get("stroke-dasharray") is not None

    def holds(self, x, y):
        return self.x <= x <= self.right and self.y <= y <= self.bottom

    def contains(self, other):
        return self.holds(other.x, other.y) and self.holds(other.right, other.bottom)

    def overlaps(self, other):
        return (self.x < other.right and other.x < self.right and self.y < other.bottom
                and other.y < self.bottom)


def read(file):
    root = xml.parse(file).getroot()
    boxes = [Box(rect) for rect in root.iter(NAMESPACE + "rect") if rect.get("x")]
    texts = {}
    for text in root.iter(NAMESPACE + "text"):
        texts.setdefault(text.text, (number(text, "x"), number(text, "y")))
    return root, boxes, texts


def smallest(boxes, point):
    return min((b for b in boxes if b.holds(*point)), key=lambda b: b.right - b.x)


def count(root, color, width):
    """Lines of a colour, without the one in the legend."""
    return sum(path.get("stroke") == color and path.get("stroke-width") == width
               for path in root.iter(NAMESPACE + "path")) - 1


def main(file):
    root, boxes, texts = read(file)
    canvas = float(root.get("width")), float(root.get("height"))
    for box in boxes:
        assert 0 <= box.x < box.right <= canvas[0] and 0 <= box.y < box.bottom <= canvas[1]
        for other in boxes:
            nested = box.contains(other) or other.contains(box)
            assert box is other or nested or not box.overlaps(other), (vars(box), vars(other))
    # States stand in the boxes of their groups; what learns has solid boxes, what does not dashed.
    of = {name: smallest(boxes, point) for name, point in texts.items()
          if any(b.holds(*point) for b in boxes)}
    assert of["group0"].contains(of["n.V"]) and of["group0"].contains(of["n.I"])
    assert of["group1"].contains(of["h"]) and not of["group0"].contains(of["h"])
    assert not of["w"].isDashed and of["w"] is of["b"] and not of["d"].isDashed
    assert of["r"].isDashed and of["out"].isDashed and of["trace.of.x"].isDashed
    # From left to right: input, weight, group, readout.
    assert of["x"].right < of["w"].x and of["w"].right < of["group0"].x
    # w reaches V and I; d reaches V, I and h. D of group 0 has an edge for each pair (a, b).
    assert count(root, TRAINED, "3.2") == 5, count(root, TRAINED, "3.2")
    assert count(root, RECURRENT, "1.8") == 3, count(root, RECURRENT, "1.8")
    for path in root.iter(NAMESPACE + "path"):
        assert "nan" not in path.get("d") and re.match(r"M-?\d+", path.get("d"))


if __name__ == "__main__":
    main(*sys.argv[1:])
