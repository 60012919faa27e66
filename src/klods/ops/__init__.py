"""The table of blocks, one record per operation; importing this room fills it and binds the tensors' operators."""

from klods.ops import (
    activation,
    arithmetic,
    comparison,
    effects,
    movement,
    operators,
    picking,
    product,
    reduction,
)
from klods.ops.block import BLOCKS

__all__ = [
    "BLOCKS",
    "activation",
    "arithmetic",
    "comparison",
    "effects",
    "movement",
    "operators",
    "picking",
    "product",
    "reduction",
]
