"""Names: what the real Keras's utilities, settings and data sets have is in klods, or has a reason."""

from __future__ import annotations

import importlib

import pytest

TEXT = "klods has no tensors of text"
FLASH = "for attention"
LACKING = {
    "utils": {
        "Config": "a dict with attributes, which nothing of Keras takes",
        "FeatureSpace": "tables of text and categories",
        "audio_dataset_from_directory": "for audio",
        "bounding_boxes": "for the detection of objects",
        "get_source_inputs": "Keras's own graph of operations",
        "legacy": "formats of Keras 2",
        "text_dataset_from_directory": TEXT,
    },
    "config": {
        "disable_flash_attention": FLASH,
        "dtype_policy": "one dtype per layer: see floatx",
        "enable_flash_attention": FLASH,
        "enable_unsafe_deserialization": "klods runs no code out of files",
        "is_flash_attention_enabled": FLASH,
        "is_nnx_enabled": "of JAX",
        "max_epochs": "for Keras's own tests",
        "max_steps_per_epoch": "for Keras's own tests",
        "set_backend": "klods is one",
        "set_dtype_policy": "one dtype per layer: see set_floatx",
        "set_max_epochs": "for Keras's own tests",
        "set_max_steps_per_epoch": "for Keras's own tests",
    },
    "datasets": {},
    "preprocessing": {"text_dataset_from_directory": TEXT},
    "preprocessing.image": {"smart_resize": "with the operations on images"},
    "preprocessing.sequence": {},
}


@pytest.mark.parametrize("room", LACKING)
def test_every_name_is_there_or_has_a_reason(room):
    theirs = {name for name in dir(importlib.import_module(f"keras.{room}")) if not name.startswith("_")}
    module = importlib.import_module(f"klods.keras.{room}")
    missing = {name for name in theirs if not hasattr(module, name)}
    assert missing == set(LACKING[room])
