"""`timeseries_dataset_from_array`: windows that slide over a series."""

from __future__ import annotations

from typing import Any

import numpy as np

from klods import random
from klods.data import Dataset
from klods.data.checks import whole
from klods.data.tables import Slices, Windows
from klods.errors import DataError, ShapeError
from klods.tensor import Tensor, convert_to_tensor


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
) -> Dataset:
    """Return a dataset of windows of a series, in batches, with their targets if there are any.

    Args:
        data: the series, in time along its first axis.
        targets: `targets[i]` belongs to the window that starts at `data[i]`; None for windows alone.
        sequence_length: steps in a window.
        sequence_stride: from the start of one window to that of the next.
        sampling_rate: from one step in a window to the next: with 2, every other step of the series.
        batch_size: windows in a batch; None for single windows.
        shuffle: whether they come in random order.
        seed: of that order.
        start_index: the first step of the series that is used.
        end_index: the step before which to stop.

    Raises:
        DataError: for numbers that fit neither each other nor the series.
        ShapeError: for a single number as the series.

    Example:
        >>> windows = timeseries_dataset_from_array(np.arange(10), np.arange(10) * 10, 3, sequence_stride=4)
        >>> for x, y in windows:
        ...     print(x.numpy().tolist(), y.numpy().tolist())
        [[0, 1, 2], [4, 5, 6]] [0, 40]
    """
    series = convert_to_tensor(data).value
    if not series.ndim:
        raise ShapeError(f"A series has steps; got {data!r}.", "give an array with one step in each row.")
    start, end = _limits(len(series), start_index, end_index)
    whole("sequence_length", sequence_length, 1)
    for name, number in (("sampling_rate", sampling_rate), ("sequence_stride", sequence_stride)):
        if whole(name, number, 1) >= len(series):
            raise DataError(f"{name}={number} doesn't fit a series of {len(series)} steps.", "give a smaller one.")
    windows = end - start - (sequence_length - 1) * sampling_rate
    if windows < 1:
        reach = (sequence_length - 1) * sampling_rate + 1
        raise DataError(
            f"A window reaches over {reach} steps; the series has {end - start}.", "give a smaller sequence_length."
        )
    if targets is not None:
        windows = min(windows, len(targets))
    starts = np.arange(0, windows, sequence_stride)
    if shuffle:
        seed = int(random.generator().integers(10**6)) if seed is None else seed
        np.random.RandomState(seed).shuffle(starts)
    keys = starts.tolist()
    steps = np.arange(0, sequence_length * sampling_rate, sampling_rate)
    dataset = Dataset(lambda: iter(keys), Windows(series[start:end], steps), len(keys))
    if targets is not None:
        wanted = convert_to_tensor(targets).value[start:end]
        dataset = Dataset.zip((dataset, Dataset(lambda: iter(keys), Slices(Tensor(wanted)), len(keys))))
    if shuffle:
        dataset = dataset.shuffle(1024 if batch_size is None else 8 * batch_size, seed)
    return dataset if batch_size is None else dataset.batch(batch_size)


def _limits(length: int, start: int | None, end: int | None) -> tuple[int, int]:
    first, last = start or 0, length if end is None else end
    if not 0 <= first < length:
        raise DataError(f"start_index={start} is outside the series of {length} steps.", "give a step of the series.")
    if not first < last <= length:
        raise DataError(
            f"end_index={end} is not between start_index={first} and the end of the series, {length}.",
            "give a step after the start.",
        )
    return first, last
