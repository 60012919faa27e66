"""Loss, the base of all losses: rows' losses, weighted and masked, become one number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from klods.dtypes import as_dtype
from klods.errors import unknown_name
from klods.keras.config import floatx
from klods.keras.configuration import Configurable, FunctionWrapper, snake_case, unique_name
from klods.keras.losses.alignment import fitted_weight, logical_both, same_rank
from klods.keras.masks import mask_of
from klods.ops.arithmetic import maximum_
from klods.ops.comparison import where
from klods.ops.movement import cast
from klods.ops.reduction import reduce_mean, reduce_sum
from klods.tensor import Tensor, convert_to_tensor

LossFunction = Callable[..., Tensor]
REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


class Loss(Configurable):
    """Base of all: a function of labels and predictions that returns one number.

    A loss of your own defines `call(y_true, y_pred)`, which gets tensors of the loss's dtype and returns one number per
    row.

    Args:
        name: a name.
        reduction: how rows become one number: `sum_over_batch_size` (their mean), `sum`, `mean_with_sample_weight`
            (the sum divided by that of the weights) or None (they don't).
        dtype: that of the computation; float32 by default.

    Raises:
        NameUnknownError: for another reduction.
    """

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None
    ) -> None:
        if reduction not in REDUCTIONS:
            raise unknown_name("reduction", reduction, filter(None, REDUCTIONS))
        self.name = name or unique_name(snake_case(type(self).__name__))
        self.reduction = reduction
        self.dtype = as_dtype(dtype or floatx()).name

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """Return the loss of a batch; rows that the mask of `y_pred` leaves out don't count."""
        mask = mask_of(y_pred)
        y_true, y_pred = cast(y_true, self.dtype), cast(y_pred, self.dtype)
        values = cast(self.call(y_true, y_pred), self.dtype)
        mask = logical_both(mask, self.counted(y_true, values))
        if mask is not None:
            sample_weight = masked_weight(sample_weight, mask, self.dtype, self.reduction)
        return reduced(values, sample_weight, self.reduction)

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        """Return one number per row."""
        raise NotImplementedError

    def counted(self, y_true: Tensor, values: Tensor) -> Tensor | None:
        """Return which rows count in the mean; None for all."""
        return None

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data, without the dtype, as Keras does."""
        config = super().get_config()
        config.pop("dtype", None)
        return config


class LossFunctionWrapper(FunctionWrapper, Loss):
    """A loss made of a function and keyword arguments for it."""

    kind: ClassVar[str] = "loss"
    functions: ClassVar[dict[str, LossFunction]] = {}  # those that configurations name; filled by the package

    def __init__(
        self,
        fn: LossFunction,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.fn, self._arguments = fn, kwargs

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        return self.fn(*same_rank(y_true, y_pred), **self._arguments)


def reduced(values: Tensor, sample_weight: Any, reduction: str | None) -> Tensor:
    """Return the rows' losses, weighted, as one number."""
    weight = None
    if sample_weight is not None:
        values, weight = fitted_weight(values, sample_weight)
        values = values * weight
    if reduction in ("none", None) or values.value.shape in ((), (0,)):
        return values
    if reduction == "sum":
        return reduce_sum(values)
    if reduction == "mean_with_sample_weight" and weight is not None:
        total = reduce_sum(weight)
        return reduce_sum(values) / where(total > 0, total, 1)
    return reduce_mean(values)


def masked_weight(sample_weight: Any, mask: Any, dtype: Any, reduction: str | None) -> Tensor:
    """Return sample weights that are 0 where a mask is False and, where a mean follows, make it one of the others."""
    counted = cast(convert_to_tensor(mask), dtype)
    if reduction in ("mean", "sum_over_batch_size"):
        counted = counted * (counted.size / maximum_(reduce_sum(counted), 1))
    if sample_weight is None:
        return counted
    counted, weight = fitted_weight(counted, sample_weight)
    return counted * weight
