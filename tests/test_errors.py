"""What a user sees of an error: klods's own words, the user's own line, ten lines at most."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest

import klods
from klods import errors

START = """import numpy as np
import klods as tf
def model(x):
    return {call}
x = tf.constant([[1.0, 2.0, 3.0]])
model(x)
"""
CALLS = {
    "tf.matmul(x, x)": "shapes (1, 3) and (1, 3) don't fit: 3 columns on the left, 1 rows on the right",
    "x + tf.ones((2,))": "shapes (1, 3) and (2,) don't broadcast",
    "tf.reshape(x, (2, 2))": "3 elements of shape (1, 3) don't fit the shape (2, 2)",
    "tf.concat([x, tf.ones((2, 2))], axis=0)": "differ besides axis 0",
    "tf.stack([x, tf.ones((2, 2))])": "differ besides axis 0",
    "tf.reduce_sum(x, axis=2)": "has no axis 2",
    "tf.einsum('ij,jk->ik', x, x)": "'jk' in 'ij,jk->ik' doesn't fit shape (1, 3)",
    "tf.tensordot(x, x, 1)": "tensordot: axes (1,)",
    "tf.nn.sparse_softmax_cross_entropy_with_logits([7], x)": "label 7 is outside the 3 classes 0 to 2",
    "x['a']": "are valid indices",
    "x + 'text'": "Got 'text', which holds string, where float32 is expected",
    "x.assign(x)": "object has no attribute 'assign'",
    "tf.matmul(x)": "matmul takes a, b, transpose_a, transpose_b; got no b",
    "tf.no_such_name": "klods does not have klods.no_such_name",
    "float(x)": "has no single value",
    "tf.Variable(x).assign(1.0)": "takes a value of shape (1, 3)",
    "tf.debugging.assert_less(x, 3.0, 'too large')": "too large: 3.0 is not less than 3.0, at index (0, 2)",
}


@pytest.mark.parametrize(("call", "text"), CALLS.items())
def test_a_script_shows_at_most_ten_lines_and_the_users_own(tmp_path, call, text):
    (tmp_path / "script.py").write_text(START.format(call=call))
    run = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    lines = run.stderr.splitlines()
    assert run.returncode == 1
    assert text in run.stderr
    assert f"    return {call}" in lines
    assert len(lines) <= 10, run.stderr


def test_an_error_names_the_line_and_the_way_out():
    with pytest.raises(errors.ShapeError) as caught:
        klods.matmul(klods.ones((2, 3)), klods.ones((2, 3)))
    what, mend, line, page = str(caught.value).splitlines()
    assert what.startswith("matmul: shapes (2, 3) and (2, 3)")
    assert mend.startswith("To mend it: ")
    assert line.startswith("At test_errors.py:")
    assert "klods.matmul(klods.ones((2, 3))" in line
    assert page == "Docs: errors/shape-error"


def test_errors_are_what_python_programs_catch():
    pairs = [(errors.ShapeError, ValueError), (errors.DTypeError, TypeError), (errors.DataError, ValueError),
             (errors.StateError, RuntimeError), (errors.FileError, OSError), (errors.PositionError, IndexError),
             (errors.ArgumentError, TypeError), (errors.NameUnknownError, ValueError)]  # fmt: skip
    for own, python in pairs:
        assert issubclass(own, errors.KlodsError)
        assert issubclass(own, python)
        assert str(own("What happened.", "do this.")).startswith("What happened.\nTo mend it: do this.")


def test_errors_survive_pickling():
    error = pickle.loads(pickle.dumps(errors.ShapeError("What happened.", "do this.")))
    assert type(error) is errors.ShapeError
    assert str(error).splitlines()[:2] == ["What happened.", "To mend it: do this."]
    assert str(error).count("Docs:") == 1


def test_a_kind_of_its_own_has_the_page_of_the_known_one():
    class Untold(errors.DataError):
        pass

    assert str(Untold("What happened.")).splitlines()[-1] == "Docs: errors/data-error"
    with pytest.warns(errors.GradientWarning, match="What happened.\nDocs: errors/gradient-warning"):
        errors.warn(errors.GradientWarning, "What happened.")
    with pytest.warns(UserWarning, match="^What happened.$"):
        errors.warn(UserWarning, "What happened.")


def test_what_is_no_klods_error_keeps_its_traceback(tmp_path):
    (tmp_path / "script.py").write_text("import klods\nprint(1 / 0)\n")
    run = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "ZeroDivisionError" in run.stderr
    assert 'script.py", line 2' in run.stderr


STRIKES = {
    "after many calls": "def deep(n): return 1 + (deep(n - 1) if n else strike())\ndeep(30)\n",
    "with markers in each line": "".join(f"def f{n}(): return 1 + f{n + 1}()\n" for n in range(9))
    + "f9 = strike\nf0()\n",
    "while an error is handled": "def fail(): return int('x')\ntry: 1 + fail()\nexcept ValueError: 1 + strike()\n",
    "below NumPy": "import numpy as np\ndef user(x): return 1 + strike()\nnp.apply_along_axis(user, 0, np.zeros(3))\n",
}


@pytest.mark.parametrize("strike", STRIKES.values(), ids=STRIKES)
def test_ctrl_c_shows_at_most_ten_lines_wherever_it_strikes(tmp_path, strike):
    (tmp_path / "script.py").write_text("import klods\ndef strike(): raise KeyboardInterrupt\n" + strike)
    run = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    lines = run.stderr.splitlines()
    assert lines[-1] == "KeyboardInterrupt"
    assert len(lines) <= 10, run.stderr
    assert all("script.py" in line for line in lines if line.startswith("  File"))


def test_jupyter_shows_the_users_frames_alone():
    try:
        klods.concat([klods.ones((1, 2)), klods.ones((2, 3))], axis=0)
    except errors.KlodsError as error:
        shown = error._render_traceback_()
    assert len(shown) <= 10
    assert not any("movement.py" in line for line in shown)
    assert any("klods.concat" in line for line in shown)


CELLS = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("import klods as tf\\ndef f(x):\\n    return tf.matmul(x, x)\\n", store_history=True)
error = shell.run_cell("f(tf.ones((2, 3)))", store_history=True).error_in_exec
print(*error._render_traceback_(), sep="\\n")
"""


def test_jupyter_names_the_cells():
    pytest.importorskip("IPython")
    shown = subprocess.run([sys.executable, "-c", CELLS], capture_output=True, text=True, check=True).stdout
    lines = shown[shown.rindex("Traceback") :].splitlines()
    frames = ["  In[2], line 1, in <module>", "  In[1], line 3, in f"]
    shows = frames[1:] if sys.version_info >= (3, 13) else frames  # it marks more places, which leaves room for one
    assert lines[1] == shows[0]
    assert [line for line in lines if line in frames] == shows
    assert len(lines) <= 10
    assert lines[-2:] == ["At In[1]:3: return tf.matmul(x, x)", "Docs: errors/shape-error"]
    assert "site-packages" not in shown


def test_numpy_words_become_klods_words():
    with pytest.raises(errors.DataError, match=r"power can't work on \(2,\) int32, \(\) int: Integers to negative"):
        klods.constant([1, 2]) ** -1
    with pytest.raises(errors.DataError, match="reduce_max"):
        klods.reduce_max(np.zeros((0,)))
    with pytest.raises(errors.ArgumentError, match=r"reduce_sum takes input_tensor, axis, keepdims"):
        klods.reduce_sum([1.0], axes=0)
