"""Utilities: files, arrays, images, datasets out of folders and time series, seeds."""

from klods.keras.config import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)
from klods.keras.data import PyDataset, Sequence
from klods.keras.registration import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from klods.keras.utils.arrays import normalize, pad_sequences, to_categorical
from klods.keras.utils.progbar import Progbar
from klods.keras.utils.session import clear_session, set_random_seed
from klods.missing import reporter

_LATER = {  # by modules that bring datasets, models, archives or images with them
    "array_to_img": "klods.keras.utils.images",
    "deserialize_keras_object": "klods.keras.saving",
    "get_file": "klods.keras.utils.files",
    "image_dataset_from_directory": "klods.keras.utils.image_folders",
    "img_to_array": "klods.keras.utils.images",
    "is_keras_tensor": "klods.keras.backend",
    "load_img": "klods.keras.utils.images",
    "model_to_dot": "klods.show.model_graph",
    "pack_x_y_sample_weight": "klods.keras.utils.packing",
    "plot_model": "klods.show.model_graph",
    "save_img": "klods.keras.utils.images",
    "serialize_keras_object": "klods.keras.saving",
    "split_dataset": "klods.keras.utils.splitting",
    "standardize_dtype": "klods.keras.backend",
    "text_dataset_from_directory": "klods.keras.utils.text_folders",
    "timeseries_dataset_from_array": "klods.keras.utils.timeseries",
    "unpack_x_y_sample_weight": "klods.keras.utils.packing",
}
__all__ = [
    "CustomObjectScope",
    "Progbar",
    "PyDataset",
    "Sequence",
    "array_to_img",
    "clear_session",
    "custom_object_scope",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "get_custom_objects",
    "get_file",
    "get_registered_name",
    "get_registered_object",
    "img_to_array",
    "is_interactive_logging_enabled",
    "load_img",
    "normalize",
    "pad_sequences",
    "register_keras_serializable",
    "save_img",
    "set_random_seed",
    "to_categorical",
    *_LATER,
]
__getattr__ = reporter(__name__, found_in=_LATER)
