"""Layers that make one vector of all steps of a sequence."""

from __future__ import annotations

from typing import Any

from klods.keras.config import checked_data_format
from klods.keras.layers.layer import Layer
from klods.keras.layers.spec import InputSpec
from klods.ops.comparison import where
from klods.ops.movement import cast, expand_dims
from klods.ops.reduction import reduce_max, reduce_mean, reduce_sum
from klods.tensor import Tensor


class Pooling(Layer):
    """Base of layers that reduce the steps of a sequence to one.

    Args:
        data_format: `channels_last` for (batch, steps, features), `channels_first` for (batch, features, steps); that
            of `keras.config.image_data_format()` by default.
        keepdims: whether the axis of steps stays, with the size 1.
    """

    built = True

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = checked_data_format(data_format)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=3)

    @property
    def steps_axis(self) -> int:
        """The axis of the steps."""
        return 1 if self.data_format == "channels_last" else 2

    def compute_output_shape(self, input_shape: Any) -> Any:
        before, after = input_shape[: self.steps_axis], input_shape[self.steps_axis + 1 :]
        return (*before, 1, *after) if self.keepdims else (*before, *after)


class GlobalAveragePooling1D(Pooling):
    """The mean of all steps, or of those that the mask lets through.

    Args:
        data_format: `channels_last` for (batch, steps, features), `channels_first` for (batch, features, steps); that
            of `keras.config.image_data_format()` by default.
        keepdims: whether the axis of steps stays, with the size 1.

    Shapes:
        (batch, steps, features) to (batch, features).

    Raises:
        NameUnknownError: for an unknown data_format.

    Example:
        >>> import klods
        >>> klods.keras.layers.GlobalAveragePooling1D()(klods.constant([[[1., 2.], [3., 6.]]])).numpy()
        array([[2., 4.]], dtype=float32)
    """

    supports_masking = True

    def call(self, inputs: Tensor, mask: Any = None) -> Tensor:
        axis = self.steps_axis
        if mask is None:
            return reduce_mean(inputs, axis, self.keepdims)
        there = expand_dims(cast(mask, "bool"), 3 - axis)
        total = reduce_sum(where(there, inputs, 0), axis, self.keepdims)
        return total / reduce_sum(cast(there, inputs.dtype), axis, self.keepdims)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Return None: there are no steps left."""
        return None


class GlobalMaxPooling1D(Pooling):
    """The largest of all steps, feature by feature. It takes no notice of masks, as Keras's doesn't.

    Args:
        data_format: `channels_last` for (batch, steps, features), `channels_first` for (batch, features, steps); that
            of `keras.config.image_data_format()` by default.
        keepdims: whether the axis of steps stays, with the size 1.

    Shapes:
        (batch, steps, features) to (batch, features).

    Raises:
        NameUnknownError: for an unknown data_format.

    Example:
        >>> import klods
        >>> klods.keras.layers.GlobalMaxPooling1D()(klods.constant([[[1., 6.], [3., 2.]]])).numpy()
        array([[3., 6.]], dtype=float32)
    """

    def call(self, inputs: Tensor) -> Tensor:
        return reduce_max(inputs, self.steps_axis, self.keepdims)


GlobalAvgPool1D, GlobalMaxPool1D = GlobalAveragePooling1D, GlobalMaxPooling1D
