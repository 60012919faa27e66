"""The companion: its sections, the notebooks that `klods learn` writes of them, and what checks answers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import klods
from klods.cli import main
from klods.companion import sections
from klods.companion.exercises import JUDGES, check, verdict
from klods.companion.exercises.comparing import Unanswered, called, compared, compared_function, slope

CELL = re.compile(r"^# %%( \[markdown\])?$")


# ---------------------------------------------------------------- sections


def test_sections_are_numbered_from_one():
    assert [section.name[:2] for section in sections()] == [f"{i + 1:02}" for i in range(len(sections()))]


@pytest.mark.parametrize("section", sections(), ids=lambda section: section.name)
def test_a_section_keeps_the_form(section):
    lines = section.source.splitlines()
    assert lines[0] == "# %% [markdown]"
    assert lines[1] == f"# # {section.title}"
    assert all(CELL.match(line) for line in lines if line.startswith("# %%")), "cells have no other marks"
    assert not re.search(r"^[%!]|get_ipython|https?://", section.source, re.MULTILINE)
    assert section.source.rstrip().splitlines()[-1].startswith("# "), "the last cell is text"


def test_each_exercise_has_a_judge_and_a_solution():
    names = [name for section in sections() for name in re.findall(r'^check\("(.+?)"', section.source, re.MULTILINE)]
    folded = sum(section.source.count("# <details><summary>A solution</summary>\n") for section in sections())
    assert sorted(names) == sorted(JUDGES)
    assert folded == len(names)


# ---------------------------------------------------------------- klods learn


@pytest.fixture
def learn(monkeypatch, tmp_path):
    """Return a function that runs `klods learn` without Jupyter: it gives what was printed and Jupyter's arguments."""
    pytest.importorskip("jupytext")
    calls = []
    monkeypatch.setattr("klods.extras.find_spec", lambda name: True)
    monkeypatch.setitem(sys.modules, "jupyterlab", type(sys)("jupyterlab"))
    lab = type(sys)("jupyterlab.labapp")
    lab.main = calls.append
    monkeypatch.setitem(sys.modules, "jupyterlab.labapp", lab)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "mine")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str):
        done = CliRunner().invoke(main, ["learn", *arguments])
        return done, calls[-1] if calls else None

    return run


def test_learn_lists_the_sections_without_jupyter(monkeypatch):
    monkeypatch.setattr("klods.extras.find_spec", lambda name: None)
    done = CliRunner().invoke(main, ["learn", "--list"])
    assert done.output.splitlines() == [f"{section.name[:2]}  {section.title}" for section in sections()]


def test_learn_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr("klods.extras.find_spec", lambda name: None)
    done = CliRunner().invoke(main, ["learn", str(tmp_path / "course")])
    assert done.exit_code == 1
    assert "needs jupyterlab and jupytext and nbformat" in done.output
    assert "pip install 'klods[learn]'" in done.output
    assert not (tmp_path / "course").exists()


def test_learn_writes_the_notebooks_and_opens_the_first(learn, tmp_path):
    done, arguments = learn()
    folder = tmp_path / "klods-companion"
    assert done.output == "The companion's notebooks are in klods-companion.\n"
    assert sorted(path.stem for path in folder.iterdir()) == [section.name for section in sections()]
    assert f"--ServerApp.root_dir={folder}" in arguments
    assert "--LabApp.default_url=/lab/tree/01_first_look.ipynb" in arguments
    assert "--no-browser" not in arguments
    assert "--no-browser" in learn("--no-browser")[1]


def test_learn_has_jupyter_ask_nothing_of_the_network(learn):
    learn()
    ours, mine = os.environ["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    page = json.loads(Path(ours, "labconfig", "page_config.json").read_text())
    server = json.loads(Path(ours, "jupyter_server_config.json").read_text())
    assert page["disabledExtensions"]["@jupyterlab/apputils-extension:announcements"]
    assert server["LabApp"]["extension_manager"] == "readonly"
    assert mine == "mine"


def test_a_notebook_holds_the_section(learn, tmp_path):
    nbformat = pytest.importorskip("nbformat")
    learn("course")
    section = sections()[0]
    notebook = nbformat.read(tmp_path / "course" / f"{section.name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[0].source.startswith(f"# {section.title}\n")
    for cell in notebook.cells:
        text = (
            cell.source
            if cell.cell_type == "code"
            else "\n".join(f"# {line}".rstrip() for line in cell.source.split("\n"))
        )
        assert text in section.source
    assert len(notebook.cells) == section.source.count("\n# %%") + 1
    assert {cell.cell_type for cell in notebook.cells} == {"markdown", "code"}


def test_learn_keeps_what_the_reader_changed(learn, tmp_path):
    nbformat = pytest.importorskip("nbformat")
    learn("course")
    path = tmp_path / "course" / "01_first_look.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].source += "\n# mine"
    nbformat.write(notebook, path)
    mine = path.read_bytes()
    done, _ = learn("course")
    assert path.read_bytes() == mine
    assert "Kept, since you have changed them: 01_first_look.ipynb." in done.output


def test_learn_keeps_the_outputs_of_a_notebook_that_was_only_run(learn, tmp_path):
    nbformat = pytest.importorskip("nbformat")
    learn("course")
    path = tmp_path / "course" / "01_first_look.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="run")]
    nbformat.write(notebook, path)
    run = path.read_bytes()
    done, _ = learn("course")
    assert path.read_bytes() == run
    assert "Kept" not in done.output


def test_learn_renews_an_older_notebook_that_was_not_changed(learn, tmp_path, monkeypatch):
    learn("course")
    path = tmp_path / "course" / "01_first_look.ipynb"
    newer = sections()[0].source + "\n# %% [markdown]\n# More.\n"
    monkeypatch.setattr("klods.companion.Section.source", property(lambda self: newer))
    learn("course")
    assert "More." in path.read_text()


def test_learn_keeps_a_file_that_is_no_notebook(learn, tmp_path):
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "01_first_look.ipynb").write_text("my notes")
    done, _ = learn("course")
    assert "Kept" in done.output
    assert (tmp_path / "course" / "01_first_look.ipynb").read_text() == "my notes"


def test_learn_says_so_when_it_cannot_write(learn, tmp_path):
    (tmp_path / "file").write_text("")
    done, calls = learn("file/course")
    assert (done.exit_code, calls) == (1, None)
    assert "can't be written to" in done.output
    assert "name another folder" in done.output


def test_importing_the_companion_imports_no_jupyter():
    code = "import sys, klods.companion.exercises; print({'jupytext', 'nbformat', 'jupyterlab'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


# ---------------------------------------------------------------- answers

HINTS = [
    (-2.0, 2.0, "sign"),
    ([-1.0, 2.0], [1.0, -2.0], "sign"),
    (98.0, 0.98, "percent"),
    (6, 5, "1 too large"),
    (4, 5, "1 too small"),
    (0.25, 4.0, "reciprocal"),
    (9.0, 3.0, "is the square of"),
    (1.5, 2.25, "square root"),
    (7.0, 2.0, "too large"),
    (0.5, 12.0, "too small"),
    ([2.0, 4.0], [1.0, 2.0], "same factor"),
    ([1.0, 5.0, 7.5], [1.0, 2.0, 7.5], r"1 of 3 numbers are wrong; the first, at \[1\], is too large"),
    ([1.0, 2.0], 3.0, r"shape \(2,\); \(\) is asked for"),
    ([1.0, np.nan], [1.0, 2.0], "NaN or infinity"),
    ("three", 3.0, "A number is asked for; this is of type str"),
    (len, 3.0, "this is a function"),
    (object(), [1.0, 2.0], "Numbers are asked for"),
]


@pytest.mark.parametrize(("answer", "expected", "hint"), HINTS)
def test_a_hint_starts_from_the_mistake(answer, expected, hint):
    assert re.search(hint, compared(answer, expected))


@pytest.mark.parametrize(("answer", "expected", "hint"), HINTS)
def test_a_hint_never_tells_the_solution(answer, expected, hint):
    told = compared(answer, expected)
    numbers = {float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", re.sub(r"\(.*?\)|\[.*?\]", "", told))}
    assert not numbers & ({*np.ravel(expected).tolist()} - {1.0})


@pytest.mark.parametrize("answer", [2.0, 2, np.float32(2), klods.constant(2.0), 2.00001])
def test_the_right_number_is_right_however_it_is_held(answer):
    assert compared(answer, 2.0) == ""


def test_small_numbers_are_told_apart():
    assert compared(1e-9, 3e-9) != ""
    assert compared([0.0, 0.0], [0.0, 0.0]) == ""


def test_functions_are_compared_where_they_are_called():
    assert compared_function(lambda x: 2 * x, lambda x: 2 * x, (1.0,), (3.0,)) == ""
    assert compared_function(lambda x: x * x, lambda x: 2 * x, (2.0,), (3.0,)) == "For 3.0: this is too large."
    assert "this is of type int" in compared_function(3, lambda x: x, (1.0,))
    assert "ZeroDivisionError" in compared_function(lambda x: x / 0, lambda x: x, (1.0,))


def test_the_slope_is_the_derivative():
    assert slope(np.sin, 1.0) == pytest.approx(np.cos(1.0), rel=1e-8)


def test_what_is_open_is_not_judged():
    def judge(answer):
        raise AssertionError

    assert verdict(judge, ...) == verdict(judge, (1.0, [...])) == "not answered yet."


@pytest.mark.parametrize("answer", [..., [1.0, ...], lambda *given: ..., lambda *given: None])
def test_what_is_open_is_neither_right_nor_wrong(answer):
    def judge(answer):
        return compared(called(answer)[0], 1.0) if callable(answer) else compared(answer, 1.0)

    assert verdict(judge, answer) == "not answered yet."


def test_called_tells_what_the_readers_code_raised():
    assert called(lambda: {}["key"])[1] == "Your function raised KeyError: 'key'"
    with pytest.raises(Unanswered):
        called(lambda: None)


def test_check_prints_one_line(capsys):
    check("scaled-pixels", ...)
    check("scaled-pixels", lambda images: images)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "scaled-pixels: not answered yet."
    assert lines[1].startswith("scaled-pixels: not yet. ")
    assert len(lines) == 2


def test_check_suggests_the_name():
    with pytest.raises(klods.errors.NameUnknownError, match="Did you mean 'scaled-pixels'"):
        check("scaled-pixel", 1)
