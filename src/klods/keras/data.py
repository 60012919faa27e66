"""PyDataset, batches that a class of one's own makes one by one."""

from __future__ import annotations

from typing import Any

from klods.errors import DataError


class PyDataset:
    """Base of data that come in batches by number, made when they are needed.

    A dataset of your own defines `__getitem__`, which returns batch number i as (x, y), (x, y, sample_weight) or (x,),
    and `__len__`, or the property `num_batches`, which is None for data without end.

    Args:
        workers: accepted for Keras's sake; batches are made one after the other.
        use_multiprocessing: likewise.
        max_queue_size: likewise.

    Example:
        >>> import numpy as np
        >>> class Squares(PyDataset):
        ...     def __len__(self):
        ...         return 3
        ...     def __getitem__(self, i):
        ...         x = np.full((4, 1), i)
        ...         return x, x**2
        >>> Squares().num_batches
        3
    """

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self.workers, self.use_multiprocessing, self.max_queue_size = workers, use_multiprocessing, max_queue_size

    def __getitem__(self, index: int) -> Any:
        """Return the batch of a number."""
        raise NotImplementedError(f"{type(self).__name__} has no `__getitem__`.")

    @property
    def num_batches(self) -> int | None:
        """The number of batches; None if they never end.

        Raises:
            DataError: for a class that doesn't say.
        """
        if hasattr(self, "__len__"):
            return type(self).__len__(self)  # as it is: `len` says of what is no number only that it is none
        raise DataError(
            f"{type(self).__name__} has neither `__len__` nor `num_batches`.", "define one: the number of batches."
        )

    def on_epoch_begin(self) -> None:
        """Called before each pass over the batches."""

    def on_epoch_end(self) -> None:
        """Called after each pass over the batches."""


Sequence = PyDataset  # its name in Keras 2
