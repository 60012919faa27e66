"""The optimizers, and the schedules of their learning rates."""

from collections.abc import Mapping
from typing import Any

from klods.errors import DataError
from klods.keras.configuration import resolve, serialize
from klods.keras.optimizers import schedules
from klods.keras.optimizers.adadelta import Adadelta
from klods.keras.optimizers.adafactor import Adafactor
from klods.keras.optimizers.adagrad import Adagrad
from klods.keras.optimizers.adam import Adam
from klods.keras.optimizers.adamax import Adamax
from klods.keras.optimizers.adamw import AdamW
from klods.keras.optimizers.ftrl import Ftrl
from klods.keras.optimizers.lamb import Lamb
from klods.keras.optimizers.lion import Lion
from klods.keras.optimizers.loss_scale import LossScaleOptimizer
from klods.keras.optimizers.muon import Muon
from klods.keras.optimizers.nadam import Nadam
from klods.keras.optimizers.optimizer import Optimizer
from klods.keras.optimizers.rmsprop import RMSprop
from klods.keras.optimizers.schedule_free_adamw import ScheduleFreeAdamW
from klods.keras.optimizers.sgd import SGD
from klods.keras.registration import custom_object_scope
from klods.missing import reporter

CLASSES = (
    SGD,
    RMSprop,
    Adam,
    AdamW,
    Adadelta,
    Adafactor,
    Adagrad,
    Adamax,
    Ftrl,
    Lamb,
    Lion,
    LossScaleOptimizer,
    Muon,
    Nadam,
    ScheduleFreeAdamW,
)
KNOWN = {name: kind for kind in CLASSES for name in (kind.__name__, kind.__name__.lower())}


def get(identifier: Any) -> Any:
    """Return the optimizer of a name (in any case), configuration, class or object; None for None.

    Raises:
        NameUnknownError: for an unknown name.
        DataError: for what is no optimizer.
    """
    if identifier is None:
        return None
    name = identifier.lower() if isinstance(identifier, str) and identifier not in KNOWN else identifier
    found = resolve("optimizer", name, KNOWN)
    if not isinstance(found, Optimizer):
        raise DataError(f"{found!r} is no optimizer.", "give a name, such as 'adam', or an Optimizer.")
    return found


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the optimizer that a configuration describes, which may be one of your own.

    Raises:
        NameUnknownError: for a class that is neither klods's, registered, nor in `custom_objects`.
    """
    with custom_object_scope(custom_objects):
        return get(config)


__all__ = [*(kind.__name__ for kind in CLASSES), "Optimizer", "deserialize", "get", "schedules", "serialize"]
__getattr__ = reporter(__name__)
