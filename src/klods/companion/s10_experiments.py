# %% [markdown]
# # Experiments, and a summary
#
# You know how it works. This section is for finding out how it behaves: what batches cost, what a belief is worth,
# where the mistakes are. Measure on your own machine, change the numbers, and measure again.
#
# You need the sections before; what they taught is summed up at the end.

# %%
import time

import numpy as np

import klods
from klods import keras

(images, labels), (test_images, test_labels) = keras.datasets.mnist.load_data()
x = images.reshape(-1, 784).astype("float32") / 255
x_test = test_images.reshape(-1, 784).astype("float32") / 255


def network(units=128, layers=1, rate=0.001):
    keras.utils.set_random_seed(10)
    hidden = [keras.layers.Dense(units, activation="relu") for _ in range(layers)]
    outputs = keras.layers.Dense(10, activation="softmax")
    model = keras.Sequential([keras.Input((784,)), *hidden, outputs])
    optimizer = keras.optimizers.RMSprop(rate)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


# %% [markdown]
# ## Why batches, and which size?
#
# The same network and the same 20,000 images, in batches of 16 to 1,024, for two epochs each. What takes longer, and
# what learns more?

# %%
print("batch  seconds an epoch  steps an epoch  right on new images")
for size in (16, 64, 256, 1024):
    model = network()
    model.fit(x[:1024], labels[:1024], batch_size=size, verbose=0)  # compiles
    model = network()
    began = time.perf_counter()
    model.fit(x[:20000], labels[:20000], epochs=2, batch_size=size, verbose=0)
    seconds = (time.perf_counter() - began) / 2
    right = model.evaluate(x_test, test_labels, verbose=0)[1]
    print(f"{size:5}  {seconds:16.2f}  {-(-20000 // size):14}  {right:19.1%}")

# %% [markdown]
# Small batches make many steps, each on a rough gradient; each step has costs of its own, so an epoch takes longer.
# Large batches use the machine better, and make so few steps that the network has learnt less after the same number
# of epochs. Somewhere between lies what most people take: 32 to 256.
#
# ## Exercise: equal steps
#
# Batches of 1,024 make fewer steps an epoch than batches of 128. How many epochs over 20,000 images in batches of
# 1,024 make at least as many steps as one epoch in batches of 128?

# %%
from klods.companion.exercises import check

epochs = ...

check("equal-steps", epochs)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# few, many = -(-20000 // 1024), -(-20000 // 128)
# epochs = -(-many // few)
# ```
#
# </details>

# %% [markdown]
# ## What ranges do
#
# Grey values from 0 to 255, from 0 to 1, and with mean 0 and spread 1:

# %%
raw = images.reshape(-1, 784)[:20000].astype("float32")
standard = (raw - raw.mean()) / raw.std()
for name, inputs in {"0 to 255": raw, "0 to 1": raw / 255, "standard": standard}.items():
    history = network().fit(inputs, labels[:20000], epochs=2, batch_size=128, verbose=0)
    losses = ", ".join(f"{loss:.3f}" for loss in history.history["loss"])
    print(f"{name:9} losses {losses}")

# %% [markdown]
# ## How wide, how deep?

# %%
for units, layers in [(8, 1), (32, 1), (128, 1), (512, 1), (128, 3)]:
    model = network(units, layers)
    model.fit(x[:20000], labels[:20000], epochs=3, batch_size=128, verbose=0)
    seen = model.evaluate(x[:20000], labels[:20000], verbose=0)[1]
    new = model.evaluate(x_test, test_labels, verbose=0)[1]
    print(f"{layers} x {units:<4} {model.count_params():8,} weights: {seen:.1%} seen, {new:.1%} new")

# %% [markdown]
# More weights learn more, first of everything, then mostly by heart: the distance between images seen and new ones
# grows.
#
# ## What a probability vector says
#
# The ten outputs are positive and have the sum 1, like probabilities. Are they? Look at all the answers that were
# given with about the same belief: if it means anything, a belief of 90 % is right nine times of ten.

# %%
model = network()
history = model.fit(x, labels, epochs=4, batch_size=128, verbose=0, validation_data=(x_test, test_labels))
beliefs = model.predict(x_test, verbose=0)
surest, answers = beliefs.max(axis=1), beliefs.argmax(axis=1)

print("   belief   answers     right")
for low, high in [(0.3, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 0.99), (0.99, 1.01)]:
    chosen = (surest >= low) & (surest < high)
    right = np.mean(answers[chosen] == test_labels[chosen])
    print(f"{low:4.0%} to {min(high, 1):4.0%}  {chosen.sum():7}  {right:8.1%}")

# %% [markdown]
# So it knows quite well what it doesn't know. This is the digit that it was surest of, and the one it was least sure
# of:

# %%
klods.show.activations(model, x_test[surest.argmax()])

# %%
klods.show.activations(model, x_test[surest.argmin()])

# %% [markdown]
# ## Exercise: how unsure?
#
# *Entropy* measures how spread a belief is: minus the sum of p·log(p) over the ten. It is 0 for certainty, and
# largest where all ten are equal. Write it for a matrix of beliefs, one number for each row. (Take 0·log(0) as 0: a
# tiny number added inside the logarithm does it.)


# %%
def entropy(beliefs):
    return ...


check("entropy", entropy)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def entropy(beliefs):
#     return -(beliefs * np.log(beliefs + 1e-12)).sum(axis=1)
# ```
#
# </details>

# %% [markdown]
# ## Where the misread digits are
#
# Which digits are taken for which? Rows are what was written, columns what was read.

# %%
klods.show.confusion(model, x_test, test_labels)

# %% [markdown]
# And here they are, the surest mistakes first:

# %%
klods.show.misread(model, x_test, test_labels)

# %% [markdown]
# ## When to stop
#
# On the images it learns from, the loss goes on falling. On new ones it falls more slowly, and after enough epochs it
# rises. Where do the two lines part here? Give `fit` more epochs above, and look again.

# %%
klods.show.history(history)

# %% [markdown]
# ## Summary
#
# - Data become *tensors*: numbers on axes, with a shape and a dtype; axis 0 counts samples (sections 2 and 3).
# - A network is a chain of *tensor operations*, each a simple move of space: products turn and stretch, sums shift,
#   relu folds (sections 4 and 5).
# - Learning is going downhill on a *loss*, in small steps against its *gradient*, on a batch at a time (section 6).
# - The gradient comes from the *chain rule*, walked backwards over a record of what ran (section 7).
# - Layers, optimizers and `fit` are these things with handles on them (sections 1, 8 and 9).
# - What it is worth shows on data it has never seen (this section).
#
# All of it in one picture, values on their way down and gradients on their way up:

# %%
klods.show.graph(model, x_test[:64], test_labels[:64])

# %% [markdown]
# From here, the how-to pages of the documentation go on: your own data, layers and training loops, saving a model and
# opening it in Keras, finding a NaN, making it faster.
