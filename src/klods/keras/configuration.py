"""How Keras objects are named, described as plain data, and made again from it."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

import numpy as np

from klods.errors import DataError, NameUnknownError, unknown_name
from klods.keras.registration import get_registered_name, get_registered_object

Self = TypeVar("Self", bound="Configurable")

_names_given: Counter[str] = Counter()


class Configurable:
    """An object whose hyper-parameters are attributes with the names of its constructor's arguments."""

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {name: serialize(getattr(self, name)) for name in arguments(type(self)) if hasattr(self, name)}

    @classmethod
    def from_config(cls: type[Self], config: Mapping[str, Any]) -> Self:
        """Return an object made with these arguments; options that klods lacks are passed over where they are off.

        Raises:
            DataError: for an option that klods lacks and that is on.
        """
        known = arguments(cls)
        lacking = [name for name in config if name not in known and name not in OF_ALL_LAYERS]
        lacking = [name for name in lacking if config[name] not in (None, False)]
        if lacking:
            raise DataError(f"{cls.__name__} of klods has no option {', '.join(lacking)}.", "leave it out.")
        return cls(**{name: value for name, value in config.items() if name in known})


OF_ALL_LAYERS = ("name", "trainable", "dtype")  # which a class of one's own may do without


class FunctionWrapper(Configurable):
    """An object made around a function `fn`, whose further arguments it takes too and keeps in `_arguments`."""

    kind: ClassVar[str]  # what it is, for the error's text
    functions: ClassVar[dict[str, Callable[..., Any]]]  # those that configurations name

    fn: Callable[..., Any]
    _arguments: dict[str, Any]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        config = super().get_config()
        if "fn" not in config:
            return config
        return {**config, "fn": serialize(self.fn, by_name=False), **serialize(self._arguments)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """Return an object made with these arguments; its function may be given by name."""
        if "fn" not in config:
            return super().from_config(config)
        return cls(**{**config, "fn": resolve(f"function of a {cls.kind}", config["fn"], cls.functions)})


def arguments(cls: Any) -> tuple[str, ...]:
    """Return the names of a constructor's arguments, and of its bases' where it passes others on."""
    names: dict[str, None] = {}
    for base in cls.__mro__:
        if "__init__" not in vars(base) or base is object:
            continue
        parameters = list(inspect.signature(base.__init__).parameters.values())[1:]
        names.update((p.name, None) for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL))
        if all(p.kind is not p.VAR_KEYWORD for p in parameters):
            break
    return tuple(names)


# ------------------------------------------------------------ objects to plain data


def serialize(value: Any, by_name: bool = True) -> Any:
    """Return a value as plain data, as Keras 3 writes it: objects by class and arguments.

    Args:
        value: an object, or a structure of them.
        by_name: whether klods's own functions are given as their names, as Keras's objects give theirs.

    Raises:
        DataError: for what can't be described, such as a lambda.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        described = [serialize(item, by_name) for item in value]
        return tuple(described) if isinstance(value, tuple) else described
    if isinstance(value, Mapping):
        return {name: serialize(item, by_name) for name, item in value.items()}
    if inspect.isfunction(value):
        return _function(value, by_name)
    if hasattr(value, "get_config") and not inspect.isclass(value):
        return _object(value)
    return _special(value)


def _function(value: Callable[..., Any], by_name: bool) -> Any:
    if value.__name__ == "<lambda>":
        raise DataError("A lambda can't be described as data.", "write it with def, and register it.")
    is_own = value.__module__.startswith("klods.")
    name = value.__name__.rstrip("_") if is_own else get_registered_name(value)
    return name if is_own and by_name else function_config(name)


def function_config(name: str) -> dict[str, Any]:
    """Return a function of this name as Keras describes it."""
    return {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}


def _object(value: Any) -> dict[str, Any]:
    kind = type(value)
    own = kind.__module__.startswith("klods.")
    module = _module(kind) if own else kind.__module__
    described = {
        "module": None if module == "__main__" else module,
        "class_name": kind.__name__,
        "config": serialize(value.get_config()),
        "registered_name": None if own else get_registered_name(kind),
    }
    if own and hasattr(value, "described_as"):  # a class that is in none of Keras's public modules
        module, name = value.described_as
        described.update(module=module, class_name=name, registered_name=name)
    build_config = value.get_build_config() if hasattr(value, "get_build_config") else None
    return described if build_config is None else {**described, "build_config": serialize(build_config)}


def _special(value: Any) -> Any:
    """Return what Keras has words of its own for: arrays, tensors, symbolic tensors, slices, dots, bytes."""
    array = getattr(value, "numpy", None)
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return value.item()
    if isinstance(value, np.ndarray):
        return _named("__numpy__", value=value.tolist(), dtype=value.dtype.name)
    if array is not None:
        return _named("__tensor__", value=array().tolist(), dtype=array().dtype.name)
    if isinstance(value, slice):
        return _named("__slice__", start=value.start, stop=value.stop, step=value.step)
    if value is ...:
        return _named("__ellipsis__")
    if isinstance(value, bytes):
        return _named("__bytes__", value=value.decode())
    raise DataError(
        f"A {type(value).__name__} can't be described as data: {value!r:.60}.",
        "give its class get_config and register it, or have get_config return numbers and strings.",
    )


def _named(kind: str, **config: Any) -> dict[str, Any]:
    return {"class_name": kind, "config": config}


def _module(kind: type) -> str:
    """Return Keras's name for the module of a klods class.

    `klods.keras.layers.dense` is `keras.layers`, and `klods.keras.models.sequential` is `keras`.
    """
    path = kind.__module__.removeprefix("klods.")
    first, *rest = path.split(".")[:2]
    return KERAS_MODULES.get(path) or ".".join([first, *(name for name in rest if name != "models")])


# Modules that Keras calls otherwise than by the first two names of klods's.
KERAS_MODULES = {
    "keras.models.functional": "keras.src.models.functional",
    "keras.optimizers.schedules": "keras.optimizers.schedules",
}


# ------------------------------------------------------------ plain data to objects


def resolve(kind: str, identifier: Any, known: Mapping[str, Any]) -> Any:
    """Return the object that an identifier means.

    Args:
        kind: what it is, for the error's text.
        identifier: a name, a configuration as `serialize` gives it, a class, or an object, which is returned.
        known: functions and classes by all their names. Those registered, and those of a scope, are known as well.

    Raises:
        NameUnknownError: for an unknown name, with the nearest known one.
        DataError: for what is no such thing, a class that takes arguments, and a lambda from a file.
    """
    if isinstance(identifier, Mapping):
        return _made(kind, identifier, known)
    found = _of_name(kind, identifier, known) if isinstance(identifier, str) else identifier
    if inspect.isclass(found):
        return _made_without_arguments(kind, found)
    if not callable(found) and not isinstance(found, Configurable):
        raise DataError(f"{found!r} is no {kind}.", "give its name, a function or an object.")
    return found


def _made_without_arguments(kind: str, found: Any) -> Any:
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = inspect.signature(found).parameters.values()
    needed = [x.name for x in parameters if x.default is x.empty and x.kind in named]
    if needed:
        raise DataError(
            f"The {kind} {found.__name__} isn't made by its name alone: it takes {' and '.join(needed)}.",
            f"give an object: {found.__name__}({', '.join(f'{name}=...' for name in needed)}).",
        )
    return found()


def _made(kind: str, described: Mapping[str, Any], known: Mapping[str, Any]) -> Any:
    """Return the object that a configuration describes."""
    name, config = described.get("class_name"), described.get("config")
    if name == "__lambda__":
        raise DataError(
            f"The {kind} is a lambda, whose code stands in the file; klods runs no code of a file.",
            "write it with def, register it, and save the model anew.",
        )
    if name == "function" and isinstance(config, str):
        return _of_name(kind, config, known)
    if not isinstance(name, str) or not isinstance(config, (Mapping, type(None))):
        raise DataError(f"This describes no {kind}: {described!r:.60}.", "give class_name and config.")
    found = _class(kind, described, known)
    if not inspect.isclass(found):
        return found
    if not hasattr(found, "from_config"):
        raise DataError(f"{name} is no class of a {kind}: it has no from_config.", "derive it from Keras's base class.")
    return found.from_config(dict(config or {}))  # type: ignore[attr-defined]


def build_as_described(made: Any, described: Mapping[str, Any]) -> None:
    """Make the weights of a layer, unless it has them, for the shapes that its configuration tells."""
    if described.get("build_config") and not getattr(made, "built", True):
        made.build_from_config(described["build_config"])


def _class(kind: str, described: Mapping[str, Any], known: Mapping[str, Any]) -> Any:
    """Return the class of a configuration: one's own where it has a name registered, or else klods's."""
    name, registered = described["class_name"], described.get("registered_name")
    of_keras = str(described.get("module", "keras")).split(".")[0] in ("keras", "builtins", "klods")
    builtin = known.get(name) if of_keras else None
    if builtin is not None and not registered:
        return builtin
    ones_own = [get_registered_object(one) for one in (registered, name) if isinstance(one, str)]
    found = next((item for item in [*ones_own, builtin] if item is not None), None)
    if found is not None:
        return found
    error = unknown_name(kind, name, known)
    is_slip = of_keras and ("module" in described or "Did you mean" in error.what)
    raise error if is_slip else unregistered(kind, registered or name)


def _of_name(kind: str, name: str, known: Mapping[str, Any]) -> Any:
    found = get_registered_object(name, module_objects=known)
    if found is None and (">" in name or not known):
        raise unregistered(kind, name)
    if found is None:
        raise unknown_name(kind, name, known)
    return found


def unregistered(kind: str, name: Any) -> NameUnknownError:
    """Return the error for a class or function of somebody's own that nobody has registered."""
    package, _, own = f"{name}".rpartition(">")
    named = f"package={package!r}" if package else ""
    return NameUnknownError(
        f"The {kind} {name!r} is none of Keras's, and nothing is registered under this name.",
        f"put @keras.saving.register_keras_serializable({named}) before {own} and run that first, "
        f"or pass custom_objects={{{own!r}: {own}}}.",
    )


def dtype_policy(name: str) -> dict[str, Any]:
    """Return a dtype as Keras's layers describe theirs."""
    return {"module": "keras", "class_name": "DTypePolicy", "config": {"name": name}, "registered_name": None}


def by_name(*objects: Callable[..., Any], **aliases: Callable[..., Any]) -> dict[str, Any]:
    """Return functions and classes by their names, classes also by their snake-case name."""
    table = {item.__name__.rstrip("_"): item for item in objects}
    table.update({snake_case(item.__name__): item for item in objects if inspect.isclass(item)})
    return {**table, **aliases}


def snake_case(name: str) -> str:
    """Return `GlorotUniform` as `glorot_uniform`.

    Example:
        >>> snake_case("GlorotUniform"), snake_case("SGD")
        ('glorot_uniform', 'sgd')
    """
    apart = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", apart).lower()


def unique_name(prefix: str) -> str:
    """Return `dense` for the first layer of that class, then `dense_1`, `dense_2` ..."""
    count = _names_given[prefix]
    _names_given[prefix] += 1
    return f"{prefix}_{count}" if count else prefix


def forget_names() -> None:
    """Start the numbering of names anew."""
    _names_given.clear()
