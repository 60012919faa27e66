"""Tables: the text is what Keras 3 prints for the same cells, the HTML holds the cells and nothing that hides them."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from klods.pictures.tables import html_table, text_table

HEADER = ["Layer (type)", "Output Shape", "Param #"]
ROWS = [["dense (Dense)", "(None, 512)", "401,920"], ["dense_1 (Dense)", "(None, 10)", "5,130"]]

# Printed by model.summary() of Keras 3.15 on a terminal of 80 columns.
KERAS = """\
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ dense (Dense)                   │ (None, 512)            │       401,920 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ dense_1 (Dense)                 │ (None, 10)             │         5,130 │
└─────────────────────────────────┴────────────────────────┴───────────────┘"""

KERAS_LONG_NAME_IN_50 = """\
┏━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━┳━━━━━━━━━┓
┃ Layer (type)        ┃ Output Shape   ┃ Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━╇━━━━━━━━━┩
│ a_very_long_layer_… │ (None, 512)    │ 401,920 │
│ (Dense)             │                │         │
├─────────────────────┼────────────────┼─────────┤
│ dense_2 (Dense)     │ (None, 10)     │   5,130 │
└─────────────────────┴────────────────┴─────────┘"""

# The first lines for other terminals, by their columns.
KERAS_WIDTHS = {
    33: "┏━━━━━━━━━━━━┳━━━━━━━━┳━━━━━┓",
    60: "┏━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━┓",
    120: "┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┓",
}


class Cells(HTMLParser):
    """Reads the rows of a table back."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.caption = ""
        self.sides: list[str] = []
        self.tag = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tag = tag
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.sides.append(dict(attrs)["style"].split(";")[0])

    def handle_data(self, data):
        if self.tag == "caption":
            self.caption += data
        else:
            self.rows[-1][-1] += data


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def test_the_layout_is_that_of_keras():
    assert text_table(HEADER, ROWS, align="llr") == KERAS


def test_long_cells_go_on_in_the_next_line_and_long_words_are_cut():
    rows = [
        ["a_very_long_layer_name_for_a_dense_one_that_wraps (Dense)", "(None, 512)", "401,920"],
        ["dense_2 (Dense)", "(None, 10)", "5,130"],
    ]
    assert text_table(HEADER, rows, align="llr", line_length=50) == KERAS_LONG_NAME_IN_50


def test_words_end_at_spaces_alone():
    table = text_table(HEADER, [["dense average-pooling", "", ""]], align="llr", line_length=50).splitlines()
    assert [line.split("│")[1].strip() for line in table[3:5]] == ["dense", "average-pooling"]


@pytest.mark.parametrize("columns", KERAS_WIDTHS)
def test_the_table_fits_the_terminal_as_keras_does(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    assert text_table(HEADER, ROWS, align="llr").splitlines()[0] == KERAS_WIDTHS[columns]


@pytest.mark.parametrize("length", range(40, 121, 9))
def test_all_lines_of_a_table_have_the_length_asked_for(length):
    lines = text_table(["a", "b", "c", "d"], [["x" * 200, "", "y z " * 30, "1"]], "lrlr", length, (0.3, 0.56, 0.74, 1))
    assert {len(line) for line in lines.splitlines()} == {length}


def test_a_table_without_rows():
    assert len(text_table(HEADER, [], align="llr").splitlines()) == 4


def test_html_holds_header_rows_and_caption_as_given():
    rows = [["<b>&amp;", "'quoted\"", "1"], ["", "æ", "2"]]
    html = html_table(HEADER, rows, caption="a < b & c", align="llr")
    table = Cells(html)
    assert "a &lt; b &amp; c" in html
    assert table.rows == [HEADER, *rows]
    assert table.caption == "a < b & c"
    assert table.sides == 3 * ["text-align:left", "text-align:left", "text-align:right"]


def test_html_takes_its_colours_from_the_page():
    html = html_table(HEADER, ROWS, caption="")
    assert "color:inherit" in html
    assert "background:transparent" in html
    assert "#" not in html.replace("Param #", "")  # no colour of its own
