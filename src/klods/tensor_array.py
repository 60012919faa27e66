"""`TensorArray`: a list of tensors that a loop writes, and that is stacked afterwards."""

from __future__ import annotations

from typing import Any

from klods.arranging import split
from klods.creation import zeros_like
from klods.dtypes import as_dtype
from klods.errors import PositionError, StateError
from klods.ops.block import static
from klods.ops.movement import concat, stack
from klods.tensor import Tensor, convert_to_tensor


class TensorArray:
    """A list of tensors of one dtype, written and read by place.

    Args:
        dtype: the dtype.
        size: how many tensors.
        dynamic_size: whether it grows when it is written beyond its end.
        clear_after_read: accepted for TensorFlow's sake: tensors can be read again.
        tensor_array_name: accepted for TensorFlow's sake.
        infer_shape: accepted for TensorFlow's sake.
        element_shape: accepted for TensorFlow's sake.

    Example:
        >>> import klods
        >>> squares = klods.TensorArray(klods.float32, size=3)
        >>> for i in range(3):
        ...     squares = squares.write(i, i * i)
        >>> squares.stack().numpy()
        array([0., 1., 4.], dtype=float32)
    """

    def __init__(
        self,
        dtype: Any,
        size: Any = 0,
        dynamic_size: bool = False,
        clear_after_read: bool | None = None,
        tensor_array_name: str | None = None,
        infer_shape: bool = True,
        element_shape: Any = None,
    ) -> None:
        self.dtype, self.dynamic_size = as_dtype(dtype), bool(dynamic_size)
        self._tensors: list[Tensor | None] = [None] * static(size)

    def write(self, index: Any, value: Any, name: str | None = None) -> TensorArray:
        """Put a tensor at a place, and return the array.

        Raises:
            PositionError: beyond the end, if the array doesn't grow.
        """
        place = int(index)
        if place >= len(self._tensors) and self.dynamic_size:
            self._tensors += [None] * (place + 1 - len(self._tensors))
        self._tensors[self._place(place)] = convert_to_tensor(value, self.dtype)
        return self

    def read(self, index: Any, name: str | None = None) -> Tensor:
        """Return the tensor at a place.

        Raises:
            PositionError: for a place outside.
            StateError: for a place that was not written.
        """
        tensor = self._tensors[self._place(int(index))]
        if tensor is None:
            raise StateError(f"Place {int(index)} of the TensorArray was not written.", "write it first.")
        return tensor

    def stack(self, name: str | None = None) -> Tensor:
        """Return all tensors joined along a new first axis; zeros for places that were not written.

        Raises:
            StateError: if none was written.
        """
        written = next((x for x in self._tensors if x is not None), None)
        if written is None:
            raise StateError("Nothing was written to the TensorArray.", "write it first.")
        return stack([zeros_like(written) if x is None else x for x in self._tensors])

    def gather(self, indices: Any, name: str | None = None) -> Tensor:
        """Return the tensors at places joined along a new first axis."""
        return stack([self.read(i) for i in static(indices)])

    def concat(self, name: str | None = None) -> Tensor:
        """Return all tensors joined along their first axis."""
        return concat([self.read(i) for i in range(len(self._tensors))], 0)

    def unstack(self, value: Any, name: str | None = None) -> TensorArray:
        """Write the slices of a tensor along its first axis, and return the array."""
        return self.scatter(range(len(convert_to_tensor(value))), value)

    def scatter(self, indices: Any, value: Any, name: str | None = None) -> TensorArray:
        """Write the slices of a tensor along its first axis at places, and return the array."""
        for index, part in zip(indices, convert_to_tensor(value)):
            self.write(index, part)
        return self

    def split(self, value: Any, lengths: Any, name: str | None = None) -> TensorArray:
        """Write the parts of a tensor of these lengths along its first axis, and return the array."""
        for index, part in enumerate(split(value, lengths)):
            self.write(index, part)
        return self

    def size(self, name: str | None = None) -> Tensor:
        """Return the number of tensors."""
        return convert_to_tensor(len(self._tensors))

    def _place(self, index: int) -> int:
        if not 0 <= index < len(self._tensors):
            raise PositionError(
                f"Place {index} is outside a TensorArray of {len(self._tensors)}.",
                "make it larger, or with dynamic_size=True.",
            )
        return index
