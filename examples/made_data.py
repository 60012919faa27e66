"""Small stand-ins for the data sets of the examples, in files of the published formats.

Each function writes a file into a temporary folder and returns its path, for the `path` of `load_data`. Leave `path`
out to download the published data instead: the programs need no other change. (Keras itself takes no path of a folder.)

The data have classes that can be learned. A review or news item is words drawn by how common they are, mixed with words
that its class prefers; a district's price follows from some of its figures, with noise.
"""

import atexit
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np

WORDS = 12_000


def folder() -> Path:
    """Return a new folder that is removed when the program ends."""
    path = Path(tempfile.mkdtemp(prefix="examples-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def texts(labels: np.ndarray, share: float, own_words: int, length: int, source: np.random.Generator) -> np.ndarray:
    """Return an array of lists of word numbers, of which about `share` belong to the words of the label's own.

    Args:
        labels: the class of each text.
        share: of words that tell the class.
        own_words: how many words each class has for itself.
        length: how many words a text has on average.
        source: of randomness.
    """
    words = np.arange(1, WORDS)
    common = 1 / (words + 10)
    common /= common.sum()
    own = 100 + source.permutation(WORDS - 2_500)[: own_words * (labels.max() + 1)].reshape(-1, own_words)
    result = np.empty(len(labels), object)
    for place, label in enumerate(labels):
        count = int(source.integers(length // 2, length * 3 // 2))
        text = source.choice(words, count, p=common)
        tells = source.random(count) < share
        text[tells] = source.choice(own[label], tells.sum())
        result[place] = text.tolist()
    return result


def reviews(count: int = 1_500) -> Path:
    """Write reviews as `imdb.npz` has them: `count` to train on and as many to test on, half of them favourable.

    One in ten has a label that its words speak against, so that there is something to learn by heart.
    """
    source = np.random.default_rng(0)
    labels = np.repeat([0, 1], count)
    order = source.permutation(2 * count)
    y = labels[order]
    x = texts(y ^ (source.random(2 * count) < 0.1), 0.09, 400, 120, source)
    path = folder() / "imdb.npz"
    np.savez(path, x_train=x[:count], y_train=y[:count], x_test=x[count:], y_test=y[count:])
    return path


def word_index(name: str = "imdb_word_index.json") -> Path:
    """Write made-up words and their numbers, of three syllables each, as the word indices have them."""
    syllables = [first + second for first in "bdfgklmnprstv" for second in "aeiou"]
    size = len(syllables)
    index = {syllables[n % size] + syllables[n // size % size] + syllables[n // size**2]: n + 1 for n in range(WORDS)}
    path = folder() / name
    path.write_text(json.dumps(index))
    return path


def newswires(count: int = 3_000, topics: int = 46) -> Path:
    """Write news items as `reuters.npz` has them: some topics have many items, others few."""
    source = np.random.default_rng(1)
    often = 1 / np.arange(1, topics + 1)
    labels = np.concatenate([np.arange(topics), source.choice(topics, count - topics, p=often / often.sum())])
    path = folder() / "reuters.npz"
    np.savez(path, x=texts(labels, 0.12, 60, 80, source), y=labels)
    return path


def boston_districts(count: int = 506) -> Path:
    """Write 13 figures of districts, each on a scale of its own, and prices in thousands: `boston_housing.npz`."""
    source = np.random.default_rng(2)
    standard = source.normal(size=(count, 13))
    prices = 22 + 5 * standard[:, 5] - 4 * np.abs(standard[:, 12]) + 2 * standard[:, 0] * standard[:, 4]
    prices += source.normal(size=count)
    scales, middles = 10.0 ** source.integers(-1, 3, 13), source.uniform(0, 50, 13)
    path = folder() / "boston_housing.npz"
    np.savez(path, x=standard * scales + middles, y=np.clip(prices, 5, 50))
    return path


def california_districts(count: int = 1_200) -> Path:
    """Write 8 figures of districts and prices in dollars, as `california_housing.npz` has them."""
    source = np.random.default_rng(3)
    longitude, latitude = source.uniform(-124, -114, count), source.uniform(32, 42, count)
    households = source.lognormal(6, 0.5, count)
    income = source.lognormal(1.2, 0.4, count)
    figures = [
        longitude,
        latitude,
        source.integers(1, 53, count),
        households * source.normal(5, 0.5, count),
        households * source.normal(1.1, 0.1, count),
        households * source.normal(3, 0.3, count),
        households,
        income,
    ]
    coast = np.exp(-((longitude + 124 - (42 - latitude)) ** 2) / 8)
    prices = 40_000 + 35_000 * income + 120_000 * coast + source.normal(0, 10_000, count)
    path = folder() / "california_housing.npz"
    x, y = np.stack(figures, 1).astype("float32"), np.clip(prices, 15_000, 500_000).astype("float32")
    np.savez(path, x=x, y=y)
    return path
