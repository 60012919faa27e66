"""The MNIST data: what is known of the published set, and files that are not it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from klods.errors import FileError
from klods.keras.datasets import mnist


@pytest.fixture(scope="module")
def data():
    return mnist.load_data()


@pytest.fixture
def arrays():
    return {
        "x_train": np.zeros((5, 28, 28), np.uint8),
        "y_train": np.arange(5, dtype=np.uint8),
        "x_test": np.ones((2, 28, 28), np.uint8),
        "y_test": np.arange(2, dtype=np.uint8),
    }


def archive(**arrays) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def test_shapes_and_dtypes(data):
    (x_train, y_train), (x_test, y_test) = data
    assert [a.shape for a in (x_train, y_train)] == [(60000, 28, 28), (60000,)]
    assert [a.shape for a in (x_test, y_test)] == [(10000, 28, 28), (10000,)]
    assert {a.dtype for a in (x_train, y_train, x_test, y_test)} == {np.dtype("uint8")}


def test_it_is_the_published_set(data):
    """The numbers of each digit, and the mean and deviation of a pixel, as the literature gives them."""
    (x_train, y_train), (_, y_test) = data
    assert np.bincount(y_train).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert x_train.mean() / 255 == pytest.approx(0.1307, abs=5e-5)
    assert x_train.std() / 255 == pytest.approx(0.3081, abs=5e-5)


def test_the_licence_notice_is_beside_the_data():
    notice = mnist.PACKAGED.with_name("LICENSE-mnist.txt").read_text()
    assert "Yann LeCun" in notice
    assert "Corinna Cortes" in notice
    assert "Attribution-Share Alike 3.0" in notice


@pytest.mark.parametrize("name", ["./mnist.npz", "other.npz"])
def test_a_local_file_is_honoured(tmp_path, monkeypatch, arrays, name):
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(archive(**arrays))
    for path in (name, tmp_path / name, str(tmp_path / name)):
        (x_train, y_train), (x_test, y_test) = mnist.load_data(path)
        assert x_train.shape == (5, 28, 28)
        assert y_train.tolist() == [0, 1, 2, 3, 4]
        assert x_test.min() == 1
        assert y_test.tolist() == [0, 1]


@pytest.mark.parametrize("path", ["other.npz", "folder/mnist.npz", "/nowhere/mnist.npz", "."])
def test_a_missing_file(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileError, match=r"does not exist|is a folder") as caught:
        mnist.load_data(path)
    assert f"'{Path(path)}'" in str(caught.value)


def altered(content: bytes) -> bytes:
    return content[:100] + bytes(10) + content[110:]


SPOILED = {
    "empty": lambda arrays: b"",
    "text": lambda arrays: b"hello",
    "a pickle": lambda arrays: b"\x80\x04K\x01.",
    "cut short": lambda arrays: archive(**arrays)[:400],
    "altered": lambda arrays: altered(archive(**arrays)),
    "another archive": lambda arrays: archive(x=np.zeros(3)),
    "objects": lambda arrays: archive(**{**arrays, "x_train": np.array([{}] * 5, object)}),
    "lengths differ": lambda arrays: archive(**{**arrays, "y_train": np.zeros(4, np.uint8)}),
}


@pytest.mark.parametrize("kind", SPOILED)
def test_a_file_that_is_not_mnist(tmp_path, arrays, kind):
    file = tmp_path / "broken.npz"
    file.write_bytes(SPOILED[kind](arrays))
    with pytest.raises(FileError, match=r"broken\.npz") as caught:
        mnist.load_data(file)
    message = str(caught.value)
    assert "x_train, y_train, x_test, y_test" in message
    assert "load_data()" in message
    assert "allow_pickle" not in caught.value.what
    assert len(message.splitlines()) <= 10


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, sprung: Path) -> None:
        self.sprung = sprung

    def __reduce__(self):
        return Path.touch, (self.sprung,)


def test_an_object_array_is_never_unpickled(tmp_path, arrays):
    file, sprung = tmp_path / "trap.npz", tmp_path / "sprung"
    file.write_bytes(archive(**{**arrays, "x_train": np.array([Trap(sprung)] * 5, object)}))
    with pytest.raises(FileError):
        mnist.load_data(file)
    assert not sprung.exists()
    np.load(file, allow_pickle=True)["x_train"]
    assert sprung.exists(), "the trap itself works"
