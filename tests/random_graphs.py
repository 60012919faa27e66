"""Random functions of tensors, made of blocks, for the tests that compare ways of running them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from block_samples import CALLS
from hypothesis import assume, strategies as st

import klods as tf
from klods.errors import KlodsError
from klods.ops.block import aligned
from klods.tape import GradientTape
from klods.tensor import TensorLike, watching

LARGEST, GRAIN, ELEMENTS = 4096, 16, 400


class Spec(NamedTuple):
    """A random array, to be filled anew for each call."""

    shape: tuple[int, ...]
    dtype: str
    special: bool = False

    def filled(self, seed: int) -> np.ndarray:
        random = np.random.default_rng(seed)
        array = random.integers(-3, 5, self.shape)
        if self.dtype == "float32" and self.special:
            return random.choice([np.nan, np.inf, -np.inf, -0.0, *range(-3, 4)], self.shape).astype(self.dtype)
        return (abs(array) if self.dtype == "uint8" else array > 0 if self.dtype == "bool" else array).astype(
            self.dtype
        )


class Operand(NamedTuple):
    """The value of this number among those made so far; or else a number, or a constant."""

    number: int | None = None
    constant: Any = None

    def of(self, values: list[Any]) -> Any:
        return self.constant if self.number is None else values[self.number]


class Step(NamedTuple):
    """One operation on earlier values."""

    name: str
    operands: tuple[Operand, ...]
    attributes: Mapping[str, Any] = MappingProxyType({})

    def result(self, values: list[Any]) -> Any:
        return OPERATIONS[self.name](*(x.of(values) for x in self.operands), **self.attributes)


class Program(NamedTuple):
    """A function of tensors and variables.

    Attributes:
        inputs: what it is called with.
        variables: what its variables hold before the first call.
        steps: what it does.
        outputs: the numbers of the values that it returns.
        differentiated: whether it also returns the gradient of its outputs with respect to inputs and variables.
    """

    inputs: tuple[Spec, ...]
    variables: tuple[Spec, ...]
    steps: tuple[Step, ...]
    outputs: tuple[int, ...]
    differentiated: bool = False

    def arguments(self, call: int) -> list[Any]:
        return [tf.constant(spec.filled(100 * call + i)) for i, spec in enumerate(self.inputs)]

    def new_variables(self) -> list[Any]:
        return [tf.Variable(spec.filled(77 + i)) for i, spec in enumerate(self.variables)]

    def function(self, variables: list[Any]) -> Callable[..., list[Any]]:
        return lambda *inputs: self.run([*inputs, *variables])

    def run(self, given: list[Any]) -> list[Any]:
        """Return the outputs; the values so far are inputs, variables and what each step gave."""
        sources = [x for x in given if x.dtype.name.startswith("float")]
        with GradientTape(persistent=False) as tape:
            tape.watch([x for x in sources if not isinstance(x, tf.Variable)])
            values = list(given)
            for step in self.steps:
                values.append(step.result(values))
            outputs = [values[i] for i in self.outputs]
            floating = [x for x in outputs if self.differentiated and x.dtype.name.startswith("float")]
            target = sum((tf.reduce_sum(tf.cast(x, "float32") * (i + 1)) for i, x in enumerate(floating)), 0.0)
        if not floating:
            return outputs
        return outputs + tape.gradient(target, sources, unconnected_gradients="zero")


def assigned(variable: Any, x: Any) -> Any:
    """Assign to a variable; the remainder keeps its numbers small from call to call."""
    return variable.assign(tf.math.floormod(x, 5))


def added(variable: Any, x: Any) -> Any:
    return variable.assign_add(x)


def exchanged(a: Any, b: Any) -> Any:
    """Swap two variables."""
    before = a.read_value()
    a.assign(b)
    b.assign(before)
    return before


ONE = """negative abs sign square relu relu6 floor ceil round logical_not is_nan is_inf is_finite identity stop_gradient
invert""".split()
TWO = """add subtract multiply maximum minimum equal not_equal less less_equal greater greater_equal logical_and
logical_or logical_xor floor_divide floormod bitwise_and bitwise_or bitwise_xor gate""".split()
TRUTHS = [name for name in TWO if name not in ("floor_divide", "floormod", "gate")]
FOLDS = "reduce_sum reduce_max reduce_min reduce_all reduce_any reduce_prod".split()
MOVES = "reshape transpose broadcast_to reverse concatenate gather item running_sum argsort pad_constant".split()
SMOOTH_ONE = "tanh sigmoid softplus elu leaky_relu erf sin cos atan softsign".split()
SMOOTH: dict[str, Callable[..., Any]] = {
    "bell": lambda x: tf.exp(-x * x),
    "logarithm": lambda x: tf.math.log(1 + x * x) + tf.math.log1p(x * x) + tf.math.expm1(-x * x),
    "roots": lambda x: tf.sqrt(1 + x * x) * tf.math.rsqrt(1 + x * x) * CALLS["reciprocal"](1 + x * x),
    "angles": lambda x: CALLS["asin"](0.5 * tf.sin(x)) + CALLS["acos"](0.5 * tf.cos(x)) + tf.math.tan(0.5 * tf.sin(x)),
    "hyperbolic": lambda x: tf.math.sinh(tf.sin(x)) + tf.math.cosh(tf.cos(x)),
    "power": lambda x: (1 + tf.abs(x)) ** 0.5 * (1 + x * x) ** -1,
    "quotient": lambda x, y: x / (1 + tf.abs(y)),
    "cross_entropy": lambda x, y: CALLS["sigmoid_cross_entropy"](x, tf.sigmoid(y)),
}
CHANGES: dict[str, Callable[..., Any]] = {
    "read": lambda v: v.read_value(),
    "assign": assigned,
    "assign_add": added,
    "exchange": exchanged,
}
OPERATIONS = {**CALLS, **SMOOTH, **CHANGES}


@st.composite
def programs(draw: Any, smooth: bool = False, differentiated: bool = False, special: bool = False) -> Program:
    """Return random programs; of smooth functions on request, else of those that compute exactly on small integers."""
    rows, columns, deep = draw(sizes), draw(sizes), draw(st.sampled_from([2, 1, 3]))
    shapes = [
        *[(rows, columns)] * 3, (columns,), (columns,), (rows, 1), (rows,), (1, columns), (), (), (1,),
        (columns, columns), (columns, rows), (deep, rows, columns), (deep, 1, columns), (deep, rows, 1),
    ]  # fmt: skip
    dtypes = (
        ["float32"]
        if differentiated or smooth
        else ["float32", "float32", "float64", "int32", "int64", "uint8", "bool"]
    )
    specs = st.builds(Spec, st.sampled_from(shapes), st.sampled_from(dtypes), st.just(special))
    held = st.builds(Spec, st.sampled_from(shapes), st.just("float32"), st.just(special))
    inputs, variables = draw(st.tuples(specs, specs)), draw(st.lists(held, max_size=2).map(tuple))
    given = [tf.constant(x.filled(i)) for i, x in enumerate(inputs)]
    values = given + [tf.Variable(x.filled(77 + i)) for i, x in enumerate(variables)]
    steps: list[Step] = []
    for _ in range(draw(st.integers(1, 12))):
        step = draw(one_step(values, smooth))
        result = attempt(step, values, smooth)
        if result is not None:
            steps.append(step)
            values.append(result)
    outputs = draw(st.lists(st.integers(0, len(values) - 1), min_size=1, max_size=4).map(tuple))
    program = Program(inputs, variables, tuple(steps), (*outputs, len(values) - 1), differentiated)
    assume(smooth or all(is_tame(program, call) for call in (0, 1)))
    return program


sizes = st.sampled_from([3, 2, 1, 5, 7, 17, 0])


@st.composite
def one_step(draw: Any, values: list[Any], smooth: bool) -> Step:
    """Return an operation that values of these shapes may take."""
    x = draw(operands(values))
    shape = x.of(values).shape.as_list()
    rank = len(shape)
    kind = draw(st.sampled_from([*KINDS, *(["smooth"] * 8 if smooth else [])]))
    axis = draw(st.integers(-rank, rank - 1)) if rank else None
    way = {"axis": draw(st.sampled_from([axis, None, -1 if rank else None])), "keepdims": draw(st.booleans())}
    if kind == "one" and x.of(values).dtype == "bool":
        return Step(draw(st.sampled_from(["logical_not", "invert", "identity"])), (x,))
    if kind == "one":
        return Step(draw(st.sampled_from(ONE)), (x,))
    if kind == "two":
        y = draw(numbers_or(values))
        if x.of(values).dtype == "uint8" and y.number is None:
            y = Operand(constant=abs(y.constant))
        name = draw(st.sampled_from(TRUTHS if is_truth(x, values) and is_truth(y, values) else TWO))
        first = name == "gate" or draw(st.booleans())  # a gate lets tensors through, not numbers
        return Step(name, (x, y) if first else (y, x))
    if kind == "smooth":
        return draw(smooth_step(values, x, axis, way))
    if kind == "fold":
        return Step(draw(st.sampled_from(FOLDS if math.prod(shape) else FOLDS[:-1])), (x,), way)
    if kind == "where":
        return Step("where", (x, draw(numbers_or(values)), draw(operands(values))))
    if kind == "cast":
        dtypes = ["float32", "float64"] if smooth else ["float32", "float64", "int32", "int64", "bool"]
        dtypes += [] if "float" in x.of(values).dtype.name else ["uint8"]  # of negative numbers: anything
        return Step("cast", (x,), {"dtype": draw(st.sampled_from(dtypes))})
    if kind == "labels":
        return draw(labelled_step(x, shape))
    if kind == "matmul":
        turns = {f"transpose_{side}": draw(st.booleans()) for side in "ab"}
        return Step("matmul", (x, draw(operands(values))), turns)
    if kind == "assign":
        variables = [Operand(i) for i, v in enumerate(values) if isinstance(v, tf.Variable)]
        return draw(assigning_step(variables, x)) if variables else Step("identity", (x,))
    return draw(moving_step(values, x, shape, axis))


KINDS = "one one two two two two fold fold where cast labels matmul move move assign assign assign".split()


@st.composite
def smooth_step(draw: Any, values: list[Any], x: Operand, axis: int | None, way: dict[str, Any]) -> Step:
    name = draw(st.sampled_from([*SMOOTH_ONE, *SMOOTH, *["softmax", "log_softmax", "reduce_mean"] * 4]))
    if name in ("quotient", "cross_entropy"):
        return Step(name, (x, draw(operands(values))))
    if name in ("softmax", "log_softmax"):
        return Step(name, (x,), {"axis": axis}) if axis is not None else Step("tanh", (x,))
    return Step(name, (x,), way if name == "reduce_mean" else {})


@st.composite
def labelled_step(draw: Any, x: Operand, shape: list[int]) -> Step:
    """Return argmax, or a block that picks by labels or puts where labels say."""
    name = draw(st.sampled_from(["argmax", "argmin", "pick", "put_labels"]))
    if not shape:
        return Step("identity", (x,))
    if name in ("argmax", "argmin"):
        axis, dtype = draw(st.integers(-len(shape), len(shape) - 1)), draw(st.sampled_from(["int64", "int32"]))
        return Step(name, (x,), {"axis": axis, "output_type": dtype})
    classes = shape[-1] if name == "pick" else 4
    dtype = draw(st.sampled_from(["int64", "int32", "uint8"]))
    of_rows = shape[:-1] if name == "pick" else shape
    labels = np.random.default_rng(len(shape)).integers(0, max(1, classes), of_rows).astype(dtype)
    return Step(name, (x, Operand(constant=labels)), {} if name == "pick" else {"classes": classes})


@st.composite
def assigning_step(draw: Any, variables: list[Operand], x: Operand) -> Step:
    v = draw(st.sampled_from(variables))
    name = draw(st.sampled_from(["assign", "assign", "assign_add", "exchange", "read"]))
    others = {"exchange": (draw(st.sampled_from(variables)),), "read": ()}
    return Step(name, (v, *others.get(name, (x,))))


@st.composite
def moving_step(draw: Any, values: list[Any], x: Operand, shape: list[int], axis: int | None) -> Step:
    name = draw(st.sampled_from(MOVES))
    if axis is None or name == "reshape":
        flat = [(-1,), (-1, 1), (1, -1), tuple(reversed(shape))] if np.prod(shape) else [tuple(reversed(shape))]
        return Step("reshape", (x,), {"shape": draw(st.sampled_from(flat))})
    if name == "broadcast_to":
        return Step(name, (x,), {"shape": (2, *shape) if len(shape) < 3 else tuple(shape)})
    if name == "pad_constant":
        return Step(name, (x,), {"paddings": ((1, 2),) * len(shape), "constant_values": 1})
    if name == "concatenate":
        return Step(name, (x, draw(operands(values)), x), {"axis": axis})
    if name == "gather":
        places = np.array([0, shape[axis] - 1, 0]) if shape[axis] else np.zeros(0, np.int32)
        return Step(name, (x, Operand(constant=places)), {"axis": axis})
    if name == "item":
        keys = [(0,), (slice(None, None, -1),), (slice(1, None), Ellipsis), (Ellipsis, None), (np.array([0, 0]),)]
        return Step(name, (x,), {"key": draw(st.sampled_from(keys))})
    return Step(
        name,
        (x,),
        {"reverse": {"axis": (axis,)}, "running_sum": {"axis": axis}, "argsort": {"axis": axis}}.get(name, {}),
    )


def is_truth(x: Operand, values: list[Any]) -> bool:
    return tf.convert_to_tensor(x.of(values)).dtype == "bool"


def operands(values: list[Any]) -> Any:
    """Return any of the values, the last ones more often."""
    last = len(values) - 1
    return st.one_of(st.integers(0, last), st.integers(max(0, last - 2), last)).map(Operand)


def numbers_or(values: list[Any]) -> Any:
    numbers = [0, 1, 2, -1, 0.5, -2.0, 0.0, 1.0, True]
    return st.one_of(operands(values), operands(values), st.sampled_from(numbers).map(lambda x: Operand(constant=x)))


def attempt(step: Step, values: list[Any], smooth: bool) -> Any:
    """Return a step's result on the values; None if it has none, or one that would grow too far."""
    held = [(x, x.value) for x in values if isinstance(x, tf.Variable)]
    try:
        result = tf.convert_to_tensor(step.result(values))
    except KlodsError:
        result = None
    except ValueError:  # NumPy has no largest element of none
        result = None
    after = [x.value for x, _ in held]
    if result is not None and result.size <= ELEMENTS and all(tame(x, smooth) for x in (result.numpy(), *after)):
        return result
    for variable, value in held:
        variable.assign(value)
    return None


def tame(array: np.ndarray, smooth: bool = False) -> bool:
    """Tell whether numbers are so small and coarse that sums and products of them are exact in any order."""
    if array.dtype.kind != "f":
        return bool((abs(array.astype(np.float64)) <= LARGEST).all())
    finite = array[np.isfinite(array)]
    if smooth:
        return bool((abs(finite) <= LARGEST).all())
    return bool((abs(finite) <= LARGEST).all() and (finite * GRAIN == np.rint(finite * GRAIN)).all())


def is_tame(program: Program, calls: int) -> bool:
    """Tell whether all that a program computes in its first calls is tame."""
    variables = program.new_variables()
    for call in range(calls + 1):
        values = [*program.arguments(call), *variables]
        for step in program.steps:
            try:
                values.append(step.result(values))
            except KlodsError:
                return False
            if not all(tame(x.numpy()) for x in (values[-1], *variables)):
                return False
    return True


class NaiveWitness:
    """Watches as a tape does, and computes each block again by its naive reading."""

    def __enter__(self) -> NaiveWitness:
        self.before = watching.set((*watching.get(), self))
        return self

    def __exit__(self, *error: Any) -> None:
        watching.reset(self.before)

    def see(self, variable: Any) -> None:
        """Take no notice."""

    def record(self, block: Any, inputs: Any, output: Any, attributes: dict[str, Any]) -> None:
        inputs = tuple(inputs)
        values = aligned(inputs, [x.value if isinstance(x, TensorLike) else x for x in inputs], block.kind)[1]
        with np.errstate(all="ignore"):
            expected = np.asarray(block.naive(*map(np.asarray, values), **attributes)).astype(output.value.dtype)
        largest = max(
            (abs(x[np.isfinite(x)]).max(initial=1) for x in map(np.asarray, [*values, output.value])), default=1
        )
        np.testing.assert_allclose(
            np.asarray(output.value, np.float64),
            np.asarray(expected, np.float64),
            1e-5,
            2e-6 * largest,
            err_msg=block.name,
        )


def magnitudes(arrays: Iterator[np.ndarray]) -> float:
    """Return the largest finite magnitude among arrays, at least 1."""
    return max((float(abs(x[np.isfinite(x)].astype(np.float64)).max(initial=1)) for x in arrays), default=1.0)
