"""Streams of data: TensorFlow's `tf.data`.

A dataset is a description: what its elements are made from, and the steps between. Nothing is computed before somebody
iterates, and every iteration starts anew.
"""

from klods.data.counts import INFINITE_CARDINALITY, UNKNOWN_CARDINALITY
from klods.data.dataset import Dataset
from klods.data.flows import DatasetSpec
from klods.missing import reporter

AUTOTUNE = -1  # as a number of calls or of batches kept ready: any

__all__ = ["AUTOTUNE", "INFINITE_CARDINALITY", "UNKNOWN_CARDINALITY", "Dataset", "DatasetSpec"]
__getattr__ = reporter(__name__, lazy=("experimental",))
