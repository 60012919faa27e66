"""Where the boxes of a directed graph stand: in layers, few edges crossing, each box near those it is tied to.

The method is that of Sugiyama, Tagawa and Toda (1981): layers by the longest path, an order in each layer by
barycenters, places by least squares. Lengths `across` run along a layer, `along` from one layer to the next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

SWEEPS = 8  # over all layers, for the order and for the places

Key = Hashable
Size = tuple[float, float]  # across, along
Edge = tuple[Key, Key]
Place = tuple[float, float]


@dataclass(frozen=True)
class Layout:
    """Places of boxes and edges.

    Attributes:
        centres: the middle of each box.
        bands: for each layer, where it starts and ends along.
        bends: for each edge, where it passes the layers between its ends, across, and the layers' numbers.
        size: of the whole.
    """

    centres: dict[Key, Place]
    bands: list[Place]
    bends: dict[Edge, list[tuple[float, int]]]
    size: Size


def arrange(
    sizes: Mapping[Key, Size], edges: Sequence[Edge], gap: float = 24, space: float = 40, late: Collection[Key] = ()
) -> Layout:
    """Return where boxes stand.

    Args:
        sizes: the boxes, in the order that decides where nothing else does, and their sizes.
        edges: pairs of boxes. Those that close a cycle, in the boxes' order, are laid out the other way round.
        gap: between two boxes of a layer.
        space: between two layers.
        late: boxes that stand just before what follows them, as do those that nothing leads to.

    Example:
        >>> layout = arrange({"a": (10, 10), "b": (10, 10)}, [("a", "b")], space=20)
        >>> layout.centres
        {'a': (5.0, 5.0), 'b': (5.0, 35.0)}
    """
    back = _closing(sizes, edges)
    layer_of = _layers(sizes, [(b, a) if (a, b) in back else (a, b) for a, b in edges], late)
    chains = {edge: _chain(edge, layer_of) for edge in edges}
    widths = {key: size[0] for key, size in sizes.items()}
    ties = [(b, a) if edge in back else (a, b) for edge, chain in chains.items() for a, b in pairwise(chain)]
    for chain in chains.values():
        for bend in chain[1:-1]:
            widths[bend], layer_of[bend] = 0.0, bend[1]  # type: ignore[index]
    rows = _rows(widths, layer_of)
    _order(rows, ties)
    across = _places(rows, ties, widths, gap)
    bands = _bands(rows, sizes, space)
    centres = {key: (across[key], sum(bands[layer_of[key]]) / 2) for key in sizes}
    bends = {edge: [(across[b], b[1]) for b in chain[1:-1]] for edge, chain in chains.items()}  # type: ignore[index]
    return _from_zero(Layout(centres, bands, bends, (0, bands[-1][1] if bands else 0)), sizes)


def _closing(sizes: Mapping[Key, Size], edges: Sequence[Edge]) -> set[Edge]:
    """Return the edges that close a cycle: those that lead back to a box on the way that leads to them."""
    after: dict[Key, list[Key]] = defaultdict(list)
    for source, target in edges:
        after[source].append(target)
    closing, done, way = set(), set(), dict[Key, None]()
    for root in sizes:
        waiting: list[tuple[Key, bool]] = [(root, False)]
        while waiting:
            key, left = waiting.pop()
            if left:
                del way[key]
                done.add(key)
            elif key not in done and key not in way:
                way[key] = None
                closing |= {(key, target) for target in after[key] if target in way}
                waiting += [(key, True), *((target, False) for target in reversed(after[key]))]
    return closing


def _layers(sizes: Mapping[Key, Size], edges: Sequence[Edge], late: Collection[Key]) -> dict[Key, int]:
    """Return each box's layer: one after all that lead to it; for late ones, one before what follows."""
    after: dict[Key, list[Key]] = defaultdict(list)
    missing = dict.fromkeys(sizes, 0)
    for source, target in edges:
        after[source].append(target)
        missing[target] += 1
    layer = dict.fromkeys(sizes, 0)
    ready = [key for key in sizes if not missing[key]]
    late = {*late, *ready}
    for key in ready:  # grows
        for target in after[key]:
            layer[target] = max(layer[target], layer[key] + 1)
            missing[target] -= 1
            if not missing[target]:
                ready.append(target)
    for key in reversed(ready):
        if key in late:
            layer[key] = min((layer[target] - 1 for target in after[key]), default=layer[key])
    return layer


def _chain(edge: Edge, layer_of: Mapping[Key, int]) -> list[Key]:
    """Return an edge's ends, and between them a bend in each layer that it passes."""
    source, target = edge
    first, last = layer_of[source], layer_of[target]
    between = range(first + 1, last) if first < last else range(first - 1, last, -1)
    return [source, *((edge, layer) for layer in between), target]


def _rows(widths: Mapping[Key, float], layer_of: Mapping[Key, int]) -> list[list[Key]]:
    rows: list[list[Key]] = [[] for _ in range(max(layer_of.values(), default=-1) + 1)]
    for key in widths:
        rows[layer_of[key]].append(key)
    return rows


# ------------------------------------------------------------ the order in each layer


def _order(rows: list[list[Key]], ties: Sequence[Edge]) -> None:
    """Order each row by the mean place of its neighbours, downwards and upwards in turn, and keep the best order."""
    above, below = _neighbours(ties)
    best, fewest = [list(row) for row in rows], _crossings(rows, below)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        downwards = sweep % 2 == 0
        for number in range(len(rows)) if downwards else reversed(range(len(rows))):
            _sort(rows, number, above if downwards else below, -1 if downwards else 1)
        count = _crossings(rows, below)
        if count < fewest:
            best, fewest = [list(row) for row in rows], count
    rows[:] = best


def _neighbours(ties: Sequence[Edge]) -> tuple[dict[Key, list[Key]], dict[Key, list[Key]]]:
    above: dict[Key, list[Key]] = defaultdict(list)
    below: dict[Key, list[Key]] = defaultdict(list)
    for source, target in ties:
        above[target].append(source)
        below[source].append(target)
    return above, below


def _sort(rows: list[list[Key]], number: int, neighbours: Mapping[Key, list[Key]], step: int) -> None:
    if not 0 <= number + step < len(rows):
        return
    place = {key: i for i, key in enumerate(rows[number + step])}
    own = {key: i for i, key in enumerate(rows[number])}

    def barycenter(key: Key) -> float:
        near = [place[n] for n in neighbours.get(key, [])]
        return sum(near) / len(near) if near else own[key]

    rows[number].sort(key=barycenter)


def _crossings(rows: Sequence[Sequence[Key]], below: Mapping[Key, list[Key]]) -> int:
    """Return how many pairs of ties cross."""
    count = 0
    for row, under in pairwise(rows):
        place = {key: i for i, key in enumerate(under)}
        ends = [end for key in row for end in sorted(place[target] for target in below.get(key, []))]
        count += sum(a > b for i, a in enumerate(ends) for b in ends[i + 1 :])
    return count


# ------------------------------------------------------------ places


def _places(
    rows: Sequence[Sequence[Key]], ties: Sequence[Edge], widths: Mapping[Key, float], gap: float
) -> dict[Key, float]:
    """Return each box's place across: near the mean of its neighbours', as far as the boxes beside it allow."""
    above, below = _neighbours(ties)
    across: dict[Key, float] = {}
    for row in rows:
        across.update(_apart(row, dict.fromkeys(row, 0.0), widths, gap))
    order = list(range(len(rows)))
    for sweep in range(SWEEPS):
        near = [above, below, {key: [*above.get(key, []), *below.get(key, [])] for key in across}][min(sweep % 4, 2)]
        for number in reversed(order) if near is below else order:
            wanted = {key: _mean([across[n] for n in near.get(key, [])], across[key]) for key in rows[number]}
            across.update(_apart(rows[number], wanted, widths, gap))
    return across


def _mean(values: Sequence[float], default: float) -> float:
    return sum(values) / len(values) if values else default


def _apart(
    row: Sequence[Key], wanted: Mapping[Key, float], widths: Mapping[Key, float], gap: float
) -> dict[Key, float]:
    """Return places in a row's order, a gap apart, whose squared distances from those wanted are least.

    Less the room that the boxes before take, they must not decrease: pool adjacent violators (Ayer et al. 1955).
    """
    room, offsets = 0.0, []
    for i, key in enumerate(row):
        room += 0 if i == 0 else (widths[row[i - 1]] + widths[key]) / 2 + gap
        offsets.append(room)
    pools: list[tuple[float, int]] = []  # the mean of what a run of boxes wants, and how many they are
    for key, offset in zip(row, offsets):
        value, count = wanted[key] - offset, 1
        while pools and pools[-1][0] > value:
            mean, more = pools.pop()
            value, count = (value * count + mean * more) / (count + more), count + more
        pools.append((value, count))
    values = [value for value, count in pools for _ in range(count)]
    return {key: value + offset for key, value, offset in zip(row, values, offsets)}


def _bands(rows: Sequence[Sequence[Key]], sizes: Mapping[Key, Size], space: float) -> list[Place]:
    bands, start = [], 0.0
    for row in rows:
        end = start + max(sizes[key][1] for key in row if key in sizes)
        bands.append((start, end))
        start = end + space
    return bands


def _from_zero(layout: Layout, sizes: Mapping[Key, Size]) -> Layout:
    """Return a layout moved so that it starts at 0 across, with its size."""
    turns = [place for bends in layout.bends.values() for place, _ in bends]
    left = min([*turns, *(layout.centres[key][0] - size[0] / 2 for key, size in sizes.items())], default=0.0)
    right = max([*turns, *(layout.centres[key][0] + size[0] / 2 for key, size in sizes.items())], default=0.0)
    centres = {key: (place - left, along) for key, (place, along) in layout.centres.items()}
    bends = {edge: [(place - left, layer) for place, layer in turns] for edge, turns in layout.bends.items()}
    return Layout(centres, layout.bands, bends, (right - left, layout.size[1]))
