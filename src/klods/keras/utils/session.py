"""Starting anew: seeds and names."""

from __future__ import annotations

import random as python_random

import numpy as np

from klods import random
from klods.errors import DataError
from klods.keras.configuration import forget_names
from klods.keras.dtype_policies import forget_dtype_policy


def clear_session(free_memory: bool = True) -> None:
    """Start the numbering of names anew, and leave a dtype policy that was set: the next layer is `dense` again.

    Args:
        free_memory: accepted for Keras's sake; klods holds no model that you have let go.
    """
    forget_names()
    forget_dtype_policy()


def set_random_seed(seed: int) -> None:
    """Seed Python's, NumPy's and klods's random numbers.

    Raises:
        DataError: if the seed is no whole number.
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise DataError(f"A seed is a whole number, 0 or more; got {seed!r}.", "write set_random_seed(1).")
    python_random.seed(int(seed))
    np.random.seed(int(seed) % 2**32)
    random.set_seed(seed)
