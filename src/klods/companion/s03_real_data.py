# %% [markdown]
# # Data of the real world
#
# Nearly all data that networks learn from come in four forms: tables, sequences, images and videos. After this section
# you can say, for something you would like to learn from, which tensor it makes and how large that is.
#
# You need the section on tensors. All data here are made on the spot, so nothing has to be downloaded.

# %%
import numpy as np

import klods
from klods import keras

random = np.random.default_rng(3)

# %% [markdown]
# ## Vector data
#
# Most data are tables: a row for each sample, a column for each *feature*. Rank 2, shape (samples, features). Take
# people, and of each the age in years, the height in metres and the income in thousands a year.

# %%
ages = random.integers(18, 80, 1000)
heights = random.normal(1.7, 0.1, 1000)
incomes = random.lognormal(3.4, 0.5, 1000)
people = np.stack([ages, heights, incomes], axis=1).astype("float32")

print("shape", people.shape, "takes", people.nbytes, "bytes")
klods.show.tensor(people.round(2), axes=("people", "features"))

# %% [markdown]
# The columns have ranges of their own: heights lie around 1.7 and incomes around 30. Networks learn best from numbers
# around 0 and 1, so each column is brought there first: less its mean, divided by its spread.

# %%
scaled = (people - people.mean(axis=0)) / people.std(axis=0)

print("means before", people.mean(axis=0).round(1))
print("means after ", scaled.mean(axis=0).round(3), " spread", scaled.std(axis=0).round(3))

# %% [markdown]
# Texts can be tables, too: a column for each word of a small dictionary, and in it how often the text has that word.

# %%
words = ["cat", "dog", "sat", "ran", "mat"]
texts = ["the cat sat on the mat", "the dog ran", "cat and dog and cat"]
counts = np.array([[text.split().count(w) for w in words] for text in texts])

print(words)
klods.show.tensor(counts, axes=("texts", "words"))

# %% [markdown]
# ## Exercise: a table of texts
#
# 5,000 texts are to be counted with a dictionary of 20,000 words. What is the shape of their tensor?

# %%
from klods.companion.exercises import check

shape = ...

check("shape-of-texts", shape)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# shape = (5000, 20000)
# ```
#
# </details>

# %% [markdown]
# ## Timeseries data or sequence data
#
# Where the order matters, time gets an axis of its own: shape (samples, timesteps, features). Here is a week of
# weather, an hour at a time, from three sensors; a day is a sample.

# %%
hours = np.arange(7 * 24)
day = np.sin((hours - 9) * 2 * np.pi / 24)
temperature = 12 + 6 * day + random.normal(0, 0.7, len(hours))
light = np.maximum(day, 0) * 40 + random.normal(0, 1, len(hours))
wind = np.abs(np.cumsum(random.normal(0, 0.8, len(hours))))
week = np.stack([temperature, light, wind], axis=1).reshape(7, 24, 3)

print("shape", week.shape)
klods.show.tensor(week, axes=("days", "hours", "temperature, light, wind"), kind="sequence")

# %% [markdown]
# Often one long recording is cut into *windows* that overlap: from the last 24 hours, guess the next. Keras has a
# function for that, which yields the windows as batches.

# %%
recording = week.reshape(-1, 3).astype("float32")
windows = keras.utils.timeseries_dataset_from_array(recording, recording[24:, 0], sequence_length=24, batch_size=32)
for x, y in windows.take(1):
    print("a batch of windows:", x.shape, "and the temperatures after them:", y.shape)

# %% [markdown]
# ## Exercise: how many windows?
#
# A recording has so many steps. How many windows of a given length can be cut from it, if a window may start at every
# step at which it still fits?


# %%
def count_windows(steps, length):
    return ...


check("count-windows", count_windows)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def count_windows(steps, length):
#     return max(0, steps - length + 1)
# ```
#
# </details>

# %% [markdown]
# ## Image data
#
# An image has height, width and colours: shape (samples, height, width, channels). A grey image has one channel, a
# colour image three. Let us dye some digits: each gets an ink of its own on white paper.

# %%
(digits, labels), _ = keras.datasets.mnist.load_data()
ink = digits[:6, :, :, None] / 255
dye = random.random((6, 1, 1, 3))
coloured = (1 - ink * (1 - dye)).astype("float32")

print("shape", coloured.shape, coloured.dtype)
klods.show.tensor(coloured, kind="images")

# %% [markdown]
# Some programs put the channels before height and width. The numbers are the same in another order, and `transpose`
# goes from one to the other:

# %%
channels_first = coloured.transpose(0, 3, 1, 2)

print("channels last ", coloured.shape)
print("channels first", channels_first.shape)

# %% [markdown]
# ## Exercise: grey again
#
# Write a function that takes colour images, channels last, and returns grey ones of shape (n, height, width): each
# grey value is the mean of the three colours.


# %%
def to_grey(images):
    return ...


check("to-grey", to_grey)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def to_grey(images):
#     return images.mean(axis=-1)
# ```
#
# </details>

# %% [markdown]
# ## Video data
#
# A film is images in a row, *frames*: shape (samples, frames, height, width, channels), rank 5. Here are two films of
# a digit that moves, each of eight frames.


# %%
def film(image, right, down, frames=8):
    moved = [np.roll(image, (down * step, right * step), axis=(0, 1)) for step in range(frames)]
    return np.stack(moved)[..., None]


films = np.stack([film(digits[7], 1, 0), film(digits[3], 0, -1)])

print("shape", films.shape)
klods.show.tensor(films, kind="video")

# %% [markdown]
# Films are large. One minute in colour, 144 by 256 pixels, 25 frames a second, is

# %%
numbers = 60 * 25 * 144 * 256 * 3

print(f"{numbers:,} numbers: {numbers / 1e6:.0f} MB as uint8, {4 * numbers / 1e6:.0f} MB as float32")

# %% [markdown]
# ## What you have seen
#
# Tables have rank 2, sequences 3, images 4, videos 5; axis 0 counts the samples of them all. To learn from something
# new, ask what a sample is and which axes it needs. The next section does something with tensors at last.
