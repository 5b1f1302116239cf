# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which line of Python an equation comes from."""

import importlib.util
import os
import traceback

# The only private module of JAX that is used; without it equations have no location.
try:
    from jax._src.source_info_util import user_frames
except ImportError:
    user_frames = None

UNKNOWN = "unknown source"
_OWN = os.path.dirname(os.path.abspath(__file__)) + os.sep


def _roots():
    for name in ("jax", "brainstate", "saiunit", "brainunit", "braintools", "braintrace",
                 "brainpy", "brainpy_state", "brainevent"):
        spec = importlib.util.find_spec(name)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            yield folder + os.sep


_LIBRARIES = tuple(_roots())
# Of these a line says less than the layer that calls them.
_MECHANICS = tuple(root for root in _LIBRARIES
                   if os.path.basename(root.rstrip(os.sep)) in ("jax", "saiunit", "brainunit"))


def _short(path):
    """Relative to site-packages, or the last two parts: no paths of a machine in files."""
    parts = path.split(os.sep)
    if "site-packages" in parts:
        return "/".join(parts[len(parts) - parts[::-1].index("site-packages"):])
    return "/".join(parts[-2:])


def _frame(equation):
    """(file, function, line, column): the innermost line of the user, else of a library."""
    if user_frames is None:
        return None
    inner = None
    for frame in user_frames(equation.source_info.traceback):
        if frame.file_name.startswith(_OWN):
            break
        place = (frame.file_name, frame.function_name, frame.start_line, frame.start_column)
        if not frame.file_name.startswith(_LIBRARIES):
            return place
        if inner is None or inner[0].startswith(_MECHANICS):
            inner = place
    return inner


def location(equation):
    """`"Net.update"("proj/net.py":12:11)`, or an empty string."""
    place = _frame(equation)
    if place is None:
        return ""
    file, function, line, column = place
    return f'"{function}"("{_short(file)}":{line}:{column + 1})'


def where(equation):
    place = _frame(equation)
    return f"{_short(place[0])}:{place[2]} in {place[1]}" if place else UNKNOWN


def where_raised(error):
    """The innermost line of the user's own in the traceback of an exception."""
    frames = [f for f in traceback.extract_tb(error.__traceback__)
              if not f.filename.startswith((_OWN, *_LIBRARIES))]
    return f"{_short(frames[-1].filename)}:{frames[-1].lineno} in {frames[-1].name}" if frames \
        else UNKNOWN
