"""`klods.show.graph`: a computation as a graph, with every value, every gradient and every local derivative."""

from __future__ import annotations

from typing import Any

from klods.errors import DataError, user_frame
from klods.keras.models.trainer import Trainer
from klods.pictures.flow import draw
from klods.show.computation.flows import drawn, text
from klods.show.computation.recording import Recording, of_function, of_model, of_tape
from klods.show.computation.seen import seen
from klods.show.computation.walk import walk
from klods.show.picture import Picture, Slides
from klods.tape import GradientTape


def graph(
    computation: Any,
    *arguments: Any,
    target: Any = None,
    sources: Any = None,
    fold: bool | None = None,
    steps: bool = False,
) -> Picture | Slides:
    """Draw a computation: each value with its shape and gradient, each arrow with its local derivative.

    Values flow down, gradients up. On an arrow stands the derivative of what it leads to with respect to what it
    comes from, so that the chain rule can be read off: multiply along each path from the result up to a value, add
    the paths, and get the value's gradient. What is no single number is said in words, such as `G · Wᵀ`.

    Something that klods can't compute, such as a product of shapes that don't fit, raises no error here: the picture
    shows what was computed before, and in red the operation or layer that failed, what it got, and the error's text.

    Args:
        computation: a function of tensors, which is run; a `GradientTape`, before its gradient is taken; or a model
            that is built, which stays as it is.
        arguments: of the function: tensors, variables, arrays and floating numbers have gradients; of a model a batch,
            `x`, or, of a compiled one, `x, y` or `x, y, sample_weight`, which shows the loss too, as in training.
        target: of a tape: the tensor whose gradient is asked for.
        sources: of a tape: what the gradient is taken with respect to; all that the tape watches by default.
        fold: whether to draw each layer as one box, and long stretches of other operations too. By default large
            graphs are folded, and say so.
        steps: whether to return slides, a value at a time: forward, then backward.

    Returns:
        A Picture; Slides if `steps`. The gradient of several results, or of one that is no single number, is that of
        their sum, as with `GradientTape.gradient`.

    Raises:
        DataError: for what is neither function, tape nor model, or a function that returns no tensor.
        StateError: for a model that isn't built, or a tape that has given its gradient.

    Example:
        >>> import klods
        >>> def neuron(x, w, b):
        ...     z = w * x + b
        ...     return klods.nn.sigmoid(z)
        >>> picture = klods.show.graph(neuron, 2.0, 0.5, -1.0)
        >>> print(picture)
        neuron(x, w, b): 3 operations give sigmoid = 0.5.
        <BLANKLINE>
        name     is            shape  value  gradient
        x        given         ()     2      0.125
        w        given         ()     0.5    0.5
        b        given         ()     -1     0.25
        product  w * x         ()     1      0.25
        z        product + b   ()     0      0.25
        sigmoid  sigmoid(z)    ()     0.5    1
        <BLANKLINE>
        local derivatives
        d product / d w = 2
        d product / d x = 0.5
        d z / d product = 1
        d z / d b = 1
        d sigmoid / d z = 0.25
        <BLANKLINE>
        Values flow down, gradients up. On an arrow: the derivative of its end with respect to its start.
        Multiply along a path from the result up, add over the paths: that is the gradient.
    """
    shown = seen(_recorded(computation, arguments, target, sources), fold)
    return walk(shown) if steps else Picture(draw(drawn(shown)), text(shown))


def _recorded(computation: Any, arguments: Any, target: Any, sources: Any) -> Recording:
    if isinstance(computation, GradientTape):
        return of_tape(computation, target, sources, user_frame())
    if isinstance(computation, Trainer):
        return of_model(computation, arguments)
    if not callable(computation):
        raise DataError(
            f"graph takes a function, a GradientTape or a model; got a {type(computation).__name__}.",
            "for a tensor, give the tape that watched: klods.show.graph(tape, target=y).",
        )
    return of_function(computation, arguments)
