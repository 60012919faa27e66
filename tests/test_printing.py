"""`tf.print`, whose texts are those that TensorFlow 2.21 printed."""

from __future__ import annotations

import sys

import klods as tf


def printed(capsys, *inputs, **options) -> str:
    tf.print(*inputs, output_stream=sys.stdout, **options)
    return capsys.readouterr().out


def test_numbers_are_as_short_as_can_be_read_back(capsys):
    x = tf.constant([1.0, 2, 1 / 3, 1e-7, 1e10, float("nan"), float("inf"), -0.0, 123456.789, 1e-5, 1e5, 1e6])
    text = "[1 2 0.333333343 1e-07 1e+10 nan inf -0 123456.789 1e-05 100000 1e+06]\n"
    assert printed(capsys, x, summarize=-1) == text
    double = tf.constant([0.1, 1 / 3], "float64")
    assert printed(capsys, double, tf.constant(1 / 3, "float16")) == "[0.1 0.33333333333333331] 0.333251953\n"


def test_axes_are_cut_to_three_elements_at_each_end(capsys):
    assert printed(capsys, tf.range(100), tf.range(6)) == "[0 1 2 ... 97 98 99] [0 1 2 3 4 5]\n"
    rows = "\n".join([" [0 0 0 ... 0 0 0]"] * 3)
    assert printed(capsys, tf.zeros((8, 8))) == f"[{rows[1:]}\n ...\n{rows}]\n"
    assert printed(capsys, tf.range(5), summarize=1) == "[0 ... 4]\n"


def test_blank_lines_between_matrices(capsys):
    assert printed(capsys, tf.reshape(tf.range(8), (2, 2, 2))) == "[[[0 1]\n  [2 3]]\n\n [[4 5]\n  [6 7]]]\n"


def test_tensors_in_lists_and_dicts_and_what_is_no_tensor(capsys):
    parts = ["a", 3, 0.1, [1, 2], {"a": (tf.constant([True, False]), "s"), "b": tf.Variable(1.5)}, None]
    assert printed(capsys, *parts, sep="|", end="END") == "a|3|0.1|[1, 2]|{'a': ([1 0], 's'), 'b': 1.5}|NoneEND"


def test_it_goes_to_standard_error_as_tensorflow_does(capsys):
    tf.print("here")
    assert capsys.readouterr() == ("", "here\n")


def test_a_traced_function_prints_at_each_run(capsys):
    @tf.function
    def doubled(x):
        tf.print("got", x)
        return 2 * x

    for value in (1.0, 2.0):
        assert float(doubled(tf.constant(value))) == 2 * value
    assert capsys.readouterr().err == "got 1\ngot 2\n"


def test_a_training_step_prints_and_still_has_its_gradients(capsys):
    v = tf.Variable(3.0)

    @tf.function
    def slope():
        with tf.GradientTape() as tape:
            y = v * v
            tf.print(y)
        return tape.gradient(y, v)

    assert float(slope()) == 6
    assert capsys.readouterr().err == "9\n"
