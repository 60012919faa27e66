"""GradientTape: what it watches, what it returns, and why a gradient is None. Values are TensorFlow's, or calculus."""

from __future__ import annotations

import gc
import inspect
import math
import subprocess
import sys
import threading
import weakref
from collections import namedtuple

import numpy as np
import pytest

import klods
from klods.errors import DataError, GradientWarning, ShapeError, StateError


@pytest.fixture
def v():
    return klods.Variable(3.0, name="v")


def test_trainable_variables_are_watched_by_themselves(v):
    frozen = klods.Variable(2.0, trainable=False)
    with klods.GradientTape() as tape:
        y = v * frozen
    assert [x.name for x in tape.watched_variables()] == ["v"]
    with pytest.warns(GradientWarning, match="not trainable"):
        gradients = tape.gradient(y, [v, frozen])
    assert float(gradients[0]) == 2.0
    assert gradients[1] is None


def test_tensors_are_watched_after_watch():
    x, other = klods.constant(3.0), klods.constant(2.0)
    with klods.GradientTape() as tape:
        tape.watch(x)
        y = x * x * other
    with pytest.warns(GradientWarning, match=r"tape.watch\(x\)"):
        gradients = tape.gradient(y, [x, other])
    assert float(gradients[0]) == 12.0
    assert gradients[1] is None


def test_watch_takes_structures_and_refuses_arrays():
    a, b = klods.constant(1.0), klods.constant(2.0)
    with klods.GradientTape() as tape:
        tape.watch({"a": a, "rest": [b]})
        y = a * b
    assert [float(g) for g in tape.gradient(y, [a, b])] == [2.0, 1.0]
    with pytest.raises(klods.errors.DataError, match=r"klods.constant\(x\)"):
        klods.GradientTape().watch(np.ones(2))


def test_watching_nothing_by_itself(v):
    with klods.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(v)
        y = v * v
    assert float(tape.gradient(y, v)) == 6.0


def test_an_untrainable_variable_stays_watched_when_assigned():
    v = klods.Variable(2.0, trainable=False)
    with klods.GradientTape() as tape:
        tape.watch(v)
        v.assign(5.0)
        y = v * v
    assert float(tape.gradient(y, v)) == 10.0


Pair = namedtuple("Pair", "first second")


def test_sources_come_back_in_their_own_structure(v):
    w = klods.Variable(2.0)
    with klods.GradientTape(persistent=True) as tape:
        y = v * w
    assert float(tape.gradient(y, v)) == 2.0
    assert [float(g) for g in tape.gradient(y, [v, w])] == [2.0, 3.0]
    assert tuple(float(g) for g in tape.gradient(y, (v, w, v))) == (2.0, 3.0, 2.0)
    nested = tape.gradient(y, {"b": v, "a": [w, (v,)], "pair": Pair(v, w)})
    assert list(nested) == ["b", "a", "pair"]
    assert (float(nested["b"]), float(nested["a"][1][0]), type(nested["a"][1])) == (2.0, 2.0, tuple)
    assert float(nested["pair"].second) == 3.0


def test_several_targets_are_summed(v):
    with klods.GradientTape(persistent=True) as tape:
        y, z = v * v, 2 * v
    assert float(tape.gradient([y, z], v)) == 8.0
    assert float(tape.gradient({"y": y, "z": z}, v)) == 8.0
    assert float(tape.gradient([y, y], v)) == 12.0
    assert float(tape.gradient([y, klods.constant(1)], v)) == 6.0


def test_a_target_that_is_a_source_or_lies_between(v):
    c = klods.constant(1.0)
    with klods.GradientTape(persistent=True) as tape:
        tape.watch(c)
        y = c * 2
        z = y * y
    assert float(tape.gradient(c, c)) == 1.0
    assert float(tape.gradient(v, v)) == 1.0
    assert [float(g) for g in tape.gradient([y, c], [c, y])] == [3.0, 1.0]
    assert [float(g) for g in tape.gradient(z, [c, y])] == [8.0, 4.0]


def test_output_gradients(v):
    with klods.GradientTape(persistent=True) as tape:
        y, z = v * klods.constant([1.0, 2.0]), v * v
    assert float(tape.gradient(y, v, output_gradients=klods.constant([1.0, 10.0]))) == 21.0
    assert float(tape.gradient([y, z], v, output_gradients=[np.array([1.0, 10.0]), None])) == 27.0
    assert tape.gradient(y, v, output_gradients=np.array([1.0, 10.0])).dtype == "float32"
    with pytest.raises(klods.errors.ShapeError, match=r"\(3,\), its target \(2,\)"):
        tape.gradient(y, v, output_gradients=klods.ones((3,)))
    with pytest.raises(klods.errors.DataError, match="1 output_gradients for 2 targets"):
        tape.gradient([y, z], v, output_gradients=[klods.ones((2,))])


def test_unconnected_gradients(v):
    w = klods.Variable([2.0, 1.0])
    with klods.GradientTape(persistent=True) as tape:
        y = v * v
    for mode in ("zero", klods.UnconnectedGradients.ZERO):
        assert tape.gradient(y, [v, w], unconnected_gradients=mode)[1].numpy().tolist() == [0.0, 0.0]
    with pytest.warns(GradientWarning):
        assert tape.gradient(y, w, unconnected_gradients=klods.UnconnectedGradients.NONE) is None
    with pytest.raises(klods.errors.DataError, match="'bad'"):
        tape.gradient(y, v, unconnected_gradients="bad")


def test_a_tape_gives_one_gradient(v):
    with klods.GradientTape() as tape:
        y = v * v
    tape.gradient(y, v)
    with pytest.raises(RuntimeError, match="persistent=True"):
        tape.gradient(y, v)


def test_a_persistent_tape_keeps_what_was_recorded(v):
    with klods.GradientTape(persistent=True) as tape:
        y = v * v * v
    assert float(tape.gradient(y, v)) == 27.0
    v.assign(10.0)
    assert float(tape.gradient(y, v)) == 27.0


@pytest.mark.parametrize("order", [2, 3])
def test_nested_tapes_give_higher_derivatives(v, order):
    assert float(derivative(lambda: klods.sin(v) * v**3, v, order)) == pytest.approx(
        {2: 18 * math.sin(3) + 54 * math.cos(3) - 27 * math.sin(3),
         3: 6 * math.sin(3) + 54 * math.cos(3) - 81 * math.sin(3) - 27 * math.cos(3)}[order], rel=1e-5)  # fmt: skip


def derivative(function, v, order):
    if order == 0:
        return function()
    with klods.GradientTape() as tape:
        below = derivative(function, v, order - 1)
    return tape.gradient(below, v)


def test_second_derivatives_of_what_bends_nowhere_are_zero():
    x = klods.Variable([-1.0, 2.0])
    for function in (klods.nn.relu, klods.nn.relu6, klods.nn.leaky_relu, klods.abs):
        assert derivative(lambda function=function: function(x), x, 2).numpy().tolist() == [0.0, 0.0]


def test_a_persistent_tape_records_its_own_gradients_inside(v):
    with klods.GradientTape(persistent=True) as tape:
        y = v * v * v
        slope = tape.gradient(y, v)
    assert [float(slope), float(tape.gradient(slope, v))] == [27.0, 18.0]


def test_calling_gradient_inside_stops_recording(v):
    with klods.GradientTape() as tape:
        y = v * v
        assert float(tape.gradient(y, v)) == 6.0


def test_stop_recording(v):
    with klods.GradientTape() as tape:
        y = v * v
        with tape.stop_recording():
            aside = v * v * v
        y = y + aside
    assert float(tape.gradient(y, v)) == 6.0
    with pytest.raises(klods.errors.StateError, match="not recording"):
        tape.stop_recording()


def test_entering_again(v):
    tape = klods.GradientTape()
    with tape:
        y = v * v
    with tape:
        z = y * v
    assert float(tape.gradient(z, v)) == 27.0
    with tape:
        z = v * v
    assert float(tape.gradient(z, v)) == 6.0
    with pytest.raises(ValueError, match="already recording"), tape, tape:
        pass


def test_entering_a_persistent_tape_again_goes_on(v):
    tape = klods.GradientTape(persistent=True)
    with tape:
        y = v * v
    tape.gradient(y, v)
    with tape:
        z = y * v
    assert float(tape.gradient(z, v)) == 27.0
    tape.reset()
    with pytest.warns(GradientWarning):
        assert tape.gradient(z, v) is None


def test_a_variable_assigned_between_reads(v):
    with klods.GradientTape() as tape:
        y = v * v
        v.assign(5.0)
        y = y + v * 3
    assert float(tape.gradient(y, v)) == 9.0


def test_an_assignment_carries_no_gradient(v):
    with klods.GradientTape() as tape:
        v.assign(v * 2)
        y = v * v
    assert float(tape.gradient(y, v)) == 12.0


def test_reading_a_variable_in_any_way_is_watched(v):
    reads = [v.read_value, lambda: klods.convert_to_tensor(v), lambda: klods.identity(v), lambda: klods.nn.swish(v),
             lambda: klods.stack([v, 1.0])[0], lambda: klods.reduce_sum([v, 2.0]), lambda: klods.concat([[v]], 0),
             lambda: klods.convert_to_tensor([[v]]), lambda: klods.reduce_mean(v), lambda: klods.fill((1,), v),
             lambda: klods.cast(v, "float64"), lambda: klods.convert_to_tensor(v, "float16")]  # fmt: skip
    for read in reads:
        with klods.GradientTape() as tape:
            y = read()
        gradient = tape.gradient(y, v)
        assert (gradient.shape, gradient.dtype) == ((), "float32")
        assert float(gradient) == pytest.approx(1.0, rel=0.1)


def test_gradients_have_the_sources_dtype():
    half, wide = klods.Variable([1.0, 2.0], dtype="float16"), klods.Variable(np.ones(2))
    with klods.GradientTape() as tape:
        y = half * klods.constant([2.0, 3.0]) * wide
    assert y.dtype == "float64"
    gradients = tape.gradient(y, [half, wide])
    assert [g.dtype for g in gradients] == ["float16", "float64"]
    assert gradients[0].numpy().tolist() == [2.0, 3.0]


def test_gradients_have_the_sources_shape_after_broadcasting():
    row, column, single = klods.Variable([1.0, 2.0, 3.0]), klods.Variable([[1.0], [2.0]]), klods.Variable([[[2.0]]])
    with klods.GradientTape() as tape:
        y = row * column * single
    gradients = tape.gradient(y, [row, column, single])
    assert [g.numpy().tolist() for g in gradients] == [[6.0, 6.0, 6.0], [[12.0], [12.0]], [[[18.0]]]]


def test_equal_extremes_share_the_gradient_and_maximum_gives_it_to_the_first():
    x, y = klods.Variable([2.0, 2.0, 1.0]), klods.Variable([2.0, 3.0, 0.0])
    with klods.GradientTape(persistent=True) as tape:
        largest, larger = klods.reduce_max(x), klods.maximum(x, y)
    assert tape.gradient(largest, x).numpy().tolist() == [0.5, 0.5, 0.0]
    assert [g.numpy().tolist() for g in tape.gradient(larger, [x, y])] == [[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]


def test_gradients_at_the_edges():
    x = klods.Variable([-1.0, 0.0, 2.0])
    expected = {
        klods.abs: [-1, 0, 1], klods.sign: [0, 0, 0], klods.nn.relu: [0, 0, 1], klods.nn.leaky_relu: [0.2, 0.2, 1],
        (lambda x: x**2): [-2, 0, 4], (lambda x: x**1): [1, 1, 1], (lambda x: x**0): [0, 0, 0],
        (lambda x: klods.clip_by_value(x, -1.0, 0.0)): [1, 1, 0], klods.reduce_prod: [0, -2, 0],
        (lambda x: klods.math.divide_no_nan(1.0, x)): [-1, 0, -0.25], (lambda x: x % 2.0): [1, 1, 1],
        klods.math.cumprod: [1, -3, 0], (lambda x: klods.math.top_k(x, 2).values): [0, 1, 1],
        (lambda x: klods.sort(x, direction="DESCENDING") * [1.0, 2.0, 3.0]): [3, 2, 1],
    }  # fmt: skip
    for function, values in expected.items():
        with klods.GradientTape() as tape:
            y = function(x)
        np.testing.assert_allclose(tape.gradient(y, x), values, atol=1e-6)


REASONS = {
    "not watched": (lambda t, x, i, v: (x * 2, x), "the tape doesn't watch it; call tape.watch"),
    "integer source": (lambda t, x, i, v: (v * klods.cast(i, "float32"), i), "its dtype is int32"),
    "no tensor": (lambda t, x, i, v: (v * 2, np.ones(2)), "it is not a tensor"),
    "unused": (lambda t, x, i, v: (x * 2, v), "NumPy's functions leave no record"),
    "a number": (lambda t, x, i, v: (v * 2, 2.0), "with respect to a float is None: it is not a tensor"),
    "integer target": (lambda t, x, i, v: (klods.cast(v * 2, "int32"), v), "the target's dtype is int32"),
    "numpy": (lambda t, x, i, v: (klods.constant((v * 2).numpy() * 3), v), "computed outside the tape"),
    "argmax": (lambda t, x, i, v: (klods.cast(klods.argmax([v, v]), "float32"), v), "operations without a gradient"),
    "through integers": (
        lambda t, x, i, v: (klods.cast(klods.cast(v, "int32"), "float32"), v),
        "operations without a gradient",
    ),
    "rounded": (lambda t, x, i, v: (klods.round(v), v), "through operations without a gradient"),
    "stopped": (lambda t, x, i, v: (klods.stop_gradient(v) * x, v), "through operations without a gradient"),
    "unconnected": (lambda t, x, i, v: ((v * 2, t.watch(x), x * 3)[2], v), "the two are not connected"),
}


@pytest.mark.parametrize("cause", REASONS)
def test_none_says_why(v, cause):
    make, text = REASONS[cause]
    with klods.GradientTape() as tape:
        target, source = make(tape, klods.constant(1.0), klods.constant(2), v)
    with pytest.warns(GradientWarning) as caught:
        gradient, line = tape.gradient(target, source), inspect.currentframe().f_lineno
    assert gradient is None
    assert len(caught) == 1
    assert text in str(caught[0].message)
    assert (caught[0].filename, caught[0].lineno) == (__file__, line)


def test_none_warns_once_per_line():
    script = """if True:
        import klods
        x = klods.constant(1.0)
        for _ in range(3):
            with klods.GradientTape() as tape:
                y = x * x
            tape.gradient(y, x)
        """
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stderr.count("GradientWarning") == 1


def test_threads_do_not_see_each_others_tapes(v):
    results = {}

    def work(n):
        w = klods.Variable(float(n))
        for _ in range(200):
            with klods.GradientTape() as tape:
                y = w * w * v
            results[n] = float(tape.gradient(y, w))

    with klods.GradientTape() as outer:
        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == {n: 6.0 * n for n in range(4)}
    assert outer.watched_variables() == ()


def test_a_chain_of_20000_operations(v):
    with klods.GradientTape() as tape:
        y = klods.convert_to_tensor(v)
        for _ in range(20_000):
            y = y + 1
    assert float(tape.gradient(y, v)) == 1.0


def test_a_spent_tape_lets_go_of_what_it_recorded(v):
    with klods.GradientTape() as tape:
        inner = klods.exp(v)
        y = inner * v
    watcher = weakref.ref(inner)
    tape.gradient(y, v)
    del inner
    gc.collect()
    assert watcher() is None


def test_speed_and_acceleration():
    time = klods.Variable(2.0)
    with klods.GradientTape() as outer:
        with klods.GradientTape() as inner:
            position = 4.9 * time**2
        speed = inner.gradient(position, time)
    assert float(speed) == pytest.approx(19.6)
    assert float(outer.gradient(speed, time)) == pytest.approx(9.8)


# ---------------------------------------------------------------- jacobian


def test_jacobian_has_the_derivatives_of_each_element():
    x = klods.Variable([[1.0, 2.0], [3.0, 4.0]])
    with klods.GradientTape(persistent=True) as tape:
        y = x[0] * x[1]
        total = klods.reduce_sum(y)
    expected = [[[3, 0], [1, 0]], [[0, 4], [0, 2]]]  # of x00 x10 and of x01 x11
    assert tape.jacobian(y, x).numpy().tolist() == expected
    assert tape.jacobian(y, {"a": [x]})["a"][0].numpy().tolist() == expected
    assert tape.jacobian(total, x).numpy().tolist() == tape.gradient(total, x).numpy().tolist()


def test_jacobian_is_differentiated_again_and_traced():
    x = klods.constant([1.0, 2.0])

    @klods.function
    def hessian(x):
        with klods.GradientTape() as outer:
            outer.watch(x)
            with klods.GradientTape() as inner:
                inner.watch(x)
                y = x[0] ** 2 * x[1]
            slope = inner.gradient(y, x)
        return outer.jacobian(slope, x)

    assert hessian(x).numpy().tolist() == [[4, 2], [2, 0]]
    assert hessian.python_function(x).numpy().tolist() == [[4, 2], [2, 0]]


def test_jacobian_of_what_is_not_connected():
    x = klods.Variable([1.0, 2.0])
    with klods.GradientTape(persistent=True) as tape:
        y = klods.ones((3,))
    with pytest.warns(GradientWarning) as warnings:
        assert tape.jacobian(y, x) is None
    assert len(warnings) == 1
    assert tape.jacobian(y, x, unconnected_gradients="zero").numpy().tolist() == np.zeros((3, 2)).tolist()


def test_jacobian_spends_the_tape_unless_the_call_is_wrong():
    x = klods.Variable([1.0, 2.0])
    with klods.GradientTape() as tape:
        y = x * x
    with pytest.raises(DataError, match="'none' or 'zero'"):
        tape.jacobian(y, x, unconnected_gradients="nothing")
    with pytest.raises(ShapeError, match="no elements"):
        tape.jacobian(klods.zeros((0,)), x)
    tape.jacobian(y, x)
    with pytest.raises(StateError, match="already given"):
        tape.jacobian(y, x)


def test_batch_jacobian_is_the_jacobian_of_each_sample():
    x = klods.constant([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])
    weights = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    with klods.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = klods.matmul(x * x, weights)
        pairs = klods.stack([y, 2 * y], 1)
    expected = 2 * x.numpy()[:, None, :] * weights.T  # by the rule of products
    np.testing.assert_allclose(tape.batch_jacobian(y, x), expected)
    np.testing.assert_allclose(tape.batch_jacobian(pairs, x), np.stack([expected, 2 * expected], 1))
    nothing = tape.batch_jacobian(y, klods.ones((2, 4)), unconnected_gradients="zero")
    assert nothing.numpy().tolist() == [[[0] * 4] * 2] * 2
    with pytest.warns(klods.errors.GradientWarning, match="doesn't watch it"):
        assert tape.batch_jacobian(y, klods.ones((2, 4))) is None
    with pytest.raises(ShapeError, match=r"the target's shape is \(1, 2\), the source's \(2, 3\)"):
        tape.batch_jacobian(y[:1], x)
    with pytest.raises(ShapeError, match=r"the target's shape is \(\), the source's \(2, 3\)"):
        tape.batch_jacobian(klods.reduce_sum(y), x)


def test_batch_jacobian_compiled():
    @klods.function
    def jacobian(x):
        with klods.GradientTape() as tape:
            tape.watch(x)
            y = klods.reduce_sum(x * x * x, 1, keepdims=True)
        return tape.batch_jacobian(y, x, experimental_use_pfor=False)

    assert jacobian(klods.constant([[1.0, 2.0], [3.0, 4.0]])).numpy().tolist() == [[[3, 12]], [[27, 48]]]
