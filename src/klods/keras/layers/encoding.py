"""Numbers into categories, and these into rows of zeros and ones: Discretization, CategoryEncoding."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from klods.errors import DataError, StateError, unknown_name
from klods.keras.layers.adapting import batches, numbers
from klods.keras.layers.layer import Layer
from klods.keras.symbolic import KerasTensor
from klods.ops.effects import call
from klods.tensor import Tensor, TensorLike, convert_to_tensor

MODES = ("int", "one_hot", "multi_hot", "count")
OLD_NAMES = {"binary": "multi_hot", "tf-idf": "tf_idf"}


def checked_mode(mode: str, known: tuple[str, ...]) -> str:
    """Return an output mode by its present name.

    Raises:
        NameUnknownError: for an unknown one.
    """
    mode = OLD_NAMES.get(mode, mode)
    if mode not in known:
        raise unknown_name("output_mode", mode, known)
    return mode


def encoded(indices: np.ndarray, mode: str, depth: int, dtype: Any, weights: np.ndarray | None = None) -> np.ndarray:
    """Return categories as rows of `depth` numbers; those outside 0 to depth - 1 leave no trace.

    Args:
        indices: the categories, whole numbers.
        mode: `int` for the categories themselves; `one_hot` for a row of its own for each, with a 1 at its place;
            `multi_hot` for one row for all along the last axis, with a 1 for each that is there; `count` for how often.
        depth: how many there are.
        dtype: of the result.
        weights: in `count`, what each category counts, instead of 1.

    Example:
        >>> encoded(np.array([[0, 2, 2]]), "count", 4, "int64")
        array([[1, 0, 2, 0]])
    """
    if mode == "int":
        return indices.astype(dtype)
    rows = np.atleast_1d(indices)
    if mode == "one_hot":
        rows = rows[..., 0] if rows.ndim > 1 and rows.shape[-1] == 1 else rows
        return (rows[..., None] == np.arange(depth)).astype(dtype)
    lead = rows.shape[:-1]
    flat = rows.reshape(math.prod(lead), -1) if rows.size else np.zeros((math.prod(lead), 0), int)
    inside = (flat >= 0) & (flat < depth)
    places = (flat + depth * np.arange(len(flat))[:, None])[inside]
    counted = None if weights is None else np.broadcast_to(weights, rows.shape).reshape(flat.shape)[inside]
    sums = np.bincount(places, counted, len(flat) * depth).reshape(*lead, depth)
    return (sums > 0 if mode == "multi_hot" else sums).astype(dtype)


def computed(function: Callable[..., np.ndarray], inputs: list[Tensor], shape: Any, dtype: Any) -> Tensor:
    """Return what a function of arrays gives for tensors; in a compiled step it runs each time.

    Args:
        function: the function.
        inputs: the tensors.
        shape: the shape of the result.
        dtype: its dtype.
    """
    if dtype == "string" or any(isinstance(x.value, np.ndarray) and x.value.dtype.kind == "S" for x in inputs):
        return Tensor(function(*[np.asarray(x.value) for x in inputs]))
    return call(*inputs, function=function, shape=shape, dtype=dtype)


def encoded_shape(shape: Any, mode: str, depth: int | None) -> Any:
    """Return the shape that `encoded` gives for categories of a shape."""
    if mode == "int":
        return tuple(shape)
    if mode == "one_hot":
        whole = tuple(shape) or (1,)
        return (*(whole[:-1] if len(whole) > 1 and whole[-1] == 1 else whole), depth)
    return (*shape[:-1], depth)


class CategoryEncoding(Layer):
    """Turns whole numbers that stand for categories into rows of zeros and ones, or counts.

    Args:
        num_tokens: how many categories there are: inputs are 0 to num_tokens - 1.
        output_mode: `one_hot` for a row for each number, with a 1 at its place (an axis of size 1 is replaced);
            `multi_hot` for one row for all numbers along the last axis; `count` for how often each is there.

    In the mode `count` a call takes `count_weights`, of the shape of the inputs: what each number counts.

    Raises:
        DataError: for a number of categories below 1; at a call, for a number outside them, or weights that no mode
            asks for.
        NameUnknownError: for an unknown mode.

    Example:
        >>> import klods
        >>> klods.keras.layers.CategoryEncoding(4)([[0, 1], [3, 3]]).numpy()
        array([[1., 1., 0., 0.],
               [0., 0., 0., 1.]], dtype=float32)
    """

    built = True

    def __init__(self, num_tokens: int | None = None, output_mode: str = "multi_hot", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(num_tokens, int) or num_tokens < 1:
            raise DataError(
                f"CategoryEncoding's num_tokens is a whole number, 1 or more; got {num_tokens!r}.",
                "say how many categories there are; IntegerLookup finds out by itself.",
            )
        self.num_tokens, self.output_mode = num_tokens, checked_mode(output_mode, MODES[1:])

    def call(self, inputs: Any, count_weights: Any = None) -> Tensor:
        if count_weights is not None and self.output_mode != "count":
            raise DataError(
                f"Layer '{self.name}' has the mode {self.output_mode!r}, which takes no count_weights.", "use 'count'."
            )
        x = convert_to_tensor(inputs)
        given = [x] if count_weights is None else [x, convert_to_tensor(count_weights, self.dtype)]
        shape = encoded_shape(x.value.shape, self.output_mode, self.num_tokens)
        return computed(self._encoded, given, shape, self._dtype)

    def _encoded(self, x: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
        numbers = np.asarray(x).astype("int64")
        outside = numbers[(numbers < 0) | (numbers >= self.num_tokens)]
        if outside.size:
            raise DataError(
                f"Layer '{self.name}' got {outside[0]}; its {self.num_tokens} categories are 0 to "
                f"{self.num_tokens - 1}.",
                "raise num_tokens, or use IntegerLookup.",
            )
        return encoded(numbers, self.output_mode, self.num_tokens, self._dtype, weights)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return encoded_shape(input_shape, self.output_mode, self.num_tokens)


class Discretization(Layer):
    """Turns numbers into the numbers of the bins that they fall in, whose limits are given or found in data by `adapt`.

    A bin goes from its lower limit, which belongs to it, up to the next one's; the first and the last have no end.

    Args:
        bin_boundaries: the limits between bins, rising.
        num_bins: instead of these, how many bins `adapt` is to make, which hold about equally many numbers of the data.
        epsilon: how exactly: with 0.01, data in many batches are summed up in some 100 numbers.
        output_mode: `int` for the bins' numbers; `one_hot`, `multi_hot` or `count` as in CategoryEncoding.

    Raises:
        DataError: for limits that don't rise, or both limits and a number of bins, or neither.
        NameUnknownError: for an unknown mode.
        StateError: at a call, before the limits are known.

    Example:
        >>> import klods
        >>> klods.keras.layers.Discretization([0., 1., 2.])([[-1.5, 1., 3.4, 0.5]]).numpy()
        array([[0, 2, 3, 1]], dtype=int32)
    """

    built = True

    def __init__(
        self,
        bin_boundaries: Any = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if (bin_boundaries is None) == (num_bins is None):
            raise DataError(
                f"Discretization takes limits or a number of bins; got {bin_boundaries!r} and {num_bins!r}.",
                "give one of bin_boundaries and num_bins.",
            )
        if num_bins is not None and num_bins < 1:
            raise DataError(f"Discretization makes 1 bin or more; got num_bins={num_bins}.", "write num_bins=10, say.")
        self.num_bins, self.epsilon, self.output_mode = num_bins, epsilon, checked_mode(output_mode, MODES)
        self.bin_boundaries = None if bin_boundaries is None else _rising(bin_boundaries)

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Set the limits so that bins hold about equally many numbers of data.

        Args:
            data: an array, or what yields batches.
            steps: how many batches; all by default.

        Raises:
            DataError: if there is no data, or none of numbers; for a layer that was given its limits.
        """
        if self.num_bins is None:
            raise DataError(f"Layer '{self.name}' was given its limits.", "give num_bins instead to adapt it.")
        quantiles = _Quantiles(self.epsilon)
        for batch in batches(data, numbers, steps):
            quantiles.add(batch)
        self.bin_boundaries = quantiles.limits(self.num_bins)

    def call(self, inputs: Any) -> Tensor:
        x = convert_to_tensor(inputs, self.dtype)
        shape = encoded_shape(x.value.shape, self.output_mode, self._count())
        return computed(self._binned, [x], shape, self._output_dtype())

    def _binned(self, x: np.ndarray) -> np.ndarray:
        bins = np.searchsorted(np.asarray(self.bin_boundaries, self._dtype), x, "right")
        return encoded(np.asarray(bins), self.output_mode, self._count(), self._output_dtype())

    def _count(self) -> int:
        if self.bin_boundaries is None:
            raise StateError(f"Layer '{self.name}' doesn't know its limits yet.", "call adapt, or give bin_boundaries.")
        return len(self.bin_boundaries) + 1

    def _output_dtype(self) -> str:
        return "int32" if self.output_mode == "int" else self.dtype

    def compute_output_shape(self, input_shape: Any) -> Any:
        depth = self.num_bins if self.bin_boundaries is None else self._count()
        return encoded_shape(input_shape, self.output_mode, depth)

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """Return what stands for the outputs."""
        return KerasTensor(self.compute_output_shape(inputs.shape), self._output_dtype())

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data, with the limits that were found."""
        options = ("bin_boundaries", "num_bins", "epsilon", "output_mode", "name", "dtype")
        return {name: getattr(self, name) for name in options}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Discretization:
        """Return the layer that a configuration describes, with its limits if it was adapted."""
        limits = config.get("bin_boundaries")
        if limits is None or config.get("num_bins") is None:
            return super().from_config(config)
        layer = super().from_config({**config, "bin_boundaries": None})
        layer.bin_boundaries = _rising(limits)
        return layer


def _rising(limits: Any) -> list[float]:
    plain = np.asarray(limits.value if isinstance(limits, TensorLike) else limits, float).tolist()
    if not isinstance(plain, list) or any(not low <= high for low, high in itertools.pairwise(plain)):
        raise DataError(f"Discretization takes limits that rise; got {limits!r}.", "sort them.")
    return plain


class _Quantiles:
    """Numbers summed up by values that stand for equally many of them, so that quantiles can be told of any amount.

    Args:
        share: what share of the numbers a value stands for at least.
    """

    def __init__(self, share: float) -> None:
        self.share = share
        self.values = self.weights = np.zeros(0)

    def add(self, batch: np.ndarray) -> None:
        """Take a batch into account: every so many of its sorted numbers, merged with those before it."""
        step = max(batch.size * self.share, 1)
        own = np.sort(batch, axis=None)[int(step - 1) :: int(step)]
        values = np.concatenate([own, self.values])
        weights = np.concatenate([np.full(own.shape, step), self.weights])
        order = np.argsort(values)
        self.values, self.weights = _resampled(values[order], weights[order], self.share)

    def limits(self, count: int) -> list[float]:
        """Return the limits between that many bins.

        Raises:
            DataError: if there are no numbers.
        """
        if not self.values.size:
            raise DataError("adapt got no numbers.", "give an array, or batches.")
        return _resampled(self.values, self.weights, 1 / count)[0][:-1].astype("float32").tolist()


def _resampled(values: np.ndarray, weights: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Return sorted values that stand for equal shares of the weight, found by linear interpolation."""
    if len(values) * share < 1:
        return values, weights
    shares = share + np.arange(0, 1, share)
    total = np.cumsum(weights)
    ends = np.interp(shares, total / total[-1], total)
    new = np.interp(shares, total / total[-1], values)
    return new.astype("float32"), np.diff(ends, prepend=0).astype("float32")
