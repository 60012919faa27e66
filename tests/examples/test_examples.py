"""The programs in `examples/`, each run as a reader runs it; what they learn they assert themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("chapter*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path, tmp_path):
    pytest.importorskip("matplotlib")
    command = [sys.executable, "-m", "klods", "run", str(path)]
    place = {"KERAS_HOME": str(tmp_path / "keras"), "MPLCONFIGDIR": str(tmp_path)}
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, **place}, capture_output=True, encoding="utf-8", timeout=120
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert "Warning" not in done.stderr, done.stderr
    assert not (tmp_path / "keras" / "datasets").exists(), "an example downloads"


def test_there_is_one_for_each_topic():
    assert len(EXAMPLES) == 9
