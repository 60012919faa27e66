"""`klods.nn` beyond activations and cross-entropies: values by NumPy, or as seen in TensorFlow 2.21."""

from __future__ import annotations

import numpy as np
import pytest
from composed import Case, checks_of

import klods
from klods.errors import DataError, DTypeError, ShapeError

nn = klods.nn
ROWS = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [5.0, 1.0]])
CUBE = np.random.default_rng(5).normal(size=(2, 3, 4))
ONCE_TWICE = np.array([[1.0], [0.0], [2.0], [0.0]])
IMAGES = np.arange(32.0).reshape(2, 4, 4, 1)


def neighbours(x, radius, bias, alpha, beta):
    """Return Krizhevsky's formula, number by number."""
    result = np.empty_like(x)
    for *place, i in np.ndindex(x.shape):
        near = x[(*place, slice(max(0, i - radius), i + radius + 1))]
        result[(*place, i)] = x[(*place, i)] / (bias + alpha * (near**2).sum()) ** beta
    return result


def entropy(y, x, w):
    p = 1 / (1 + np.exp(-x))
    return -w * y * np.log(p) - (1 - y) * np.log(1 - p)


CASES = {
    "moments": Case(lambda x: nn.moments(x, [0]), (ROWS,), (ROWS.mean(0), ROWS.var(0))),
    "moments along several axes": Case(
        lambda x: nn.moments(x, [0, -1], keepdims=True), (CUBE,),
        (CUBE.mean((0, 2), keepdims=True), CUBE.var((0, 2), keepdims=True))),
    "weighted_moments": Case(
        lambda x, w: nn.weighted_moments(x, [0], w), (ROWS, ONCE_TWICE), ([11 / 3, 14 / 3], [32 / 9, 32 / 9])),
    "sufficient_statistics": Case(
        lambda x: nn.sufficient_statistics(x, [0])[:3], (ROWS,), (4, [14, 13], [60, 57])),
    "statistics and back": Case(
        lambda x: nn.normalize_moments(*nn.sufficient_statistics(x, [0], shift=2.0)), (ROWS,),
        (ROWS.mean(0), ROWS.var(0))),
    "batch_normalization": Case(
        lambda x, m, v, b, g: nn.batch_normalization(x, m, v, b, g, 1e-3),
        (ROWS, *np.array([[1.0, 2.0], [4.0, 9.0], [0.5, 0.5], [2.0, 3.0]])),
        (ROWS - [1, 2]) / np.sqrt([4.001, 9.001]) * [2, 3] + 0.5),
    "batch_normalization alone": Case(
        lambda x, m, v: nn.batch_normalization(x, m, v, None, None, 1e-3), (ROWS, *np.array([[1.0, 2.0], [4.0, 9.0]])),
        (ROWS - [1, 2]) / np.sqrt([4.001, 9.001])),
    "bias_add": Case(nn.bias_add, (ROWS, np.array([1.0, 2.0])), ROWS + np.array([1, 2])),
    "bias_add of channels": Case(
        lambda x, b: nn.bias_add(x, b, data_format="NCHW"), (CUBE[..., None], np.array([1.0, 2.0, 3.0])),
        CUBE[..., None] + np.array([1, 2, 3]).reshape(1, 3, 1, 1)),
    "embedding_lookup": Case(nn.embedding_lookup, (ROWS, np.array([[0, 3], [1, 1]])), ROWS[[[0, 3], [1, 1]]]),
    "embedding_lookup of short ones": Case(
        lambda x, i: nn.embedding_lookup(x, i, max_norm=1.0), (ROWS, np.array([0, 1])),
        [[1 / 5**0.5, 2 / 5**0.5], [0.6, 0.8]]),
    "crelu": Case(nn.crelu, (np.array([[1.0, -2.0]]),), [[1, 0, 0, 2]]),
    "local_response_normalization": Case(
        lambda x: nn.local_response_normalization(x, 1, bias=1.5, alpha=0.3, beta=0.75), (CUBE,),
        neighbours(CUBE, 1, 1.5, 0.3, 0.75)),
    "lrn": Case(nn.lrn, (CUBE,), neighbours(CUBE, 5, 1.0, 1.0, 0.5)),
    "space_to_depth": Case(
        lambda x: nn.space_to_depth(x, 2)[0], (IMAGES,),
        [[[0, 1, 4, 5], [2, 3, 6, 7]], [[8, 9, 12, 13], [10, 11, 14, 15]]]),
    "depth_to_space": Case(
        lambda x: nn.depth_to_space(klods.reshape(x, (2, 2, 2, 4)), 2)[0, :, :, 0], (IMAGES,),
        [[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]]),
    "and back": Case(lambda x: nn.depth_to_space(nn.space_to_depth(x, 2), 2), (IMAGES,), IMAGES),
    "l2_loss": Case(nn.l2_loss, (ROWS,), 58.5),
    "weighted_cross_entropy_with_logits": Case(
        lambda y, x: nn.weighted_cross_entropy_with_logits(y, x, 1.5),
        (np.array([1.0, 0.5, 0.0]), np.array([1.5, -0.1, -3.0])),
        entropy(np.array([1.0, 0.5, 0.0]), np.array([1.5, -0.1, -3.0]), 1.5)),
    "log_poisson_loss": Case(
        nn.log_poisson_loss, (np.array([1.0, 0.5]), np.array([1.5, -0.1])), [2.9816890, 0.9548374]),
    "log_poisson_loss in full": Case(
        lambda z, c: nn.log_poisson_loss(z, c, compute_full_loss=True), (np.array([5.0, 0.5]), np.array([1.5, -0.1])),
        [1.7525363, 0.9548374]),
    "compute_average_loss": Case(nn.compute_average_loss, (np.array([1.0, 2.0, 3.0]),), 2),
    "compute_average_loss of a part": Case(
        lambda x, w: nn.compute_average_loss(x, sample_weight=w, global_batch_size=2),
        (np.array([1.0, 2, 3]), np.array([1.0, 0, 1])), 2),
    "scale_regularization_loss": Case(nn.scale_regularization_loss, (np.array([1.0, 2.0]),), 3),
    "zero_fraction": Case(nn.zero_fraction, (np.array([0.0, 1.0]),), 0.5, slopes=False),
}  # fmt: skip


test_values, test_same_compiled, test_gradients_are_slopes = checks_of(CASES)


def test_far_out_nothing_overflows():
    far = nn.weighted_cross_entropy_with_logits([1.0, 0.0], [-1000.0, 1000.0], 2.0)
    assert far.numpy().tolist() == [2000, 1000]


def test_dropout_leaves_a_share_and_keeps_the_mean():
    klods.random.set_seed(1)
    dropped = nn.dropout(klods.ones((100, 100)), 0.25)
    values = dropped.numpy()
    np.testing.assert_allclose(np.unique(values), [0, 1 / 0.75], rtol=1e-6)
    assert (values == 0).mean() == pytest.approx(0.25, abs=0.02)
    rows = nn.dropout(klods.ones((100, 4)), rate=0.5, noise_shape=[-1, 1]).numpy()
    assert {tuple(row) for row in rows} == {(0,) * 4, (2,) * 4}
    klods.random.set_seed(1)
    np.testing.assert_array_equal(nn.dropout(klods.ones((100, 100)), 0.25), values)
    assert nn.dropout(klods.ones(3), 0).numpy().tolist() == [1, 1, 1]


def test_dropout_compiled_draws_anew_and_has_the_gradient_of_its_choice():
    @klods.function
    def dropped(x):
        with klods.GradientTape() as tape:
            tape.watch(x)
            y = nn.dropout(x, 0.5)
        return y, tape.gradient(y, x)

    (first, slope), (second, _) = dropped(klods.ones(50)), dropped(klods.ones(50))
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(slope, first)


BAD = [
    (lambda: nn.bias_add(ROWS, [1.0, 2.0, 3.0]), ShapeError, r"a bias of shape \(3,\) for \(4, 2\)"),
    (lambda: nn.dropout([1.0], 1.0), DataError, "the rate is 1.0"),
    (lambda: nn.dropout([1], 0.5), DTypeError, "got int32"),
    (lambda: nn.space_to_depth(IMAGES, 3), ShapeError, "blocks of 3 don't divide 4 by 4"),
    (lambda: nn.depth_to_space(IMAGES, 2), ShapeError, "1 channels for blocks of 4"),
    (lambda: nn.space_to_depth(IMAGES[0], 2), ShapeError, "takes images"),
    (lambda: nn.space_to_depth(IMAGES, 2, "NCHW"), DataError, "'NCHW'"),
    (lambda: nn.weighted_cross_entropy_with_logits([1.0], [[1.0]], 2), ShapeError, "reshape one like the other"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "text"), BAD, ids=[text for *_, text in BAD])
def test_bad_arguments(call, kind, text):
    with pytest.raises(kind, match=text):
        call()


def test_names_that_are_not_there_are_told():
    for module, name in ((klods.nn, "ctc_beam_search_decoder"), (klods.math, "sobol_sample"), (klods.linalg, "expm")):
        with pytest.raises(AttributeError, match=rf"klods does not have {module.__name__}\.{name}"):
            getattr(module, name)
