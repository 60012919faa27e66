"""Layer, the base of all layers: hyper-parameters, weights and a call."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

from klods.dtypes import FLOAT32, as_dtype, dtype_of
from klods.errors import (
    AbsentError,
    DataError,
    DTypeError,
    KlodsError,
    ShapeError,
    StateError,
    in_layer,
    of_layer,
    unknown_name,
    warn,
)
from klods.graph import Untraceable, tracing
from klods.keras import constraints, initializers, regularizers
from klods.keras.configuration import arguments, dtype_policy, snake_case, unique_name
from klods.keras.dtype_policies import DTypePolicy, name_of
from klods.keras.layers.shapes import ByName, as_shape, shapes, shapes_for, specs, with_shapes
from klods.keras.layers.spec import check_fits
from klods.keras.layers.tracking import Tracking
from klods.keras.masks import mask_of, put_mask
from klods.keras.metrics import Metric
from klods.keras.room import take_room
from klods.keras.stateless import holding
from klods.keras.symbolic import Called, KerasTensor, Node, outputs_of, placeholders
from klods.keras.variable import checked_name, checked_shape
from klods.structures import mapped, sequence_like
from klods.tensor import Tensor, TensorLike, Variable, convert_to_tensor, watching

# Arguments that a configuration leaves out where they are None, as Keras's does.
UNSAID = ("activity_regularizer", "lora_rank", "lora_alpha")

OUTSIDE = object()
NOWHERE = sys.maxsize  # the place of `training` among the arguments of a `call` that doesn't have it

# The `training` of the outermost call in progress; OUTSIDE if there is none.
in_training: ContextVar[Any] = ContextVar("in_training", default=OUTSIDE)


class Layer(Tracking, Called):
    """A function of tensors with weights of its own.

    A layer of your own sets hyper-parameters in `__init__`, makes weights in `build` with `add_weight`, and computes in
    `call`. Layers, variables and metrics that are set as attributes belong to it, also those in lists and dicts.

    Args:
        name: a name, unique in its model; made from the class's name by default.
        trainable: whether training changes the weights.
        dtype: of the weights, by name, as a policy or as `get_config` gives it; by default that of
            `keras.config.dtype_policy()`.
        activity_regularizer: what the outputs add to the loss.
        input_shape: for the first layer of a Sequential model, the shape of one input.
        input_dim: the same for inputs of one axis: their number.

    Raises:
        NameUnknownError: for an argument that the class doesn't have.
        DataError: for a name with a slash, which files and paths put between names, or one that is no text.

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

    built = False
    input_spec: Any = None
    activity_regularizer: Any = None
    _build_shape: Any = None
    _dtype = FLOAT32
    _scope = ""
    _training_at = NOWHERE
    _added_losses: tuple[Tensor, ...] = ()
    supports_masking = False
    takes_text = False
    _call_names: tuple[str, ...] = ()
    _mask_names: tuple[str, ...] = ()
    _makes_mask = False

    def __init__(
        self,
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
        activity_regularizer: Any = None,
        input_shape: Any = None,
        input_dim: int | None = None,
        **unknown: Any,
    ) -> None:
        for argument in unknown:
            raise unknown_name(f"argument of {type(self).__name__}", argument, arguments(type(self)))
        self.name = checked_name(name) if name else unique_name(snake_case(type(self).__name__))
        self._dtype = as_dtype(name_of(dtype))
        self.activity_regularizer = regularizers.get(activity_regularizer)
        if not isinstance(trainable, (bool, np.bool_)):
            raise DataError(f"trainable is True or False; got {trainable!r}.", "write trainable=False to freeze it.")
        self._trainable = bool(trainable)
        self._first_shape = (input_dim,) if input_dim is not None else input_shape

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        cls._call_names = tuple(inspect.signature(cls.call).parameters)[1:]
        cls._training_at = cls._call_names.index("training") - 1 if "training" in cls._call_names else NOWHERE
        cls._mask_names = tuple(name for name in cls._call_names if name == "mask" or name.endswith("_mask"))
        cls._makes_mask = cls.compute_mask is not Layer.compute_mask
        if "compute_mask" in vars(cls) and cls.supports_masking is Layer.supports_masking:
            cls.supports_masking = True
        if "build" in vars(cls):
            cls.build = _building(cls.build)  # type: ignore[method-assign]

    @property
    def dtype(self) -> str:
        """The name of the weights' dtype, and of that of inputs and outputs."""
        return dtype_of(self._dtype).name

    compute_dtype = variable_dtype = input_dtype = dtype

    @property
    def dtype_policy(self) -> DTypePolicy:
        """The dtype as Keras's policy."""
        return DTypePolicy(self.dtype)

    @property
    def path(self) -> str:
        """The layer's name after those of the layers that it is in, as in `sequential/dense`."""
        return f"{self._scope}{self.name}"

    # ------------------------------------------------------------ calling

    def __call__(self, inputs: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Check the inputs, build the layer at its first call, and compute.

        `training` is that of the outermost call unless it is given; `call` gets it if it has such an argument.

        Raises:
            ShapeError: for inputs of a shape that the layer doesn't accept.
            DTypeError: for inputs that are no numbers.
        """
        if inputs is None and self._call_names[0] in kwargs:
            inputs = kwargs.pop(self._call_names[0])
        mask = mask_of(inputs)
        if type(inputs) is not Tensor or inputs.value.dtype is not self._dtype or args or kwargs:
            if placeholders((inputs, args, kwargs)):
                with in_layer(self.name):
                    return self._recorded(inputs, args, kwargs)
            inputs = self._as_inputs(inputs)
            args, kwargs = (mapped(self._as_inputs, x, (np.ndarray, TensorLike)) for x in (args, kwargs))
        if self._mask_names:
            mask = self._take_masks(mask, args, kwargs)
        if self.input_spec is not None:
            self._check(inputs)
        if not self.built:
            self._build_for(shapes_for(self.build, self._named(inputs, args, kwargs)))
        outer = in_training.get()
        training = self._training(outer, args, kwargs)
        if outer is OUTSIDE:
            self._forget_losses()
        token = None if outer is training else in_training.set(training)
        try:
            outputs = self.call(inputs, *args, **kwargs)
        except Untraceable:
            raise
        except KlodsError as error:
            raise of_layer(error, self.name) from None
        finally:
            if token is not None:
                in_training.reset(token)
        if self.activity_regularizer is not None:
            mapped(self._add_activity, outputs, Tensor)
        if mask is not None or self._makes_mask:
            self._pass_mask(inputs, outputs, mask)
        return outputs

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Return the mask of the outputs, given that of the inputs: the same, in a layer that supports masking."""
        return previous_mask

    def _take_masks(self, mask: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Let `call` have the masks that it has arguments for; return that of the inputs."""
        given = {**dict(zip(self._call_names[1:], args)), **kwargs}
        for name in self._mask_names:
            if given.get(name) is None:
                of_it = name.removesuffix("_mask")
                carried = mask if of_it in ("mask", self._call_names[0]) else mask_of(given.get(of_it))
                if carried is not None:
                    kwargs[name] = carried
            elif name == "mask":
                mask = given[name]
        return mask

    def _pass_mask(self, inputs: Any, outputs: Any, mask: Any) -> None:
        if self.supports_masking:
            put_mask(outputs, self.compute_mask(inputs, mask))
        elif mask is not None:
            warn(
                UserWarning,
                f"Layer '{self.name}' ({type(self).__name__}) got inputs with a mask, which it doesn't pass on: the "
                "layers after it won't see it. Set supports_masking = True, or define compute_mask.",
            )

    def stateless_call(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> tuple[Any, ...]:
        """Return what a call gives with these values in place of the weights, which stay as they are.

        Args:
            trainable_variables: a value for each of `trainable_variables`.
            non_trainable_variables: a value for each of `non_trainable_variables`.
            args: the arguments of the call.
            return_losses: whether to return what the layers add to the loss, too.
            kwargs: the arguments of the call by name.

        Returns:
            The outputs, the values that the non-trainable weights have after the call, and the losses if wanted.

        Raises:
            DataError: for another number of values than weights.
        """
        weights = [*self.trainable_variables, *self.non_trainable_variables]
        with holding(weights, [*trainable_variables, *non_trainable_variables], self.name):
            outputs = self(*args, **kwargs)
            after = [weight.tensor for weight in self.non_trainable_variables]
            return (outputs, after, self.losses) if return_losses else (outputs, after)

    def _recorded(self, inputs: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Write down a call on placeholders and return what stands for the outputs."""
        if self.input_spec is not None:
            self._check(inputs)
        if not self.built:
            self._build_for(shapes_for(self.build, self._named(inputs, args, kwargs)))
        outputs = self.compute_output_spec(inputs, *args, **kwargs)
        Node(self, (inputs, *args), kwargs, outputs)
        return outputs

    def compute_output_spec(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Return placeholders for the outputs: of `compute_output_shape`, or found by a try of `call`."""
        if type(self).compute_output_shape is Layer.compute_output_shape:
            outputs = outputs_of(self.call, (inputs, *args), kwargs, self.variables)
            self._forget_losses()  # they are symbols
            return outputs
        given = shapes_for(self.compute_output_shape, self._named(inputs, args, kwargs))
        return specs(with_shapes(self.compute_output_shape, given), self.dtype)

    def _named(self, inputs: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of a call by name, the inputs first."""
        return {**dict(zip(self._call_names, (inputs, *args))), **kwargs}

    @property
    def input(self) -> Any:
        """What the layer was first called on: a placeholder, or several in a structure."""
        args = self._first_call("input").args
        return args[0] if len(args) == 1 else list(args)

    @property
    def output(self) -> Any:
        """What stands for the outputs of the layer's first call on placeholders."""
        return self._first_call("output").outputs

    def _first_call(self, role: str) -> Node:
        nodes = self.nodes
        if not nodes:
            raise AbsentError(
                f"Layer '{self.name}' has no {role}: no model or placeholder is left that it was called for.",
                "call it on an Input, or put it in a model that has one.",
            )
        return nodes[0]

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the outputs for the inputs; a layer of your own computes here."""
        raise NotImplementedError(f"{type(self).__name__} has no `call`.")

    def _training(self, outer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return whether this call is for training, None if nobody says, and let `call` have it."""
        if len(args) > self._training_at:
            return args[self._training_at]
        training = kwargs.pop("training", None)
        if training is None and outer is not OUTSIDE:
            training = outer
        if training is not None and self._training_at is not NOWHERE:
            kwargs["training"] = training
        return training

    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs of this shape, in which None stands for any size."""
        self._mark_built(input_shape)

    def _mark_built(self, input_shape: Any) -> None:
        self.built = True
        if input_shape is not None:
            self._build_shape = input_shape
        self._name_parts()

    def _name_parts(self) -> None:
        """Put this layer's path before those of the layers inside it."""
        for part in self.parts():
            if isinstance(part, Layer) and not part._scope:
                part._scope = f"{self.path}/"

    def _build_for(self, input_shape: Any) -> None:
        if "name" not in vars(self):
            raise self.not_set_up(StateError)
        tracer, tapes = tracing.set(None), watching.set(())  # weights are made once, not in each run of a trace
        try:
            with in_layer(self.name):
                with_shapes(self.build, input_shape)
        finally:
            watching.reset(tapes)
            tracing.reset(tracer)

    def get_build_config(self) -> dict[str, Any] | None:
        """Return what `build_from_config` needs, as plain data; None if the layer needs no building."""
        shape = self._build_shape
        return None if shape is None else {"shapes_dict" if isinstance(shape, ByName) else "input_shape": shape}

    def build_from_config(self, config: Mapping[str, Any]) -> None:
        """Make the weights, for the shapes that `get_build_config` told."""
        if "input_shape" in config:
            self.build(as_shape(config["input_shape"]))
        elif "shapes_dict" in config:
            self.build(**as_shape(config["shapes_dict"]))

    def _as_inputs(self, x: Any) -> Any:
        """Return inputs as tensors, floating ones in the layer's dtype."""
        if isinstance(x, dict):
            return {key: self._as_inputs(item) for key, item in x.items()}
        if isinstance(x, (list, tuple)) and _holds_arrays(x):
            return sequence_like(x, [self._as_inputs(item) for item in x])
        if isinstance(x, Layer):
            raise DTypeError(
                f"Layer '{self.name}' got {x!r}, which is a layer itself.",
                "stack layers in a Sequential, or call the inner one on an Input first, and this one on what it gives.",
            )
        if x is None or (isinstance(x, str) and not self.takes_text):
            raise DTypeError(f"Layer '{self.name}' got {x!r} as inputs.", "give it a tensor or an array of numbers.")
        tensor = convert_to_tensor(x)
        return convert_to_tensor(tensor, self._dtype) if tensor.value.dtype.kind == "f" else tensor

    def _check(self, inputs: Any) -> None:
        self.check_shape(tuple(inputs.shape) if isinstance(inputs, (Tensor, KerasTensor)) else shapes(inputs))

    def check_shape(self, shape: Any) -> None:
        """Check the shape of inputs, or the shapes of several.

        Raises:
            ShapeError: for a shape that the layer doesn't accept, or another number of inputs.
        """
        check_fits(self.name, shape, self.input_spec)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the outputs for inputs of this shape; found by a try of `call` unless redefined."""
        if not self.built:
            self._build_for(input_shape)
        return shapes(self.compute_output_spec(specs(input_shape, self.dtype)))

    # ------------------------------------------------------------ weights and losses

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
        """Return a new weight of this layer; by default `glorot_uniform`, or zeros if it is of whole numbers or truths.

        Raises:
            DataError: for what is no shape or name.
            ShapeError: for a shape of unknown sizes, or an initializer that gives another.
        """
        size = checked_shape(f"A weight of layer '{self.name}'", shape)
        take_room(f"Layer '{self.name}' wants a weight of shape {size}", *size)
        kind = self._dtype if dtype is None else as_dtype(dtype)
        default = "glorot_uniform" if kind.kind == "f" else "zeros"
        values = initializers.get(default if initializer is None else initializer)(size, dtype=kind)
        own_name = checked_name(name) if name else unique_name("variable")
        variable = Variable(values, trainable and self._trainable, own_name)
        if (made := variable.tensor.value.shape) != size:
            raise ShapeError(
                f"Layer '{self.name}': the initializer of weight '{own_name}' gave the shape {made}, not {size}.",
                "make numbers of the shape that it is called with.",
            )
        notes = {
            "path": f"{self.path}/{variable.name}",
            "regularizer": regularizers.get(regularizer),
            "constraint": constraints.get(constraint),
            "frozen": not trainable,
            "made_untrainable": not trainable,
        }
        vars(variable).update(notes)
        self.track(variable)
        return variable

    add_variable = add_weight

    @property
    def metrics(self) -> list[Metric]:
        """The metrics set as attributes, of this layer and those inside it."""
        return list(self.anatomy().metrics)

    @property
    def metrics_variables(self) -> list[Variable]:
        """The state of all metrics."""
        return [variable for metric in self.metrics for variable in metric.variables]

    @property
    def losses(self) -> list[Tensor]:
        """What `add_loss` and regularizers add to the loss, one tensor each."""
        added = [loss for layer in self.flattened() for loss in layer._added_losses]
        regularized = [w for w in self.trainable_weights if getattr(w, "regularizer", None) is not None]
        return added + [w.regularizer(w) for w in regularized]  # type: ignore[attr-defined]

    def add_loss(self, loss: Any) -> None:
        """Add a scalar to the loss of the model; call it inside `call`."""
        self._added_losses = (*self._added_losses, convert_to_tensor(loss))

    def _add_activity(self, outputs: Tensor) -> None:
        self.add_loss(self.activity_regularizer(outputs) / (outputs.value.shape[0] if outputs.ndim else 1))

    def _forget_losses(self) -> None:
        for layer in self.flattened():
            if layer._added_losses:
                layer._added_losses = ()

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        config = super().get_config()
        said = {name: value for name, value in config.items() if value is not None or name not in UNSAID}
        return {**said, "dtype": dtype_policy(self.dtype)}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _building(build: Callable[..., None]) -> Callable[..., None]:
    """Return a `build` that marks the layer as built and notes the shape."""

    @functools.wraps(build)
    def wrapped(self: Layer, input_shape: Any = None, *others: Any, **named: Any) -> None:
        self._name_parts()
        if named:
            build(self, **named) if input_shape is None else build(self, input_shape, *others, **named)
        else:
            build(self, input_shape, *others)
        self._mark_built(ByName(named) or input_shape)

    return wrapped


def _holds_arrays(x: Any) -> bool:
    """Tell whether there are arrays or tensors in a list, dict or tuple, however nested."""
    held = x.values() if isinstance(x, dict) else x
    return any(
        isinstance(item, (np.ndarray, TensorLike)) or (isinstance(item, (list, tuple, dict)) and _holds_arrays(item))
        for item in held
    )
