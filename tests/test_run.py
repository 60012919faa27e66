"""`klods run`: scripts and notebooks that were written for TensorFlow, in processes of their own as people run them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from click.testing import CliRunner

from klods import cli, extras


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def klods_run(*args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "klods", "run", *args]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120)


def script(code: str, name: str = "program.py") -> str:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(textwrap.dedent(code), encoding="utf-8")
    return name


# ---------------------------------------------------------------- scripts


def test_a_script_runs_as_python_would_run_it(folder):
    script("number = 42", "scripts/neighbour.py")
    file = script(
        """
        # -*- coding: latin-1 -*-
        import os, sys
        import tensorflow as tf
        from tensorflow.keras import layers
        import keras
        import neighbour
        import __main__

        assert __name__ == "__main__" and __main__.neighbour is neighbour and neighbour.number == 42
        assert keras.layers is layers and tf.keras is keras and tf.__name__ == "klods"
        print(sys.argv, os.path.relpath(sys.path[0]), os.path.relpath(__file__), os.path.isabs(__file__))
        print(tf.constant([1., 2.]).numpy() * 2)
        """,
        "scripts/program.py",
    )
    done = klods_run(file, "--epochs", "3", "--output", "model.h5", "--help")
    assert done.returncode == 0, done.stderr
    argv, numbers = done.stdout.splitlines()
    file = str(Path(file))
    assert argv == f"{[file, '--epochs', '3', '--output', 'model.h5', '--help']} scripts {file} True"
    assert numbers == "[2. 4.]"


def test_a_script_is_compiled_with_no_features_but_its_own():
    file = script("def f(x: 1 + 1): pass\nprint(f.__annotations__)")
    assert klods_run(file).stdout == "{'x': 2}\n"


@pytest.mark.parametrize(("ending", "status"), [("sys.exit()", 0), ("sys.exit(7)", 7), ("raise SystemExit('bye')", 1)])
def test_a_script_chooses_its_status(ending, status):
    assert klods_run(script(f"import sys; {ending}")).returncode == status


def test_an_error_of_the_script_shows_its_own_traceback(folder):
    file = script("""
        def inner():
            return {}["absent"]
        inner()
    """)
    done = klods_run(file)
    lines = done.stderr.splitlines()
    assert done.returncode == 1
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1] == f'  File "{folder / file}", line 4, in <module>'
    assert lines[-1] == "KeyError: 'absent'"
    assert "klods" not in done.stderr.replace(str(folder), "")


def test_a_syntax_error_names_the_file():
    done = klods_run(script("def f(:"))
    assert done.returncode == 1
    assert 'program.py", line 1' in done.stderr
    assert done.stderr.splitlines()[-1].startswith("SyntaxError: ")


def test_an_error_of_klods_is_short_and_names_the_line():
    done = klods_run(script("import tensorflow as tf\ntf.matmul(tf.ones((2, 3)), tf.ones((2, 3)))"))
    assert done.returncode == 1
    assert done.stderr.startswith("ShapeError: matmul: shapes (2, 3) and (2, 3) don't fit")
    assert "program.py:2: tf.matmul(" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 10


@pytest.mark.parametrize("code", ["from tensorflow import lite", "import tensorflow as tf\ntf.lite"])
def test_what_klods_lacks_is_named(code):
    done = klods_run(script(code))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("Error: klods does not have klods.lite")


@pytest.mark.skipif(sys.platform == "win32", reason="sends an interrupt signal")
def test_ctrl_c_ends_with_status_130():
    file = script("import time; print('ready', flush=True); time.sleep(60)")
    command = [sys.executable, "-m", "klods", "run", file]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == "Interrupted.\n"


# ---------------------------------------------------------------- notebooks


def notebook(*sources: str, name: str = "book.ipynb") -> str:
    """Write a notebook whose kernel doesn't exist on this machine, with stale outputs."""
    stale = {"output_type": "stream", "name": "stdout", "text": "stale\n"}
    cells = [
        {"cell_type": "code", "id": f"c{i}", "execution_count": 9, "metadata": {}, "source": source, "outputs": [stale]}
        for i, source in enumerate(sources)
    ]
    cells.insert(0, {"cell_type": "markdown", "id": "text", "metadata": {}, "source": "# A title"})
    kernel = {"name": "nowhere", "display_name": "Nowhere", "language": "python"}
    book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells}
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(json.dumps(book))
    return name


USES_TENSORFLOW = "import os, keras, tensorflow as tf\nassert tf.keras is keras and tf.__name__ == 'klods'"
REDRAWS = "for i in range(3): print(f'\\rstep {i}', end='')"


def texts(file: str) -> list[str]:
    """Return what the code cells of a notebook show, a text for each."""
    cells = json.loads(Path(file).read_text())["cells"]
    shown = [
        [out.get("text") or out.get("data", {}).get("text/plain", "") for out in c.get("outputs", [])] for c in cells
    ]
    return ["".join("".join(text) for text in cell) for cell in shown[1:]]


def test_a_notebook_prints_what_its_cells_show():
    pytest.importorskip("nbclient")
    file = notebook(
        USES_TENSORFLOW, "print(os.path.basename(os.getcwd()))", REDRAWS, "tf.constant(3) + 4", name="sub/b.ipynb"
    )
    before = Path(file).read_text()
    done = klods_run(file)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "sub"
    assert done.stdout.splitlines()[1].startswith("step 2"), "the last state of a line that is redrawn"
    assert "7" in done.stdout
    assert "stale" not in done.stdout
    assert done.stderr == ""
    assert Path(file).read_text() == before


def test_a_notebook_is_copied_with_its_outputs():
    pytest.importorskip("nbclient")
    file = notebook(USES_TENSORFLOW, REDRAWS, "1 + 1")
    done = klods_run(file, "--output", "out.ipynb")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Wrote the executed notebook to out.ipynb.\n"
    assert texts("out.ipynb") == ["", "step 2", "2"]
    assert {path.name for path in Path().iterdir()} == {"book.ipynb", "out.ipynb"}


def test_a_failing_cell_ends_the_notebook_and_the_copy_shows_how_far_it_came():
    pytest.importorskip("nbclient")
    file = notebook("import tensorflow as tf\nprint('first')", "tf.lite", "print('third')")
    done = klods_run(file, "--output", "out.ipynb")
    assert done.returncode == 1
    assert done.stderr.startswith("Cell 3 failed.\n")
    assert done.stderr.splitlines()[-1] == "AttributeError: klods does not have klods.lite"
    cells = json.loads(Path("out.ipynb").read_text())["cells"]
    assert cells[2]["outputs"][0]["ename"] == "AttributeError"
    assert texts("out.ipynb")[0] == "first\n"


@pytest.mark.parametrize("unusual", [{"nbformat_minor": 4}, {"comment": "from elsewhere"}, {"metadata": {}}])
def test_a_notebook_that_jupyter_would_open_runs(unusual):
    """The first has cell ids before they were in the format, the second a key that is not in it."""
    pytest.importorskip("nbclient")
    file = notebook("1 + 1")
    Path(file).write_text(json.dumps({**json.loads(Path(file).read_text()), **unusual}))
    done = klods_run(file)
    assert done.stdout == "2\n"
    assert done.stderr == ""


def test_an_error_of_klods_in_a_notebook_is_short():
    pytest.importorskip("nbclient")
    done = klods_run(notebook("import tensorflow as tf\ntf.matmul(tf.ones((2, 3)), tf.ones((2, 3)))"))
    assert done.returncode == 1
    assert "ShapeError: matmul" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) <= 10


def test_a_kernel_that_dies_is_reported():
    pytest.importorskip("nbclient")
    done = klods_run(notebook("import os; os._exit(1)"))
    assert done.returncode == 1
    assert done.stderr.startswith("Cell 2 ended the kernel")


# ---------------------------------------------------------------- mistakes


def run(*args: str):
    return CliRunner().invoke(cli.main, ["run", *args])


NO_NOTEBOOKS = [
    "{",
    '{"cells": [{"cell_type": "code", "source": "1"}]}',
    '{"cells": 3, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
    "{}",
    "\xff",
]


@pytest.mark.parametrize("content", NO_NOTEBOOKS)
def test_a_file_that_is_no_notebook(content):
    pytest.importorskip("nbclient")
    Path("broken.ipynb").write_bytes(content.encode("latin-1"))
    done = run("broken.ipynb")
    assert done.exit_code == 1
    assert done.output.startswith("Error: 'broken.ipynb' is no Jupyter notebook: ")
    assert len(done.output.splitlines()) <= 10


def test_a_copy_that_cannot_be_written_is_found_before_running():
    pytest.importorskip("nbclient")
    done = run(notebook("open('ran', 'w').close()"), "--output", "nowhere/out.ipynb")
    assert done.exit_code == 1
    assert "'nowhere/out.ipynb' can't be written" in done.output
    assert not Path("ran").exists()


def test_a_notebook_without_the_libraries(monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    done = run(notebook("1"))
    assert done.exit_code == 1
    assert "nbformat and nbclient and ipykernel" in done.output
    assert "pip install 'klods[notebook]'" in done.output


def test_misuse_ends_with_status_2():
    program, book = script("open('ran', 'w').close()"), notebook("1")
    for args, reason in {
        (): "Missing argument 'FILE'",
        ("absent.py",): "'absent.py' does not exist",
        (".",): "'.' is a directory",
        ("--output", "out.ipynb", program): "only a notebook",
        ("--nonsense", program): "No such option",
        (book, "--nonsense"): "No such option",
        (book, "more"): "takes no arguments; got more",
    }.items():
        done = run(*args)
        assert done.exit_code == 2
        assert reason in done.output
    assert not Path("ran").exists()
