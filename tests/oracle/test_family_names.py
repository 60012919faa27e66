"""Names: what Keras's `get` of activations, losses, metrics and their kin knows is known, and is listed."""

from __future__ import annotations

import pytest
from api_reasons import MISSING
from beside import own, real

FAMILIES = ("activations", "constraints", "initializers", "losses", "metrics", "regularizers")


@pytest.mark.parametrize("family", FAMILIES)
def test_every_name_that_get_knows_is_known(family):
    known = getattr(real.src, family).ALL_OBJECTS_DICT
    abstract = {"Constraint", "Initializer", "Loss", "LossFunctionWrapper", "Metric", "Regularizer"}
    missing = " ".join(MISSING.get(f"keras.{family}", {}).values()).split()
    lacking = {*missing, *abstract, *map(str.lower, abstract), "loss_function_wrapper"}
    ours = {**getattr(own, family).KNOWN, **getattr(getattr(own, family), "ALIASES", {})}
    assert set(known) - set(ours) - lacking == set()
    for name in set(known) & set(ours):
        assert ours[name].__name__.rstrip("_") == known[name].__name__


@pytest.mark.parametrize("family", FAMILIES)
def test_everything_is_listed_for_star_imports(family):
    module = getattr(own, family)
    assert {name for name in module.__all__ if not hasattr(module, name)} == set()
    assert {name for name in dir(getattr(real, family)) if name[0] != "_" and hasattr(module, name)} <= {
        *module.__all__,
        *(name for name in module.KNOWN if name.islower()),
    }
