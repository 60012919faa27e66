"""Images as arrays and as files; see `keras.utils`."""

from klods.keras.utils import array_to_img, img_to_array, load_img, save_img
from klods.missing import reporter

__all__ = ["array_to_img", "img_to_array", "load_img", "save_img"]
__getattr__ = reporter(__name__)
