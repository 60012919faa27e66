"""klods: a deep-learning framework of building blocks, under TensorFlow's names.

    import klods as tf

    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = x * x
    tape.gradient(y, x)
"""

from klods import dtypes as _dtypes
from klods import errors
from klods.dtypes import DType
from klods.missing import reporter as _reporter
from klods.ops.activation import (
    sigmoid,
)
from klods.ops.arithmetic import (
    abs_ as abs,
    acos,
    add,
    asin,
    atan,
    ceil_ as ceil,
    cos,
    cosh,
    divide_ as divide,
    exp_ as exp,
    floor_ as floor,
    maximum_ as maximum,
    minimum_ as minimum,
    multiply,
    negative,
    power as pow,
    round_ as round,
    sign,
    sin,
    sinh,
    sqrt_ as sqrt,
    square,
    subtract,
    tan,
    tanh,
    divide_ as truediv,
)
from klods.ops.comparison import (
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    not_equal,
    where,
)
from klods.ops.creation import (
    eye,
    fill,
    linspace,
    one_hot,
    ones,
    ones_like,
    range_ as range,
    rank,
    shape,
    size,
    zeros,
    zeros_like,
)
from klods.ops.movement import (
    boolean_mask,
    broadcast_to,
    cast,
    concat,
    expand_dims,
    gather,
    identity,
    pad,
    repeat,
    reshape,
    reverse,
    split,
    squeeze,
    stack,
    stop_gradient,
    tile,
    transpose,
    unstack,
)
from klods.ops.product import (
    einsum,
    matmul,
    tensordot,
)
from klods.ops.reduction import (
    argmax,
    argmin,
    cumsum,
    norm,
    reduce_all,
    reduce_any,
    reduce_logsumexp,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_sum,
)
from klods.tape import GradientTape
from klods.tensor import Tensor, TensorShape, Variable, constant, convert_to_tensor, is_tensor

__version__ = "0.1.0"

float16 = _dtypes.DTYPES[_dtypes.as_dtype("float16")]
float32 = _dtypes.DTYPES[_dtypes.as_dtype("float32")]
float64 = _dtypes.DTYPES[_dtypes.as_dtype("float64")]
int8 = _dtypes.DTYPES[_dtypes.as_dtype("int8")]
int16 = _dtypes.DTYPES[_dtypes.as_dtype("int16")]
int32 = _dtypes.DTYPES[_dtypes.as_dtype("int32")]
int64 = _dtypes.DTYPES[_dtypes.as_dtype("int64")]
uint8 = _dtypes.DTYPES[_dtypes.as_dtype("uint8")]
uint16 = _dtypes.DTYPES[_dtypes.as_dtype("uint16")]
uint32 = _dtypes.DTYPES[_dtypes.as_dtype("uint32")]
uint64 = _dtypes.DTYPES[_dtypes.as_dtype("uint64")]
bool = _dtypes.DTYPES[_dtypes.as_dtype("bool")]
newaxis = None

__getattr__ = _reporter(__name__, lazy=("debugging", "keras", "linalg", "math", "nn", "random"))
