"""Data sets: MNIST comes with klods, the others are downloaded at first use and kept in Keras's folder."""

from klods.keras.datasets import (
    boston_housing,
    california_housing,
    cifar10,
    cifar100,
    fashion_mnist,
    imdb,
    mnist,
    reuters,
)
from klods.missing import reporter

__all__ = ["boston_housing", "california_housing", "cifar10", "cifar100", "fashion_mnist", "imdb", "mnist", "reuters"]
__getattr__ = reporter(__name__)
