"""Low-rank adaptation: a frozen weight plus the product of two thin trained ones (Hu et al. 2021, equation 3)."""

from __future__ import annotations

from typing import Any

from klods.ops.product import matmul
from klods.tensor import Variable


def add_lora(layer: Any, weight: Variable, rank: int, regularizer: Any) -> None:
    """Freeze a layer's weight, and give the layer the two thin ones beside it, named `lora_..._a` and `lora_..._b`."""
    *rest, width = weight.value.shape
    for part, shape, start in (("a", (*rest, rank), "he_uniform"), ("b", (rank, width), "zeros")):
        name = f"lora_{weight.name}_{part}"
        setattr(layer, name, layer.add_weight(shape, start, regularizer=regularizer, name=name))
    layer.freeze(weight)


def adapted(layer: Any, weight: Variable) -> Any:
    """Return a layer's weight, with the product of the thin ones added if there are any."""
    if layer.lora_rank is None:
        return weight
    a, b = (getattr(layer, f"lora_{weight.name}_{part}") for part in "ab")
    return weight + (layer.lora_alpha / layer.lora_rank) * matmul(a, b)
