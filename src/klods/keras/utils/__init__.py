"""Utilities: files, arrays, images, datasets out of folders and time series, seeds."""

from klods.keras.config import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)
from klods.keras.data import PyDataset, Sequence
from klods.keras.utils.arrays import normalize, pad_sequences, to_categorical
from klods.keras.utils.files import get_file
from klods.keras.utils.images import array_to_img, img_to_array, load_img, save_img
from klods.keras.utils.progbar import Progbar
from klods.keras.utils.session import clear_session, set_random_seed
from klods.missing import reporter

__all__ = [
    "Progbar",
    "PyDataset",
    "Sequence",
    "array_to_img",
    "clear_session",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "get_file",
    "img_to_array",
    "is_interactive_logging_enabled",
    "load_img",
    "normalize",
    "pad_sequences",
    "save_img",
    "set_random_seed",
    "to_categorical",
]
__getattr__ = reporter(
    __name__,
    found_in={
        "image_dataset_from_directory": "klods.keras.utils.image_folders",
        "pack_x_y_sample_weight": "klods.keras.utils.packing",
        "split_dataset": "klods.keras.utils.splitting",
        "timeseries_dataset_from_array": "klods.keras.utils.timeseries",
        "unpack_x_y_sample_weight": "klods.keras.utils.packing",
    },
)
