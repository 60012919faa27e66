# %% [markdown]
# # A first look
#
# A program that reads handwritten digits, and that nobody told how: it is shown 60,000 of them and finds out by
# itself. At the end of this section you have trained such a program, know how often it is right on digits it has
# never seen, and have looked at those it gets wrong.
#
# You need Python and a little NumPy. What happens inside comes in the sections after this one.

# %%
import numpy as np

import klods
from klods import keras

keras.utils.set_random_seed(1)

# %% [markdown]
# ## The digits
#
# MNIST is a collection of digits that people wrote by hand: 60,000 to learn from, and 10,000 kept apart for the
# test at the end. It comes with klods. Each digit is an image of 28 by 28 grey values, and has a *label*, the
# number that its writer meant.

# %%
(train_images, train_labels), (test_images, test_labels) = keras.datasets.mnist.load_data()

print("to learn from:", train_images.shape, train_images.dtype)
print("for the test: ", test_images.shape, test_images.dtype)
print("first labels: ", train_labels[:10])

# %% [markdown]
# Here are the first of them:

# %%
klods.show.tensor(train_images[:8])

# %% [markdown]
# An image is nothing but numbers: 0 where the paper is blank, 255 where the ink is full. A few of them, from the
# middle of the first image:

# %%
print(train_images[0][12:18, 8:20])

# %% [markdown]
# The network below takes a row of numbers rather than a square, and learns best from numbers around 1. So each image
# becomes one row of 28 · 28 = 784 numbers between 0 and 1.

# %%
x_train = train_images.reshape(60000, 784).astype("float32") / 255
x_test = test_images.reshape(10000, 784).astype("float32") / 255

print(x_train.shape, x_train.dtype, "from", x_train.min(), "to", x_train.max())

# %% [markdown]
# ## Exercise: any number of images
#
# The lines above only fit 60,000 and 10,000 images. Write a function that takes images of shape (n, 28, 28),
# whatever n is, and returns n such rows. (NumPy's `reshape` works out one size by itself if you
# give it `-1`.)

# %%
from klods.companion.exercises import check


def to_rows(images):
    return ...


check("scaled-pixels", to_rows)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def to_rows(images):
#     return images.reshape(-1, 784).astype("float32") / 255
# ```
#
# </details>

# %% [markdown]
# ## The network
#
# A network is a chain of *layers*. Each takes numbers and gives other numbers, and how it does so depends on its
# *weights*, which are numbers too: random ones at first, and good ones after training.
#
# - The first layer makes 512 numbers out of the 784 grey values.
# - The second makes ten numbers out of these: one for each digit, positive, with the sum 1. They say how much the
#   network believes in each digit.

# %%
model = keras.Sequential(
    [
        keras.Input((784,)),
        keras.layers.Dense(512, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
model.summary()

# %% [markdown]
# ## Exercise: count the weights
#
# Each of the 512 units of the first layer has a weight for every input, and one more number, its *bias*. The second
# layer is built in the same way on the 512 numbers that it gets. How many numbers does this network learn? Write it
# as a sum of products (the summary above knows the answer, but not why).

# %%
count = ...

check("parameters", count, model)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# count = (784 * 512 + 512) + (512 * 10 + 10)
# ```
#
# </details>

# %% [markdown]
# ## Learning
#
# Before it learns, a network is told three things.
#
# - The *loss*: a number that says how bad its answers are. This one is large where the network believes little in the
#   right digit.
# - The *optimizer*: how to change the weights so that the loss becomes smaller.
# - The *metrics*: what we would like to read meanwhile. Accuracy is the share of digits that it gets right.

# %%
model.compile(
    optimizer="rmsprop",
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)

# %% [markdown]
# `fit` shows it all images, 128 at a time, and the optimizer changes the weights a little after each of these
# *batches*. Going through all the images once is an *epoch*.

# %%
history = model.fit(x_train, train_labels, epochs=5, batch_size=128, verbose=2)

# %% [markdown]
# The loss falls from epoch to epoch, and the accuracy rises:

# %%
klods.show.history(history)

# %% [markdown]
# ## What it answers
#
# `predict` gives ten numbers for each image. For the first digit of the test, one of them stands out.

# %%
beliefs = model.predict(x_test, verbose=0)

for digit, belief in enumerate(beliefs[0]):
    print(digit, f"{belief:.6f}", "#" * round(40 * belief))
print("the label is", test_labels[0])

# %% [markdown]
# The answer is the digit that the network believes in most.

# %%
answers = beliefs.argmax(axis=1)

print("answers:", answers[:20])
print("labels: ", test_labels[:20])

# %% [markdown]
# ## Exercise: how often is it right?
#
# Write a function that takes beliefs of shape (n, 10) and n labels, and returns the share of rows whose answer is the
# label, a number between 0 and 1.


# %%
def share_right(beliefs, labels):
    return ...


check("share-right", share_right)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def share_right(beliefs, labels):
#     return np.mean(beliefs.argmax(axis=1) == labels)
# ```
#
# </details>

# %% [markdown]
# `evaluate` works the same out, and the loss. These are images that the network has never seen. It does a little
# worse on them than on those it has learnt from: some of what it has learnt is only true of those. That is called
# *overfitting*.

# %%
loss, accuracy = model.evaluate(x_test, test_labels, verbose=0)

print(f"right on the images it learnt from: {history.history['accuracy'][-1]:.2%}")
print(f"right on new images:                {accuracy:.2%}")

# %% [markdown]
# ## Where it is wrong
#
# A few in a hundred are misread. These are the ones that the network was surest of. Would you have read them all?

# %%
klods.show.misread(model, x_test, test_labels)

# %% [markdown]
# ## What it looks at
#
# Each unit of the first layer has a weight for every pixel. Drawn as an image, they show what the unit looks for: ink
# where it is orange speaks for it, ink where it is blue against it. Few of them look like digits; it is together that
# they tell digits apart.

# %%
klods.show.weights(model)

# %% [markdown]
# And this is one digit on its way through the network: the units that it lights, and those that speak most for the
# answer.

# %%
klods.show.activations(model, x_test[0])

# %% [markdown]
# ## What you have seen
#
# Data became arrays of numbers; a chain of layers turned these into ten beliefs; a loss said how bad they were, and
# an optimizer changed 400,000 weights until it was small. All in a dozen lines. The next sections open these boxes
# one by one, and the first of them is the array itself: the tensor.
