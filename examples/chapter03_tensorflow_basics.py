# %% [markdown]
# Tensors, variables and gradients; a linear classifier from these alone; then a layer and a model of Keras's.

# %%
import numpy as np
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(2)

# %% [markdown]
# Constants can't be changed; variables can, whole or in part.

# %%
print(tf.ones(shape=(2, 1)), tf.zeros(shape=(2, 1)))
print(tf.random.normal(shape=(3, 1), mean=0.0, stddev=1.0))
print(tf.random.uniform(shape=(3, 1), minval=0.0, maxval=1.0))

x = tf.ones(shape=(2, 2))
try:
    x[0, 0] = 0.0
except TypeError as error:
    print("as expected:", error)

v = tf.Variable(initial_value=tf.random.normal(shape=(3, 1)))
v.assign(tf.ones((3, 1)))
v[0, 0].assign(3.0)
v.assign_add(tf.ones((3, 1)))
print(v.numpy().ravel())

a = tf.ones((2, 2))
b = tf.square(a) + tf.sqrt(a)
c = tf.matmul(a, b) * b
d = tf.concat([b, c], axis=0)
print(d.shape, d.dtype, tf.reduce_sum(d, axis=0))

# %% [markdown]
# Gradients: of variables, of constants that are watched, of gradients, and by each element.

# %%
side = tf.Variable(initial_value=3.0)
with tf.GradientTape() as tape:
    area = tf.square(side)
slope = tape.gradient(area, side)

time = tf.constant(2.0)
with tf.GradientTape() as outer:
    outer.watch(time)
    with tf.GradientTape() as inner:
        inner.watch(time)
        position = 4.9 * time**2
    speed = inner.gradient(position, time)
acceleration = outer.gradient(speed, time)

angles = tf.constant([0.0, 0.5, 1.0])
with tf.GradientTape() as tape:
    tape.watch(angles)
    squares = angles**2
table = tape.jacobian(squares, angles)
print(slope, acceleration, table)


@tf.function
def dense(inputs, W, b):
    return tf.nn.relu(tf.matmul(inputs, W) + b)


tf.print("compiled:", dense(tf.ones((1, 2)), tf.ones((2, 3)), tf.zeros((3,))))

# %% [markdown]
# Two clouds of points, and a line between them.

# %%
points_each = 500
source = np.random.default_rng(0)
below = source.multivariate_normal(mean=[0, 3], cov=[[1, 0.5], [0.5, 1]], size=points_each)
above = source.multivariate_normal(mean=[3, 0], cov=[[1, 0.5], [0.5, 1]], size=points_each)
inputs = np.vstack((below, above)).astype(np.float32)
targets = np.vstack((np.zeros((points_each, 1), dtype="float32"), np.ones((points_each, 1), dtype="float32")))

W = tf.Variable(initial_value=tf.random.uniform(shape=(2, 1)))
b = tf.Variable(initial_value=tf.zeros(shape=(1,)))


def line(inputs):
    return tf.matmul(inputs, W) + b


def squared_error(targets, predictions):
    return tf.reduce_mean(tf.square(targets - predictions))


def training_step(inputs, targets, learning_rate=0.1):
    with tf.GradientTape() as tape:
        loss = squared_error(targets, line(inputs))
    loss_wrt_W, loss_wrt_b = tape.gradient(loss, [W, b])
    W.assign_sub(loss_wrt_W * learning_rate)
    b.assign_sub(loss_wrt_b * learning_rate)
    return loss


losses = [float(training_step(inputs, targets)) for _ in range(40)]
line_accuracy = np.mean((line(inputs) > 0.5).numpy() == (targets > 0.5))
print(f"loss {losses[0]:.3f} -> {losses[-1]:.3f}, accuracy {line_accuracy:.3f}")


# %% [markdown]
# A layer makes its weights when it first sees inputs.


# %%
class SimpleDense(keras.layers.Layer):
    """A dense layer, written out."""

    def __init__(self, units, activation=None):
        super().__init__()
        self.units = units
        self.activation = activation

    def build(self, input_shape):
        input_dim = input_shape[-1]
        self.W = self.add_weight(shape=(input_dim, self.units), initializer="random_normal")
        self.b = self.add_weight(shape=(self.units,), initializer="zeros")

    def call(self, inputs):
        y = tf.matmul(inputs, self.W) + self.b
        return y if self.activation is None else self.activation(y)


layer = SimpleDense(units=32, activation=tf.nn.relu)
output = layer(tf.ones(shape=(2, 784)))
assert output.shape == (2, 32)
assert [weight.shape for weight in layer.weights] == [(784, 32), (32,)]

deep = keras.Sequential([SimpleDense(32, activation=tf.nn.relu), SimpleDense(64), SimpleDense(10)])
assert deep(tf.ones((1, 20))).shape == (1, 10)

# %% [markdown]
# compile, fit, evaluate and predict; some of the data are held back to check on.

# %%
model = keras.Sequential([keras.layers.Dense(1)])
model.compile(
    optimizer=keras.optimizers.RMSprop(learning_rate=0.05),
    loss=keras.losses.MeanSquaredError(),
    metrics=[keras.metrics.BinaryAccuracy()],
)

order = np.random.permutation(len(inputs))
inputs, targets = inputs[order], targets[order]
held_back = int(0.3 * len(inputs))
history = model.fit(
    inputs[held_back:],
    targets[held_back:],
    epochs=5,
    batch_size=16,
    validation_data=(inputs[:held_back], targets[:held_back]),
)
print(sorted(history.history))

loss_and_metrics = model.evaluate(inputs[:held_back], targets[:held_back], batch_size=128)
predictions = model.predict(inputs[:held_back], batch_size=128)
print(loss_and_metrics, predictions[:3].ravel())

# %%
assert float(slope) == 6
assert abs(float(acceleration) - 9.8) < 1e-5
assert np.allclose(table.numpy(), np.diag([0, 1, 2]))
assert line_accuracy > 0.98
assert losses[-1] < 0.1
assert sorted(history.history) == ["binary_accuracy", "loss", "val_binary_accuracy", "val_loss"]
assert loss_and_metrics[1] > 0.9
assert predictions.shape == (held_back, 1)
