"""Names: what Keras's modules of activations, losses, metrics and their kin have is in klods, or has a reason."""

from __future__ import annotations

import pytest
from beside import own, real

FAMILIES = ("activations", "constraints", "initializers", "losses", "metrics", "regularizers")
LACKING = {
    "initializers": dict.fromkeys(("STFT", "STFTInitializer", "stft"), "windows of SciPy, for audio"),
    "losses": dict.fromkeys(("CTC", "ctc"), "a recursion over time, for sequences"),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_name_is_there_or_has_a_reason(family):
    theirs = {name for name in dir(getattr(real, family)) if not name.startswith("_")}
    missing = {name for name in theirs if not hasattr(getattr(own, family), name)}
    assert missing == set(LACKING.get(family, ()))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_name_that_get_knows_is_known(family):
    known = getattr(real.src, family).ALL_OBJECTS_DICT
    abstract = {"Constraint", "Initializer", "Loss", "LossFunctionWrapper", "Metric", "Regularizer"}
    lacking = {*LACKING.get(family, ()), *abstract, *map(str.lower, abstract), "loss_function_wrapper"}
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
