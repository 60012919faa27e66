"""What tensors are called where they are computed: by a function's variables, and in the objects that these hold."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from types import FrameType, ModuleType
from typing import Any

from klods.tensor import TensorLike

DEPTH, LONGEST, MOST = 4, 100, 5000  # how deep, in how long lists, and among how many objects names are looked for
SEQUENCES = (dict, list, tuple)


def names_in(frame: FrameType) -> dict[int, str]:
    """Return what tensors and variables are called in a frame, by their ids.

    Such as `loss`, `layers[0].w`, or `w` for `self.w`. Of several names the shortest way counts; but what is in a list
    is called by its place there, rather than by what a loop called it last.
    """
    outside = {name: frame.f_globals[name] for name in frame.f_code.co_names if name in frame.f_globals}
    named = [(name, x, 0) for name, x in (*frame.f_locals.items(), *outside.items()) if name[0] != "_"]
    waiting = deque(sorted(named, key=lambda way: _rank(way[1])))
    found: dict[int, str] = {}
    met: set[int] = set()
    while waiting and len(met) < MOST:
        word, x, depth = waiting.popleft()
        if isinstance(x, TensorLike):
            found.setdefault(id(x), word.removeprefix("self."))
        elif depth < DEPTH and id(x) not in met:
            met.add(id(x))
            parts = [(word + path, part, depth + 1) for path, part in _parts(x)]
            if isinstance(x, SEQUENCES):
                waiting.extendleft(reversed(parts))
            else:
                waiting.extend(parts)
    return found


def _rank(x: Any) -> int:
    """Return what comes first: tensors, then lists, then other objects."""
    return 0 if isinstance(x, TensorLike) else 1 if isinstance(x, SEQUENCES) else 2


def _parts(x: Any) -> Iterator[tuple[str, Any]]:
    """Yield what an object holds, each with the way to it."""
    if isinstance(x, SEQUENCES):
        if len(x) <= LONGEST:
            yield from ((f"[{key!r}]", x[key]) for key in (x if isinstance(x, dict) else range(len(x))))
    elif isinstance(getattr(x, "__dict__", None), dict) and not isinstance(x, (type, ModuleType)):
        yield from ((f".{name}", part) for name, part in vars(x).items() if name[:1] != "_")
