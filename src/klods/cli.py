"""The command line: `klods mnist`, `klods explain`, `klods learn` and `klods run`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from klods import __version__
from klods.errors import KlodsError

FILE = click.Path(dir_okay=False, path_type=Path)


class Commands(click.Group):
    """The group of commands; klods's errors end them with a short message, Ctrl-C with status 130."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except KlodsError as error:
            mend = f"\nTo mend it: {error.mend}" if error.mend else ""
            raise click.ClickException(error.what + mend) from None
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(130)


def number(name: str, default: int, lowest: int, explanation: str, highest: int | None = None) -> Any:
    """Return an option that takes a whole number from `lowest` to `highest`."""
    kind = click.IntRange(lowest, highest)
    return click.option(name, type=kind, metavar="N", default=default, show_default=True, help=explanation)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="klods %(version)s")
def main() -> None:
    """Deep learning on NumPy, under the names of TensorFlow and Keras."""


@main.command()
@number("--epochs", 5, 1, "Passes over the 60,000 training images.")
@number("--batch-size", 128, 1, "Images per training step.")
@number("--hidden", 512, 1, "Units in the hidden layer.")
@click.option("--optimizer", metavar="NAME", default="rmsprop", show_default=True, help="sgd, rmsprop or adam, say.")
@number("--seed", 1, 0, "Start of the random numbers; the same seed, the same network.")
@click.option("--output", type=FILE, default="mnist.keras", show_default=True, help="Where to save the trained model.")
@click.option("--plot", type=FILE, help="Where to save a picture of the training curves and the misread digits.")
@number("--verbose", 1, 0, "Progress: 0 none, 1 a bar, 2 a line per epoch.", highest=2)
def mnist(output: Path, **options: Any) -> None:
    """Train a network to read handwritten digits.

    The digits are MNIST's, which come with klods. The network is then tested on images it has not seen, shows how it
    reads the first ten of them, and is saved.
    """
    from klods.app.mnist import Job, run

    if output.suffix != ".keras":
        raise click.BadParameter(f"'{output}' does not end in .keras.", param_hint="--output")
    run(Job(output=output, **options))


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@number("--batch-size", 128, 1, "Samples of the training step.")
@click.option("--kernel", type=click.IntRange(0), metavar="N", help="A kernel to show, by its number in the table.")
@click.option(
    "--show",
    type=click.Choice(["blocks", "naive", "ir", "optimised", "assembly", "compare"]),
    multiple=True,
    metavar="PART",
    help="What to show of it: blocks; naive, the loop in Python that it stands for (the default); ir or optimised, "
    "LLVM's code before or after optimisation; assembly, for this processor; or compare, the times of loop, NumPy and "
    "machine code. May be given several times.",
)
def explain(file: Path | None, batch_size: int, kernel: int | None, show: tuple[str, ...]) -> None:
    """Show what a training step does, kernel by kernel.

    FILE is a saved model (.keras). Without it, the step is that of the network that `klods mnist` trains: 784 inputs,
    512 relu units, 10 softmax outputs, RMSprop, on MNIST.
    """
    from klods.app.explain import explained, shown

    if show and kernel is None:
        raise click.UsageError("--show needs --kernel N, the number of a kernel.")
    plan = explained(file, batch_size)
    click.echo(plan if kernel is None else "\n\n".join(shown(plan, kernel, show or ("naive",))))


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default="klods-companion")
@click.option("--list", "listing", is_flag=True, help="List the sections and do nothing else.")
@click.option("--no-browser", is_flag=True, help="Start Jupyter without opening a browser; it prints its address.")
def learn(folder: Path, listing: bool, no_browser: bool) -> None:
    """Open the companion, a course in notebooks.

    Its notebooks are written to FOLDER (klods-companion by default) and opened in Jupyter. Those that you have changed
    stay as they are. Nothing is downloaded.
    """
    from klods.companion import sections
    from klods.extras import require

    if listing:
        return click.echo("\n".join(f"{section.name[:2]}  {section.title}" for section in sections()))
    require("learn", "The companion", "jupyterlab", "jupytext", "nbformat")
    from klods.app.learn import learn

    learn(folder, browser=not no_browser)


class RunCommand(click.Command):
    """A command whose options may follow the name of a notebook, while those after a script's name are the script's."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the command line apart."""
        ctx.allow_interspersed_args = any(arg.endswith(".ipynb") for arg in args if not arg.startswith("-"))
        return super().parse_args(ctx, args)


EXAMPLES = """\b
Examples:
  klods run train.py --epochs 3
  klods run chapter.ipynb --output executed.ipynb"""


@main.command(cls=RunCommand, epilog=EXAMPLES)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--output", type=FILE, help="Where to write the executed copy of a notebook.")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def run(file: Path, output: Path | None, args: tuple[str, ...]) -> None:
    """Run a TensorFlow script or notebook, unedited.

    FILE is a Python script (.py) or a Jupyter notebook (.ipynb). In it, `tensorflow`, `tensorflow.keras` and `keras`
    mean klods. ARGS go to the script. What a notebook's cells show is printed, unless --output is given.
    """
    if file.suffix == ".ipynb":
        _run_notebook(file, output, args)
    elif output is not None:
        raise click.BadParameter("only a notebook (.ipynb) has an executed copy.", param_hint="--output")
    else:
        from klods.app.script import run_script

        run_script(file, args)


def _run_notebook(file: Path, output: Path | None, args: tuple[str, ...]) -> None:
    from klods.extras import require

    if args:
        raise click.UsageError(f"A notebook takes no arguments; got {' '.join(args)}.")
    require("notebook", "Running a notebook", "nbformat", "nbclient", "ipykernel")
    from klods.app.notebook import run_notebook

    run_notebook(file, output)
