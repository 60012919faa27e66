"""Images as arrays and as files, by Pillow."""

from __future__ import annotations

import io
import os
from types import ModuleType
from typing import Any

import numpy as np

from klods.errors import DTypeError, FileError, ShapeError, unknown_name, warn
from klods.extras import require
from klods.keras.config import checked_data_format, floatx
from klods.tensor import TensorLike

MODES = {"grayscale": ("L", "I;16", "I"), "rgb": ("RGB",), "rgba": ("RGBA",)}
RESAMPLING = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")


def pillow() -> ModuleType:
    """Return the module `PIL.Image`.

    Raises:
        StateError: if Pillow is not installed.
    """
    require("images", "Reading and writing images", "PIL")
    from PIL import Image

    return Image


def array_to_img(x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None) -> Any:
    """Return an array of shape (height, width, channels) as a Pillow image.

    Args:
        x: the array, of 1, 3 or 4 channels.
        data_format: `channels_last` or `channels_first`; that of `keras.config` by default.
        scale: whether to stretch the values, so that the lowest becomes 0 and the highest 255.
        dtype: to compute in; `floatx()` by default.

    Raises:
        ShapeError: for an array of another shape.
        StateError: if Pillow is not installed.
    """
    image = pillow()
    array = np.asarray(x.value if isinstance(x, TensorLike) else x, dtype or floatx())
    if array.ndim != 3:
        raise ShapeError(f"An image has 3 axes; got shape {array.shape}.", "give (height, width, channels).")
    if checked_data_format(data_format) == "channels_first":
        array = array.transpose(1, 2, 0)
    if scale:
        array = array - array.min()
        array = array / (array.max() or 1) * 255
    channels = array.shape[2]
    if channels in (3, 4):
        return image.fromarray(array.astype(np.uint8), {3: "RGB", 4: "RGBA"}[channels])
    if channels != 1:
        raise ShapeError(f"An image has 1, 3 or 4 channels; got {channels}.", "choose some of them.")
    return image.fromarray(array[:, :, 0].astype(np.int32 if array.max() > 255 else np.uint8))


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> np.ndarray:
    """Return a Pillow image as an array of shape (height, width, channels).

    Args:
        img: the image.
        data_format: `channels_last` or `channels_first`; that of `keras.config` by default.
        dtype: of the array; `floatx()` by default.

    Raises:
        ShapeError: for something else than an image.
    """
    array = np.asarray(img, dtype or floatx())
    if array.ndim not in (2, 3):
        raise ShapeError(f"An image has 2 or 3 axes; got shape {array.shape}.", "give a Pillow image.")
    array = array[:, :, None] if array.ndim == 2 else array
    return array.transpose(2, 0, 1) if checked_data_format(data_format) == "channels_first" else array


def load_img(
    path: Any,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Any:
    """Return an image file as a Pillow image.

    Args:
        path: the file, or its content as `io.BytesIO`.
        color_mode: `grayscale`, `rgb` or `rgba`.
        target_size: (height, width) to resize it to.
        interpolation: how: `nearest`, `bilinear`, `bicubic`, `hamming`, `box` or `lanczos`.
        keep_aspect_ratio: whether to cut off borders rather than stretch it.

    Raises:
        FileError: if the file is missing or no image.
        NameUnknownError: for another colour mode or interpolation.
        StateError: if Pillow is not installed.
    """
    image = pillow()
    if color_mode not in MODES:
        raise unknown_name("color_mode", color_mode, MODES)
    if interpolation not in RESAMPLING:
        raise unknown_name("interpolation", interpolation, RESAMPLING)
    if not isinstance(path, (str, bytes, os.PathLike, io.BytesIO)):
        raise DTypeError(f"load_img takes a path or io.BytesIO; got {type(path).__name__}.", "give the file's path.")
    try:
        with image.open(path) as file:
            loaded = file.copy()
    except OSError as error:
        raise FileError(
            f"{path!r} can't be read as an image: {error.strerror or 'it is none'}.", "check the file."
        ) from None
    if loaded.mode not in MODES[color_mode]:
        loaded = loaded.convert(MODES[color_mode][0])
    if target_size is None or loaded.size == target_size[::-1]:
        return loaded
    box = crop_box(loaded.size, target_size) if keep_aspect_ratio else None
    return loaded.resize(target_size[::-1], image.Resampling[interpolation.upper()], box=box)


def save_img(
    path: Any,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **options: Any,
) -> None:
    """Write an array to an image file.

    Args:
        path: the file, or an open one.
        x: the array, as `array_to_img` takes it.
        data_format: `channels_last` or `channels_first`; that of `keras.config` by default.
        file_format: the kind of file; by the path's ending by default.
        scale: as for `array_to_img`.
        options: Pillow's own, such as `quality`.
    """
    if file_format is None and isinstance(path, (str, os.PathLike)):
        file_format = os.path.splitext(os.fspath(path))[1][1:]
    kind = (file_format or "").lower().replace("jpg", "jpeg")
    img = array_to_img(x, data_format, scale)
    if img.mode == "RGBA" and kind == "jpeg":
        warn(UserWarning, "JPEG files have no transparency: the image is written without it.")
        img = img.convert("RGB")
    img.save(path, format=kind or None, **options)


def crop_box(size: tuple[int, int], target: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the largest box in the middle of an image with the proportions of a target: left, top, right, bottom.

    Args:
        size: the image's width and height.
        target: the target's height and width.
    """
    (width, height), (target_height, target_width) = size, target
    inner_height = max(min(height, width * target_height // target_width), 1)
    inner_width = max(min(width, height * target_width // target_height), 1)
    left, top = (width - inner_width) // 2, (height - inner_height) // 2
    return left, top, left + inner_width, top + inner_height
