"""Where older programs look for what is in `keras.utils`."""

from klods.keras.preprocessing import image, sequence
from klods.missing import reporter

__all__ = ["image", "sequence"]
__getattr__ = reporter(
    __name__,
    found_in={
        "image_dataset_from_directory": "klods.keras.utils",
        "text_dataset_from_directory": "klods.keras.utils",
        "timeseries_dataset_from_array": "klods.keras.utils",
    },
)
