"""Keras's dtype policies. Those of klods are dtypes: a layer computes in the dtype that its weights have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from klods.dtypes import dtype_of
from klods.errors import DataError, NameUnknownError
from klods.keras import config
from klods.keras.configuration import dtype_policy as described
from klods.missing import reporter

_chosen: dict[str, str] = {}  # the name of the policy that was set; without one, the default floating dtype


class DTypePolicy:
    """The dtype of a layer's weights and of what it computes.

    Args:
        name: its name; that of `keras.config.dtype_policy()` by default.

    Raises:
        DataError: for a mixed policy: klods's layers have one dtype each.
        NameUnknownError: for an unknown dtype.

    Example:
        >>> DTypePolicy("float32").compute_dtype
        'float32'
    """

    def __init__(self, name: str | None = None) -> None:
        self.name = name_of(name)

    @property
    def compute_dtype(self) -> str:
        """The name of the dtype."""
        return self.name

    variable_dtype = compute_dtype

    def get_config(self) -> dict[str, Any]:
        """Return the name as plain data."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> DTypePolicy:
        """Return the policy that a configuration describes."""
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self.name}">'


def name_of(dtype: Any) -> str:
    """Return the name of the dtype that a dtype, a policy or its configuration means; that of new layers for None.

    Raises:
        DataError: for a mixed policy.
        NameUnknownError: for an unknown dtype.
    """
    if dtype is None:
        return _chosen.get("policy", config.floatx())
    if isinstance(dtype, DTypePolicy):
        return dtype.name
    name = dtype["config"]["name"] if isinstance(dtype, Mapping) else dtype
    if isinstance(name, str) and name.startswith("mixed_"):
        raise DataError(
            f"klods has no policy {name!r}: a layer computes in the dtype of its weights. Half precision is what "
            "graphics cards gain by, not processors.",
            "leave it out, or use 'float32'.",
        )
    return dtype_of(name).name


def dtype_policy() -> DTypePolicy:
    """Return the policy of new layers."""
    return DTypePolicy(None)


def set_dtype_policy(policy: Any) -> None:
    """Set the dtype of new layers, by a policy or its name.

    Raises:
        DataError: for a mixed policy.
        NameUnknownError: for what is no floating dtype.
    """
    name = name_of(policy)
    if not dtype_of(name).is_floating:
        raise NameUnknownError(f"There is no policy {name!r} for new layers.", "use a floating dtype: 'float32'.")
    _chosen["policy"] = name


def forget_dtype_policy() -> None:
    """Give new layers the default floating dtype again."""
    _chosen.clear()


def get(identifier: Any) -> DTypePolicy:
    """Return the policy of a name, a configuration or an object; that of new layers for None."""
    return DTypePolicy(name_of(identifier))


def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """Return a policy as plain data."""
    return described(dtype_policy.name)


def deserialize(config: Any, custom_objects: Any = None) -> DTypePolicy:
    """Return the policy that a configuration describes."""
    return get(config)


__all__ = ["DTypePolicy", "deserialize", "get", "serialize"]
__getattr__ = reporter(__name__)
