# %% [markdown]
# Training, from `fit` as it is to loops of one's own: metrics, callbacks, a step of one's own, all by hand.

# %%
import os
import tempfile

import matplotlib
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.datasets import mnist

matplotlib.use("Agg")
from matplotlib import pyplot as plt

keras.utils.set_random_seed(8)
folder = tempfile.TemporaryDirectory()


def in_folder(name):
    return os.path.join(folder.name, name)


# %%
(images, labels), (test_images, test_labels) = mnist.load_data()
images = images[:8000].reshape((8000, 28 * 28)).astype("float32") / 255
test_images = test_images[:2000].reshape((2000, 28 * 28)).astype("float32") / 255
train_images, val_images = images[2000:], images[:2000]
train_labels, val_labels = labels[2000:8000], labels[:2000]
test_labels = test_labels[:2000]


def get_mnist_model():
    inputs = keras.Input(shape=(28 * 28,))
    features = layers.Dense(128, activation="relu")(inputs)
    features = layers.Dropout(0.5)(features)
    outputs = layers.Dense(10, activation="softmax")(features)
    return keras.Model(inputs, outputs)


# %% [markdown]
# A metric of one's own: its state is weights, which each batch updates.


# %%
class RootMeanSquaredError(keras.metrics.Metric):
    """The root of the mean squared distance between probabilities and labels."""

    def __init__(self, name="rmse", **kwargs):
        super().__init__(name=name, **kwargs)
        self.mse_sum = self.add_weight(name="mse_sum", initializer="zeros")
        self.total_samples = self.add_weight(name="total_samples", initializer="zeros", dtype="int32")

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true = tf.one_hot(tf.cast(y_true, "int32"), depth=tf.shape(y_pred)[1])
        mse = tf.reduce_sum(tf.square(tf.reshape(y_true, tf.shape(y_pred)) - y_pred))
        self.mse_sum.assign_add(mse)
        self.total_samples.assign_add(tf.shape(y_pred)[0])

    def result(self):
        return tf.sqrt(self.mse_sum / tf.cast(self.total_samples, tf.float32))

    def reset_state(self):
        self.mse_sum.assign(0.0)
        self.total_samples.assign(0)


model = get_mnist_model()
model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy", RootMeanSquaredError()])
model.fit(train_images, train_labels, epochs=2, batch_size=128, validation_data=(val_images, val_labels), verbose=2)
test_metrics = model.evaluate(test_images, test_labels, verbose=0)
probabilities = model.predict(test_images, verbose=0)
by_hand = np.sqrt(np.mean(np.sum((np.eye(10)[test_labels] - probabilities) ** 2, axis=1)))
print(test_metrics, by_hand)

# %% [markdown]
# Callbacks: stop when it gets no better, keep the best model, and write what TensorBoard shows.

# %%
callbacks_list = [
    keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=2),
    keras.callbacks.ModelCheckpoint(filepath=in_folder("best.keras"), monitor="val_loss", save_best_only=True),
    keras.callbacks.TensorBoard(log_dir=in_folder("logs")),
]
model = get_mnist_model()
model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(
    train_images,
    train_labels,
    epochs=5,
    batch_size=128,
    callbacks=callbacks_list,
    validation_data=(val_images, val_labels),
    verbose=0,
)
best = keras.models.load_model(in_folder("best.keras"))
best_loss, best_accuracy = best.evaluate(val_images, val_labels, verbose=0)
logs = [name for _, _, names in os.walk(in_folder("logs")) for name in names]
print(best_accuracy, len(logs))


# %% [markdown]
# A callback of one's own: the loss of each batch, drawn after each epoch.


# %%
class LossHistory(keras.callbacks.Callback):
    """Draws the loss of each batch."""

    def on_train_begin(self, logs):
        self.per_batch_losses = []

    def on_batch_end(self, batch, logs):
        self.per_batch_losses.append(logs.get("loss"))

    def on_epoch_end(self, epoch, logs):
        plt.clf()
        plt.plot(range(len(self.per_batch_losses)), self.per_batch_losses, label="Training loss for each batch")
        plt.xlabel(f"Batch (epoch {epoch})")
        plt.ylabel("Loss")
        plt.legend()
        plt.savefig(in_folder(f"plot_at_epoch_{epoch}"), dpi=50)
        self.drawn = len(self.per_batch_losses)
        self.per_batch_losses = []


loss_history = LossHistory()
model.fit(train_images, train_labels, epochs=2, batch_size=128, callbacks=[loss_history], verbose=0)

# %% [markdown]
# All by hand: a step with metrics, then a step to evaluate, over batches of a dataset.

# %%
model = get_mnist_model()
loss_fn = keras.losses.SparseCategoricalCrossentropy()
optimizer = keras.optimizers.RMSprop()
metrics = [keras.metrics.SparseCategoricalAccuracy()]
loss_tracking_metric = keras.metrics.Mean()


def train_step(inputs, targets):
    with tf.GradientTape() as tape:
        predictions = model(inputs, training=True)
        loss = loss_fn(targets, predictions)
    gradients = tape.gradient(loss, model.trainable_weights)
    optimizer.apply_gradients(zip(gradients, model.trainable_weights))

    logs = {}
    for metric in metrics:
        metric.update_state(targets, predictions)
        logs[metric.name] = metric.result()
    loss_tracking_metric.update_state(loss)
    logs["loss"] = loss_tracking_metric.result()
    return logs


def reset_metrics():
    for metric in metrics:
        metric.reset_state()
    loss_tracking_metric.reset_state()


training_dataset = tf.data.Dataset.from_tensor_slices((train_images, train_labels)).batch(64)
for epoch in range(2):
    reset_metrics()
    for inputs_batch, targets_batch in training_dataset:
        logs = train_step(inputs_batch, targets_batch)
    print(f"epoch {epoch}:", *[f"{key} {value:.4f}" for key, value in logs.items()])


def test_step(inputs, targets):
    predictions = model(inputs, training=False)
    loss = loss_fn(targets, predictions)
    logs = {}
    for metric in metrics:
        metric.update_state(targets, predictions)
        logs["val_" + metric.name] = metric.result()
    loss_tracking_metric.update_state(loss)
    logs["val_loss"] = loss_tracking_metric.result()
    return logs


compiled_test_step = tf.function(test_step)
val_dataset = tf.data.Dataset.from_tensor_slices((val_images, val_labels)).batch(64)
evaluations = []
for step in (test_step, compiled_test_step):
    reset_metrics()
    for inputs_batch, targets_batch in val_dataset:
        logs = step(inputs_batch, targets_batch)
    evaluations.append({key: float(value) for key, value in logs.items()})
print("evaluated:", evaluations)

# %% [markdown]
# The step of a model of one's own, for `fit` to call, in three forms. The first keeps its loss by itself.

# %%
loss_tracker = keras.metrics.Mean(name="loss")


class OwnLoss(keras.Model):
    """Keeps the loss by itself, and knows no other figures."""

    def train_step(self, data):
        inputs, targets = data
        with tf.GradientTape() as tape:
            predictions = self(inputs, training=True)
            loss = loss_fn(targets, predictions)
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights))
        loss_tracker.update_state(loss)
        return {"loss": loss_tracker.result()}

    @property
    def metrics(self):
        return [loss_tracker]


class CompiledLoss(keras.Model):
    """Uses the loss and metrics that `compile` was given."""

    def train_step(self, data):
        inputs, targets = data
        with tf.GradientTape() as tape:
            predictions = self(inputs, training=True)
            loss = self.compute_loss(y=targets, y_pred=predictions)
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply(gradients, self.trainable_weights)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(targets, predictions)
        return {metric.name: metric.result() for metric in self.metrics}


class CompiledStep(keras.Model):
    """Trains by a function that is compiled by itself, too."""

    @tf.function
    def improve(self, inputs, targets):
        with tf.GradientTape() as tape:
            predictions = self(inputs, training=True)
            loss = self.compute_loss(x=inputs, y=targets, y_pred=predictions)
        self.optimizer.apply_gradients(zip(tape.gradient(loss, self.trainable_variables), self.trainable_variables))
        return predictions

    def train_step(self, data):
        inputs, targets = data
        return self.compute_metrics(inputs, targets, self.improve(inputs, targets))


def built(kind):
    inputs = keras.Input(shape=(28 * 28,))
    features = layers.Dense(128, activation="relu")(inputs)
    features = layers.Dropout(0.5)(features)
    return kind(inputs, layers.Dense(10, activation="softmax")(features))


own = built(OwnLoss)
own.compile(optimizer=keras.optimizers.RMSprop())
own_history = own.fit(train_images, train_labels, epochs=3, verbose=0)

accuracies = {}
for kind in (CompiledLoss, CompiledStep):
    model = built(kind)
    model.compile(
        optimizer=keras.optimizers.RMSprop(),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=[keras.metrics.SparseCategoricalAccuracy()],
    )
    kind_history = model.fit(training_dataset, epochs=3, validation_data=val_dataset, verbose=0)
    accuracies[kind.__name__] = np.array(kind_history.history["val_sparse_categorical_accuracy"])
print(own_history.history, accuracies)

# %% [markdown]
# Saved and loaded: the model goes on as it was, optimizer and all.

# %%
model = get_mnist_model()
model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(train_images, train_labels, epochs=2, batch_size=128, verbose=0)
model.save(in_folder("digits.keras"))
model.save_weights(in_folder("digits.weights.h5"))
loaded = keras.models.load_model(in_folder("digits.keras"))
fresh = get_mnist_model()
fresh.load_weights(in_folder("digits.weights.h5"))
predictions = model.predict(test_images, verbose=0)
same = [np.allclose(predictions, other.predict(test_images, verbose=0), atol=1e-6) for other in (loaded, fresh)]
loaded.fit(train_images, train_labels, epochs=1, batch_size=128, verbose=0)
loaded_accuracy = loaded.evaluate(test_images, test_labels, verbose=0)[1]

# %%
assert test_metrics[1] > 0.85
assert abs(test_metrics[2] - by_hand) < 1e-3
assert abs(best_loss - min(history.history["val_loss"])) < 1e-4
assert len(logs) > 0
assert loss_history.drawn == 47
assert os.path.exists(in_folder("plot_at_epoch_1.png"))
assert abs(evaluations[0]["val_loss"] - evaluations[1]["val_loss"]) < 1e-5
assert evaluations[0]["val_sparse_categorical_accuracy"] > 0.85
assert own_history.history["loss"][-1] < own_history.history["loss"][0]
assert min(values[-1] for values in accuracies.values()) > 0.88
assert same == [True, True]
assert loaded_accuracy > 0.85
