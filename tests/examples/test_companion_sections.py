"""The companion's sections, each run as a program: as it is read, and with the solutions of its exercises filled in."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from klods.companion import sections

CHECK = re.compile(r'^check\("([^"]+)"', re.MULTILINE)
SOLUTION = re.compile(r"^# <details><summary>A solution</summary>\n(.*?)^# </details>$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"^# ```python\n(.*?)^# ```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("section", sections(), ids=lambda section: section.name)
def test_section(section, tmp_path):
    printed = run(section.source, tmp_path)
    for name in CHECK.findall(section.source):
        assert f"{name}: not answered yet." in printed.splitlines()


@pytest.mark.parametrize("section", sections(), ids=lambda section: section.name)
def test_solutions_are_right(section, tmp_path):
    names = CHECK.findall(section.source)
    printed = run(solved(section.source), tmp_path)
    assert len(names) == len(SOLUTION.findall(section.source))
    for name in names:
        assert f"{name}: right." in printed.splitlines()


def solved(source: str) -> str:
    """Return a section with each exercise's cell followed by its solution, before the answer is checked again."""
    calls = iter(re.findall(r"^check\(.*\)$", source, re.MULTILINE))

    def program(match: re.Match) -> str:
        code = "".join(line.removeprefix("# ").removeprefix("#") for line in CODE.search(match[1])[1].splitlines(True))
        return f"# %%\n{code}\n{next(calls)}\n"

    return SOLUTION.sub(program, source)


def run(source: str, folder) -> str:
    """Run a program in an empty folder and return what it printed."""
    (folder / "section.py").write_text(source, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "section.py"],
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "KERAS_HOME": str(folder / "keras")},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert "Warning" not in done.stderr, done.stderr
    assert not (folder / "keras" / "datasets").exists(), "a section downloads"
    return done.stdout
