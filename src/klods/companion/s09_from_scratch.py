# %% [markdown]
# # The whole network from scratch
#
# Now without Keras. Tensors, their operations and the tape are all you have, and they are enough: layers, a network,
# batches, training and its test, in some fifty lines. At the end you take away the tape as well.
#
# You need the sections on tensor operations and on the chain rule.

# %%
import time

import numpy as np

import klods
from klods import keras

klods.random.set_seed(9)
(images, labels), (test_images, test_labels) = keras.datasets.mnist.load_data()
x = images.reshape(-1, 784).astype("float32") / 255
x_test = test_images.reshape(-1, 784).astype("float32") / 255

# %% [markdown]
# ## A simple Dense class
#
# A layer holds its weights, two variables, and knows how to apply them. The weights begin as small random numbers: all
# alike, all units would stay alike for ever.


# %%
class Dense:
    def __init__(self, inputs, units, activation):
        spread = (2 / (inputs + units)) ** 0.5
        start = klods.random.normal((inputs, units), stddev=spread)
        self.kernel = klods.Variable(start, name="kernel")
        self.bias = klods.Variable(klods.zeros(units), name="bias")
        self.activation = activation

    @property
    def weights(self):
        return [self.kernel, self.bias]

    def __call__(self, x):
        return self.activation(x @ self.kernel + self.bias)


klods.show.graph(lambda: Dense(4, 3, klods.nn.relu)(klods.ones((2, 4))))


# %% [markdown]
# ## A simple Sequential class
#
# A network applies its layers one after the other, and its weights are all of theirs.


# %%
class Network:
    def __init__(self, *layers):
        self.layers = layers

    @property
    def weights(self):
        return [weight for layer in self.layers for weight in layer.weights]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


network = Network(
    Dense(784, 512, klods.nn.relu),
    Dense(512, 10, klods.nn.softmax),
)
for weight in network.weights:
    print(weight.name, weight.shape)
klods.show.tensor(network.weights[0], axes=("pixels", "units"))

# %% [markdown]
# ## A batch generator
#
# A function with `yield` gives one batch after the other. The order is mixed anew each time, so that no two epochs see
# the same batches.


# %%
random = np.random.default_rng(9)


def batches(x, labels, size):
    order = random.permutation(len(x))
    for start in range(0, len(x), size):
        places = order[start : start + size]
        yield x[places], labels[places]


first, _ = next(batches(images, labels, 8))
klods.show.tensor(first, kind="images")

# %% [markdown]
# ## Running one training step
#
# Forward, loss, backward, step: the whole of learning, in four lines.


# %%
def loss_of(beliefs, labels):
    losses = keras.losses.sparse_categorical_crossentropy(labels, beliefs)
    return klods.reduce_mean(losses)


def train(network, x, labels, rate=0.1):
    with klods.GradientTape() as tape:
        loss = loss_of(network(x), labels)
    for weight, gradient in zip(network.weights, tape.gradient(loss, network.weights)):
        weight.assign_sub(rate * gradient)
    return loss


for _ in range(3):
    print(f"{float(train(network, x[:128], labels[:128])):.4f}")

# %% [markdown]
# On one and the same batch the loss falls. This is the gradient that did it:

# %%
klods.show.graph(lambda: loss_of(network(x[:128]), labels[:128]))

# %% [markdown]
# ## The full training loop
#
# An epoch is the step on each batch. Look at the time as well.


# %%
def fit(network, step, epochs, size=128):
    history = {"loss": []}
    for _ in range(epochs):
        began = time.perf_counter()
        losses = [float(step(*batch)) for batch in batches(x, labels, size)]
        history["loss"].append(np.mean(losses))
        print(f"loss {np.mean(losses):.4f}  {time.perf_counter() - began:.2f} s")
    return history


history = fit(network, lambda x, y: train(network, x, y), epochs=3)
klods.show.history(history)

# %% [markdown]
# ## Evaluating the model
#
# The answer is the digit that is believed in most.


# %%
def accuracy(network):
    answers = klods.argmax(network(x_test), axis=1).numpy()
    return np.mean(answers == test_labels)


print(f"right on new images: {accuracy(network):.2%}")

# %% [markdown]
# Some that it reads wrongly, and the digits that it takes them for:

# %%
answers = klods.argmax(network(x_test), axis=1).numpy()
wrong = np.flatnonzero(answers != test_labels)[:8]

print("taken for", answers[wrong])
klods.show.tensor(test_images[wrong], kind="images")

# %% [markdown]
# ## Exercise: a learning rate that falls
#
# Large steps first, small ones later often end lower. Write a function that gives the rate for a step: `start` at step
# 0, and half of it after every `period` steps. (`//` divides without a rest.)


# %%
from klods.companion.exercises import check


def falling_rate(step, start, period):
    return ...


check("falling-rate", falling_rate)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def falling_rate(step, start, period):
#     return start * 0.5 ** (step // period)
# ```
#
# </details>

# %% [markdown]
# ## The same step, compiled
#
# Put `klods.function` around the step, and klods writes it down once, fuses it and runs machine code. Not a line of
# the step changes. It goes on training the same network, so the loss goes on where it was; what compiling changes is
# the time.

# %%
compiled = klods.function(lambda x, labels: train(network, x, labels))

history = fit(network, compiled, epochs=3)
print(f"right on new images: {accuracy(network):.2%}")

# %% [markdown]
# ## Without the tape
#
# What the tape does for this network fits on a few lines of NumPy, by the chain rule. One fact makes it short: for
# softmax with this loss, the gradient of the scores is belief minus truth, divided by the number of samples.


# %%
def gradients_by_hand(x, labels, W1, b1, W2, b2):
    hidden = np.maximum(x @ W1 + b1, 0)
    scores = hidden @ W2 + b2
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    beliefs = powers / powers.sum(axis=1, keepdims=True)

    d_scores = (beliefs - np.eye(10)[labels]) / len(x)
    d_hidden = d_scores @ W2.T
    d_before_relu = d_hidden * (hidden > 0)
    return [
        x.T @ d_before_relu,
        d_before_relu.sum(axis=0),
        hidden.T @ d_scores,
        d_scores.sum(axis=0),
    ]


with klods.GradientTape() as tape:
    loss = loss_of(network(x[:128]), labels[:128])
by_tape = tape.gradient(loss, network.weights)
by_hand = gradients_by_hand(x[:128], labels[:128], *(w.numpy() for w in network.weights))

for weight, a, b in zip(network.weights, by_tape, by_hand):
    print(f"{weight.name:7} {weight.shape!s:10} differ by {np.abs(a.numpy() - b).max():.1e}")

# %% [markdown]
# ## Exercise: the gradient of the bias
#
# Why is the gradient of a bias a sum over axis 0? Because the bias was broadcast: it took part in every row, and over
# paths one adds. Write the rule for any vector that was added to a matrix: from the gradient of the sum, shape (n,
# m), to that of the vector, shape (m,).


# %%
def gradient_of_added_vector(gradient):
    return ...


check("gradient-of-bias", gradient_of_added_vector)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def gradient_of_added_vector(gradient):
#     return gradient.sum(axis=0)
# ```
#
# </details>

# %% [markdown]
# ## Is it the same as Keras?
#
# Give Keras's layers the weights of this network, and ask both.

# %%
model = keras.Sequential(
    [
        keras.Input((784,)),
        keras.layers.Dense(512, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
model.set_weights([weight.numpy() for weight in network.weights])
difference = np.abs(model.predict(x_test, verbose=0) - network(x_test).numpy()).max()

print("largest difference:", difference)

# %% [markdown]
# And these are digits that your own network reads wrongly, and surely:

# %%
klods.show.misread(model, x_test, test_labels)

# %% [markdown]
# ## What you have seen
#
# A deep-learning framework is layers that hold variables, a tape that finds gradients, and a loop. You have written
# one. The last section puts it to use: experiments.
