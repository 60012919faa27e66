# %% [markdown]
# Keras by itself: variables, operations, layers and models whose state can be handed in and out.

# %%
import keras
import numpy as np
import tensorflow as tf
from keras import ops

keras.utils.set_random_seed(9)

# %% [markdown]
# Variables hold tensors; operations make tensors of tensors.

# %%
v = keras.Variable(np.zeros((2, 2), "float32"), name="counts")
v.assign_add(np.ones((2, 2)))
drawn = keras.Variable(keras.random.normal((3, 1), seed=1))
print(v.shape, v.dtype, v.name, ops.convert_to_numpy(v * 2).tolist(), ops.shape(drawn))
assert ops.convert_to_numpy(ops.sum(v)) == 4
assert ops.convert_to_numpy(ops.matmul(v, v)).tolist() == [[2.0, 2.0], [2.0, 2.0]]

# %% [markdown]
# A classifier of points by a line through the plane, step by step.

# %%
num_points = 500
source = np.random.default_rng(3)
lower = source.multivariate_normal([0, 3], [[1, 0.5], [0.5, 1]], size=num_points)
upper = source.multivariate_normal([3, 0], [[1, 0.5], [0.5, 1]], size=num_points)
points = np.vstack([lower, upper]).astype("float32")
targets = np.repeat([[0.0], [1.0]], num_points, axis=0).astype("float32")

W = keras.Variable(shape=(2, 1), initializer="glorot_uniform", name="W")
b = keras.Variable(shape=(1,), initializer="zeros", name="b")
line_loss = keras.losses.MeanSquaredError()


def step_by_hand():
    with tf.GradientTape() as tape:
        loss = line_loss(targets, ops.matmul(points, W) + b)
    slopes = tape.gradient(loss, [W, b])
    for variable, slope in zip([W, b], slopes):
        variable.assign_sub(0.1 * slope)
    return float(loss)


line_losses = [step_by_hand() for _ in range(40)]
on_the_right_side = np.mean((ops.convert_to_numpy(ops.matmul(points, W) + b) > 0.5) == targets)
print("line:", line_losses[0], line_losses[-1], on_the_right_side)

# %% [markdown]
# Layers of one's own, made of these operations. Noise comes from a stream that belongs to its layer.


# %%
class SimpleDense(keras.Layer):
    """Every output sees every input."""

    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = activation

    def build(self, input_shape):
        _, width = input_shape
        self.W = self.add_weight(shape=(width, self.units), initializer="random_normal", name="W")
        self.b = self.add_weight(shape=(self.units,), initializer="zeros", name="b")

    def call(self, inputs):
        y = ops.matmul(inputs, self.W) + self.b
        return y if self.activation is None else self.activation(y)


class Thinning(keras.Layer):
    """Leaves values out in training."""

    def __init__(self, rate):
        super().__init__()
        self.rate = rate
        self.seed_generator = keras.random.SeedGenerator(4)

    def call(self, inputs, training=False):
        return keras.random.dropout(inputs, self.rate, seed=self.seed_generator) if training else inputs


class Stack(keras.Model):
    """Layers in lists of lists."""

    def __init__(self, blocks):
        super().__init__()
        self.blocks = blocks

    def call(self, inputs, training=False):
        for block in self.blocks:
            for layer in block:
                inputs = layer(inputs, training=training) if isinstance(layer, Thinning) else layer(inputs)
        return inputs


model = Stack([[SimpleDense(16, ops.relu), Thinning(0.2)], [SimpleDense(1, ops.sigmoid)]])
model(points[:2])
print([weight.path for weight in model.weights])
assert len(model.weights) == 4
assert len(model.variables) == 5

# %% [markdown]
# State goes in and comes out: weights, the place in the stream of noise, and a metric's sums. Meanwhile the model
# itself stays as it was. Losses by number are the same each time, since the state is all that they depend on.

# %%
accuracy = keras.metrics.BinaryAccuracy()
loss_fn = keras.losses.BinaryCrossentropy()


def trained(steps):
    weights = [tf.convert_to_tensor(w) for w in model.trainable_variables]
    others = [tf.convert_to_tensor(w) for w in model.non_trainable_variables]
    sums = [tf.convert_to_tensor(s) for s in accuracy.variables]
    losses = []
    for _ in range(steps):
        with tf.GradientTape() as tape:
            tape.watch(weights)
            predictions, others = model.stateless_call(weights, others, points, training=True)
            loss = loss_fn(targets, predictions)
        slopes = tape.gradient(loss, weights)
        weights = keras.tree.map_structure(lambda w, slope: w - 0.5 * slope, weights, list(slopes))
        losses.append(float(loss))
    predictions, _ = model.stateless_call(weights, others, points, training=False)
    sums = accuracy.stateless_update_state(sums, targets, predictions)
    return weights, losses, float(accuracy.stateless_result(sums))


before = model.get_weights()
weights, losses, share = trained(60)
print("stack:", losses[0], losses[-1], share)
assert all(np.array_equal(one, other) for one, other in zip(before, model.get_weights()))
assert losses[:5] == trained(5)[1]

for variable, value in zip(model.trainable_variables, weights):
    variable.assign(value)
model.compile("rmsprop", loss_fn, metrics=[keras.metrics.BinaryAccuracy()])
figures = model.evaluate(points, targets, verbose=0)
history = model.fit(points, targets, epochs=2, batch_size=100, verbose=0)

# %%
assert line_losses[-1] < 0.1
assert on_the_right_side > 0.95
assert losses[-1] < 0.3
assert share > 0.95
assert abs(figures[1] - share) < 1e-6
assert history.history["loss"][-1] < 0.3
