"""The optimizers."""

from typing import Any

from klods.keras.configuration import resolve, serialize
from klods.keras.optimizers.adam import Adam
from klods.keras.optimizers.optimizer import Optimizer
from klods.keras.optimizers.rmsprop import RMSprop
from klods.keras.optimizers.sgd import SGD
from klods.missing import reporter

KNOWN = {name: kind for kind in (SGD, RMSprop, Adam) for name in (kind.__name__, kind.__name__.lower())}


def get(identifier: Any) -> Optimizer:
    """Return the optimizer of a name (in any case), configuration, class or object.

    Raises:
        NameUnknownError: for an unknown name.
    """
    name = identifier.lower() if isinstance(identifier, str) and identifier not in KNOWN else identifier
    return resolve("optimizer", name, KNOWN)


__all__ = ["SGD", "Adam", "Optimizer", "RMSprop", "get", "serialize"]
__getattr__ = reporter(__name__)
