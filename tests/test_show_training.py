"""The picture of a training run: its lines and digits are those given; it is written whole or not at all."""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import klods
from klods.errors import DataError, FileError
from klods.pictures.png import png
from klods.show.images import as_images
from klods.show.picture import check_path
from klods.show.training import save_report

SVG = "{http://www.w3.org/2000/svg}"
HISTORY = {
    "accuracy": [0.91, 0.95, 0.97],
    "loss": [0.3, 0.2, 0.1],
    "val_accuracy": [0.92, 0.94, 0.96],
    "val_loss": [0.28, 0.22, 0.18],
}


def digits(count, misread):
    """Return images, labels and predictions: image `i` is misread, as the digit after it, at 0.6 + misread[i]."""
    images = np.random.default_rng(0).integers(0, 256, (count, 8, 8)).astype(np.uint8)
    labels = np.arange(count) % 10
    predictions = np.eye(10)[labels]
    for place, surety in misread.items():
        predictions[place] = (0.4 - surety) / 9
        predictions[place, (labels[place] + 1) % 10] = 0.6 + surety
    return images, labels, predictions


def report(path, history=HISTORY, **misread):
    save_report(path, history, *digits(**misread))
    return [e.text for e in ElementTree.parse(path).iter(f"{SVG}text")]


def test_the_report_holds_the_curves_and_below_them_the_misread_digits(tmp_path):
    texts = report(tmp_path / "run.svg", count=30, misread={4: 0.1, 17: 0.35, 29: 0.2})
    assert texts.index("loss") < texts.index("accuracy") < texts.index("Misread: all 3, among 30 images")
    assert {"training, last 0.1", "validation, last 0.18", "Best epoch: 3, with the lowest validation loss, 0.18."} < {
        *texts
    }
    captions = [text for text in texts if text.startswith(("true", "read")) or text.endswith("%")]
    assert captions == ["true 7", "read 8", "95.0%", "true 9", "read 0", "80.0%", "true 4", "read 5", "70.0%"]


def test_the_pictures_stand_one_below_the_other(tmp_path):
    images, labels, predictions = digits(30, {4: 0.1})
    path = tmp_path / "run.svg"
    save_report(path, HISTORY, images, labels, predictions)
    root = ElementTree.parse(path).getroot()
    above = float(ElementTree.fromstring(klods.show.history(HISTORY).svg()).get("height"))
    (image,) = root.iter(f"{SVG}image")
    assert above < float(image.get("y")) < float(root.get("height"))
    assert base64.b64decode(image.get("href").split(",")[1]) == png(as_images(images)[4])


def test_the_sheet_holds_at_most_40(tmp_path):
    surety = {place: 0.39 - place / 200 for place in range(50)}
    texts = report(tmp_path / "run.svg", count=1200, misread=surety)
    assert len([text for text in texts if text.startswith("true")]) == 40
    assert "Misread: the 40 read most surely of 50, among 1,200 images" in texts


def test_one_epoch_without_validation_and_no_digit_misread(tmp_path):
    texts = report(tmp_path / "run.svg", {"loss": [0.3]}, count=20, misread={})
    assert "training, last 0.3" in texts
    assert "None of the 20 images is misread." in texts


@pytest.mark.parametrize(
    ("name", "start"), [("run.png", b"\x89PNG"), ("run.PNG", b"\x89PNG"), ("run.svg", b"<svg"), ("run.pdf", b"%PDF")]
)
def test_the_suffix_chooses_the_format(tmp_path, name, start):
    save_report(str(tmp_path / name), HISTORY, *digits(20, {3: 0.1}))
    assert (tmp_path / name).read_bytes().startswith(start)


@pytest.mark.parametrize("name", ["run.gif", "run", "missing/run.png"])
def test_a_path_that_cannot_be_written_is_told_before_drawing(tmp_path, name):
    for attempt in (check_path, lambda path: save_report(path, HISTORY, *digits(20, {}))):
        with pytest.raises(FileError) as caught:
            attempt(Path(tmp_path / name))
        assert len(str(caught.value).splitlines()) <= 10
        assert name in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "run.png").mkdir()
    with pytest.raises(FileError):
        save_report(tmp_path / "run.png", HISTORY, *digits(20, {}))


@pytest.mark.parametrize(
    "change",
    [
        lambda images, labels, predictions: (images[:5], labels, predictions),
        lambda images, labels, predictions: (images[0, 0], labels, predictions),
        lambda images, labels, predictions: (images, labels[:5], predictions),
        lambda images, labels, predictions: (images, labels, predictions.argmax(axis=1)),
    ],
)
def test_data_that_do_not_fit(tmp_path, change):
    with pytest.raises(DataError, match="shape"):
        save_report(tmp_path / "run.png", HISTORY, *change(*digits(20, {})))
    assert not list(tmp_path.iterdir())


def test_an_empty_history(tmp_path):
    with pytest.raises(DataError, match="history"):
        save_report(tmp_path / "run.png", {}, *digits(20, {}))


def test_the_drawing_leaves_pyplot_alone(tmp_path):
    before = sys.modules.get("matplotlib.pyplot")
    save_report(tmp_path / "run.png", HISTORY, *digits(20, {}))
    assert sys.modules.get("matplotlib.pyplot") is before
    assert before is None or not before.get_fignums()
