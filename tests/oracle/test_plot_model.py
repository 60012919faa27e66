"""Graphs of models: the same boxes, in the same frames, tied by the same arrows, and saying the same."""

from __future__ import annotations

import re

import pytest
from beside import own, real

pytest.importorskip("pydot")


def stack(keras):
    layers = keras.layers
    return keras.Sequential([keras.Input((8,)), layers.Dense(4, "relu", name="a"), layers.Dense(2, name="b")])


def forked(keras):
    layers = keras.layers
    one, two = keras.Input((8,), name="one"), keras.Input((4,), name="two")
    both = layers.Dense(6, name="both")(layers.Concatenate(name="joined")([one, two]))
    return keras.Model([one, two], [layers.Dense(1, name="left")(both), layers.Dense(3, name="right")(both)])


def residual(keras):
    layers = keras.layers
    x = start = keras.Input((4,), name="start")
    for n in range(6):
        x = layers.Add(name=f"add{n}")([x, layers.Dense(4, name=f"dense{n}")(x)])
    return keras.Model(start, x)


def twice(keras):
    """A layer that is called twice."""
    start = keras.Input((4,), name="start")
    dense = keras.layers.Dense(4, name="dense")
    return keras.Model(start, keras.layers.Add(name="add")([dense(dense(start)), start]))


def nested(keras):
    layers = keras.layers
    start = keras.Input((4,), name="inner")
    encoder = keras.Model(start, layers.Add(name="sum")([start, layers.Dense(4, name="dense")(start)]), name="encoder")
    head = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="c"), layers.Dense(2, name="d")], name="head")
    one, two = keras.Input((4,), name="one"), keras.Input((4,), name="two")
    return keras.Model([one, two], head(layers.Multiply(name="product")([encoder(one), encoder(two)])))


def operations(keras):
    x = keras.Input((4,), name="x")
    return keras.Model(x, keras.layers.Dense(2, name="dense")(keras.ops.exp(x)))


MODELS = {f.__name__: f for f in (stack, forked, residual, twice, nested, operations)}


@pytest.mark.parametrize("expand", [False, True])
@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_boxes_and_arrows(make, expand):
    mine = str(own.utils.model_to_dot(make(own), expand_nested=expand))
    theirs = real.utils.model_to_dot(make(real), expand_nested=expand)
    titles = {node.get_name(): title_of(node) for node in nodes(theirs)}
    ours = dict(re.findall(r'(n\d+) \[label="(.*?)"\]', mine))
    assert sorted(ours.values()) == sorted(titles.values())
    arrows = {(ours[a], ours[b]) for a, b in re.findall(r"(n\d+) -> (n\d+);", mine)}
    assert arrows == {(titles[edge.get_source()], titles[edge.get_destination()]) for edge in edges(theirs)}


def title_of(node):
    name, kind = re.search(r"<b>(.*?)</b> \((.*?)\)", node.get_label()).groups()
    return f"{name} ({kind})"


def nodes(graph):
    own_nodes = [node for node in graph.get_nodes() if node.get_label()]
    return [*own_nodes, *(node for inner in graph.get_subgraphs() for node in nodes(inner))]


def edges(graph):
    return [*graph.get_edges(), *(edge for inner in graph.get_subgraphs() for edge in edges(inner))]


@pytest.mark.parametrize("make", [stack, forked, residual, nested, operations], ids=lambda make: make.__name__)
def test_what_boxes_tell(make):
    options = {f"show_{name}": True for name in ("shapes", "dtype", "layer_names", "layer_activations", "trainable")}
    graph = own.utils.model_to_dot(make(own), **options)
    told = {box.title: {"".join(row) for row in box.rows if row[0] != "Trainable"} for box in graph.parts}
    theirs = {}
    for node in nodes(real.utils.model_to_dot(make(real), **options)):
        rows = re.findall(r"(Activation|Input shape|Output shape|Output dtype): <b>(.*?)</b>", node.get_label())
        theirs[title_of(node)] = {"".join(row) for row in rows}
    assert told == theirs
