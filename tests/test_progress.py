"""The progress line: what a person sees on a terminal, in Jupyter and in a file, under a clock that tests set."""

from __future__ import annotations

import io
import math
import re

import numpy as np
import pytest

from klods.pictures import progress as room
from klods.pictures.progress import Progress

BAR = "━" * 20


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class AsciiFile(io.StringIO):
    encoding = "ascii"


# The output of a notebook's kernel: no terminal, but a carriage return works there.
Kernel = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(room, "perf_counter", clock)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return clock


def run(progress, clock, seconds, steps, figures=dict):
    """Do steps that take `seconds` each."""
    for done in range(1, steps + 1):
        clock.now += seconds
        progress.step(done, figures)


def plain(text):
    return re.sub(r"\x1b\[\d+m", "", text)


def screen(text):
    """Return the rows that a terminal ends up with: a carriage return goes back, later characters replace earlier."""
    rows = []
    for line in plain(text).split("\n"):
        row = ""
        for part in line.split("\r"):
            row = part + row[len(part) :]
        rows.append(row.rstrip())
    return rows


def test_a_file_gets_one_line_per_epoch_in_the_look_of_keras(clock):
    stream = io.StringIO()
    progress = Progress(469, 1, stream)
    progress.step(1, dict)  # at once: no step is longer than the others
    run(progress, clock, 0.0021, 469)
    progress.close({"accuracy": 0.926, "loss": 0.25831})
    assert stream.getvalue() == f"469/469 {BAR} 1s 2ms/step - accuracy: 0.9260 - loss: 0.2583\n"


def test_figures_are_not_asked_for_where_nobody_sees_them(clock):
    calls = []
    run(Progress(50, 1, io.StringIO()), clock, 1, 50, lambda: calls.append(1) or {})
    run(Progress(50, 0, Terminal()), clock, 1, 50, lambda: calls.append(1) or {})
    assert not calls


def test_verbose_2_is_one_line_and_verbose_0_none(clock):
    for verbose, expected in ((2, "5/5 - 5s - 1s/step - loss: 0.5000\n"), (0, "")):
        stream = Terminal()
        progress = Progress(5, verbose, stream)
        run(progress, clock, 1, 5)
        progress.close({"loss": 0.5})
        assert stream.getvalue() == expected


def test_a_terminal_is_redrawn_at_most_ten_times_a_second_with_the_figures_of_that_moment(clock):
    stream, means = Terminal(), []

    def figures():
        means.append(len(means) / 7)
        return {"loss": means[-1]}

    run(Progress(5000, 1, stream), clock, 0.001, 3000, figures)  # 3 seconds
    drawn = plain(stream.getvalue()).split("\r")[1:]
    assert 25 <= len(drawn) <= 30
    assert "\n" not in stream.getvalue()
    shown = [line.split("loss: ")[1].strip() for line in drawn]
    assert shown == [f"{m:.4f}" if m > 1e-3 else f"{m:.4e}" for m in means]


def test_the_running_line_tells_steps_share_time_left_and_pace(clock):
    stream = Terminal()
    run(Progress(400, 1, stream), clock, 0.5, 90, lambda: {"loss": 1.5})
    assert screen(stream.getvalue()) == [f" 90/400 {BAR} 2:35 500ms/step - loss: 1.5000"]  # 310 steps of 0.5 s to come
    last = stream.getvalue().split("\r")[-1]
    assert f"\x1b[32m{'━' * 4}\x1b[0m\x1b[37m{'━' * 16}\x1b[0m" in last  # 90 of 400 are 4.5 of 20


def test_a_shorter_line_leaves_nothing_of_a_longer_one(clock):
    stream = Terminal()
    progress = Progress(2, 1, stream)
    run(progress, clock, 1, 2, lambda: {"loss": 0.5, "accuracy": 0.25})
    progress.close({})
    assert screen(stream.getvalue()) == [f"2/2 {BAR} 2s 1s/step", ""]


@pytest.mark.parametrize(
    ("seconds", "shown"), [(3.4, "3s/step"), (0.0184, "18ms/step"), (0.00042, "420us/step"), (1e-3, "1ms/step")]
)
def test_the_pace_has_the_unit_that_fits(clock, seconds, shown):
    stream = io.StringIO()
    progress = Progress(11, 1, stream)
    run(progress, clock, seconds, 11)
    progress.close({})
    assert stream.getvalue().split()[-1] == shown


def test_the_pace_leaves_out_the_first_step(clock):
    stream = io.StringIO()
    progress = Progress(11, 1, stream)
    clock.now += 9
    progress.step(1, dict)
    for done in range(2, 12):
        clock.now += 0.1
        progress.step(done, dict)
    progress.close({})
    assert stream.getvalue() == f"11/11 {BAR} 10s 100ms/step\n"


@pytest.mark.parametrize(("left", "shown"), [(9, "9s"), (61, "1:01"), (3725, "1:02:05")])
def test_the_time_left(clock, left, shown):
    stream = Terminal()
    run(Progress(2 + left, 1, stream), clock, 1, 2)
    assert screen(stream.getvalue())[0].split()[2] == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(2.5e-4, "2.5000e-04"), (-0.5, "-0.5000"), (0.0, "0.0000e+00"), (math.nan, "nan")]
)
def test_figures_have_four_decimals_as_in_keras(clock, value, shown):
    stream = io.StringIO()
    Progress(1, 1, stream).close({"loss": value})
    assert stream.getvalue().endswith(f" - loss: {shown}\n")


def test_of_a_score_per_class_the_mean_is_shown_as_in_keras(clock):
    stream = io.StringIO()
    Progress(1, 2, stream).close({"f1_score": np.array([0.0, 0.5, 0.25], np.float32), "loss": 1.0})
    assert stream.getvalue().endswith(" - f1_score: 0.2500 - loss: 1.0000\n")


def test_an_unknown_number_of_steps(clock):
    stream = Terminal()
    progress = Progress(None, 1, stream)
    run(progress, clock, 1, 12, lambda: {"loss": 0.5})
    assert screen(stream.getvalue()) == ["     12/Unknown 12s 1s/step - loss: 0.5000"]
    progress.close({"loss": 0.25})
    assert screen(stream.getvalue()) == [f"12/12 {BAR} 12s 1s/step - loss: 0.2500", ""]


def test_an_epoch_that_ends_early_is_not_shown_as_full(clock):
    stream = AsciiFile()
    progress = Progress(40, 1, stream)
    run(progress, clock, 1, 10)
    progress.close({})
    assert stream.getvalue() == "10/40 =====............... 10s 1s/step\n"


def test_ascii_where_the_stream_has_no_more(clock):
    stream = AsciiFile()
    progress = Progress(1, 1, stream)
    run(progress, clock, 1, 1)
    progress.close({"loss": 0.5})
    assert stream.getvalue() == "1/1 ==================== 1s 1s/step - loss: 0.5000\n"


def test_a_running_line_stays_within_one_row(clock, monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    stream = Terminal()
    progress = Progress(9, 1, stream)
    run(progress, clock, 1, 8, lambda: {"a_long_name": 0.5, "another": 0.5})
    assert max(map(len, plain(stream.getvalue()).split("\r"))) == 49
    progress.close({"a_long_name": 0.5, "another": 0.5})
    assert stream.getvalue().endswith("another: 0.5000\n")


def test_jupyter_is_redrawn_in_place_and_coloured(clock):
    stream = Kernel()
    progress = Progress(9, 1, stream)
    run(progress, clock, 1, 9, lambda: {f"figure {i}": 0.5 for i in range(9)})
    progress.close({"loss": 0.5})
    assert stream.getvalue().count("\r") == 10
    assert "\x1b[32m" in stream.getvalue()
    assert "figure 8: 0.5000" in plain(stream.getvalue())  # its lines may be as long as they like
    assert screen(stream.getvalue()) == [f"9/9 {BAR} 9s 1s/step - loss: 0.5000", ""]


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_without_colour_the_share_is_still_seen(clock, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    stream = Terminal()
    run(Progress(4, 1, stream), clock, 1, 2)
    assert "\x1b" not in stream.getvalue()
    assert "━" * 10 + "─" * 10 in stream.getvalue()


def test_the_stream_is_that_of_the_moment(clock, capsys):
    progress = Progress(1, 1)
    run(progress, clock, 1, 1)
    progress.close({})
    assert capsys.readouterr().out == f"1/1 {BAR} 1s 1s/step\n"


def test_no_stream_at_all(clock, monkeypatch):
    monkeypatch.setattr("sys.stdout", None)  # as in a windowed Python
    progress = Progress(1, 1)
    run(progress, clock, 1, 1)
    progress.close({"loss": 0.5})


def test_a_pause_is_not_made_up_for_by_redraws(clock):
    stream = Terminal()
    progress = Progress(1000, 1, stream)
    run(progress, clock, 5, 2)
    stream.truncate(0)
    run(progress, clock, 0.001, 100)
    assert stream.getvalue().count("\r") == 1
