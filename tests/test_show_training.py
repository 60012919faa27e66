"""The picture of a training run: its lines and digits are those given; it is written whole or not at all."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from klods.errors import DataError, FileError
from klods.show import training
from klods.show.training import check_report_path, save_report

HISTORY = {
    "accuracy": [0.91, 0.95, 0.97],
    "loss": [0.3, 0.2, 0.1],
    "val_accuracy": [0.92, 0.94, 0.96],
    "val_loss": [0.28, 0.22, 0.18],
}


@pytest.fixture
def figures(monkeypatch):
    """The figures that are drawn."""
    drawn = []

    class Recorded(training.Figure):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            drawn.append(self)

    monkeypatch.setattr(training, "Figure", Recorded)
    return drawn


def digits(count, misread):
    """Return images, labels and predictions: image `i` is misread, as the digit after it, at 0.6 + misread[i]."""
    images = np.random.default_rng(0).integers(0, 256, (count, 8, 8)).astype(np.uint8)
    labels = np.arange(count) % 10
    predictions = np.eye(10)[labels]
    for place, surety in misread.items():
        predictions[place] = (0.4 - surety) / 9
        predictions[place, (labels[place] + 1) % 10] = 0.6 + surety
    return images, labels, predictions


def sheet(figure):
    return [axes for axes in figure.subfigs[1].axes if axes.images]


def test_the_curves_are_the_history_from_epoch_1_with_validation_beside_training(figures, tmp_path):
    save_report(tmp_path / "run.png", HISTORY, *digits(20, {}))
    charts = figures[0].subfigs[0].axes
    assert [axes.get_title() for axes in charts] == ["loss", "accuracy"]
    for axes, figure in zip(charts, ("loss", "accuracy")):
        training_line, validation_line = axes.lines
        assert (training_line.get_label(), validation_line.get_label()) == ("training", "validation")
        assert list(training_line.get_xdata()) == [1, 2, 3]
        assert list(training_line.get_ydata()) == HISTORY[figure]
        assert list(validation_line.get_ydata()) == HISTORY[f"val_{figure}"]
        assert [text.get_text() for text in axes.get_legend().get_texts()] == ["training", "validation"]


def test_one_epoch_without_validation(figures, tmp_path):
    save_report(tmp_path / "run.png", {"loss": [0.3]}, *digits(20, {}))
    (axes,) = figures[0].subfigs[0].axes
    assert [list(line.get_ydata()) for line in axes.lines] == [[0.3]]
    assert all(tick == int(tick) for tick in axes.get_xticks())


def test_the_sheet_holds_the_misread_digits_surest_first(figures, tmp_path):
    images, labels, predictions = digits(30, {4: 0.1, 17: 0.35, 29: 0.2})
    save_report(tmp_path / "run.png", HISTORY, images, labels, predictions)
    cells = sheet(figures[0])
    assert [axes.get_title() for axes in cells] == [
        "true 7, read 8\n95.0%", "true 9, read 0\n80.0%", "true 4, read 5\n70.0%"
    ]  # fmt: skip
    for axes, place in zip(cells, (17, 29, 4)):
        np.testing.assert_array_equal(axes.images[0].get_array(), images[place])
    assert figures[0].subfigs[1].get_suptitle() == "Misread digits: all 3, among 30 images"


def test_the_sheet_holds_at_most_40(figures, tmp_path):
    surety = {place: 0.39 - place / 200 for place in range(50)}
    save_report(tmp_path / "run.png", HISTORY, *digits(1200, surety))
    cells = sheet(figures[0])
    assert len(cells) == 40
    assert cells[39].get_title().startswith("true 9, read 0")  # place 39
    assert figures[0].subfigs[1].get_suptitle() == "Misread digits: the 40 read most surely of 50, among 1,200 images"


def test_no_digit_misread(figures, tmp_path):
    save_report(tmp_path / "run.png", HISTORY, *digits(20, {}))
    assert not sheet(figures[0])
    assert figures[0].subfigs[1].get_suptitle() == "None of the 20 digits is misread."


@pytest.mark.parametrize(
    ("name", "start"), [("run.png", b"\x89PNG"), ("run.PNG", b"\x89PNG"), ("run.svg", b"<?xml"), ("run.pdf", b"%PDF")]
)
def test_the_suffix_chooses_the_format(tmp_path, name, start):
    save_report(str(tmp_path / name), HISTORY, *digits(20, {3: 0.1}))
    assert (tmp_path / name).read_bytes().startswith(start)


@pytest.mark.parametrize("name", ["run.gif", "run", "missing/run.png"])
def test_a_path_that_cannot_be_written_is_told_before_drawing(figures, tmp_path, name):
    for attempt in (check_report_path, lambda path: save_report(path, HISTORY, *digits(20, {}))):
        with pytest.raises(FileError) as caught:
            attempt(Path(tmp_path / name))
        assert len(str(caught.value).splitlines()) <= 10
        assert name in str(caught.value)
    assert not figures
    assert not list(tmp_path.iterdir())


def test_a_folder_is_no_file(tmp_path):
    (tmp_path / "run.png").mkdir()
    with pytest.raises(FileError):
        save_report(tmp_path / "run.png", HISTORY, *digits(20, {}))


@pytest.mark.parametrize(
    "change",
    [
        lambda images, labels, predictions: (images[:5], labels, predictions),
        lambda images, labels, predictions: (images.reshape(20, 64), labels, predictions),
        lambda images, labels, predictions: (images, np.eye(10)[labels], predictions),
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
