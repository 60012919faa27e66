# %% [markdown]
# # Looking back at the first network
#
# The first section trained a network in a dozen lines and explained none of them. Now every piece is known. At the end
# of this section you have worked out by hand what each of those lines does, and got the same numbers.
#
# You need all sections before.

# %%
import numpy as np

import klods
from klods import keras

keras.utils.set_random_seed(8)

# %% [markdown]
# ## The input data
#
# Images are a tensor of rank 3, (samples, rows, columns), of `uint8`. The network takes rows of numbers between 0 and
# 1.

# %%
(images, labels), (test_images, test_labels) = keras.datasets.mnist.load_data()
x = images.reshape(60000, 784).astype("float32") / 255
x_test = test_images.reshape(10000, 784).astype("float32") / 255

klods.show.tensor(images[:6], kind="images")

# %% [markdown]
# ## The network
#
# Two layers, each a product, a sum and an activation. Their weights are four tensors.

# %%
model = keras.Sequential(
    [
        keras.Input((784,)),
        keras.layers.Dense(512, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, labels, epochs=2, batch_size=128, verbose=0)

W1, b1, W2, b2 = model.get_weights()
for name, weight in zip(("W1", "b1", "W2", "b2"), (W1, b1, W2, b2)):
    print(name, weight.shape)

# %% [markdown]
# With these, the whole network is one line of tensor operations. `softmax` makes positive numbers with the sum 1 of
# any numbers: e to the power of each, divided by the sum.


# %%
def softmax(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


beliefs = softmax(np.maximum(x_test @ W1 + b1, 0) @ W2 + b2)
predicted = model.predict(x_test, verbose=0)

print("largest difference from predict:", np.abs(beliefs - predicted).max())

# %% [markdown]
# ## The loss
#
# The loss of an image is minus the logarithm of the belief in the right digit: 0 for a belief of 1, large for one near
# 0. The loss of a batch is the mean.
#
# ## Exercise: the loss by hand
#
# Write it: a function of beliefs, shape (n, 10), and n labels.


# %%
from klods.companion.exercises import check


def loss_by_hand(beliefs, labels):
    return ...


check("crossentropy", loss_by_hand)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def loss_by_hand(beliefs, labels):
#     right = beliefs[np.arange(len(labels)), labels]
#     return -np.log(right).mean()
# ```
#
# </details>

# %% [markdown]
# `evaluate` works it out for the 10,000 images of the test, and the share of right answers:

# %%
loss, accuracy = model.evaluate(x_test, test_labels, verbose=0)

print(f"loss {loss:.4f}, accuracy {accuracy:.4f}")
print(f"accuracy by hand {np.mean(beliefs.argmax(axis=1) == test_labels):.4f}")

# %% [markdown]
# ## Training
#
# `fit` goes through the data in batches. For each, it computes the loss, its gradient with respect to the four
# tensors, and has the optimizer change them a little.
#
# ## Exercise: how many changes?
#
# How often are the weights changed in five epochs over 60,000 images in batches of 128?

# %%
changes = ...

check("number-of-updates", changes)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# changes = 5 * -(-60000 // 128)
# ```
#
# </details>

# %% [markdown]
# Here is the gradient of one batch on its way back, through the very model that was trained. Nothing of it is a
# secret: each box is an operation that you have written as a loop.

# %%
klods.show.graph(model, x[:128], labels[:128])

# %% [markdown]
# And this is what was learnt, seen as images: first what units of the first layer look for, then for each digit where
# more ink would raise its score (orange) or lower it (blue), on average over 500 images.

# %%
klods.show.weights(model, x_test[:500])

# %% [markdown]
# ## What the machine really runs
#
# Out of `train_step`, klods made a plan once, and `fit` has run it for each batch. Count the products: two forward,
# three backward (the images need no gradient). Nearly all the time goes into the two large ones.

# %%
print(klods.explain(model))

# %% [markdown]
# The optimizer, bias and relu, softmax and the loss with its gradient: each became one loop. The passes that led
# there:

# %%
klods.show.kernels(model)

# %% [markdown]
# ## What you have seen
#
# `Sequential` chains layers, a layer is a product, a sum and an activation, the loss is a logarithm, `fit` repeats a
# step of descent. To be sure, the next section builds all of it again from nothing.
