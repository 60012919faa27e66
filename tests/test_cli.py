"""The command `klods` and its main job, `klods mnist`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import klods
from klods import cli, extras, keras
from klods.keras.datasets import mnist
from klods.keras.models.loops import Steps

FIRST_DIGITS = "7 2 1 0 4 1 4 9 5 9"  # of MNIST's test set


def invoke(*args: str) -> Result:
    return CliRunner().invoke(cli.main, args)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def few_images(monkeypatch):
    """A hundred training images and twenty test images, for what doesn't depend on learning."""
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    monkeypatch.setattr(mnist, "load_data", lambda: ((x_train[:100], y_train[:100]), (x_test[:20], y_test[:20])))


@pytest.fixture
def no_data(monkeypatch):
    """Data that can't be loaded, to show that a mistake is found before."""
    monkeypatch.setattr(mnist, "load_data", lambda: pytest.fail("the data were loaded"))


# ---------------------------------------------------------------- help


def test_help_lists_the_commands():
    for args in ([], ["--help"], ["-h"]):
        text = invoke(*args).output
        assert "explain  Show what a training step does, kernel by kernel." in text
        assert "mnist    Train a network to read handwritten digits." in text
        assert "run      Run a TensorFlow script or notebook, unedited." in text


@pytest.mark.parametrize("command", ["explain", "mnist", "run"])
def test_help_explains_every_option(command):
    text = invoke(command, "--help").output
    for option in cli.main.commands[command].params:
        if option.param_type_name == "option":
            assert option.help
            assert re.search(rf"^  {option.opts[0]} [A-Z]+ +\w", text, re.M)
    assert max(map(len, text.splitlines())) <= 80


def test_version():
    assert invoke("--version").output == f"klods {klods.__version__}\n"
    module = subprocess.run([sys.executable, "-m", "klods", "--version"], capture_output=True, text=True)
    assert module.stdout == f"klods {klods.__version__}\n"


# ---------------------------------------------------------------- the job


def test_one_epoch_on_all_of_mnist(folder):
    done = invoke("mnist", "--epochs", "1", "--hidden", "64")
    assert done.exit_code == 0, done.output
    assert re.search(r"^469/469 .* - accuracy: 0\.\d{4} - loss: 0\.\d{4}\n313/313 ", done.output, re.M)
    accuracy = float(re.search(r"^Test accuracy: (0\.\d{4})$", done.output, re.M)[1])
    assert accuracy > 0.9
    assert f"true:      {FIRST_DIGITS}\n" in done.output
    assert 'load_model("mnist.keras")' in done.output

    saved = keras.models.load_model(folder / "mnist.keras")
    _, (images, labels) = mnist.load_data()
    read = saved.predict(images.reshape(-1, 784).astype("float32") / 255, verbose=0).argmax(axis=1)
    assert (read == labels).mean() == pytest.approx(accuracy, abs=5e-5)
    assert "predicted: " + " ".join(map(str, read[:10])) in done.output


def test_options_reach_the_network(few_images):
    options = "--epochs 2 --batch-size 50 --hidden 7 --optimizer adam --output small.keras".split()
    done = invoke("mnist", *options)
    assert done.exit_code == 0, done.output
    assert re.search(r"^Epoch 2/2\n2/2 ", done.output, re.M)
    saved = keras.models.load_model("small.keras")
    assert [w.shape for w in saved.get_weights()] == [(784, 7), (7,), (7, 10), (10,)]
    assert isinstance(saved.optimizer, keras.optimizers.Adam)


def test_the_seed_decides_the_network(few_images):
    def weights(seed: str):
        assert invoke("mnist", "--epochs", "1", "--hidden", "5", "--seed", seed).exit_code == 0
        return keras.models.load_model("mnist.keras").get_weights()[0]

    first, again, other = weights("3"), weights("3"), weights("4")
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize(("verbose", "bars", "epochs"), [("0", 0, 0), ("1", 3, 2), ("2", 0, 2)])
def test_verbose(few_images, verbose, bars, epochs):
    done = invoke("mnist", "--epochs", "2", "--hidden", "5", "--verbose", verbose)
    assert done.output.count("━" * 20) == bars
    assert len(re.findall(r"^Epoch \d/2$", done.output, re.M)) == epochs
    assert "Test accuracy" in done.output


def test_plot_saves_a_picture(few_images, folder):
    done = invoke("mnist", "--epochs", "2", "--hidden", "5", "--plot", "report.png")
    assert done.exit_code == 0, done.output
    assert "Saved the training curves and the misread digits in report.png." in done.output
    assert (folder / "report.png").read_bytes().startswith(b"\x89PNG")


def test_ctrl_c_says_where_training_stopped(few_images, monkeypatch, folder):
    steps, end = [], Steps.logs

    def interrupted(self, *arguments):
        steps.append(self)
        if len(steps) == 2:
            raise KeyboardInterrupt
        return end(self, *arguments)

    monkeypatch.setattr(Steps, "logs", interrupted)
    done = invoke("mnist", "--batch-size", "25")
    assert done.exit_code == 130
    assert "Stopped in epoch 2/5, after step 4 of 4" in done.output
    assert "Traceback" not in done.output
    assert not list(folder.iterdir())


# ---------------------------------------------------------------- mistakes


MISUSE = [
    ["--epochs", "0"],
    ["--epochs", "many"],
    ["--batch-size", "-1"],
    ["--hidden", "0"],
    ["--seed", "-1"],
    ["--verbose", "3"],
    ["--output", "model.h5"],
    ["--output", "."],
    ["--nonsense"],
]


@pytest.mark.parametrize("args", MISUSE, ids=" ".join)
def test_misuse_ends_with_status_2(no_data, args):
    done = invoke("mnist", *args)
    assert done.exit_code == 2
    assert args[0] in done.output.splitlines()[-1]


def fails(done: Result, *parts: str) -> None:
    """Check that a command failed with a short message that has these parts."""
    assert done.exit_code == 1, done.output
    assert done.output.startswith("Error: ")
    assert len(done.output.splitlines()) <= 10
    for part in parts:
        assert part in done.output


def test_an_unknown_optimizer(no_data):
    fails(invoke("mnist", "--optimizer", "rmspop"), "no optimizer 'rmspop'", "Did you mean 'rmsprop'?")


@pytest.mark.parametrize(("option", "name"), [("--output", "mnist.keras"), ("--plot", "mnist.png")])
def test_a_place_that_cannot_be_written_is_found_before_training(no_data, option, name):
    fails(invoke("mnist", option, f"nowhere/{name}"), f"'nowhere/{name}' can't be written: No such file")
    Path("taken").write_text("")
    fails(invoke("mnist", option, f"taken/{name}"), f"'taken/{name}' can't be written: Not a directory")


def test_an_unknown_kind_of_picture_is_found_before_training(no_data):
    fails(invoke("mnist", "--plot", "report.docx"), "'report.docx'", ".png")


def test_a_plot_without_matplotlib(no_data, monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    fails(invoke("mnist", "--plot", "report.png"), "A .png picture needs matplotlib", "pip install 'klods[plot]'")


def test_a_damaged_data_file(monkeypatch, folder):
    (folder / "mnist.npz").write_text("hello")
    monkeypatch.setattr(mnist, "PACKAGED", folder / "mnist.npz")
    fails(invoke("mnist"), "mnist.npz' is damaged, or another kind of file", "load_data()")
