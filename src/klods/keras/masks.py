"""Masks: which rows or steps of a tensor are data and which are padding, carried on the tensor from layer to layer."""

from __future__ import annotations

from typing import Any

from klods.tensor import Tensor


def mask_of(x: Any) -> Any:
    """Return the mask that layers gave a tensor: truths of its first axes, False where data are padding; or None.

    Of a list or dict of tensors it returns that of each; None if none has one.
    """
    if isinstance(x, (list, tuple)):
        masks = [mask_of(item) for item in x]
        return masks if any(mask is not None for mask in masks) else None
    if isinstance(x, dict):
        named = {key: mask_of(item) for key, item in x.items()}
        return named if any(mask is not None for mask in named.values()) else None
    return getattr(x, "_keras_mask", None)


def put_mask(x: Any, mask: Any) -> None:
    """Give a tensor a mask, or the tensors in a list or dict one each; one that has a mask keeps it, None is none."""
    if mask is None:
        return
    if isinstance(x, dict):
        for key, item in x.items():
            put_mask(item, mask[key] if isinstance(mask, dict) else mask)
    elif isinstance(x, (list, tuple)):
        for item, part in zip(x, mask if isinstance(mask, (list, tuple)) else [mask] * len(x)):
            put_mask(item, part)
    elif isinstance(x, Tensor) and mask_of(x) is None:
        x._keras_mask = mask
