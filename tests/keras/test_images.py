"""Images: arrays and files, and datasets of folders."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from klods import keras
from klods.errors import FileError
from klods.keras.utils.image_folders import resized

RANDOM = np.random.default_rng(5)
COLOURS = RANDOM.integers(0, 256, (6, 4, 3), np.uint8)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_arrays_and_images(channels):
    array = RANDOM.integers(0, 256, (6, 4, channels), np.uint8)
    img = keras.utils.array_to_img(array, scale=False)
    assert img.size == (4, 6)
    assert img.mode == {1: "L", 3: "RGB", 4: "RGBA"}[channels]
    back = keras.utils.img_to_array(img)
    assert back.dtype == "float32"
    assert (back == array).all()
    first = keras.utils.img_to_array(img, data_format="channels_first", dtype="uint8")
    assert (first == array.transpose(2, 0, 1)).all()
    assert (np.asarray(keras.utils.array_to_img(first, "channels_first", scale=False)) == np.asarray(img)).all()


def test_values_are_stretched():
    array = np.linspace(-3, 5, 12).reshape(2, 2, 3)
    pixels = np.asarray(keras.utils.array_to_img(array))
    assert (pixels.min(), pixels.max()) == (0, 255)
    assert np.asarray(keras.utils.array_to_img(np.full((2, 2, 1), 7.0))).max() == 0


def test_files(tmp_path):
    keras.utils.save_img(tmp_path / "a.png", COLOURS, scale=False)
    for path in (tmp_path / "a.png", str(tmp_path / "a.png"), io.BytesIO((tmp_path / "a.png").read_bytes())):
        assert (keras.utils.img_to_array(keras.utils.load_img(path)) == COLOURS).all()
    assert keras.utils.load_img(tmp_path / "a.png", color_mode="grayscale").mode == "L"
    assert keras.utils.load_img(tmp_path / "a.png", color_mode="rgba", target_size=(3, 5)).size == (5, 3)
    with pytest.warns(UserWarning, match="no transparency"):
        keras.utils.save_img(tmp_path / "b.jpg", np.zeros((2, 2, 4)))
    assert keras.utils.load_img(tmp_path / "b.jpg").mode == "RGB"


def test_mistakes(tmp_path):
    with pytest.raises(ValueError, match="An image has 3 axes"):
        keras.utils.array_to_img(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="1, 3 or 4 channels; got 2"):
        keras.utils.array_to_img(np.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match="2 or 3 axes"):
        keras.utils.img_to_array(np.zeros(3))
    with pytest.raises(FileError, match="can't be read as an image"):
        keras.utils.load_img(tmp_path / "nothing.png")
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(FileError, match="can't be read as an image"):
        keras.utils.load_img(tmp_path / "text.png")
    with pytest.raises(ValueError, match=r"no color_mode 'rbg'\. Did you mean 'rgb'"):
        keras.utils.load_img(tmp_path / "text.png", color_mode="rbg")
    with pytest.raises(ValueError, match="no interpolation 'linear'"):
        keras.utils.load_img(tmp_path / "text.png", interpolation="linear")
    with pytest.raises(TypeError, match="takes a path"):
        keras.utils.load_img(5)


# ---------------------------------------------------------------- resizing


def expected_bilinear(array, height, width):
    """Interpolate between the middles of elements; outside the outermost ones, take these."""
    rows, columns = (
        np.clip((np.arange(n) + 0.5) * size / n - 0.5, 0, size - 1)
        for n, size in ((height, len(array)), (width, len(array[0])))
    )
    result = np.zeros((height, width, array.shape[2]))
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            for k, near in ((int(row), 1 - row % 1), (min(int(row) + 1, len(array) - 1), row % 1)):
                for m, close in ((int(column), 1 - column % 1), (min(int(column) + 1, len(array[0]) - 1), column % 1)):
                    result[i, j] += near * close * array[k, m]
    return result


@pytest.mark.parametrize("size", [(6, 4), (3, 2), (9, 7), (1, 1), (2, 11)])
def test_bilinear(size):
    found = resized(Image.fromarray(COLOURS), size, "bilinear", "stretch")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected_bilinear(COLOURS, *size), atol=2e-3)


def test_nearest_crop_and_pad():
    img = Image.fromarray(COLOURS)
    doubled = resized(img, (12, 8), "nearest", "stretch")
    assert (doubled == COLOURS.repeat(2, 0).repeat(2, 1)).all()
    assert (resized(img, (4, 4), "bilinear", "crop") == COLOURS[1:5]).all()
    assert (resized(img, (6, 2), "bilinear", "crop") == COLOURS[:, 1:3]).all()
    padded = resized(img, (6, 8), "bilinear", "pad")
    assert (padded[:, 2:6] == COLOURS).all()
    assert padded[:, [0, 1, 6, 7]].max() == 0


# ---------------------------------------------------------------- datasets of folders


@pytest.fixture
def folder(tmp_path):
    """Six images of 4 by 4, each of one grey: 10 to 14 in the class `dog`, 0 to 4 in `cat`; and what is no image."""
    for name, start in (("dog", 10), ("cat", 0)):
        (tmp_path / name / "more").mkdir(parents=True)
        for i in range(5):
            place = tmp_path / name / "more" if i > 3 else tmp_path / name
            Image.fromarray(np.full((4, 4), start + i, np.uint8)).save(place / f"{i}.png")
        (tmp_path / name / "notes.txt").write_text("no image")
    (tmp_path / ".hidden").mkdir()
    return tmp_path


def make(folder, **options):
    given = {"image_size": (2, 3), "color_mode": "grayscale", "shuffle": False, "verbose": False, **options}
    return keras.utils.image_dataset_from_directory(folder, **given)


def greys(dataset):
    """Return the grey of each image, and its label if it has one."""
    found = []
    for batch in dataset:
        if isinstance(batch, tuple):
            found += [(int(x), y.tolist()) for x, y in zip(batch[0].numpy()[:, 0, 0, 0], batch[1].numpy())]
        else:
            found += batch.numpy()[:, 0, 0, 0].astype(int).tolist()
    return found


def test_classes_are_folders(folder, capsys):
    dataset = make(folder, batch_size=4, verbose=True)
    assert capsys.readouterr().out == "Found 10 files of 2 classes.\n"
    assert dataset.class_names == ["cat", "dog"]
    assert dataset.file_paths[4] == str(folder / "cat" / "more" / "4.png")
    images, labels = next(iter(dataset))
    assert images.shape == (4, 2, 3, 1)
    assert (images.dtype, labels.dtype) == ("float32", "int32")
    assert greys(dataset) == [(i, 0) for i in range(5)] + [(10 + i, 1) for i in range(5)]
    assert len(dataset) == 3
    assert dataset.element_spec[0].shape == (None, 2, 3, 1)


def test_label_modes(folder):
    assert greys(make(folder, label_mode="binary"))[::9] == [(0, [0.0]), (14, [1.0])]
    assert greys(make(folder, label_mode="categorical"))[::9] == [(0, [1.0, 0.0]), (14, [0.0, 1.0])]
    assert greys(make(folder, label_mode=None)) == greys(make(folder, labels=None))
    assert greys(make(folder, class_names=["dog", "cat"]))[0] == (10, 0)
    listed = make(folder, labels=[3, 1] * 5)
    assert [label for _, label in greys(listed)] == [3, 1] * 5
    assert listed.class_names == ["1", "3"]


def test_channels(folder):
    assert make(folder, color_mode="rgb").element_spec[0].shape == (None, 2, 3, 3)
    image, _ = next(iter(make(folder, color_mode="rgba", data_format="channels_first", batch_size=None)))
    assert image.shape == (4, 2, 3)
    assert image.numpy()[3].min() == 255


def test_splits_do_not_overlap(folder):
    options = {"validation_split": 0.3, "seed": 4, "shuffle": True, "label_mode": None}
    train, validation = make(folder, subset="both", **options)
    numbers = [int(path.rpartition("/")[2][:-4]) for path in validation.file_paths]
    for _ in range(4):
        assert [grey % 10 for grey in greys(validation)] == numbers, "only the images for training are shuffled again"
    assert greys(train) != greys(train)
    alone = [greys(make(folder, subset=subset, **options)) for subset in ("training", "validation")]
    assert [sorted(greys(train)), sorted(greys(validation))] == [sorted(part) for part in alone]
    assert (len(alone[0]), len(alone[1])) == (7, 3)
    assert sorted(alone[0] + alone[1]) == [0, 1, 2, 3, 4, 10, 11, 12, 13, 14]
    assert alone[0] != sorted(alone[0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label_mode": "ints"}, "no label_mode 'ints'. Did you mean 'int'"),
        ({"color_mode": "grey"}, "no color_mode 'grey'"),
        ({"interpolation": "lanczos3"}, "no interpolation 'lanczos3'"),
        ({"class_names": ["cat", "cow"]}, "has no folder cow"),
        ({"labels": [1, 2]}, "2 labels for 10 files"),
        ({"labels": None, "class_names": ["cat"]}, "go with labels='inferred'"),
        ({"label_mode": "binary", "class_names": ["cat"]}, "is for 2 classes"),
        ({"validation_split": 0.2}, "go together"),
        ({"subset": "training"}, "go together"),
        ({"validation_split": 2, "subset": "training"}, "a share between 0 and 1"),
        ({"validation_split": 0.2, "subset": "train"}, "no subset 'train'"),
        ({"validation_split": 0.2, "subset": "training", "shuffle": True}, "would overlap"),
        ({"validation_split": 0.01, "subset": "validation"}, "has no images"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "not both"),
        ({"image_size": (0, 4)}, "image_size must be a whole number, 1 or more; got 0"),
        ({"image_size": 2.5}, "image_size must be a whole number, 1 or more; got 2.5"),
        ({"image_size": (3, 4, 5)}, r"image_size is \(height, width\); got \(3, 4, 5\)"),
    ],
    ids=str,
)
def test_folders_are_refused(folder, options, message):
    with pytest.raises(ValueError, match=message):
        make(folder, **options)


def test_folders_without_images(tmp_path):
    with pytest.raises(FileError, match="has no images"):
        make(tmp_path)
    with pytest.raises(FileError, match="does not exist"):
        make(tmp_path / "nothing")


def test_without_pillow(folder, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    monkeypatch.setattr("klods.extras.find_spec", lambda name: None)
    with pytest.raises(RuntimeError, match=r"needs PIL.*\n.*klods\[images\]"):
        make(folder)
