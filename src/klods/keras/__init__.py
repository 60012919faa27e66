"""Keras's API on klods."""

from klods import __version__
from klods.keras import (
    activations,
    callbacks,
    config,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    models,
    optimizers,
    regularizers,
    utils,
)
from klods.keras.dtype_policies import DTypePolicy
from klods.keras.initializers import Initializer
from klods.keras.layers import Input, InputSpec, Layer
from klods.keras.losses import Loss
from klods.keras.metrics import Metric
from klods.keras.models import Model, Sequential
from klods.keras.optimizers import Optimizer
from klods.keras.regularizers import Regularizer
from klods.keras.symbolic import KerasTensor
from klods.keras.variable import Variable
from klods.missing import reporter

__all__ = [
    "DTypePolicy",
    "Initializer",
    "Input",
    "InputSpec",
    "KerasTensor",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Optimizer",
    "Regularizer",
    "Sequential",
    "Variable",
    "activations",
    "callbacks",
    "config",
    "constraints",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "optimizers",
    "regularizers",
    "utils",
    "version",
]


def version() -> str:
    """Return klods's version."""
    return __version__


LAZY = (
    "backend", "datasets", "dtype_policies", "export", "mixed_precision", "ops", "preprocessing", "random", "saving",
    "tree",
)  # fmt: skip
__getattr__ = reporter(__name__, lazy=LAZY)
