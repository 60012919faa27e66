# %% [markdown]
# Prices of houses: numbers instead of classes, and few of them, so that each part takes a turn at being held back.

# %%
import keras
import numpy as np
from keras import layers
from keras.datasets import boston_housing, california_housing
from made_data import boston_districts, california_districts

keras.utils.set_random_seed(5)


# %% [markdown]
# Each figure is moved and scaled by what the training data say, never by the test data.


# %%
def normalized(train, test):
    mean, std = train.mean(axis=0), train.std(axis=0)
    return (train - mean) / std, (test - mean) / std


def price_model():
    model = keras.Sequential(
        [layers.Dense(64, activation="relu"), layers.Dense(64, activation="relu"), layers.Dense(1)]
    )
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return model


def folds(data, targets, k, epochs, batch_size):
    """Return the histories of k trainings, each of which holds another part of the data back."""
    size = len(data) // k
    histories = []
    for i in range(k):
        held_back = slice(i * size, (i + 1) * size)
        rest = np.concatenate([data[: i * size], data[(i + 1) * size :]], axis=0)
        rest_targets = np.concatenate([targets[: i * size], targets[(i + 1) * size :]], axis=0)
        history = price_model().fit(
            rest,
            rest_targets,
            validation_data=(data[held_back], targets[held_back]),
            epochs=epochs,
            batch_size=batch_size,
            verbose=0,
        )
        histories.append(history.history["val_mae"])
        print(f"fold {i + 1}: error {histories[-1][-1]:.3f}")
    return histories


# %%
(train_data, train_targets), (test_data, test_targets) = boston_housing.load_data(path=str(boston_districts()))
print(train_data.shape, test_data.shape, train_targets[:5])
train_data, test_data = normalized(train_data, test_data)
curves = folds(train_data, train_targets, k=4, epochs=60, batch_size=16)
average_curve = [np.mean([curve[epoch] for curve in curves]) for epoch in range(60)]

# %%
model = price_model()
model.fit(train_data, train_targets, epochs=60, batch_size=16, verbose=0)
test_mse, test_mae = model.evaluate(test_data, test_targets, verbose=0)
print(f"off by {test_mae:.2f} thousand; guessing the mean: {np.abs(test_targets - train_targets.mean()).mean():.2f}")

# %% [markdown]
# Prices in dollars are too large for a network that starts near 0: divide them.

# %%
(x_train, y_train), (x_test, y_test) = california_housing.load_data(version="small", path=str(california_districts()))
x_train, x_test = normalized(x_train, x_test)
y_train, y_test = y_train / 100_000, y_test / 100_000
history = price_model().fit(x_train, y_train, epochs=60, batch_size=16, validation_data=(x_test, y_test), verbose=0)
california_mae = history.history["val_mae"][-1]
print(f"off by {100_000 * california_mae:.0f} dollars")

# %%
predictions = model.predict(test_data)
assert predictions.shape == (len(test_data), 1)
assert average_curve[-1] < average_curve[0] / 3
assert test_mae < 0.6 * np.abs(test_targets - train_targets.mean()).mean()
assert california_mae < 0.35
