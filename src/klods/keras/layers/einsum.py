"""EinsumDense, a dense layer over any axes."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from klods.contractions import einsum
from klods.errors import DataError, ShapeError
from klods.keras import activations, constraints, initializers, regularizers
from klods.keras.layers.layer import Layer
from klods.keras.layers.lora import adapted, add_lora
from klods.keras.layers.spec import InputSpec, Shape
from klods.tensor import Tensor

EQUATION = re.compile(r"(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?")


class EinsumDense(Layer):
    """activation(einsum(equation, inputs, kernel) + bias).

    Args:
        equation: such as `"abc,cd->abd"`: the letters of the inputs' axes, of the kernel's, and of the outputs'. An
            ellipsis may stand for axes of the inputs and outputs, either first or last.
        output_shape: the sizes of the outputs' axes, without the batch's and those of an ellipsis; None for a size that
            the inputs give.
        activation: a name or function; none by default.
        bias_axes: the letters of the outputs' axes that the bias has; no bias by default.
        kernel_initializer: how the kernel starts.
        bias_initializer: how the bias starts.
        kernel_regularizer: what the kernel adds to the loss.
        bias_regularizer: what the bias adds to the loss.
        kernel_constraint: what is done to the kernel after each update.
        bias_constraint: what is done to the bias after each update.
        lora_rank: if given, the kernel is frozen and the product of two thin tensors of this rank is trained and added
            to it (Hu et al. 2021, equation 3).
        lora_alpha: the factor of that product, over its rank; equal to the rank by default.

    Raises:
        DataError: for an equation of another form.
        ShapeError: for inputs that don't fit the equation.

    Example:
        >>> import klods
        >>> layer = klods.keras.layers.EinsumDense("abc,cd->abd", output_shape=(None, 64), bias_axes="d")
        >>> layer(klods.zeros((5, 32, 128))).shape
        TensorShape([5, 32, 64])
    """

    def __init__(
        self,
        equation: str,
        output_shape: Any,
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.equation, self.bias_axes = equation, bias_axes
        self._axes = _parsed(equation, bias_axes)
        self.partial_output_shape = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        self.activation = activations.get(activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        if lora_rank is not None and self.kernel_constraint is not None:
            raise DataError("EinsumDense can't constrain a kernel that lora_rank freezes.", "leave it out.")
        self.lora_rank, self.lora_alpha = lora_rank, lora_rank if lora_alpha is None else lora_alpha

    def build(self, input_shape: Any) -> None:
        sizes, shape = self._sizes(input_shape)
        unknown = [letter for letter in self._axes.kernel if sizes[letter] is None]
        if unknown:
            raise ShapeError(
                f"Layer '{self.name}' got inputs of shape {tuple(input_shape)}: the kernel has no fixed size "
                f"along '{unknown[0]}'.",
                "give it one, in the inputs or in output_shape.",
            )
        self.kernel = self.add_weight(
            [sizes[letter] for letter in self._axes.kernel],
            self._start(),
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.bias = None
        if self.bias_axes:
            self.bias = self.add_weight(
                self._bias_shape(shape),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )
        if self.lora_rank is not None:
            add_lora(self, self.kernel, self.lora_rank, self.kernel_regularizer)
        self.input_spec = InputSpec(ndim=len(input_shape))

    def _start(self) -> Any:
        """Return the initializer, which is to scale by the kernel's inputs and outputs, wherever their axes are."""
        start = self.kernel_initializer
        if not isinstance(start, initializers.VarianceScaling) or None not in (start.input_axes, start.output_axes):
            return start
        kept = [letter in self._axes.outputs for letter in self._axes.kernel]
        axes = {"input_axes": [i for i, out in enumerate(kept) if not out]}
        axes["output_axes"] = [i for i, out in enumerate(kept) if out]
        return type(start).from_config({**start.get_config(), **axes})

    def _bias_shape(self, shape: Shape) -> list[Any]:
        axes, wanted = self._axes, set(self.bias_axes or "")
        letters = self._spelled(axes.outputs, len(shape))
        first = min(letters.index(letter) for letter in wanted)
        return [n if letter in wanted else 1 for n, letter in zip(shape[first:], letters[first:])]

    def call(self, inputs: Tensor) -> Tensor:
        outputs = einsum(self.equation, inputs, adapted(self, self.kernel))
        return self.activation(outputs if self.bias is None else outputs + self.bias)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return self._sizes(input_shape)[1]

    def _sizes(self, input_shape: Any) -> tuple[dict[str, Any], Shape]:
        """Return the size of each letter, and the shape of the outputs."""
        axes, rank = self._axes, len(input_shape)
        elided = rank - len(axes.inputs)
        if elided < 0 or (elided and axes.first is None):
            raise self._misfit(input_shape, f"an input of {len(axes.inputs)} axes")
        sizes = dict(zip(self._spelled(axes.inputs, rank), input_shape))
        letters = self._spelled(axes.outputs, len(axes.outputs) + elided)
        given = [letter for letter in letters[1:] if letter is not None and not isinstance(letter, int)]
        if len(given) != len(self.partial_output_shape):
            raise self._misfit(input_shape, f"an output_shape of {len(given)} sizes")
        for letter, size in zip(given, self.partial_output_shape):
            if size is not None and sizes.get(letter, size) not in (None, size):
                raise self._misfit(input_shape, f"{size} along '{letter}'")
            sizes[letter] = sizes.get(letter) if size is None else size
        return sizes, tuple(sizes[letter] for letter in letters)

    def _spelled(self, letters: str, rank: int) -> list[Any]:
        """Return the letters of axes, with numbers for those of an ellipsis."""
        hidden = list(range(rank - len(letters)))
        return [*hidden, *letters] if self._axes.first else [*letters, *hidden]

    def _misfit(self, shape: Any, expected: str) -> ShapeError:
        return ShapeError(
            f"Layer '{self.name}' got inputs of shape {tuple(shape)}; its equation '{self.equation}' means {expected}.",
            "change the equation, output_shape or the inputs.",
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        config = {"activity_regularizer": None, **super().get_config()}
        return {**config, "output_shape": self.partial_output_shape}


class Axes(NamedTuple):
    """The letters of an equation; `first` tells whether an ellipsis comes first, None that there is none."""

    inputs: str
    kernel: str
    outputs: str
    first: bool | None


def _parsed(equation: str, bias_axes: str | None) -> Axes:
    found = EQUATION.fullmatch(equation.replace(" ", ""))
    words = [word or "" for word in found.groups()] if found else []
    if not found or words[0] != words[4] or words[2] != words[6] or (words[0] and words[2]):
        raise DataError(
            f"EinsumDense got the equation {equation!r}.",
            "write it as 'ab,bc->ac', '...ab,bc->...ac' or 'ab...,bc->ac...'.",
        )
    before, inputs, behind, kernel, _, outputs, _ = words
    lost = [letter for letter in outputs if letter not in inputs + kernel]
    lost += [letter for letter in kernel if letter not in inputs + outputs]
    lost += [letter for letter in bias_axes or "" if letter not in outputs]
    if lost:
        raise DataError(f"EinsumDense's '{lost[0]}' stands alone in {equation!r}.", "name it on both sides.")
    return Axes(inputs, kernel, outputs, None if not (before or behind) else bool(before))
