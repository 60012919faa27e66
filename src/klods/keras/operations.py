"""Functions and operators on placeholders: each call is a step of a model, described as Keras describes it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from klods import arranging, functions
from klods.errors import DataError, unknown_name
from klods.keras import ops
from klods.keras.configuration import snake_case, unique_name
from klods.keras.room import take_room
from klods.keras.symbolic import Called, KerasTensor, Node, outputs_of, placeholders
from klods.ops import activation, comparison, movement
from klods.tensor import Placeholder

# The parameters that Keras's operations are called on; the others are options of the operation.
CALLED_ON = frozenset(
    "x x1 x2 xs y key condition indices inputs operands target output targets predictions start_indices weights "
    "constant_values a b q data segment_ids target_length output_length sequence_lengths condlist choicelist default "
    "tensor pattern".split()
)
# Functions of klods whose arguments have the order of Keras's.
TWINS: dict[Any, Any] = {
    activation.log_softmax: ops.log_softmax,
    activation.softmax: ops.softmax,
    comparison.where: ops.where,
    movement.concat: ops.concatenate,
    movement.expand_dims: ops.expand_dims,
    arranging.tile: ops.tile,
    functions.reduce_logsumexp: ops.logsumexp,
}
# The modules of Keras's operations, but for those in its `numpy`.
MODULES = {
    "core": "cast slice stop_gradient unstack convert_to_tensor",
    "einops": "rearrange",
    "linalg": "cholesky cholesky_inverse det eigh inv lstsq lu_factor matrix_rank norm pinv qr solve solve_triangular "
    "svd",
    "math": "cdist erf erfc erfinv in_top_k logdet logsumexp rsqrt segment_max segment_min segment_prod segment_sum "
    "top_k",
    "nn": "binary_crossentropy categorical_crossentropy celu ctc_decode ctc_loss elu gelu glu hard_shrink hard_sigmoid "
    "hard_silu hard_tanh leaky_relu log_sigmoid log_softmax moments normalize one_hot psnr relu relu6 selu sigmoid "
    "silu soft_shrink softmax softplus softsign sparse_categorical_crossentropy sparsemax squareplus tanh_shrink "
    "threshold",
}
MODULE_OF = {name: module for module, names in MODULES.items() for name in names.split()}
SIZES = ("num", "num_classes", "repeats")  # parameters that say how many numbers an operation makes by itself
SAME = {"abs": "absolute", "swish": "silu", "hard_swish": "hard_silu"}  # which Keras has one operation for
# Names of which Keras writes the class otherwise than its words with capitals.
KINDS = {"cdist": "CDist", "ctc_decode": "CTCDecode", "ctc_loss": "CTCLoss", "psnr": "PSNR", "svd": "SVD"}
NAMES = {kind: name for name, kind in KINDS.items()}


class Operation(Called):
    """A function of tensors as a step of a model.

    Args:
        function: the function.
        options: its arguments by name that are no tensors.
        name: a name, unique in its model.
    """

    def __init__(
        self, function: Callable[..., Any], options: Mapping[str, Any] | None = None, name: str | None = None
    ) -> None:
        self.function, self.options = function, dict(options or {})
        self.name = name or unique_name(snake_case(function.__name__.strip("_")))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the function gives for these arguments; on placeholders, write the call down."""
        if not placeholders((args, kwargs)):
            return self._applied(*args, **kwargs)
        outputs = self.compute_output_spec(*args, **kwargs)
        Node(self, args, kwargs, outputs)
        return outputs

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return placeholders for what the function gives for these."""
        given = {**dict(zip(self._names(), args)), **kwargs, **self.options}
        for name in set(SIZES) & given.keys():
            take_room(f"'{self.name}' has {name}={given[name]!r:.60}", int(np.sum(given[name])))
        return outputs_of(self._applied, args, kwargs)

    def _applied(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the function gives: Keras counts what it is called on without the options between."""
        if not self.options:
            return self.function(*args, **kwargs)
        if _is_spread(self.function):
            return self.function(*self.options.values(), *args)
        return self.function(**dict(zip(self._names(), args)), **kwargs, **self.options)

    def _names(self) -> list[str]:
        """Return the parameters that the arguments of a call stand for."""
        return [name for name in _parameters(self.function) if name not in self.options]

    @property
    def described_as(self) -> tuple[str, str]:
        """Keras's names for the module and the class of operations like this."""
        name = self.function.__name__.strip("_")
        kind = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
        return f"keras.src.ops.{MODULE_OF.get(name, 'numpy')}", KINDS.get(name, kind)

    def get_config(self) -> dict[str, Any]:
        """Return the name and the options.

        Raises:
            DataError: for a function that is none of `keras.ops`.
        """
        if not is_of_keras(self.function):
            raise DataError(
                f"'{self.name}' is a call of {self.function.__name__}, which Keras has no operation for.",
                "use a function of keras.ops, or put the call into a layer of your own.",
            )
        return {"name": self.name, **self.options}

    def __repr__(self) -> str:
        return f"<Operation name={self.name}>"


def operation_from(class_name: str, config: Mapping[str, Any]) -> Operation:
    """Return the operation that Keras describes so.

    Raises:
        NameUnknownError: for an operation that klods doesn't have.
    """
    function = vars(ops).get(NAMES.get(class_name) or snake_case(class_name))
    if function is None or not is_of_keras(function):
        raise unknown_name("operation", class_name, [name for name, x in vars(ops).items() if is_of_keras(x)])
    taken = _parameters(function)
    options = {name: x for name, x in config.items() if name != "name" and (name in taken or x is not None)}
    return Operation(function, options, config.get("name"))


def is_of_keras(function: Any) -> bool:
    """Tell whether a function is one of `keras.ops`."""
    return inspect.isfunction(function) and vars(ops).get(function.__name__) is function


def record(tensor: Placeholder, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Write down the call of a function with a placeholder among its arguments; return what stands for its result."""
    known = function if is_of_keras(function) else _of_keras().get(inspect.unwrap(function))
    if known is not None and known is not function:
        args, kwargs = _by_position(function, args, kwargs), {}
    if known is None or (len(args) > len(_parameters(known)) and not _is_spread(known)):
        return Operation(function)(*args, **kwargs)
    known = vars(ops)[SAME.get(known.__name__, known.__name__)]
    bound = inspect.signature(known).bind(*args, **kwargs)
    bound.apply_defaults()
    for spread in [p.name for p in _parameters(known).values() if p.kind is p.VAR_KEYWORD]:
        bound.arguments |= bound.arguments.pop(spread)
    called_on = {name: x for name, x in bound.arguments.items() if name in CALLED_ON or placeholders([x])}
    options = {name: x for name, x in bound.arguments.items() if name not in called_on}
    values = list(called_on.values())
    return Operation(known, options)(*(values[-1] if _is_spread(known) else values))


def _by_position(function: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Any, ...]:
    """Return the arguments of a function of klods, in the order that Keras's has, up to the last one given."""
    bound = inspect.signature(function).bind(*args, **kwargs)
    bound.arguments.pop("name", None)
    given = set(bound.arguments)
    bound.apply_defaults()
    if _is_spread(function):
        return bound.args
    last = max(place for place, name in enumerate(bound.arguments) if name in given)
    return tuple(bound.arguments.values())[: last + 1]


def _is_spread(function: Callable[..., Any]) -> bool:
    """Tell whether a function takes any number of arguments, before which its options come."""
    return any(p.kind is p.VAR_POSITIONAL for p in _parameters(function).values())


@functools.cache
def _parameters(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(function).parameters


@functools.cache
def _of_keras() -> dict[Any, Callable[..., Any]]:
    """Return the functions of `keras.ops` by the blocks that they are."""
    named: dict[Any, Any] = {inspect.unwrap(x): x for x in vars(ops).values() if is_of_keras(x)}
    return {**named, **{inspect.unwrap(x): twin for x, twin in TWINS.items()}}


def _reflected(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda self, other: operation(other, self)


def bind() -> None:
    """Give placeholders their operators, and let them record calls."""
    for name, operation in TWO_SIDED.items():
        setattr(KerasTensor, f"__{name}__", operation)
        setattr(KerasTensor, f"__r{name}__", _reflected(operation))
    for name, operation in ONE_SIDED.items():
        setattr(KerasTensor, f"__{name}__", operation)
    KerasTensor.record = record  # type: ignore[assignment,method-assign]


TWO_SIDED = {
    "add": ops.add,
    "sub": ops.subtract,
    "mul": ops.multiply,
    "truediv": ops.true_divide,
    "floordiv": ops.floor_divide,
    "mod": ops.mod,
    "pow": ops.power,
    "matmul": ops.matmul,
    "and": ops.logical_and,
    "or": ops.logical_or,
    "xor": ops.logical_xor,
}
ONE_SIDED = {
    "neg": ops.negative,
    "abs": ops.absolute,
    "invert": ops.logical_not,
    "lt": ops.less,
    "le": ops.less_equal,
    "gt": ops.greater,
    "ge": ops.greater_equal,
    "ne": ops.not_equal,
    "getitem": ops.get_item,
}

bind()
