"""The functions of `klods`, `klods.math` and `klods.linalg`: values by NumPy or by hand, TensorFlow's parameters."""

from __future__ import annotations

import inspect
import math

import numpy as np
import pytest

import klods

MATRIX = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]], np.float32)
CUBE = np.arange(24, dtype=np.float32).reshape(2, 3, 4)

VALUES = [
    (klods.zeros((2, 1)), [[0], [0]]),
    (klods.ones([2], dtype="int32"), [1, 1]),
    (klods.zeros(klods.constant([1, 2])), [[0, 0]]),
    (klods.zeros(3), [0, 0, 0]),
    (klods.zeros_like(input=[1, 2]), [0, 0]),
    (klods.ones_like(MATRIX, dtype="int8"), np.ones((2, 3))),
    (klods.fill(dims=(2, 2), value=7), [[7, 7], [7, 7]]),
    (klods.eye(2, 3), [[1, 0, 0], [0, 1, 0]]),
    (klods.eye(num_rows=1, batch_shape=[2]), [[[1]], [[1]]]),
    (klods.range(3), [0, 1, 2]),
    (klods.range(1, 8, 3), [1, 4, 7]),
    (klods.range(start=3, limit=0, delta=-1), [3, 2, 1]),
    (klods.range(0.5, 2), [0.5, 1.5]),
    (klods.linspace(0, 1, 5), [0, 0.25, 0.5, 0.75, 1]),
    (klods.one_hot([0, 2, 5, -1], depth=3), [[1, 0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]]),
    (klods.one_hot([0, 2], 3, axis=0), [[1, 0], [0, 0], [0, 1]]),
    (klods.one_hot(1, 2, on_value=5, off_value=-1), [-1, 5]),
    (klods.shape(input=CUBE), [2, 3, 4]),
    (klods.rank(CUBE), 3),
    (klods.size(CUBE), 24),
    (klods.reshape(tensor=MATRIX, shape=[3, -1]), MATRIX.reshape(3, 2)),
    (klods.transpose(a=CUBE, perm=[2, 0, 1]), CUBE.transpose(2, 0, 1)),
    (klods.expand_dims(input=MATRIX, axis=-1), MATRIX[..., None]),
    (klods.expand_dims(MATRIX, 1), MATRIX[:, None]),
    (klods.squeeze(input=[[[1.0], [2.0]]]), [1, 2]),
    (klods.squeeze([[[1.0], [2.0]]], axis=[0]), [[1], [2]]),
    (klods.concat(values=[MATRIX, MATRIX], axis=-1), np.concatenate([MATRIX, MATRIX], -1)),
    (klods.concat([[1], [2.5]], 0), [1, 2.5]),
    (klods.stack([MATRIX, MATRIX], axis=1), np.stack([MATRIX, MATRIX], 1)),
    (klods.stack([1, 2.5]), [1, 2.5]),
    (klods.tile(input=[[1, 2]], multiples=[2, 3]), np.tile([[1, 2]], (2, 3))),
    (klods.repeat([[1, 2], [3, 4]], 2, axis=0), [[1, 2], [1, 2], [3, 4], [3, 4]]),
    (klods.repeat([1, 2], repeats=[3, 0]), [1, 1, 1]),
    (klods.reverse(MATRIX, [1]), MATRIX[:, ::-1]),
    (klods.pad(MATRIX, paddings=[[1, 0], [0, 1]], constant_values=9), [[9] * 4, [1, -2, 3, 9], [4, 5, -6, 9]]),
    (klods.pad(MATRIX, [[1, 0], [2, 1]], "REFLECT"), np.pad(MATRIX, ((1, 0), (2, 1)), "reflect")),
    (klods.pad(MATRIX, [[1, 0], [2, 1]], "SYMMETRIC"), np.pad(MATRIX, ((1, 0), (2, 1)), "symmetric")),
    (klods.broadcast_to([1, 2], (2, 2)), [[1, 2], [1, 2]]),
    (klods.gather(params=MATRIX, indices=[2, 0], axis=1), MATRIX[:, [2, 0]]),
    (klods.gather(klods.constant(MATRIX, "float32"), 1), MATRIX[1]),
    (klods.boolean_mask(MATRIX, MATRIX > 0), MATRIX[MATRIX > 0]),
    (klods.boolean_mask(MATRIX, [True, False, True], axis=1), MATRIX[:, [0, 2]]),
    (klods.where(MATRIX > 0, MATRIX, 0), np.maximum(MATRIX, 0)),
    (klods.where(MATRIX > 3), [[1, 0], [1, 1]]),
    (klods.sort(MATRIX), np.sort(MATRIX)),
    (klods.sort(MATRIX, axis=0, direction="DESCENDING"), -np.sort(-MATRIX, 0)),
    (klods.argsort(MATRIX, axis=0), np.argsort(MATRIX, 0)),
    (klods.cast(x=[1.7, -1.7], dtype=klods.int32), [1, -1]),
    (klods.linalg.global_norm([[3.0], None, [0.0, 4.0]]), 5),
    (klods.linalg.global_norm([None]), 0),
    (klods.clip_by_norm([3.0, 4.0], 2.5), [1.5, 2]),
    (klods.clip_by_norm([3.0, 4.0], 6), [3, 4]),
    (klods.clip_by_norm([[3.0, 4.0], [0.3, 0.4]], 1.0, axes=[1]), [[0.6, 0.8], [0.3, 0.4]]),
    (klods.clip_by_global_norm([[3.0], [4.0]], 2.5)[0][1], [2]),
    (klods.clip_by_global_norm([[3.0], [4.0]], 6.0)[0][0], [3]),
    (klods.clip_by_global_norm([[3.0], [4.0]], 2.5, use_norm=10.0)[0][1], [1]),
    (klods.clip_by_global_norm([[3.0], [math.inf]], 2.5)[0][0], [math.nan]),
    (klods.clip_by_global_norm([[3.0], None, [4.0]], 1.0)[1], 5),
    (klods.clip_by_value(MATRIX, clip_value_min=-1, clip_value_max=2), np.clip(MATRIX, -1, 2)),
    (klods.maximum(x=MATRIX, y=1), np.maximum(MATRIX, 1)),
    (klods.argmax(MATRIX), [1, 1, 0]),
    (klods.argmax(MATRIX, axis=None), [1, 1, 0]),
    (klods.argmin(input=MATRIX, axis=1, output_type=klods.int32), [1, 2]),
    (klods.reduce_sum(input_tensor=MATRIX, axis=[0, 1], keepdims=True), [[5]]),
    (klods.reduce_mean([1, 2]), 1.5),
    (klods.reduce_all([[True, False], [True, True]], 1), [False, True]),
    (klods.reduce_any([[False, False], [False, True]], axis=1), [False, True]),
    (klods.reduce_logsumexp([1000.0, 1000.0]), 1000 + np.log(2)),
    (klods.reduce_logsumexp([[-np.inf, -np.inf]], axis=1, keepdims=True), [[-np.inf]]),
    (klods.cumsum([1, 2, 3]), [1, 3, 6]),
    (klods.cumsum([1, 2, 3], exclusive=True, reverse=True), [5, 3, 0]),
    (klods.math.cumprod([1, 2, 3, 4]), [1, 2, 6, 24]),
    (klods.math.cumprod([1, 2, 3], exclusive=True, reverse=True), [6, 3, 1]),
    (klods.math.reduce_variance(MATRIX, axis=0), MATRIX.var(0)),
    (klods.math.reduce_std(MATRIX), MATRIX.std()),
    (klods.math.count_nonzero([0, 3, 0, 1]), 2),
    (klods.math.top_k([1.0, 5.0, 5.0], k=2).indices, [1, 2]),
    (klods.math.top_k(MATRIX, 2).values, [[3, 1], [5, 4]]),
    (klods.math.in_top_k(targets=[0, 2], predictions=MATRIX, k=1), [False, False]),
    (klods.math.in_top_k([2, 1], MATRIX, 1), [True, True]),
    (klods.math.log_sigmoid([0.0, -1000.0]), [-np.log(2), -1000]),
    (klods.math.l2_normalize([3.0, 4.0]), [0.6, 0.8]),
    (klods.math.squared_difference([1.0, 2.0], [3.0, 5.0]), [4, 9]),
    (klods.math.divide_no_nan([1.0, 4.0], [0.0, 2.0]), [0, 2]),
    (klods.math.floordiv(-7, 2), -4),
    (klods.math.is_nan([np.nan, 1.0]), [True, False]),
    (klods.add_n([MATRIX, MATRIX, MATRIX]), 3 * MATRIX),
    (klods.round([0.5, 1.5, 2.5]), [0, 2, 2]),
    (klods.matmul(MATRIX, MATRIX, transpose_b=True), MATRIX @ MATRIX.T),
    (klods.tensordot(CUBE, CUBE, axes=[[1, 2], [1, 2]]), np.tensordot(CUBE, CUBE, ([1, 2], [1, 2]))),
    (klods.tensordot(MATRIX, CUBE[0], 1), MATRIX @ CUBE[0]),
    (klods.tensordot([1.0, 2.0], [3.0], axes=0), [[3], [6]]),
    (klods.einsum("ij,jk", MATRIX, CUBE[0]), MATRIX @ CUBE[0]),
    (klods.einsum("...ij->...ji", CUBE), CUBE.swapaxes(1, 2)),
    (klods.einsum("b...,b...->...", MATRIX, MATRIX), (MATRIX * MATRIX).sum(0)),
    (klods.linalg.trace([[1.0, 2.0], [3.0, 4.0]]), 5),
    (klods.linalg.matrix_transpose(CUBE), CUBE.swapaxes(1, 2)),
    (klods.linalg.matvec(MATRIX, [1.0, 0.0, 2.0]), MATRIX @ [1, 0, 2]),
    (klods.norm([[3.0, 4.0], [6.0, 8.0]], axis=1), [5, 10]),
    (klods.norm(MATRIX, ord=1, axis=0), np.abs(MATRIX).sum(0)),
    (klods.norm(MATRIX, ord=np.inf), 6),
    (klods.norm([1.0, 2.0], ord=3), 9 ** (1 / 3)),
    (klods.bitwise.bitwise_and([5, 6], 4), [4, 4]),
    (klods.bitwise.bitwise_xor([5, 6], 3), [6, 5]),
    (klods.bitwise.bitwise_or([5, 6], 3), [7, 7]),
    (klods.bitwise.invert([5, 6]), [-6, -7]),
]  # fmt: skip


@pytest.mark.parametrize(("result", "expected"), VALUES, ids=range(len(VALUES)))
def test_values(result, expected):
    assert result.shape == np.shape(expected)
    np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (klods.split(value=CUBE, num_or_size_splits=2, axis=-1), np.split(CUBE, 2, -1)),
        (klods.split([1, 2, 3, 4], [1, -1]), [[1], [2, 3, 4]]),
        (klods.split([1, 2, 3], klods.constant([2, 1])), [[1, 2], [3]]),
        (klods.unstack(MATRIX), list(MATRIX)),
        (klods.unstack(MATRIX, axis=1), list(MATRIX.T)),
    ],
)
def test_parts(parts, expected):
    assert isinstance(parts, list)
    for part, wanted in zip(parts, expected):
        np.testing.assert_array_equal(part, wanted)
    assert len(parts) == len(expected)


def test_initializers_by_their_older_names():
    assert klods.zeros_initializer()((2,)).numpy().tolist() == [0, 0]
    assert klods.ones_initializer()((2,)).numpy().tolist() == [1, 1]
    assert klods.constant_initializer(3.0)((2,)).numpy().tolist() == [3, 3]
    assert klods.random_uniform_initializer(1.0, 2.0)((2,)).numpy().min() >= 1
    assert klods.random_normal_initializer(stddev=0.0)((2,)).numpy().tolist() == [0, 0]
    assert (klods.double, klods.half) == (klods.float64, klods.float16)


def test_dtypes_of_what_is_made():
    assert (klods.range(3).dtype, klods.range(3.0).dtype, klods.range(1, dtype="int64").dtype) == (
        "int32", "float32", "int64")  # fmt: skip
    assert klods.range(klods.constant(3, "int64")).dtype == "int64"
    assert (klods.one_hot([1], 2).dtype, klods.one_hot([1], 2, on_value=5, off_value=0).dtype) == ("float32", "int32")
    assert (klods.eye(2).dtype, klods.linspace(0, 1, 2).dtype, klods.fill((1,), 2).dtype) == (
        "float32", "float32", "int32")  # fmt: skip
    assert (klods.argmax([1]).dtype, klods.where([True]).dtype, klods.shape([1]).dtype) == ("int64", "int64", "int32")
    assert (klods.round([1]).dtype, klods.round([1.0]).dtype) == ("int32", "float32")
    assert (klods.reduce_sum([True]).dtype, klods.math.top_k([1.0], 1).indices.dtype) == ("int32", "int32")


# tf.<name>'s parameters, from TensorFlow 2.21, as far as klods takes them; every one also takes `name`.
PARAMETERS = """
abs x|add x y|argmax input axis output_type|argsort values axis direction stable|boolean_mask tensor mask axis
broadcast_to input shape|cast x dtype|clip_by_value t clip_value_min clip_value_max|concat values axis|cos x
constant value dtype shape|convert_to_tensor value dtype|cumsum x axis exclusive reverse|divide x y|equal x y|exp x
expand_dims input axis|eye num_rows num_columns batch_shape dtype|fill dims value|gather params indices axis
greater x y|identity input|less x y|linspace start stop num axis|logical_and x y|logical_not x|logical_or x y
matmul a b transpose_a transpose_b|maximum x y|minimum x y|multiply x y|norm tensor ord axis keepdims
one_hot indices depth on_value off_value axis dtype|ones shape dtype|ones_like input dtype
pad tensor paddings mode constant_values|pow x y|rank input|reduce_all input_tensor axis keepdims
reduce_max input_tensor axis keepdims|reduce_mean input_tensor axis keepdims|reduce_sum input_tensor axis keepdims
repeat input repeats axis|reshape tensor shape|reverse tensor axis|round x|shape input out_type|sigmoid x|sign x
size input out_type|sort values axis direction|split value num_or_size_splits axis|sqrt x|square x
squeeze input axis|stack values axis|stop_gradient input|subtract x y|tanh x|tensordot a b axes|tile input multiples
transpose a perm|unstack value num axis|where condition x y|zeros shape dtype|zeros_like input dtype
nn.elu features|nn.gelu features approximate|nn.leaky_relu features alpha|nn.log_softmax logits axis|nn.relu features
nn.relu6 features|nn.selu features|nn.sigmoid_cross_entropy_with_logits labels logits|nn.silu features beta
nn.softmax logits axis|nn.softmax_cross_entropy_with_logits labels logits axis|nn.softplus features
nn.sparse_softmax_cross_entropy_with_logits labels logits|nn.swish features beta|math.is_nan x|math.log x
math.top_k input k sorted|math.in_top_k targets predictions k|math.reduce_std input_tensor axis keepdims
random.normal shape mean stddev dtype seed|random.shuffle value seed
random.truncated_normal shape mean stddev dtype seed
random.uniform shape minval maxval dtype seed|linalg.trace x|debugging.assert_equal x y message
debugging.assert_near x y rtol atol message|debugging.check_numerics tensor message
case pred_fn_pairs default exclusive strict|cond pred true_fn false_fn|switch_case branch_index branch_fns default
while_loop cond body loop_vars shape_invariants parallel_iterations back_prop swap_memory maximum_iterations
map_fn fn elems dtype parallel_iterations back_prop swap_memory infer_shape fn_output_signature
scan fn elems initializer parallel_iterations back_prop swap_memory infer_shape reverse
foldl fn elems initializer parallel_iterations back_prop swap_memory
foldr fn elems initializer parallel_iterations back_prop swap_memory|numpy_function func inp Tout stateful
py_function func inp Tout|gather params indices validate_indices axis batch_dims|gather_nd params indices batch_dims
scatter_nd indices updates shape|tensor_scatter_nd_update tensor indices updates
tensor_scatter_nd_add tensor indices updates|slice input_ begin size|roll input shift axis
reverse_sequence input seq_lengths seq_axis batch_axis|sequence_mask lengths maxlen dtype|unravel_index indices dims
ensure_shape x shape|dynamic_partition data partitions num_partitions|dynamic_stitch indices data|unique x out_idx
unique_with_counts x out_idx|searchsorted sorted_sequence values side out_type
histogram_fixed_width values value_range nbins dtype|saturate_cast value dtype|truncatediv x y|identity_n input
math.bincount arr weights minlength maxlength dtype axis binary_output
math.confusion_matrix labels predictions num_classes weights dtype|math.segment_sum data segment_ids
math.unsorted_segment_sum data segment_ids num_segments|math.cumulative_logsumexp x axis exclusive reverse
math.polyval coeffs x|math.xlogy x y|math.multiply_no_nan x y|math.atan2 y x
math.reduce_euclidean_norm input_tensor axis keepdims|math.lgamma x|nn.moments x axes shift keepdims
nn.weighted_moments x axes frequency_weights keepdims|nn.bias_add value bias data_format
nn.dropout x rate noise_shape seed|nn.l2_loss t|nn.batch_normalization x mean variance offset scale variance_epsilon
nn.embedding_lookup params ids max_norm|nn.crelu features axis
nn.weighted_cross_entropy_with_logits labels logits pos_weight|nn.log_poisson_loss targets log_input compute_full_loss
nn.local_response_normalization input depth_radius bias alpha beta|nn.space_to_depth input block_size data_format
nn.sufficient_statistics x axes shift keepdims|nn.normalize_moments counts mean_ss variance_ss shift
linalg.solve matrix rhs adjoint|linalg.inv input adjoint|linalg.det input|linalg.slogdet input|linalg.logdet matrix
linalg.cholesky input|linalg.cholesky_solve chol rhs|linalg.triangular_solve matrix rhs lower adjoint
linalg.lstsq matrix rhs l2_regularizer fast|linalg.pinv a rcond validate_args|linalg.qr input full_matrices
linalg.svd tensor full_matrices compute_uv|linalg.eigh tensor|linalg.matrix_rank a tol validate_args
linalg.band_part input num_lower num_upper|linalg.diag diagonal k num_rows num_cols padding_value align
linalg.diag_part input k padding_value align|linalg.set_diag input diagonal k align|linalg.tensor_diag diagonal
linalg.cross a b|linalg.normalize tensor ord axis|linalg.adjoint matrix
random.categorical logits num_samples dtype seed|random.gamma shape alpha beta dtype seed
random.poisson shape lam dtype seed|random.stateless_uniform shape seed minval maxval dtype alg
random.stateless_normal shape seed mean stddev dtype alg|random.stateless_categorical logits num_samples seed dtype
random.stateless_binomial shape seed counts probs output_dtype|data.Dataset.window size shift stride drop_remainder
data.Dataset.flat_map map_func
data.Dataset.interleave map_func cycle_length block_length num_parallel_calls deterministic
data.Dataset.reduce initial_state reduce_func|data.Dataset.scan initial_state scan_func
data.Dataset.take_while predicate|data.Dataset.shard num_shards index|data.Dataset.unique
data.Dataset.rebatch batch_size drop_remainder
data.Dataset.group_by_window key_func reduce_func window_size window_size_func
data.Dataset.random seed rerandomize_each_iteration|data.Dataset.counter start step dtype
"""


@pytest.mark.parametrize("line", PARAMETERS.strip().replace("\n", "|").split("|"))
def test_parameters_are_tensorflows(line):
    path, *parameters = line.split()
    function = klods
    for name in path.split("."):
        function = getattr(function, name)
    taken = inspect.signature(function).parameters
    assert list(taken)[: len(parameters)] == parameters or set(parameters) <= set(taken)
    assert hasattr(function, "block") or "name" in taken


def test_name_is_accepted_and_attributes_go_by_position():
    assert klods.add(1.0, 2.0, name="sum").numpy() == 3.0
    assert klods.reduce_sum(MATRIX, 0, True, name="sum").shape == (1, 3)
    assert klods.nn.relu(features=[-1.0, 1.0]).numpy().tolist() == [0.0, 1.0]


BAD = [
    (lambda: klods.concat([], 0), "empty list"),
    (lambda: klods.split([1, 2, 3], 2), "don't part into 2"),
    (lambda: klods.split([1, 2, 3], [1, 1]), "add up to 2"),
    (lambda: klods.squeeze([[1, 2]], axis=1), "isn't of size 1"),
    (lambda: klods.expand_dims([1], 3), "no axis 3"),
    (lambda: klods.transpose(MATRIX, [0, 0]), "doesn't order"),
    (lambda: klods.tile([1, 2], [1, 2]), "2 multiples"),
    (lambda: klods.pad([1, 2], [[1, 1], [1, 1]]), "2 paddings"),
    (lambda: klods.pad([1, 2], [[1, 1]], "WRAP"), "'WRAP'"),
    (lambda: klods.broadcast_to([1, 2], (3,)), "don't broadcast"),
    (lambda: klods.gather([1, 2], [2]), "index 2 is outside"),
    (lambda: klods.gather([1, 2], [-1]), "index -1 is outside"),
    (lambda: klods.gather([1, 2], [0.5]), "must be integers"),
    (lambda: klods.where([True], [1]), "both x and y"),
    (lambda: klods.sort([1], direction="UP"), "'UP'"),
    (lambda: klods.range(0, 5, 0), "delta is 0"),
    (lambda: klods.math.top_k([1.0], 2), "rows have 1"),
    (lambda: klods.einsum("ii->i", klods.eye(2)), "twice"),
    (lambda: klods.einsum("i->k", [1.0]), "no operand has"),
    (lambda: klods.einsum("ij,jk->ik", klods.ones((2, 1)), klods.ones((3, 2))), "doesn't fit"),
    (lambda: klods.norm(MATRIX, ord=3, axis=[0, 1]), "ord=3"),
    (lambda: klods.matmul(2.0, 3.0), "scalar"),
    (lambda: klods.split([1, 2, 3], 0), "don't part into 0"),
    (lambda: klods.split([1, 2, 3], "a"), "got 'a' as num_or_size_splits"),
    (lambda: klods.einsum([1.0], "i->"), "the equation is a list"),
    (lambda: klods.zeros("a"), "A shape is made of whole numbers, 0 or more; got 'a'"),
    (lambda: klods.ones((2, -1)), r"got \(2, -1\)"),
    (lambda: klods.zeros(2.5), "got 2.5"),
    (lambda: klods.eye(-1), r"got \(-1, -1\)"),
    (lambda: klods.one_hot([1], -2), "got -2"),
    (
        lambda: klods.constant([[1], [2, 3]]),
        r"\[\[1\], \[2, 3\]\], which is no array of numbers.\nTo mend it: give every",
    ),
    (
        lambda: klods.nn.sparse_softmax_cross_entropy_with_logits([-1], [[0.0, 0.0]]),
        "label -1 is outside the 2 classes",
    ),
]


@pytest.mark.parametrize(("call", "text"), BAD, ids=[text for _, text in BAD])
def test_bad_arguments(call, text):
    with pytest.raises(klods.errors.KlodsError, match=text):
        call()
