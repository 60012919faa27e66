"""The layers."""

from collections import ChainMap
from collections.abc import Mapping
from typing import Any

from klods.keras import activations
from klods.keras.configuration import by_name, resolve, serialize
from klods.keras.layers.activation import ELU, Activation, LeakyReLU, PReLU, ReLU, Softmax
from klods.keras.layers.batch_normalization import BatchNormalization
from klods.keras.layers.dense import Dense
from klods.keras.layers.einsum import EinsumDense
from klods.keras.layers.embedding import Embedding
from klods.keras.layers.encoding import CategoryEncoding, Discretization
from klods.keras.layers.hashing import HashedCrossing, Hashing
from klods.keras.layers.layer import Layer
from klods.keras.layers.lookup import IntegerLookup, StringLookup
from klods.keras.layers.merging import (
    Add,
    Average,
    Concatenate,
    Dot,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    dot,
    maximum,
    minimum,
    multiply,
    subtract,
)
from klods.keras.layers.normalization import GroupNormalization, LayerNormalization, RMSNormalization, UnitNormalization
from klods.keras.layers.pooling import (
    GlobalAveragePooling1D,
    GlobalAvgPool1D,
    GlobalMaxPool1D,
    GlobalMaxPooling1D,
)
from klods.keras.layers.preprocessing import Normalization, Rescaling
from klods.keras.layers.regularization import (
    ActivityRegularization,
    AlphaDropout,
    Dropout,
    GaussianDropout,
    GaussianNoise,
    SpatialDropout1D,
)
from klods.keras.layers.reshaping import Flatten, Identity, Masking, Permute, RepeatVector, Reshape
from klods.keras.layers.simple import Input, InputLayer
from klods.keras.layers.spec import InputSpec
from klods.keras.layers.text import TextVectorization
from klods.keras.layers.wrappers import Lambda, TimeDistributed
from klods.keras.registration import custom_object_scope
from klods.missing import reporter

KNOWN = by_name(
    Activation, ActivityRegularization, Add, AlphaDropout, Average, BatchNormalization, CategoryEncoding,
    Concatenate, Dense, Discretization, Dot, Dropout, ELU, EinsumDense, Embedding, Flatten, GaussianDropout,
    GaussianNoise, GlobalAveragePooling1D, GlobalMaxPooling1D, GroupNormalization, HashedCrossing, Hashing,
    Identity, InputLayer, IntegerLookup, Lambda, LayerNormalization, LeakyReLU, Masking, Maximum, Minimum, Multiply,
    Normalization, PReLU, Permute, RMSNormalization, ReLU, RepeatVector, Rescaling, Reshape, Softmax,
    SpatialDropout1D, StringLookup, Subtract, TextVectorization, TimeDistributed, UnitNormalization,
)  # fmt: skip
activations.LAYERS.update(KNOWN)

MODELS: dict[str, Any] = {}  # which are layers too; entered by `klods.keras.models`, which stands on this room
WITH_MODELS = ChainMap(KNOWN, MODELS)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Layer:
    """Return the layer or model that a configuration describes, with new weights.

    Args:
        config: the configuration.
        custom_objects: classes of one's own by name, beyond those registered.

    Raises:
        NameUnknownError: for a layer that is neither klods's nor registered.
    """
    with custom_object_scope(custom_objects):
        return resolve("layer", config, WITH_MODELS)


__all__ = [
    "ELU", "Activation", "ActivityRegularization", "Add", "AlphaDropout", "Average", "BatchNormalization",
    "CategoryEncoding", "Concatenate", "Dense", "Discretization", "Dot", "Dropout", "EinsumDense", "Embedding",
    "Flatten", "GaussianDropout", "GaussianNoise", "GlobalAveragePooling1D", "GlobalAvgPool1D", "GlobalMaxPool1D",
    "GlobalMaxPooling1D", "GroupNormalization", "HashedCrossing", "Hashing", "Identity", "Input", "InputLayer",
    "InputSpec", "IntegerLookup", "Lambda", "Layer", "LayerNormalization", "LeakyReLU", "Masking", "Maximum",
    "Minimum", "Multiply", "Normalization", "PReLU", "Permute", "RMSNormalization", "ReLU", "RepeatVector",
    "Rescaling", "Reshape", "Softmax", "SpatialDropout1D", "StringLookup", "Subtract", "TextVectorization",
    "TimeDistributed", "UnitNormalization", "add", "average", "concatenate", "deserialize", "dot", "maximum",
    "minimum", "multiply", "serialize", "subtract",
]  # fmt: skip
__getattr__ = reporter(__name__)
