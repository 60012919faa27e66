"""Utilities: one-hot labels, normalized rows, seeds, padded sequences, images, progress bars."""

from __future__ import annotations

import numpy as np
import pytest
from beside import both, own, real
from PIL import Image

LABELS = [
    ([0, 2, 1], {}),
    ([0, 2, 1], {"num_classes": 5}),
    (np.array([[0], [3]]), {}),
    (np.array([[0, 1], [2, 3]]), {}),
    (np.array([1.0, 2.0]), {}),
    (np.array([1, 0], "uint8"), {}),
    (np.int64(2), {"num_classes": 4}),
]
ROWS = np.random.default_rng(7).normal(size=(3, 4))


@pytest.mark.parametrize(("labels", "arguments"), LABELS, ids=str)
def test_to_categorical(labels, arguments):
    both(lambda keras: keras.utils.to_categorical(labels, **arguments))


@pytest.mark.parametrize("arguments", [{}, {"order": 1}, {"axis": 1, "order": np.inf}], ids=str)
@pytest.mark.parametrize("x", [ROWS, ROWS.astype("float32"), 0 * ROWS, ROWS[0]], ids=["64", "32", "zeros", "row"])
def test_normalize(x, arguments):
    if x.ndim == 1 and arguments.get("axis") == 1:
        pytest.skip("a row has no axis 1")
    both(lambda keras: keras.utils.normalize(x, **arguments))


def test_seeds():
    """The same seed starts layers, Dropout and shuffling anew, in both libraries."""
    for keras in (own, real):
        runs = []
        for _ in range(2):
            keras.utils.set_random_seed(5)
            model = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.4), keras.layers.Dense(2)])
            model.compile("sgd", "mse")
            model.fit(np.tile(ROWS, (20, 1)), np.ones((60, 2)), epochs=2, verbose=0)
            runs.append(model.get_weights())
        assert all((first == second).all() for first, second in zip(*runs))


SEQUENCES = {
    "lists": [[1], [2, 3], [4, 5, 6]],
    "arrays": [np.array([1.5, 2.0]), np.array([3.0])],
    "empty ones": [[], [1, 2], []],
    "rows": [[[1, 2]], [[3, 4], [5, 6], [7, 8]]],
}
PADDING = [
    {},
    {"maxlen": 2},
    {"maxlen": 2, "truncating": "post"},
    {"maxlen": 5, "padding": "post", "value": 9},
    {"dtype": "float32", "value": -0.5},
]


@pytest.mark.parametrize("arguments", PADDING, ids=str)
@pytest.mark.parametrize("kind", SEQUENCES)
def test_pad_sequences(kind, arguments):
    rows = [keras.utils.pad_sequences(SEQUENCES[kind], **arguments) for keras in (own, real)]
    assert rows[0].dtype == rows[1].dtype
    assert rows[0].shape == rows[1].shape
    assert (rows[0] == rows[1]).all()


PIXELS = np.random.default_rng(3).integers(0, 256, (7, 5, 4), np.uint8)


@pytest.mark.parametrize(
    "arguments", [{}, {"scale": False}, {"data_format": "channels_last", "dtype": "float64"}], ids=str
)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_arrays_to_images(channels, arguments):
    array = PIXELS[:, :, :channels] * (1.0 if arguments else 0.37)
    both(lambda keras: np.asarray(keras.utils.array_to_img(array, **arguments)))
    img = Image.fromarray(PIXELS[:, :, 0] if channels == 1 else PIXELS[:, :, :channels])
    for data_format in (None, "channels_first"):
        both(lambda keras, data_format=data_format: keras.utils.img_to_array(img, data_format))


@pytest.mark.parametrize("color_mode", ["grayscale", "rgb", "rgba"])
def test_image_files(tmp_path, color_mode):
    for keras, name in ((own, "own.png"), (real, "real.png")):
        keras.utils.save_img(tmp_path / name, PIXELS)
    assert (tmp_path / "own.png").read_bytes() == (tmp_path / "real.png").read_bytes()
    for options in (
        {},
        {"target_size": (4, 9)},
        {"target_size": (3, 3), "interpolation": "bilinear"},
        {"target_size": (9, 4), "interpolation": "lanczos", "keep_aspect_ratio": True},
    ):
        both(
            lambda keras, options=options: np.asarray(
                keras.utils.load_img(tmp_path / "own.png", color_mode=color_mode, **options)
            )
        )


STEPS = [(1, [("loss", 4.0), ("rate", 0.1)]), (3, [("loss", 1.0), ("rate", 0.2)]), (4, [("loss", 0.5), ("rate", 3e-5)])]


@pytest.mark.parametrize("target", [4, 10, None])
@pytest.mark.parametrize("names", [{}, {"stateful_metrics": ["rate"]}, {"stateless_metrics": ["rate"]}], ids=str)
def test_progbar(capsys, target, names):
    """The figures of the last line."""
    shown = []
    for keras in (own, real):
        bar = keras.utils.Progbar(target, **names)
        for step, values in STEPS:
            bar.update(step, values)
        if target != 4:
            bar.update(5, [], finalize=True)
        shown.append(capsys.readouterr().out.rstrip().rpartition("/step")[2])
    assert shown[0] == shown[1]


@pytest.mark.parametrize("parts", [(1,), (1, 2), (1, 2, 3), ([1, 2],), ([1], 2), (1, None, 3), ((1, 2), None)], ids=str)
def test_packing(parts):
    packed = [keras.utils.pack_x_y_sample_weight(*parts) for keras in (own, real)]
    assert packed[0] == packed[1]
    unpacked = [keras.utils.unpack_x_y_sample_weight(packed[0]) for keras in (own, real)]
    assert unpacked[0] == unpacked[1]


def test_settings():
    for keras in (own, real):
        keras.config.set_floatx("float64")
        keras.config.set_epsilon(1e-4)
        keras.config.set_image_data_format("channels_first")
    try:
        both(lambda keras: keras.config.epsilon())
        assert own.config.floatx() == real.config.floatx()
        assert own.config.image_data_format() == real.config.image_data_format()
        both(lambda keras: keras.utils.img_to_array(Image.fromarray(PIXELS)))
        for keras in (own, real):
            with pytest.raises(ValueError, match="int8"):
                keras.config.set_floatx("int8")
    finally:
        for keras in (own, real):
            keras.config.set_floatx("float32")
            keras.config.set_epsilon(1e-7)
            keras.config.set_image_data_format("channels_last")
