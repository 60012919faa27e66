"""The table of layers: each by every argument, as it is written, with the inputs that it takes."""

from __future__ import annotations

import numpy as np

RANDOM = np.random.default_rng(6)


def drawn(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype("float32")


ROWS, CUBE, FOUR = drawn(5, 4), drawn(5, 3, 4), drawn(2, 3, 4, 2)
NUMBERS = RANDOM.integers(0, 7, (5, 3)).astype("int32")
HOLES = np.where(RANDOM.random((5, 3, 1)) < 0.4, np.float32(0), CUBE)
TIED = np.array([[3.0, 4.0], [0.0, 2.0], [-1.0, -1.0]], np.float32)

ANYWHERE = [
    "Activation('tanh')", "Activation('softmax')", "ReLU()", "ReLU(max_value=1.0)", "ReLU(negative_slope=0.1)",
    "ReLU(0.8, 0.1, 0.2)", "ReLU(threshold=0.3)", "LeakyReLU()", "LeakyReLU(0.1)", "ELU()", "ELU(alpha=0.5)",
    "PReLU()", "PReLU(alpha_initializer='ones', alpha_regularizer='l2', alpha_constraint='non_neg')",
    "PReLU(shared_axes=[1])", "PReLU(shared_axes=1)", "Softmax()", "Softmax(axis=1)", "Softmax(axis=[-1])",
    "Flatten()", "Flatten(data_format='channels_first')", "Identity()", "Identity(name='mine')",
    "Reshape((-1,))", "Reshape((2, -1))", "Reshape((2, 2, -1))",
    "Dropout(0.3)", "Dropout(0.0)", "GaussianDropout(0.3)", "GaussianDropout(0.3, seed=1)", "GaussianNoise(0.5)",
    "GaussianNoise(0.5, seed=1)", "AlphaDropout(0.3)", "AlphaDropout(0.2, seed=1)",
    "ActivityRegularization(l1=0.1)", "ActivityRegularization(0.1, 0.2)", "Rescaling(0.1)", "Rescaling(2.0, offset=1)",
    "BatchNormalization()", "BatchNormalization(axis=1, momentum=0.9, epsilon=0.1)",
    "BatchNormalization(center=False)", "BatchNormalization(scale=False)",
    "BatchNormalization(beta_initializer='ones', gamma_initializer='zeros', moving_mean_initializer='ones', "
    "moving_variance_initializer='he_normal', beta_regularizer='l1', gamma_regularizer='l2', "
    "beta_constraint='non_neg', gamma_constraint='unit_norm')",
    "BatchNormalization(trainable=False)", "BatchNormalization(renorm=True)",
    "BatchNormalization(renorm=True, renorm_clipping={'rmax': 1.2, 'rmin': 0.9, 'dmax': 0.1}, renorm_momentum=0.8, "
    "scale=False)",
    "LayerNormalization()", "LayerNormalization(1, 0.1)", "LayerNormalization(center=False)",
    "LayerNormalization(scale=False)", "LayerNormalization(axis=(1,))",
    "LayerNormalization(beta_initializer='ones', gamma_initializer='zeros', beta_regularizer='l1', "
    "gamma_regularizer='l2', beta_constraint='non_neg', gamma_constraint='unit_norm')",
    "GroupNormalization(2)", "GroupNormalization(-1)", "GroupNormalization(1, center=False, epsilon=0.1)",
    "RMSNormalization()", "RMSNormalization(epsilon=0.1)", "UnitNormalization()", "UnitNormalization(axis=1)",
    "Normalization()", "Normalization(axis=None)", "Normalization(axis=1, invert=True)",
    "Normalization(axis=None, mean=0.5, variance=2.0)", "Normalization(mean=0.5, variance=2.0, invert=True)",
    "EinsumDense('...x,xy->...y', 3)", "EinsumDense('...x,xy->...y', output_shape=3, bias_axes='y')",
    "Discretization([-0.5, 0.0, 1.0])", "Discretization(bin_boundaries=[0.1], output_mode='one_hot')",
]  # fmt: skip

EVERYWHERE = [
    "Softmax()", "PReLU()", "Flatten()", "Reshape((2, -1))", "BatchNormalization()", "LayerNormalization()",
    "GroupNormalization(2)", "RMSNormalization()", "UnitNormalization()", "Normalization()",
    "EinsumDense('...x,xy->...y', 3, bias_axes='y')",
]  # fmt: skip

OF_ROWS = [
    "RepeatVector(3)", "EinsumDense('ab,bc->ac', 6, bias_axes='c', activation='tanh', kernel_regularizer='l2')",
    "EinsumDense('ab,cb->ac', 3, kernel_initializer='ones', bias_axes='c', bias_initializer='ones', "
    "bias_regularizer='l1', kernel_constraint='non_neg', bias_constraint='unit_norm', activity_regularizer='l2')",
    "EinsumDense('ab,bc->ac', 3, lora_rank=2)", "Permute((1,))",
    "Normalization(mean=[1.0, 2.0, 3.0, 4.0], variance=[1.0, 4.0, 9.0, 0.0])", "Rescaling([1.0, 2.0, 3.0, 4.0])",
]  # fmt: skip

OF_CUBES = [
    "GlobalAveragePooling1D()", "GlobalAveragePooling1D('channels_first', keepdims=True)",
    "GlobalAveragePooling1D(keepdims=True)", "GlobalMaxPooling1D()", "GlobalMaxPooling1D('channels_first')",
    "GlobalMaxPooling1D(keepdims=True)", "Permute((2, 1))", "Masking()",
    "SpatialDropout1D(0.3)", "SpatialDropout1D(0.3, seed=2, name='mine')",
    "Dropout(0.5, noise_shape=(None, 1, 4), seed=3)", "AlphaDropout(0.5, noise_shape=(None, 1, None))",
    "Softmax(axis=[1, 2])", "UnitNormalization(axis=[1, 2])", "Normalization(axis=(1, 2))",
    "Normalization(axis=(1, 2), mean=[1.0, 2.0, 3.0, 4.0], variance=[1.0, 4.0, 9.0, 1.0])",
    "RMSNormalization(axis=[-2, -1])", "LayerNormalization(axis=[2, 1])", "GroupNormalization(3, axis=1)",
    "TimeDistributed(layers.Dense(3))", "TimeDistributed(layers.Dense(3, activation='relu'), name='mine')",
    "TimeDistributed(layers.BatchNormalization())", "TimeDistributed(layers.BatchNormalization(momentum=0.7))",
    "EinsumDense('abc,cd->abd', (None, 6), bias_axes='d')", "EinsumDense('abc,cd->abd', (3, 6), bias_axes='bd')",
    "EinsumDense('abc,cde->abde', (None, 2, 6), bias_axes='de')", "EinsumDense('abc,bcd->ad', 6, bias_axes='d')",
    "EinsumDense('ab...,bc->ac...', 6, bias_axes='c')", "EinsumDense('abc,cde->abde', (None, 2, 6), lora_rank=2)",
]  # fmt: skip

OF_FOURS = [
    "Permute((3, 1, 2))", "Flatten()", "Flatten(data_format='channels_first')", "PReLU(shared_axes=[1, 2])",
    "BatchNormalization()", "LayerNormalization()", "GroupNormalization(2)", "Normalization()",
    "TimeDistributed(layers.Dense(3))", "EinsumDense('...x,xy->...y', 3, bias_axes='y')", "Softmax(axis=(1, 2))",
]  # fmt: skip

OF_NUMBERS = [
    "Embedding(7, 4)", "Embedding(7, 4, mask_zero=True, name='mine')",
    "Embedding(7, 4, embeddings_initializer='ones', embeddings_regularizer='l2', embeddings_constraint='max_norm')",
    "Embedding(7, 4, lora_rank=2)", "Embedding(7, 4, activity_regularizer='l1')", "Rescaling(1 / 255)", "Flatten()",
    "Normalization()", "BatchNormalization()",
    "CategoryEncoding(7)", "CategoryEncoding(num_tokens=9, output_mode='count')", "CategoryEncoding(7, 'one_hot')",
    "Discretization([1, 3.5])", "Discretization([1, 3.5], output_mode='count')",
    "Discretization([0.0, 2.0], output_mode='multi_hot', name='mine')",
]  # fmt: skip

OF_ALIKE = ["Add()", "Multiply()", "Average()", "Maximum()", "Minimum()", "Concatenate()", "Concatenate(axis=1)"]
BROADCASTING = ["Add()", "Multiply(name='mine')", "Average()", "Maximum()", "Minimum()"]

INPUTS = {
    "rows": (ROWS, [*OF_ROWS, *EVERYWHERE]),
    "cubes": (CUBE, ANYWHERE + OF_CUBES),
    "holes": (HOLES, ["Masking()", "Masking(mask_value=0.0)"]),
    "fours": (FOUR, OF_FOURS),
    "ties": (TIED, ["UnitNormalization()", "ReLU()"]),
    "numbers": (NUMBERS, OF_NUMBERS),
    "pairs": ([ROWS, drawn(5, 4)], [*OF_ALIKE, "Subtract()", "Dot(1)", "Dot(-1, normalize=True)"]),
    "threes": ([ROWS, drawn(5, 4), drawn(5, 4)], OF_ALIKE),
    "cube pairs": (
        [CUBE, drawn(5, 3, 4)],
        [*OF_ALIKE, "Subtract()", "Dot(2)", "Dot((1, 1))", "Dot((1, -2), normalize=True)", "Concatenate(-2)"],
    ),
    "ranks": ([CUBE, drawn(5, 4), drawn(5, 1, 4)], BROADCASTING),
    "sizes": ([drawn(5, 1, 4), drawn(5, 3, 1)], [*BROADCASTING, "Subtract()"]),
    "dots": ([drawn(5, 2, 4), drawn(5, 4)], ["Dot((2, 1))", "Dot(-1)"]),
    "vectors": ([drawn(5, 4), drawn(5, 4, 3)], ["Dot((1, 1))"]),
    "wide": ([drawn(5, 2, 4), drawn(5, 3, 4, 2)], ["Dot((2, 2))", "Dot((1, 3))"]),
    "joined": ([drawn(5, 2), drawn(5, 3)], ["Concatenate()", "Concatenate(axis=-1, name='mine')"]),
}
TABLE = [(row, x) for x, (_, rows) in INPUTS.items() for row in rows]
RANDOMLY = ("Dropout", "Noise")  # in the names of layers whose outputs in training are drawn
