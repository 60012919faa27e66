"""The command `klods learn`: the companion's sections as notebooks in a folder, opened in Jupyter."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import click
import jupytext
import nbformat

from klods.companion import Section, sections
from klods.errors import FileError

QUIET = Path(__file__).with_name("jupyter")  # Jupyter's settings under which it looks for nothing on the network


def learn(folder: Path, browser: bool) -> None:
    """Write the notebooks, say what was done, and run Jupyter in the folder until the reader ends it.

    Args:
        folder: where the notebooks go; made if it isn't there.
        browser: whether Jupyter opens a browser.
    """
    write_notebooks(folder)
    first = f"/lab/tree/{sections()[0].name}.ipynb"
    arguments = [
        f"--ServerApp.root_dir={os.path.abspath(folder)}",
        f"--LabApp.default_url={first}",
        *([] if browser else ["--no-browser"]),
    ]
    others = os.environ.get("JUPYTER_CONFIG_PATH")
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join([str(QUIET), *([others] if others else [])])
    from jupyterlab.labapp import main

    main(arguments)


def write_notebooks(folder: Path) -> None:
    """Write the notebooks of all sections to a folder, except over those that the reader has changed.

    Raises:
        FileError: if the folder can't be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        done = [(section, _write(section, folder / f"{section.name}.ipynb")) for section in sections()]
    except OSError as error:
        raise FileError(f"'{folder}' can't be written to: {error.strerror}.", "name another folder.") from None
    kept = [f"{section.name}.ipynb" for section, written in done if not written]
    click.echo(f"The companion's notebooks are in {folder}.")
    if kept:
        click.echo(f"Kept, since you have changed them: {', '.join(kept)}. To start one anew, rename or delete it.")


def notebook_of(section: Section) -> Any:
    """Return a section as a notebook, which notes what its cells hold so that changes can be told."""
    notebook = jupytext.reads(section.source, fmt="py:percent")
    for place, cell in enumerate(notebook.cells):
        cell["id"] = f"{section.name}-{place}".replace("_", "-")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata = nbformat.from_dict({"kernelspec": kernel, "klods": {"cells": _digest(notebook)}})
    return notebook


def _write(section: Section, path: Path) -> bool:
    """Write a section's notebook and return True, unless the reader has changed the one that is there."""
    notebook = notebook_of(section)
    if path.exists():
        digest = _unchanged(path)
        if digest is None:
            return False
        if digest == notebook.metadata.klods["cells"]:
            return True  # the same cells, and their outputs
    nbformat.write(notebook, path)
    return True


def _unchanged(path: Path) -> str | None:
    """Return the digest of a notebook as it was written; None if its cells have changed since, or can't be read."""
    try:
        notebook = nbformat.read(path, as_version=4)
        written = notebook.metadata["klods"]["cells"]
    except Exception:  # JSON, version and schema each have their own kinds of error; whatever it is, it is the reader's
        return None
    return written if written == _digest(notebook) else None


def _digest(notebook: Any) -> str:
    cells = "\0".join(f"{cell.cell_type}\0{cell.source}" for cell in notebook.cells)
    return hashlib.sha256(cells.encode()).hexdigest()
