"""Drawings of models: what stands in the boxes, what the arrows tie, and that nothing is cut off or covered."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import combinations
from xml.etree import ElementTree

import pytest

from klods import errors, keras
from klods.pictures.boxes import Box, Frame, draw
from klods.pictures.layered import arrange
from klods.pictures.shapes import Curve, Rectangle, Text, svg, text_width

layers, plot_model, model_to_dot = keras.layers, keras.utils.plot_model, keras.utils.model_to_dot
SVG = "{http://www.w3.org/2000/svg}"


def stack():
    return keras.Sequential(
        [keras.Input((8,)), layers.Dense(4, activation="relu", name="first"), layers.Dense(2, name="last")]
    )


def forked():
    """Return a model of two inputs and two outputs."""
    one, two = keras.Input((8,), name="one"), keras.Input((4,), name="two")
    both = layers.Dense(6, name="both")(layers.Concatenate(name="joined")([one, two]))
    return keras.Model([one, two], [layers.Dense(1, name="left")(both), layers.Dense(3, name="right")(both)])


def residual(depth=20):
    x = start = keras.Input((4,))
    for _ in range(depth):
        x = layers.Add()([x, layers.Dense(4)(x)])
    return keras.Model(start, x)


def nested():
    """Return a model that calls another twice, and a stack."""
    start = keras.Input((4,), name="inner")
    encoder = keras.Model(start, layers.Add(name="sum")([start, layers.Dense(4, name="dense")(start)]), name="encoder")
    head = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="below"), layers.Dense(2)], name="head")
    one, two = keras.Input((4,), name="one"), keras.Input((4,), name="two")
    return keras.Model([one, two], head(layers.Multiply(name="product")([encoder(one), encoder(two)])))


MODELS = {"stack": stack, "forked": forked, "residual": residual, "nested": nested}


def ties(graph):
    """Return the arrows of a graph, as pairs of titles, from its DOT text."""
    titles = dict(re.findall(r'(n\d+) \[label="(.*?)"\]', str(graph)))
    return {(titles[a], titles[b]) for a, b in re.findall(r"(n\d+) -> (n\d+);", str(graph))}


def test_the_arrows_of_a_stack():
    assert ties(model_to_dot(stack())) == {("first (Dense)", "last (Dense)")}


def test_the_arrows_of_several_inputs_and_outputs():
    graph = model_to_dot(forked())
    joined, both = "joined (Concatenate)", "both (Dense)"
    assert ties(graph) == {
        ("one (InputLayer)", joined),
        ("two (InputLayer)", joined),
        (joined, both),
        (both, "left (Dense)"),
        (both, "right (Dense)"),
    }


def test_a_model_inside_is_a_box_or_opened():
    closed = ties(model_to_dot(nested()))
    assert ("one (InputLayer)", "encoder (Functional)") in closed
    assert ("product (Multiply)", "head (Sequential)") in closed
    opened = ties(model_to_dot(nested(), expand_nested=True))
    assert ("one (InputLayer)", "inner (InputLayer)") in opened
    assert ("sum (Add)", "product (Multiply)") in opened
    assert ("product (Multiply)", "below (Dense)") in opened
    assert "subgraph cluster_" in str(model_to_dot(nested(), expand_nested=True))


def test_operations_are_named_like_layers():
    keras.utils.clear_session()  # names start anew
    x = keras.Input((4,), name="x")
    y = x * 2
    assert ("x (InputLayer)", f"{y.node.operation.name} (Multiply)") in ties(model_to_dot(keras.Model(x, y)))


def test_a_model_of_ones_own_is_one_box():
    class Own(keras.Model):
        def __init__(self):
            super().__init__(name="own")
            self.dense = layers.Dense(2)

        def call(self, x):
            return self.dense(x)

    model = Own()
    with pytest.raises(errors.StateError, match="'own' is not built"):
        plot_model(model, None)
    model.build((None, 3))
    assert texts(plot_model(model, None)) == ["Own"]


def texts(picture):
    return [element.text for element in ElementTree.fromstring(picture.svg()).iter(f"{SVG}text")]


def test_what_boxes_tell():
    model = stack()
    model.layers[1].trainable = False
    assert texts(plot_model(model, None)) == ["Dense", "Dense"]
    options = {f"show_{name}": True for name in ("shapes", "dtype", "layer_names", "layer_activations", "trainable")}
    assert texts(plot_model(model, None, **options)) == [
        *("first (Dense)", "Activation", "relu", "Input shape", "(None, 8)", "Output shape", "(None, 4)"),
        *("Output dtype", "float32", "Trainable", "yes"),
        *("last (Dense)", "Activation", "linear", "Input shape", "(None, 4)", "Output shape", "(None, 2)"),
        *("Output dtype", "float32", "Trainable", "no"),
    ]


def test_the_shapes_of_several_inputs():
    told = texts(plot_model(forked(), None, show_shapes=True))
    assert "[(None, 8), (None, 4)]" in told
    assert "(None, 12)" in told


def test_it_can_be_heard():
    root = ElementTree.fromstring(plot_model(forked(), None).svg())
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text.startswith("functional")
    assert "InputLayer to Concatenate; Concatenate to Dense;" in root.find(f"{SVG}desc").text


@pytest.mark.parametrize("direction", ["TB", "BT", "LR", "RL"])
@pytest.mark.parametrize("name", MODELS)
def test_nothing_is_cut_off_or_covered(name, direction):
    graph = model_to_dot(MODELS[name](), show_shapes=True, expand_nested=True, rankdir=direction)
    drawing = draw(graph.title, graph.parts, graph.edges, direction)
    boxes = [s for s in drawing.shapes if isinstance(s, Rectangle) and s.fill != "none" and s.stroke != "none"]
    for text in (s for s in drawing.shapes if isinstance(s, Text)):
        width = text_width(text.text, text.size, text.bold)
        left = text.x - width / 2 if text.anchor == "middle" else text.x
        assert left >= 0
        assert left + width <= drawing.width
        assert text.y <= drawing.height
    for one, other in combinations(boxes, 2):
        apart = one.x + one.width <= other.x or other.x + other.width <= one.x
        assert apart or one.y + one.height <= other.y or other.y + other.height <= one.y
    sign, axis = (1 if direction in ("TB", "LR") else -1), (0 if direction in ("LR", "RL") else 1)
    for curve in (s for s in drawing.shapes if isinstance(s, Curve)):
        assert sign * curve.head[0][axis] > sign * curve.start[axis]


def test_titles_are_escaped():
    picture = svg(draw("<&>", [Box(1, '"<b>&', [("a<", "b>")])], []))
    assert [e.text for e in ElementTree.fromstring(picture).iter(f"{SVG}text")] == ['"<b>&', "a<", "b>"]


@pytest.mark.parametrize("suffix", ["svg", "dot", "png", "pdf"])
def test_files(suffix, tmp_path):
    if suffix in ("png", "pdf"):
        pytest.importorskip("matplotlib")
    path = tmp_path / f"model.{suffix}"
    picture = plot_model(stack(), path, dpi=50)
    starts = {"svg": b"<svg", "dot": b'digraph "sequential', "png": b"\x89PNG", "pdf": b"%PDF"}
    assert path.read_bytes().startswith(starts[suffix])
    assert picture._repr_svg_().startswith("<svg")
    picture.save(tmp_path / "again.svg")
    assert (tmp_path / "again.svg").read_text() == picture.svg()


def test_without_matplotlib_the_picture_is_shown_and_what_to_install_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("klods.show.model_graph.find_spec", lambda name: None)
    with pytest.warns(UserWarning, match=r"not written: \.png pictures .*pip install 'klods\[plot\]'"):
        picture = plot_model(stack(), tmp_path / "model.png")
    assert picture.svg()
    assert not [*tmp_path.iterdir()]


def test_a_picture_needs_no_matplotlib():
    code = """
import sys
from klods import keras
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
keras.utils.plot_model(model, None).svg()
assert "matplotlib" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_impossible_arguments(tmp_path):
    with pytest.raises(errors.FileError, match="Pictures are"):
        plot_model(stack(), tmp_path / "model.bmp")
    with pytest.raises(errors.DataError, match="rankdir is one of"):
        plot_model(stack(), None, rankdir="down")


# ------------------------------------------------------------ the layout of plain graphs


def test_no_crossings_where_none_are_needed():
    """Two chains given in a twisted order stand side by side."""
    edges = [("a", "d"), ("b", "c"), ("c", "f"), ("d", "e")]
    centres = arrange(dict.fromkeys("abcdef", (10, 10)), edges).centres
    left = centres["a"][0] < centres["b"][0]
    assert (centres["d"][0] < centres["c"][0]) == left
    assert (centres["e"][0] < centres["f"][0]) == left
    assert centres["a"][0] == pytest.approx(centres["d"][0]) == pytest.approx(centres["e"][0])


def test_a_long_edge_passes_beside_the_boxes_between():
    layout = arrange(dict.fromkeys("abc", (40, 10)), [("a", "b"), ("b", "c"), ("a", "c")])
    [(across, layer)] = layout.bends["a", "c"]
    assert layer == 1
    assert abs(across - layout.centres["b"][0]) >= 20


def test_what_nothing_leads_to_stands_just_before_what_follows():
    layout = arrange(dict.fromkeys("abcd", (10, 10)), [("a", "b"), ("b", "c"), ("d", "c")])
    assert layout.centres["d"][1] == layout.centres["b"][1]


def test_cycles_are_drawn_backwards():
    edges = [(1, 2), (2, 3), (3, 1)]
    drawing = draw("cycle", [Box(n, str(n)) for n in (1, 2, 3)], edges)
    curves = [shape for shape in drawing.shapes if isinstance(shape, Curve)]
    assert [curve.head[0][1] > curve.start[1] for curve in curves] == [True, True, False]
    tops = sorted({shape.y for shape in drawing.shapes if isinstance(shape, Rectangle)})
    assert curves[2].start[1] == tops[2]  # it leaves at the top of the last box
    assert tops[0] < curves[2].head[0][1] < tops[1]  # and meets the bottom of the first


def test_a_graph_of_one_box_and_of_an_empty_frame():
    assert draw("one", [Box(1, "alone")], []).description == "alone."
    assert draw("frame", [Frame(1, "a long title of a frame", [])], []).width > 100


def test_a_chain_of_a_thousand_boxes():
    edges = [(n, n + 1) for n in range(1000)]
    assert arrange(dict.fromkeys(range(1001), (10, 10)), edges).centres[1000][0] == 5
