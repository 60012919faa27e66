"""The companion: a course in sections, each a program and, by `klods learn`, a notebook.

A section is a file `sNN_name.py` in this folder in the percent format: `# %% [markdown]` starts a cell of text,
`# %%` one of code. It is the only source: `klods learn` makes notebooks of it, the documentation executes and shows
it, and the tests run it as a program.

How a section is written:

- The first cell is text: `# # Title`, then in two or three sentences what the reader will be able to do after it.
- Start from what the reader knows: Python and NumPy's arrays, school mathematics, and the sections before. A new word
  is explained where it first stands. Short sentences, British spelling, klods's own names for things.
- One idea, then code that shows it, then what was to be seen. Cells of a dozen lines at most, lines of some 80 letters
  (a page shows no more); text between them.
- Words, code, examples and numbers of your own. Nothing is copied from books, papers or other courses.
- Formulas stand between dollar signs, in LaTeX, beside the same in code.
- Pictures are drawn from live values with `klods.show`. No picture files, no numbers typed into the text that the code
  next to it could print.
- Random numbers are seeded (`keras.utils.set_random_seed`), so that text and pictures agree each time.
- No internet, no library beside klods and NumPy, and less than a minute for the whole section on two cores.
- It runs as a program too: no `%magic`, no `display`; a cell's last expression is what a notebook shows.
- The last cell of text says what was learnt and which section comes next.

How an exercise is written: a cell of text that asks for it, a cell of code that runs as it stands (what is to be filled
in is `...`), and a folded solution. The last line of the code hands the answer to `check`; more arguments are
what the judge needs of the section, such as the model:

    # %%
    def slope_of_square(x):
        return ...


    check("slope-of-square", slope_of_square)

    # %% [markdown]
    # <details><summary>A solution</summary>
    #
    # ```python
    # def slope_of_square(x):
    #     return 2 * x
    # ```
    #
    # </details>

The name belongs to a judge in `exercises/`, a module per section, which works out what is right while it runs (by
finite differences, NumPy or the tape; no result is stored) and returns what is wrong with an answer, or an empty
string. A hint starts from the mistake that was made and never tells the solution. Tests
(`tests/test_companion_NAME.py`) give each judge a right answer and the likely wrong ones;
`tests/examples/test_companion_sections.py` runs every section, unanswered and with its solutions filled in.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Section:
    """A section of the companion.

    Attributes:
        path: its file.
    """

    path: Path

    @property
    def name(self) -> str:
        """The name of its notebook, without the suffix: `01_first_look`."""
        return self.path.stem.removeprefix("s")

    @property
    def title(self) -> str:
        """Its first heading."""
        return next(line for line in self.source.splitlines() if line.startswith("# # ")).removeprefix("# # ")

    @property
    def source(self) -> str:
        """Its text, in the percent format."""
        return self.path.read_text(encoding="utf-8")


def sections() -> list[Section]:
    """Return the sections in their order.

    Example:
        >>> sections()[0].name
        '01_first_look'
    """
    return [Section(path) for path in sorted(Path(__file__).parent.glob("s[0-9][0-9]_*.py"))]
