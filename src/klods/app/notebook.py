"""Running a Jupyter notebook that was written for TensorFlow; needs the libraries of the extra `notebook`."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import click
import nbformat
from ipykernel.kernelspec import make_ipkernel_cmd
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat.warnings import MissingIDFieldWarning

from klods import errors
from klods.files import check_writable, write_whole


def run_notebook(path: Path, output: Path | None) -> None:
    """Execute a notebook's cells with `tensorflow` and `keras` meaning klods.

    Args:
        path: the notebook; its cells run in its folder.
        output: where to write the executed copy, up to the cell that failed if one does; None to print what the
            cells show instead.

    Raises:
        FileError: if the notebook can't be read or the copy can't be written.
        SystemExit: with status 1 when a cell fails, after showing why.
    """
    notebook = _read(path)
    if output is not None:
        check_writable(output)
    show = output is None
    client = (LiveClient if show and sys.stdout.isatty() else NotebookClient)(
        notebook,
        kernel_manager_class=KlodsKernelManager,
        resources={"metadata": {"path": str(path.resolve().parent)}},
        coalesce_streams=True,  # of a line that was redrawn, keep what stood there in the end
    )
    failure = _execute(client, show and not isinstance(client, LiveClient))
    if output is not None:
        write_whole(output, lambda file: file.write(nbformat.writes(notebook).encode()))
        print(f"Wrote the executed notebook to {output}.")
    if failure:
        sys.exit(failure)


class KlodsKernelManager(AsyncKernelManager):
    """Starts kernels of this very Python, in which TensorFlow's names mean klods."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """What to start, whichever kernel the notebook names: its own need not exist here, nor have klods."""
        arguments = ["--log-level=CRITICAL", "--IPKernelApp.exec_lines=import klods.as_tensorflow"]
        return KernelSpec(argv=make_ipkernel_cmd(extra_arguments=arguments), display_name="klods", language="python")


class LiveClient(NotebookClient):
    """Prints what the cells show as soon as they do, redrawn lines and all."""

    def output(self, outs: list[Any], msg: dict[str, Any], display_id: str | None, cell_index: int) -> Any:
        """Take in one output of a cell."""
        out = super().output(outs, msg, display_id, cell_index)
        if out is not None:
            _print(out)
        return out


def _print(out: Any) -> None:
    if out.output_type == "stream":
        click.echo(out.text, nl=False, err=out.name == "stderr")
    elif out.output_type != "error":
        click.echo(out.data.get("text/plain", ""))


def _read(path: Path) -> Any:
    """Read a notebook as leniently as Jupyter does: what is unusual, but has cells with sources, is run."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MissingIDFieldWarning)  # the cells get theirs when the copy is written
            notebook = nbformat.read(path, as_version=4)
        sources = [cell.source for cell in notebook.cells]
    except Exception as error:  # JSON, encoding, version and schema each have their own kinds of error
        reason = str(error).splitlines()[0][:200]
        raise errors.FileError(f"'{path}' is no Jupyter notebook: {reason}", "open and save it in Jupyter.") from None
    if not any(sources):
        raise errors.FileError(f"'{path}' is no Jupyter notebook: it has no cells with text.", "write some in Jupyter.")
    return notebook


def _execute(client: NotebookClient, show: bool) -> str:
    """Execute the cells in order; return what to say of the one that failed, or an empty string.

    Args:
        client: what executes them.
        show: whether to print what a cell has shown when it is done.
    """
    with client.setup_kernel():
        for index, cell in enumerate(client.nb.cells):
            failure = _failure(client, cell, index)
            for out in cell.get("outputs", []) if show else []:
                _print(out)
            if failure:
                return f"Cell {index + 1} {failure}"
    return ""


def _failure(client: NotebookClient, cell: Any, index: int) -> str:
    try:
        client.execute_cell(cell, index)
    except CellExecutionError as error:
        return f"failed.\n{_described(error, cell)}"
    except DeadKernelError:
        return "ended the kernel; it may have run out of memory."
    return ""


def _described(error: CellExecutionError, cell: Any) -> str:
    """Return klods's own errors as they are, and others with their traceback."""
    if hasattr(errors, error.ename):
        return f"{error.ename}: {error.evalue}"
    return click.unstyle("\n".join(line for out in cell.outputs for line in out.get("traceback", [])))
