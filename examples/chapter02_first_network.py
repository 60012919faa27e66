# %% [markdown]
# A first network, and what it is made of: tensors, operations on them, and a training loop in plain steps.

# %%
import math

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.datasets import mnist

keras.utils.set_random_seed(1)

# %% [markdown]
# Digits, some of them: each image becomes a row of numbers between 0 and 1.

# %%
(train_images, train_labels), (test_images, test_labels) = mnist.load_data()
print(train_images.shape, train_images.dtype, train_images.ndim, len(train_labels))

train_images = train_images[:12_000].reshape((12_000, 28 * 28)).astype("float32") / 255
test_images = test_images[:2_000].reshape((2_000, 28 * 28)).astype("float32") / 255
train_labels, test_labels = train_labels[:12_000], test_labels[:2_000]

# %%
model = keras.Sequential([layers.Dense(256, activation="relu"), layers.Dense(10, activation="softmax")])
model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(train_images, train_labels, epochs=4, batch_size=128)

# %%
predictions = model.predict(test_images[:10])
print(predictions[0].argmax(), "with probability", predictions[0].max(), "and the label is", test_labels[0])
test_loss, test_accuracy = model.evaluate(test_images, test_labels)
print(f"accuracy on new images: {test_accuracy:.3f}")


# %% [markdown]
# The same from tensors: a layer is a function with weights, a model a list of layers.


# %%
class PlainDense:
    """A dense layer: an activation of a matrix product and a bias."""

    def __init__(self, input_size, output_size, activation):
        limit = math.sqrt(6 / (input_size + output_size))
        self.W = tf.Variable(tf.random.uniform((input_size, output_size), minval=-limit, maxval=limit))
        self.b = tf.Variable(tf.zeros((output_size,)))
        self.activation = activation

    def __call__(self, inputs):
        return self.activation(tf.matmul(inputs, self.W) + self.b)

    @property
    def weights(self):
        return [self.W, self.b]


class PlainSequential:
    """Layers, one after the other."""

    def __init__(self, layers):
        self.layers = layers

    def __call__(self, inputs):
        for layer in self.layers:
            inputs = layer(inputs)
        return inputs

    @property
    def weights(self):
        return [weight for layer in self.layers for weight in layer.weights]


class Batches:
    """Hands out images and labels, some at a time."""

    def __init__(self, images, labels, batch_size=128):
        assert len(images) == len(labels)
        self.images, self.labels, self.batch_size = images, labels, batch_size

    def __iter__(self):
        for start in range(0, len(self.images), self.batch_size):
            part = slice(start, start + self.batch_size)
            yield self.images[part], self.labels[part]


# %%
learning_rate = 0.1


def update_by_hand(gradients, weights):
    for gradient, weight in zip(gradients, weights):
        weight.assign_sub(gradient * learning_rate)


def one_step(model, images, labels):
    with tf.GradientTape() as tape:
        predictions = model(images)
        losses = keras.losses.sparse_categorical_crossentropy(labels, predictions)
        average_loss = tf.reduce_mean(losses)
    gradients = tape.gradient(average_loss, model.weights)
    update_by_hand(gradients, model.weights)
    return average_loss


plain = PlainSequential([PlainDense(784, 128, tf.nn.relu), PlainDense(128, 10, tf.nn.softmax)])
assert len(plain.weights) == 4
for epoch in range(4):
    for images, labels in Batches(train_images, train_labels):
        loss = one_step(plain, images, labels)
    print(f"epoch {epoch + 1}: loss {loss:.2f}")

# %% [markdown]
# An optimizer of Keras's does the same to these weights.

# %%
optimizer = keras.optimizers.SGD(learning_rate=learning_rate)
with tf.GradientTape() as tape:
    loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(train_labels[:128], plain(train_images[:128])))
optimizer.apply_gradients(zip(tape.gradient(loss, plain.weights), plain.weights))

# %%
matches = np.argmax(plain(test_images).numpy(), axis=1) == test_labels
print(f"accuracy of the plain model: {matches.mean():.3f}")

# %%
assert test_accuracy > 0.9
assert matches.mean() > 0.86
assert predictions.shape == (10, 10)
