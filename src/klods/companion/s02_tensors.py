# %% [markdown]
# # Tensors
#
# Everything that a network sees, learns and answers is a *tensor*: numbers in rows and columns and further axes.
# After this section you can read a tensor's shape like a sentence, cut out of it what you want, and know what its
# dtype does to your numbers.
#
# You need the first section, and NumPy's arrays: here, a tensor and an array are two words for one thing.

# %%
import numpy as np

import klods
from klods import keras

(train_images, train_labels), _ = keras.datasets.mnist.load_data()

# %% [markdown]
# ## Scalars: rank 0
#
# A single number is a tensor without axes. The number of its axes is called its *rank*, and NumPy's `ndim`.

# %%
label = np.array(train_labels[0])

print("value:", label, " rank:", label.ndim, " shape:", label.shape)
klods.show.tensor(label)

# %% [markdown]
# ## Vectors: rank 1
#
# A row of numbers has one axis. Its shape says how many numbers there are. Take the middle row of the first image:

# %%
row = train_images[0][14]

print("rank:", row.ndim, " shape:", row.shape)
klods.show.tensor(row, axes=("columns",))

# %% [markdown]
# Mind the word *dimension*. This row has 28 numbers, and some would say it is 28-dimensional: a point in a space of 28
# directions. But it has one axis, so its rank is 1. Rank counts axes; dimension, said of a vector, counts numbers.
#
# ## Matrices: rank 2
#
# Rows below each other make a matrix. A grey image is one: an axis of rows, from top to bottom, and one of columns.

# %%
image = train_images[0]

print("rank:", image.ndim, " shape:", image.shape)
klods.show.tensor(image, axes=("rows", "columns"))

# %% [markdown]
# That picture is the matrix, seen as ink. Here is a part of it, seen as numbers:

# %%
klods.show.tensor(image[5:10, 12:18], axes=("rows", "columns"), kind="cells")

# %% [markdown]
# ## Rank 3 and higher
#
# Matrices behind each other make a tensor of rank 3, a block of numbers. The first three images are one:

# %%
klods.show.tensor(train_images[:3, 5:9, 12:16], kind="cells")

# %% [markdown]
# Blocks beside each other make rank 4, and so on. Colour videos have rank 5, and you will seldom meet more.
#
# ## Key attributes
#
# Three things tell what a tensor is: its rank, its shape, and the kind of its numbers, its *dtype*.

# %%
for name, x in {"images": train_images, "labels": train_labels}.items():
    print(f"{name}: rank {x.ndim}, shape {x.shape}, {x.dtype},", end=" ")
    print(f"from {x.min()} to {x.max()}, {x.nbytes / 1e6:.1f} MB")

# %% [markdown]
# The dtype `uint8` holds whole numbers from 0 to 255, in one byte each. That is all a grey value needs, and it is a
# trap: what doesn't fit goes round, like a clock.

# %%
bright = np.array([200, 250, 255], "uint8")

klods.show.tensor(np.stack([bright, bright + np.uint8(10)]), axes=("before, after", "values"))

# %% [markdown]
# Networks therefore compute with fractions: `float32`, four bytes each, about seven digits. NumPy's own `float64` has
# sixteen digits and takes twice the memory; seven are enough for learning.

# %%
for dtype in ("uint8", "float32", "float64"):
    print(f"{dtype:8}", f"{train_images.astype(dtype).nbytes / 1e6:6.1f} MB")

print(np.float32(1) / np.float32(3), "and", np.float64(1) / np.float64(3))

# %% [markdown]
# ## Exercise: bytes
#
# How many bytes would 1,000 colour images of 64 by 64 pixels take as `float32`? Each pixel has three numbers, for red,
# green and blue.

# %%
from klods.companion.exercises import check

size = ...

check("bytes-of-images", size)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# size = 1000 * 64 * 64 * 3 * 4
# ```
#
# </details>

# %% [markdown]
# ## What ranges do to learning
#
# In the first section the grey values were divided by 255. Does that matter? The same small network learns from both:
# three epochs each, on 10,000 images.


# %%
def learn(x):
    keras.utils.set_random_seed(2)
    model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, train_labels[:10000], epochs=3, verbose=0)
    return history.history


rows = train_images[:10000].reshape(-1, 784).astype("float32")
for name, x in {"0 to 255": rows, "0 to 1": rows / 255}.items():
    told = learn(x)
    losses = ", ".join(f"{loss:.3g}" for loss in told["loss"])
    print(f"{name:9} losses {losses}; right at last: {told['accuracy'][-1]:.1%}")

# %% [markdown]
# With large inputs every step is large too, and this network never finds its way back from the first ones. The sixth
# section shows why.
#
# ## Manipulating tensors in NumPy
#
# Square brackets cut pieces out: a number or a range for each axis. `:` means all of an axis, and a minus counts from
# the end.

# %%
print("images 10 to 99:        ", train_images[10:100].shape)
print("lower right quarters:   ", train_images[:, 14:, 14:].shape)
print("middles:                ", train_images[:, 7:-7, 7:-7].shape)
print("the last column of each:", train_images[:, :, -1].shape)
klods.show.tensor(train_images[:4, 7:-7, 7:-7], kind="images")

# %% [markdown]
# An array of truth values picks the places where it is true. This picks the sevens:

# %%
sevens = train_images[train_labels == 7]

print(len(sevens), "of", len(train_images), "are sevens")
klods.show.tensor(sevens[:8], kind="images")

# %% [markdown]
# A slice is a *view*: no number is copied, and whoever writes into it writes into the array it was cut from. Picking by
# truth values makes a copy.

# %%
corner = train_images[:3, :2, :2]
print("slice:", np.shares_memory(corner, train_images))
print("pick: ", np.shares_memory(sevens, train_images))

# %% [markdown]
# ## Exercise: cut a window
#
# Write a function that takes images of shape (n, 28, 28) and returns their upper left quarters, 14 by 14 pixels each.


# %%
def upper_left(images):
    return ...


check("upper-left", upper_left)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def upper_left(images):
#     return images[:, :14, :14]
# ```
#
# </details>

# %% [markdown]
# ## The notion of data batches
#
# The first axis of nearly every tensor in this field counts *samples*: axis 0 of the images counts images. A network
# doesn't look at all of them at once but at some, a *batch*. Batch number n, of 128 samples each, is a slice of axis
# 0:

# %%
n = 3
batch = train_images[128 * n : 128 * (n + 1)]

print("batch", n, "has shape", batch.shape)
klods.show.tensor(batch[:10], kind="images")

# %% [markdown]
# Whatever else a tensor has, its first axis stays the axis of samples; so layers work on any number of them.
#
# ## Exercise: the number of batches
#
# 60,000 doesn't divide by 128. Write a function that gives the number of batches for so many samples: the last batch
# may be smaller.


# %%
def count_batches(samples, size):
    return ...


check("count-batches", count_batches)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def count_batches(samples, size):
#     return -(-samples // size)
# ```
#
# </details>

# %% [markdown]
# ## What you have seen
#
# A tensor is numbers on axes. Rank counts the axes, the shape their sizes, and the dtype says what numbers they are
# and where they go wrong. Axis 0 counts samples, and a slice of it is a batch. The next section makes tensors of real
# things: tables, curves, pictures and films.
