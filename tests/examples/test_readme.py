"""The README's programs print what stands below them, but for times and the last digits."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```\n\n```\n(.*?)```", README, re.DOTALL)


def printed(program, folder):
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_there_are_two():
    assert len(PROGRAMS) == 2


def test_the_network_learns_what_it_says(tmp_path):
    program, told = PROGRAMS[0]
    found = printed(program, tmp_path)
    for line in told.splitlines():
        if not line.startswith("  ..."):
            assert plain(line) in plain(found)
    ends = [[float(x) for x in re.findall(r"(?:accuracy|digits): ([\d.]+)", text)[-2:]] for text in (told, found)]
    assert ends[0] == pytest.approx(ends[1], abs=0.005)
    assert "gives" in (tmp_path / "lit.svg").read_text()


def plain(text):
    return re.sub(r"[\d.]+", "#", re.sub(r"[mu]?s/step", "s/step", text))


def test_the_plan_is_the_one_that_is_shown(tmp_path):
    pytest.importorskip("llvmlite")
    program, told = PROGRAMS[1]
    words = [
        re.sub(r"[\d.,]+|[mµn]s|[GM]?FLOP/s|[GMk]?B/s|\u2013|-", "", text).split()
        for text in (told, printed(program, tmp_path))
    ]
    assert words[0] == words[1]
