"""Every block: its readings against each other, its shape rule, its gradients against finite differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from block_samples import CALLS, SAMPLES, Sample

import klods
from klods.ops import BLOCKS

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
STEP = 1e-5
EACH = [pytest.param(name, s, id=f"{name}-{i}") for name, samples in SAMPLES.items() for i, s in enumerate(samples)]
SMOOTH = [param for param in EACH if param.values[1].smooth]


def test_every_block_has_samples_and_every_gradient_a_smooth_one():
    assert set(SAMPLES) == set(BLOCKS) == set(CALLS)
    for name, block in BLOCKS.items():
        rules = [block.gradient[i] for i in range(len(SAMPLES[name][0].inputs))] if block.gradient else []
        assert any(sample.smooth for sample in SAMPLES[name]) == any(rules), name


@pytest.mark.parametrize(("name", "sample"), EACH)
def test_naive_and_vectorised_readings_agree(name: str, sample: Sample):
    result = call(name, sample.inputs, sample.attributes).numpy()
    with np.errstate(all="ignore"):
        expected = BLOCKS[name].naive(*sample.inputs, **sample.attributes)
    close = {"rtol": 1e-6, "atol": 1e-7} if result.dtype == np.float32 else {"rtol": 1e-9, "atol": 1e-11}
    np.testing.assert_allclose(result, expected, **close)


@pytest.mark.parametrize(("name", "sample"), EACH)
def test_shape_rule_gives_the_computed_shape(name: str, sample: Sample):
    result = call(name, sample.inputs, sample.attributes)
    assert tuple(BLOCKS[name].shape(*(x.shape for x in sample.inputs), **sample.attributes)) == tuple(result.shape)


@pytest.mark.parametrize(("name", "sample"), EACH)
def test_dtype_rule_gives_the_computed_dtype(name: str, sample: Sample):
    result = call(name, sample.inputs, sample.attributes)
    assert BLOCKS[name].dtype(*(x.dtype for x in sample.inputs), **sample.attributes) == result.numpy().dtype


@pytest.mark.parametrize(("name", "sample"), SMOOTH)
def test_gradient_is_the_slope_along_a_random_direction(name: str, sample: Sample):
    function = scalar_of(name, sample)
    inputs = floating(sample)
    assert_slopes(function, inputs, gradients(function, inputs))


@pytest.mark.parametrize(("name", "sample"), SMOOTH)
def test_second_gradient_is_the_slope_of_the_first(name: str, sample: Sample):
    function, inputs = scalar_of(name, sample), floating(sample)
    directions = [np.random.default_rng(5).normal(size=x.shape) for x in inputs]

    def slope(*x: Any) -> Any:
        parts = gradients(function, x)
        return sum(klods.reduce_sum(part * direction) for part, direction in zip(parts, directions))

    assert_slopes(slope, inputs, gradients(slope, inputs))


@pytest.mark.parametrize(("name", "sample"), [param for param in EACH if param.values[0] != "cast"])
def test_float32_stays_float32(name: str, sample: Sample):
    inputs = [x.astype(np.float32) if x.dtype.kind == "f" else x for x in sample.inputs]
    result = call(name, inputs, sample.attributes)
    assert result.dtype != "float64"
    if sample.smooth:
        single = [klods.constant(x) for x in inputs if x.dtype.kind == "f"]
        assert {part.dtype.name for part in gradients(scalar_of(name, sample), single)} == {"float32"}


def call(name: str, inputs: Any, attributes: dict[str, Any]) -> Any:
    return CALLS[name](*(x if klods.is_tensor(x) else klods.constant(x) for x in inputs), **attributes)


def floating(sample: Sample) -> list[Any]:
    return [klods.constant(x) for x in sample.inputs if x.dtype.kind == "f"]


def scalar_of(name: str, sample: Sample) -> Callable[..., Any]:
    """Return the function of the floating operands that sums the block's result with random weights."""
    weights = np.random.default_rng(4).normal(size=call(name, sample.inputs, sample.attributes).shape)

    def function(*values: Any) -> Any:
        rest = iter(values)
        operands = [next(rest) if x.dtype.kind == "f" else x for x in sample.inputs]
        return klods.reduce_sum(call(name, operands, sample.attributes) * weights)

    return function


def gradients(function: Callable[..., Any], inputs: Any) -> list[Any]:
    with klods.GradientTape() as tape:
        tape.watch(list(inputs))
        result = function(*inputs)
    return tape.gradient(result, list(inputs), unconnected_gradients="zero")


def assert_slopes(function: Callable[..., Any], inputs: list[Any], parts: list[Any]) -> None:
    """Compare each input's gradient with the central difference along a random direction."""
    for i, (x, part) in enumerate(zip(inputs, parts)):
        assert part.shape == x.shape
        direction = np.random.default_rng(6).normal(size=x.shape)
        ahead, behind = ([*inputs[:i], x + sign * STEP * direction, *inputs[i + 1 :]] for sign in (1, -1))
        slope = (float(function(*ahead)) - float(function(*behind))) / (2 * STEP)
        np.testing.assert_allclose(float(klods.reduce_sum(part * direction)), slope, rtol=2e-6, atol=2e-7)
