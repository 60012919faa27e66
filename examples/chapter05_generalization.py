# %% [markdown]
# What a network learns beside what it should, and what helps against it.

# %%
import numpy as np
from made_data import reviews
from tensorflow import keras
from tensorflow.keras import layers, regularizers
from tensorflow.keras.datasets import imdb, mnist

keras.utils.set_random_seed(6)

(train_images, train_labels), _ = mnist.load_data()
train_images = train_images[:4000].reshape((4000, 28 * 28)).astype("float32") / 255
train_labels = train_labels[:4000]


def digits_model(learning_rate=1e-3):
    model = keras.Sequential([layers.Dense(128, activation="relu"), layers.Dense(10, activation="softmax")])
    optimizer = keras.optimizers.RMSprop(learning_rate)
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


# %% [markdown]
# Twice as many inputs, the other half noise or zeros: noise makes chance patterns that fit the training data alone.

# %%
with_noise = np.concatenate([train_images, np.random.random((len(train_images), 784))], axis=1)
with_zeros = np.concatenate([train_images, np.zeros((len(train_images), 784))], axis=1)
curves = {}
for name, inputs in {"noise": with_noise, "zeros": with_zeros}.items():
    history = digits_model().fit(inputs, train_labels, epochs=6, batch_size=128, validation_split=0.2, verbose=0)
    curves[name] = history.history["val_accuracy"]
    print(name, [round(accuracy, 3) for accuracy in curves[name]])

# %% [markdown]
# Labels in random order can be learned by heart, and nothing else can be done with them.

# %%
random_labels = train_labels[:1000].copy()
np.random.shuffle(random_labels)
by_heart = digits_model().fit(
    train_images[:1000], random_labels, epochs=60, batch_size=64, validation_split=0.2, verbose=0
)
memory, luck = by_heart.history["accuracy"][-1], by_heart.history["val_accuracy"][-1]
print(f"random labels: {memory:.2f} of those it saw, {luck:.2f} of the others")

# %% [markdown]
# A rate that is too high gets nowhere; a model that is too small can't get far.

# %%
too_high = digits_model(1.0).fit(train_images, train_labels, epochs=4, batch_size=128, validation_split=0.2, verbose=0)
better = digits_model(1e-2).fit(train_images, train_labels, epochs=4, batch_size=128, validation_split=0.2, verbose=0)
linear = keras.Sequential([layers.Dense(10, activation="softmax")])
linear.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
small = linear.fit(train_images, train_labels, epochs=8, batch_size=128, validation_split=0.2, verbose=0)

# %% [markdown]
# Reviews, and five models of them: of various sizes, with weights kept small, with outputs dropped.

# %%
(train_data, review_labels), _ = imdb.load_data(path=str(reviews(1200)), num_words=10000)
inputs = np.zeros((len(train_data), 10000), "float32")
for i, sequence in enumerate(train_data):
    inputs[i, sequence] = 1.0


def review_history(*hidden):
    model = keras.Sequential([*hidden, layers.Dense(1, activation="sigmoid")])
    model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
    history = model.fit(inputs, review_labels, epochs=12, batch_size=256, validation_split=0.4, verbose=0)
    return np.array(history.history["val_loss"]), np.array(history.history["val_accuracy"]), model


l2, both = regularizers.l2(0.002), regularizers.l1_l2(l1=0.0005, l2=0.0005)
trials = {
    "original": [layers.Dense(16, activation="relu"), layers.Dense(16, activation="relu")],
    "smaller": [layers.Dense(4, activation="relu"), layers.Dense(4, activation="relu")],
    "larger": [layers.Dense(128, activation="relu"), layers.Dense(128, activation="relu")],
    "l2": [layers.Dense(16, kernel_regularizer=l2, activation="relu") for _ in range(2)],
    "l1 and l2": [layers.Dense(16, kernel_regularizer=both, activation="relu") for _ in range(2)],
    "dropout": [
        layers.Dense(16, activation="relu"),
        layers.Dropout(0.5),
        layers.Dense(16, activation="relu"),
        layers.Dropout(0.5),
    ],
}
results = {name: review_history(*hidden) for name, hidden in trials.items()}
for name, (losses, accuracies, _) in results.items():
    print(f"{name:10} lowest loss in epoch {losses.argmin() + 1}, last {losses[-1]:.3f}, {accuracies[-1]:.3f} right")


def size_of_weights(name):
    return float(np.abs(results[name][2].layers[0].get_weights()[0]).mean())


# %% [markdown]
# Stopping by itself, at the epoch whose validation loss was lowest.

# %%
model = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(1, activation="sigmoid")])
model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
stopping = keras.callbacks.EarlyStopping(monitor="val_loss", patience=2, restore_best_weights=True)
stopped = model.fit(
    inputs, review_labels, epochs=60, batch_size=256, validation_split=0.4, callbacks=[stopping], verbose=0
)
restored = model.evaluate(inputs[-480:], review_labels[-480:], verbose=0)

# %%
assert np.mean(curves["zeros"][2:]) > np.mean(curves["noise"][2:])
assert memory > 0.9
assert luck < 0.25
assert max(too_high.history["val_accuracy"]) < max(better.history["val_accuracy"])
assert small.history["val_accuracy"][-1] < max(better.history["val_accuracy"])
assert results["larger"][0].argmin() < results["original"][0].argmin()
assert size_of_weights("l1 and l2") < size_of_weights("l2") < size_of_weights("original")
assert results["larger"][0].argmin() < results["dropout"][0].argmin()
assert results["larger"][1][-1] > 0.75
assert len(stopped.history["loss"]) < 30
assert abs(restored[0] - min(stopped.history["val_loss"])) < 1e-4
