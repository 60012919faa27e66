"""`import klods.as_tensorflow`: each case in a process of its own, for the names change until the process ends."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap

import pytest


def python(code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60)


def holds(code: str) -> None:
    done = python(code)
    assert done.returncode == 0, done.stderr


def test_all_forms_of_import_give_klods_own_modules():
    holds("""
        import klods.as_tensorflow
        import klods
        import tensorflow as tf, keras, tensorflow.keras.layers, tensorflow.nn as nn
        import tensorflow.keras as tk
        from tensorflow import keras as k, math
        from tensorflow.keras import layers, optimizers
        from tensorflow.keras.datasets import mnist
        from keras.datasets import mnist as m
        from keras.layers import Dense
        from tensorflow.math import sin

        assert tf is klods and tensorflow is klods
        assert keras is klods.keras is k is tk is tf.keras
        assert nn is klods.nn and math is klods.math and sin is klods.sin
        assert layers is klods.keras.layers and optimizers is klods.keras.optimizers
        assert m is mnist is klods.keras.datasets.mnist
        assert Dense is klods.keras.layers.Dense
        assert tf.__version__ == keras.__version__ == klods.__version__
    """)


def test_no_file_is_loaded_twice_and_modules_keep_their_names():
    holds("""
        import klods.as_tensorflow, sys
        import tensorflow.keras.layers.dense, keras.layers.dense, tensorflow.random, keras.losses
        import tensorflow.keras.models, klods.keras.layers.dense

        roots = ("klods", "tensorflow", "keras")
        modules = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in roots}
        for name, module in modules.items():
            assert module.__name__ == module.__spec__.name, name
            assert module.__name__.partition(".")[0] == "klods", name
            assert module.__package__.partition(".")[0] == "klods", name
            assert module is sys.modules[module.__name__], name
        files = [module.__file__ for name, module in modules.items() if name.startswith("klods")]
        assert len(files) == len(set(files))
        assert modules["keras.layers.dense"] is modules["klods.keras.layers.dense"]
    """)


def test_the_places_where_programs_look_for_data():
    holds("""
        import klods.as_tensorflow
        import tensorflow as tf
        import tensorflow.keras.backend as K
        from tensorflow.data import AUTOTUNE, Dataset
        from tensorflow.keras import preprocessing
        from tensorflow.keras.preprocessing import image, image_dataset_from_directory
        from tensorflow.keras.preprocessing.sequence import pad_sequences
        from tensorflow.keras.utils import get_file, image_dataset_from_directory as same, to_categorical
        from keras.datasets import imdb, reuters

        assert Dataset is tf.data.Dataset and AUTOTUNE == tf.data.AUTOTUNE == -1
        assert pad_sequences is tf.keras.utils.pad_sequences and same is image_dataset_from_directory
        assert tf.losses is tf.keras.losses and tf.metrics is tf.keras.metrics
        assert tf.optimizers is tf.keras.optimizers and tf.initializers is tf.keras.initializers
        assert tf.config.list_physical_devices("GPU") == []
        assert K.floatx() == tf.keras.backend.floatx() == "float32"
    """)


def test_klods_imported_before_is_the_same_klods():
    holds("""
        import klods as tf
        import klods.keras.layers as own
        import klods.as_tensorflow
        import tensorflow, tensorflow.keras.layers
        assert tensorflow is tf and tensorflow.keras.layers is own
    """)


def test_programs_that_ask_whether_tensorflow_is_there():
    holds("""
        import klods.as_tensorflow
        from importlib.util import find_spec
        assert find_spec("tensorflow") and find_spec("keras.layers")
        assert find_spec("tensorflow_datasets") is None
    """)


LACKING = {
    "import tensorflow.lite": "tensorflow.lite",
    "import tensorflow.compat.v1 as tf": "tensorflow.compat",
    "from tensorflow.compat import v1": "tensorflow.compat",
    "from tensorflow import lite": "klods.lite",
    "from tensorflow import nn, lite": "klods.lite",
    "from tensorflow.nn import atrous_conv2d": "klods.nn.atrous_conv2d",
    "import keras.applications": "keras.applications",
    "from keras import applications": "klods.keras.applications",
    "from keras.layers import Nonsense": "klods.keras.layers.Nonsense",
    "import tensorflow as tf; tf.lite": "klods.lite",
    "import keras; keras.layers.Nonsense": "klods.keras.layers.Nonsense",
}


@pytest.mark.parametrize(("code", "name"), LACKING.items())
def test_what_klods_lacks_is_named(code, name):
    done = python("import klods.as_tensorflow\n" + code)
    kind = "AttributeError" if ";" in code else "(ImportError|ModuleNotFoundError)"
    assert done.returncode == 1
    assert re.fullmatch(rf"{kind}: klods does not have {re.escape(name)}", done.stderr.splitlines()[-1])


def test_without_the_alias_names_are_reported_too():
    for code in ("from klods import lite", "from klods.nn import lite"):
        assert re.search(r"ImportError: klods does not have klods\.(nn\.)?lite$", python(code).stderr.strip())


def test_hasattr_and_default_values_work():
    holds("""
        import klods
        assert not hasattr(klods, "lite") and getattr(klods.nn, "lite", 3) == 3
        try:
            from klods import lite
        except ImportError:
            lite = None
    """)


def test_after_the_real_tensorflow_it_says_so(tmp_path):
    (tmp_path / "tensorflow.py").write_text("")
    done = python(f"""
        import sys
        sys.path.insert(0, {str(tmp_path)!r})
        import tensorflow
        import klods.as_tensorflow
    """)
    assert "StateError: The real tensorflow is already imported" in done.stderr
    assert "restart the kernel" in done.stderr
