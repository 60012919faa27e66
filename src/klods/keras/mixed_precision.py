"""Keras's `keras.mixed_precision`, of which klods has what sets one dtype for all layers."""

from klods.keras.dtype_policies import DTypePolicy, dtype_policy, set_dtype_policy
from klods.keras.optimizers import LossScaleOptimizer
from klods.missing import reporter

Policy, global_policy, set_global_policy = DTypePolicy, dtype_policy, set_dtype_policy

__all__ = [
    "DTypePolicy",
    "LossScaleOptimizer",
    "Policy",
    "dtype_policy",
    "global_policy",
    "set_dtype_policy",
    "set_global_policy",
]
__getattr__ = reporter(__name__)
