"""`image_dataset_from_directory`: a dataset of the images in folders, one folder per class."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from klods.compiled import TensorSpec
from klods.data.checks import whole
from klods.dtypes import float32
from klods.errors import DataError, FileError, unknown_name
from klods.keras import config
from klods.keras.utils.folder_datasets import check_labels, datasets
from klods.keras.utils.folders import check_split, find
from klods.keras.utils.images import MODES, crop_box, load_img, pillow
from klods.tensor import Tensor

ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
INTERPOLATIONS = ("nearest", "bilinear")


def image_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: int | tuple[int, int] = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    verbose: bool = True,
) -> Any:
    """Return a dataset of the images in a folder, in batches with their labels. They are read when asked for.

    Args:
        directory: the folder, with one folder for each class in it.
        labels: `inferred` for the folders' names; the class of each file in the order of their names; None for none.
        label_mode: `int` for the number of the class; `binary` for 0. or 1.; `categorical` for a row with a 1; None
            for images alone.
        class_names: the folders, in the order of their numbers; alphabetical by default.
        color_mode: `grayscale`, `rgb` or `rgba`.
        batch_size: images in a batch; None for single ones.
        image_size: (height, width) that all images are resized to.
        shuffle: whether they come in random order; in that of their names otherwise.
        seed: of that order.
        validation_split: the share of the files that is for validation.
        subset: `training`, `validation`, or `both` for a list of two datasets.
        interpolation: how they are resized: `nearest` or `bilinear`.
        follow_links: whether to look into folders that are linked.
        crop_to_aspect_ratio: whether to cut off borders rather than stretch images.
        pad_to_aspect_ratio: whether to add black borders rather than stretch images.
        data_format: `channels_last` or `channels_first`; that of `keras.config` by default.
        verbose: whether to print how many files there are.

    Returns:
        A dataset of images, float32 from 0 to 255, alone or in pairs with labels. It has the attributes `class_names`
        and `file_paths`.

    Raises:
        DataError: for arguments that don't fit each other or the folder.
        FileError: if the folder is missing or has no images; while iterating, for a file that is no image.
        NameUnknownError: for an unknown mode.
        StateError: if Pillow is not installed.
    """
    pillow()
    check_split(validation_split, subset, shuffle, seed)
    for name, value, known in (("color_mode", color_mode, MODES), ("interpolation", interpolation, INTERPOLATIONS)):
        if value not in known:
            raise unknown_name(name, value, known)
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise DataError("Images are cut or get borders, not both.", "leave one of the two out.")
    files = find(os.fspath(directory), labels if label_mode else None, ENDINGS, class_names, follow_links)
    check_labels(files, label_mode)
    size = _checked_size(image_size)
    fit = "crop" if crop_to_aspect_ratio else "pad" if pad_to_aspect_ratio else "stretch"
    images = Images(partial(resized, size=size, interpolation=interpolation, fit=fit), color_mode, size, data_format)
    missing = FileError(f"'{directory}' has no images for this.", f"use files that end in {', '.join(ENDINGS)}.")
    return datasets(images, files, label_mode, batch_size, shuffle, seed, validation_split, subset, verbose, missing)


def _checked_size(given: Any) -> tuple[int, int]:
    sizes = tuple(given) if isinstance(given, (tuple, list)) else (given, given)
    if len(sizes) != 2:
        raise DataError(f"image_size is (height, width); got {given!r}.", "write image_size=(180, 180), say.")
    height, width = (whole("image_size", size, 1) for size in sizes)
    return height, width


class Images:
    """A table of images by their files' paths.

    Args:
        resize: what makes an array of a Pillow image.
        color_mode: of the images.
        size: their height and width.
        data_format: where their channels are.
    """

    def __init__(
        self, resize: Callable[[Any], np.ndarray], color_mode: str, size: tuple[int, int], data_format: str | None
    ) -> None:
        self._resize, self._color_mode, self._size = resize, color_mode, size
        self._channels_first = config.checked_data_format(data_format) == "channels_first"

    def row(self, key: str) -> Tensor:
        return Tensor(self._read(key))

    def rows(self, keys: list[str]) -> Tensor:
        return Tensor(np.stack([self._read(key) for key in keys]))

    def spec(self) -> TensorSpec:
        channels = {"grayscale": 1, "rgb": 3, "rgba": 4}[self._color_mode]
        shape = (channels, *self._size) if self._channels_first else (*self._size, channels)
        return TensorSpec(shape, float32)

    def _read(self, path: str) -> np.ndarray:
        array = self._resize(load_img(path, self._color_mode))
        return array.transpose(2, 0, 1) if self._channels_first else array


def resized(img: Any, size: tuple[int, int], interpolation: str, fit: str) -> np.ndarray:
    """Return a Pillow image as a float32 array of a size, each element interpolated at its middle, as TensorFlow does.

    Args:
        img: the image.
        size: height and width.
        interpolation: `nearest` or `bilinear`.
        fit: `stretch`, `crop` to cut off borders, or `pad` to add black ones.
    """
    image, (height, width) = pillow(), size
    if fit == "crop":
        img = img.crop(crop_box(img.size, size))
    inner_width, inner_height = float(width), float(height)
    if fit == "pad":
        ratio = max(img.size[0] / width, img.size[1] / height)
        inner_width, inner_height = img.size[0] / ratio, img.size[1] / ratio
    inner, whole = (int(inner_width), int(inner_height)), (0, 0, *img.size)
    how = image.Resampling[interpolation.upper()]
    bands = [band.convert("F").transform(inner, image.Transform.EXTENT, whole, how) for band in img.split()]
    result = np.zeros((height, width, len(bands)), np.float32)
    left, top = int((width - inner_width) / 2), int((height - inner_height) / 2)
    result[top : top + inner[1], left : left + inner[0]] = np.stack([np.asarray(band) for band in bands], -1)
    return result
