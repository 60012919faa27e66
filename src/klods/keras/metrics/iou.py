"""Intersection over union: how much of the area of a class is common to labels and predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from klods.errors import DataError
from klods.keras import losses
from klods.keras.config import epsilon
from klods.keras.metrics.metric import Metric
from klods.keras.room import take_room
from klods.ops.comparison import logical_and, where
from klods.ops.movement import cast, reshape
from klods.ops.picking import segment_sum
from klods.ops.reduction import argmax, reduce_sum
from klods.tensor import Tensor, convert_to_tensor


class IoU(Metric):
    """The mean over some classes of TP / (TP + FP + FN) (Jaccard 1901); classes that never occur don't count.

    Args:
        num_classes: how many classes there are.
        target_class_ids: the classes to take the mean over.
        name: a name, under which the figure is shown.
        dtype: of the counts; int32 by default, so weights are whole numbers.
        ignore_class: a label whose elements don't count.
        sparse_y_true: whether labels are whole numbers rather than one-hot.
        sparse_y_pred: whether predictions are whole numbers rather than one number per class.
        axis: the axis of the classes, where there is one.

    Raises:
        DataError: for a target class that there isn't.
    """

    _direction = "up"

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(dtype or "int32", name)
        take_room(f"Metric '{self.name}' wants {num_classes} classes", num_classes)
        wrong = [i for i in target_class_ids if not 0 <= i < num_classes]
        if wrong:
            raise DataError(f"There is no class {wrong[0]} among {num_classes}.", "number the classes from 0.")
        self.num_classes, self.target_class_ids = num_classes, list(target_class_ids)
        self.ignore_class, self.axis = ignore_class, axis
        self.sparse_y_true, self.sparse_y_pred = sparse_y_true, sparse_y_pred
        self.total_cm = self.add_weight((num_classes, num_classes), name="total_confusion_matrix")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        labels, classes = self._classes(y_true, self.sparse_y_true), self._classes(y_pred, self.sparse_y_pred)
        weight = reshape(losses.full_weight(labels.value.shape, self.dtype, sample_weight), (-1,))
        labels, classes = reshape(labels, (-1,)), reshape(classes, (-1,))
        counted = logical_and(self._is_class(labels), self._is_class(classes))
        if self.ignore_class is not None:
            counted = logical_and(counted, labels != self.ignore_class)
        places = where(counted, labels * self.num_classes + classes, -1)
        found = segment_sum(weight, places, num_segments=self.num_classes**2)
        self.total_cm.assign_add(reshape(found, (self.num_classes, self.num_classes)))

    def _classes(self, y: Any, sparse: bool) -> Tensor:
        y = convert_to_tensor(y)
        return cast(y if sparse else argmax(y, self.axis % y.ndim), "int32")

    def _is_class(self, classes: Tensor) -> Tensor:
        return logical_and(classes >= 0, classes < self.num_classes)

    def result(self) -> Tensor:
        matrix = cast(self.total_cm, "float32")
        common = reduce_sum(matrix * np.eye(self.num_classes, dtype=np.float32), 0)
        union = reduce_sum(matrix, 0) + reduce_sum(matrix, 1) - common
        wanted = np.bincount(self.target_class_ids, minlength=self.num_classes).astype(np.float32)
        occurring = cast(union > 1e-9, "float32") * wanted
        return reduce_sum(common / (union + epsilon()) * occurring) / (reduce_sum(occurring) + epsilon())


class BinaryIoU(IoU):
    """The mean intersection over union of class 0, of class 1, or of both, told apart by a threshold."""

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        super().update_state(y_true, cast(convert_to_tensor(y_pred) >= self.threshold, "int32"), sample_weight)


class MeanIoU(IoU):
    """The mean intersection over union of all classes; see `IoU`."""

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        every = range(num_classes)
        super().__init__(num_classes, every, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)


class OneHotIoU(IoU):
    """The mean intersection over union of some classes, of one-hot labels; see `IoU`."""

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)


class OneHotMeanIoU(MeanIoU):
    """The mean intersection over union of all classes, of one-hot labels; see `IoU`."""

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)
