"""Layer, the base of all layers: hyper-parameters, weights and a call."""

from __future__ import annotations

import bisect
import functools
import inspect
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from klods.dtypes import as_dtype
from klods.errors import DataError, ShapeError, StateError
from klods.keras import initializers, regularizers
from klods.keras.configuration import Configurable, snake_case, unique_name
from klods.tape import leaves
from klods.tensor import Tensor, TensorLike, Variable, convert_to_tensor

Shape = tuple[int | None, ...]

# Arguments that a configuration leaves out where they are None, as Keras's does.
UNSAID = ("activity_regularizer", "lora_rank", "lora_alpha")

# Whether the outermost call in progress is for training; None outside calls.
_training: ContextVar[bool | None] = ContextVar("training", default=None)


@dataclass(frozen=True)
class InputSpec:
    """What a layer accepts: a shape, a number of axes, or the sizes of some axes."""

    shape: Shape | None = None
    ndim: int | None = None
    min_ndim: int | None = None
    max_ndim: int | None = None
    axes: dict[int, int] = field(default_factory=dict)
    dtype: Any = None

    def accepts(self, shape: Shape) -> bool:
        """Tell whether a tensor of this shape fits."""
        rank = len(shape)
        if self.shape is not None and (len(self.shape) != rank or not all(map(_same, self.shape, shape))):
            return False
        if self.ndim not in (None, rank) or rank < (self.min_ndim or 0) or rank > (self.max_ndim or rank):
            return False
        return all(-rank <= axis < rank and _same(size, shape[axis]) for axis, size in self.axes.items())

    def __str__(self) -> str:
        if self.shape is not None:
            return f"shape {self.shape}"
        if self.axes == {-1: self.axes.get(-1)}:
            return f"shape (..., {self.axes[-1]})"
        if self.axes:
            return "sizes " + ", ".join(f"{size} along axis {axis}" for axis, size in self.axes.items())
        return f"{self.ndim} axes" if self.ndim is not None else f"at least {self.min_ndim or 0} axes"


def _same(expected: int | None, got: int | None) -> bool:
    return expected is None or got is None or expected == got


class Layer(Configurable):
    """A function of tensors with weights of its own.

    A layer of your own sets hyper-parameters in `__init__`, makes weights in `build` with `add_weight`, and computes in
    `call`. Layers and variables that are set as attributes are tracked.

    Args:
        name: a name, unique in its model; made from the class's name by default.
        trainable: whether training changes the weights.
        dtype: of the weights, by name or as `get_config` gives it.
        activity_regularizer: what the outputs add to the loss.
        input_shape: for the first layer of a Sequential model, the shape of one input.

    Example:
        >>> import klods
        >>> class Scale(klods.keras.layers.Layer):
        ...     def build(self, input_shape):
        ...         self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones")
        ...     def call(self, inputs):
        ...         return inputs * self.factor
        >>> Scale()(klods.constant([[1., 2.]])).numpy()
        array([[1., 2.]], dtype=float32)
    """

    _tracked: list[Any]
    _build_shape: Any = None

    def __init__(
        self,
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
        activity_regularizer: Any = None,
        input_shape: Any = None,
        input_dim: int | None = None,
    ) -> None:
        object.__setattr__(self, "_tracked", [])
        self._ranks: list[int] = []  # of what is tracked: weights to train, other weights, layers
        self._scope = ""
        self.name = name or unique_name(snake_case(type(self).__name__))
        self.dtype = as_dtype(dtype["config"]["name"] if isinstance(dtype, dict) else dtype).name
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.input_spec: InputSpec | None = None
        self.built = False
        self._trainable = bool(trainable)
        self._added_losses: list[Tensor] = []
        self._first_shape = (input_dim,) if input_dim is not None else input_shape

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        if "build" in vars(cls):
            cls.build = _building(cls.build)  # type: ignore[method-assign]

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, (Variable, Layer)):
            self._track(value)
        elif isinstance(value, (list, dict)):
            for item in leaves(value):
                if isinstance(item, (Variable, Layer)):
                    self._track(item)
        object.__setattr__(self, name, value)

    def _track(self, item: Variable | Layer) -> None:
        if "_tracked" not in vars(self):
            raise StateError(
                f"{type(self).__name__}.__init__ sets an attribute before the layer is made.",
                "call super().__init__() first.",
            )
        if not any(item is seen for seen in self._tracked):
            rank = 2 if isinstance(item, Layer) else 1 - item.trainable
            place = bisect.bisect_right(self._ranks, rank)
            self._ranks.insert(place, rank)
            self._tracked.insert(place, item)
            if isinstance(item, Layer) and not item._scope:
                item._scope = f"{self.path}/"

    def _untrack(self, item: Variable | Layer) -> None:
        place = next(i for i, seen in enumerate(self._tracked) if seen is item)
        del self._tracked[place], self._ranks[place]

    @property
    def path(self) -> str:
        """The layer's name after those of the layers that it is in, as in `sequential/dense`."""
        return f"{self._scope}{self.name}"

    @property
    def compute_dtype(self) -> str:
        """The dtype of inputs and outputs; that of the weights."""
        return self.dtype

    variable_dtype = compute_dtype

    # ------------------------------------------------------------ calling

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Build the layer at its first call, check the inputs, and compute."""
        inputs = as_inputs(inputs, self.dtype)
        if not self.built:
            self.build(shapes(inputs))
        if self.input_spec is not None:
            self._check(inputs)
        outer = _training.get()
        training = kwargs.get("training")
        training = bool(outer if training is None else training)
        if takes_training(type(self).call):
            kwargs["training"] = training
        elif "training" in kwargs:
            del kwargs["training"]
        if outer is not None and outer is training:
            outputs = self.call(inputs, *args, **kwargs)
        else:
            outputs = self._call_as_outermost(training, inputs, args, kwargs)
        if self.activity_regularizer is not None:
            self.add_loss(self.activity_regularizer(outputs) / outputs.value.shape[0])
        return outputs

    def _call_as_outermost(self, training: bool, inputs: Any, args: Any, kwargs: Any) -> Any:
        if _training.get() is None:
            self._forget_losses()
        token = _training.set(training)
        try:
            return self.call(inputs, *args, **kwargs)
        finally:
            _training.reset(token)

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the outputs for the inputs; a layer of your own computes here."""
        raise NotImplementedError(f"{type(self).__name__} has no `call`.")

    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs of this shape, in which None stands for any size."""
        self.built = True

    def _check(self, inputs: Any) -> None:
        for x in leaves(inputs):
            if not self.input_spec.accepts(x.value.shape):  # type: ignore[union-attr]
                raise ShapeError(
                    f"Layer '{self.name}' got inputs of shape {x.value.shape}, expected {self.input_spec}.",
                    "reshape the inputs, or make a new layer for inputs of this shape.",
                )

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the outputs for inputs of this shape; found by a call on zeros unless redefined."""
        batch = tuple(2 if n is None else n for n in input_shape)
        if not self.built:
            self.build(input_shape)
        output = self.call(Tensor(np.zeros(batch, self.dtype)))
        free = input_shape[:1] == (None,)
        return (None, *output.value.shape[1:]) if free else tuple(output.value.shape)

    # ------------------------------------------------------------ weights

    def add_weight(
        self,
        shape: Any = (),
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Return a new weight of this layer, `glorot_uniform` by default."""
        size = (shape,) if isinstance(shape, int) else tuple(shape)
        start = initializers.get("glorot_uniform" if initializer is None else initializer)
        variable = Variable(start(size, dtype=as_dtype(dtype or self.dtype)), trainable, name or "variable")
        variable.path = f"{self.path}/{variable.name}"  # type: ignore[attr-defined]
        variable.regularizer = regularizers.get(regularizer)  # type: ignore[attr-defined]
        variable.constraint = constraint  # type: ignore[attr-defined]
        variable.frozen = not trainable  # type: ignore[attr-defined]
        self._track(variable)
        variable.trainable = trainable and self._trainable
        return variable

    def freeze(self, variable: Variable) -> None:
        """Keep training from changing a weight, whatever `trainable` is set to."""
        variable.trainable, variable.frozen = False, True  # type: ignore[attr-defined]

    @property
    def weights(self) -> list[Variable]:
        """All weights, each once: those that training changes, those that it doesn't, those of the layers inside."""
        seen: dict[int, Variable] = {}
        for item in self._tracked:
            for variable in [item] if isinstance(item, Variable) else item.weights:
                seen[id(variable)] = variable
        return list(seen.values())

    variables = weights

    @property
    def trainable_weights(self) -> list[Variable]:
        return [w for w in self.weights if w.trainable]

    trainable_variables = trainable_weights

    @property
    def non_trainable_weights(self) -> list[Variable]:
        return [w for w in self.weights if not w.trainable]

    non_trainable_variables = non_trainable_weights

    @property
    def trainable(self) -> bool:
        """Whether training changes the weights; setting it sets it for all layers inside."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for item in self._tracked:
            if isinstance(item, Layer):
                item.trainable = value
            else:
                item.trainable = bool(value) and not getattr(item, "frozen", False)

    def get_weights(self) -> list[np.ndarray]:
        """Return copies of all weights as NumPy arrays."""
        return [w.numpy() for w in self.weights]

    def set_weights(self, weights: list[Any]) -> None:
        """Set all weights from arrays of their shapes, or none of them.

        Raises:
            DataError: for another number of arrays.
            ShapeError: for an array of another shape, naming the weight.
        """
        mine, arrays = self.weights, [np.asarray(w) for w in weights]
        if len(arrays) != len(mine):
            raise DataError(
                f"'{self.name}' has {len(mine)} weights; got {len(arrays)} arrays.",
                "build the model first, and give one array for each of model.weights.",
            )
        for variable, array in zip(mine, arrays):
            if array.shape != variable.value.shape:
                path = getattr(variable, "path", variable.name)
                raise ShapeError(
                    f"Weight '{path}' has shape {variable.value.shape}; got {array.shape}.",
                    "give arrays in the order of model.weights.",
                )
        for variable, array in zip(mine, arrays):
            variable.assign(array)

    def count_params(self) -> int:
        """Return the number of numbers in all weights.

        Raises:
            StateError: if the layer isn't built.
        """
        if not self.built:
            raise StateError(f"'{self.name}' has no weights yet.", "call it or build it first.")
        return sum(w.size for w in self.weights)

    # ------------------------------------------------------------ losses

    @property
    def losses(self) -> list[Tensor]:
        """What regularizers and `add_loss` add to the loss, one tensor each."""
        penalties = [(w, getattr(w, "regularizer", None)) for w in self.trainable_weights]
        terms = [penalty(w) for w, penalty in penalties if penalty is not None]
        return terms + [loss for layer in self.flattened() for loss in layer._added_losses]

    def add_loss(self, loss: Any) -> None:
        """Add a scalar to the loss of the model; call it inside `call`."""
        self._added_losses.append(convert_to_tensor(loss))

    def _forget_losses(self) -> None:
        for layer in self.flattened():
            if layer._added_losses:
                layer._added_losses = []

    def flattened(self) -> Iterator[Layer]:
        """Yield this layer and all layers inside it."""
        yield self
        for item in self._tracked:
            if isinstance(item, Layer):
                yield from item.flattened()

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        config = super().get_config()
        policy = {
            "module": "keras",
            "class_name": "DTypePolicy",
            "config": {"name": self.dtype},
            "registered_name": None,
        }
        return {
            **{name: value for name, value in config.items() if value is not None or name not in UNSAID},
            "dtype": policy,
        }

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _building(build: Callable[..., None]) -> Callable[..., None]:
    """Return a `build` that marks the layer as built and notes the shape."""

    @functools.wraps(build)
    def wrapped(self: Layer, input_shape: Any = None) -> None:
        build(self, input_shape)
        self.built = True
        self._build_shape = input_shape

    return wrapped


@functools.cache
def takes_training(call: Callable[..., Any]) -> bool:
    """Tell whether a layer's `call` has a `training` argument."""
    return "training" in inspect.signature(call).parameters


def as_inputs(x: Any, dtype: str) -> Any:
    """Return inputs as tensors, floating ones in the layer's dtype."""
    if type(x) is Tensor and x.value.dtype == dtype:
        return x
    if isinstance(x, (list, tuple)) and any(isinstance(item, (np.ndarray, TensorLike)) for item in x):
        return type(x)(as_inputs(item, dtype) for item in x)
    if isinstance(x, dict):
        return {key: as_inputs(item, dtype) for key, item in x.items()}
    tensor = convert_to_tensor(x)
    return convert_to_tensor(tensor, dtype) if tensor.value.dtype.kind == "f" else tensor


def shapes(inputs: Any) -> Any:
    """Return the shapes of inputs, None standing for the size of the batch."""
    if isinstance(inputs, (list, tuple)):
        return [shapes(x) for x in inputs]
    if isinstance(inputs, dict):
        return {key: shapes(x) for key, x in inputs.items()}
    return (None, *inputs.value.shape[1:])
