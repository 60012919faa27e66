# %% [markdown]
# Reviews, favourable or not: two classes, from which words a text has.

# %%
import numpy as np
from made_data import reviews, word_index
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.datasets import imdb

keras.utils.set_random_seed(3)

(train_data, train_labels), (test_data, test_labels) = imdb.load_data(path=str(reviews()), num_words=10000)
print(train_data[0][:10], train_labels[0], max(max(review) for review in train_data))

# %% [markdown]
# Numbers back to words: three of them are signs, so words start at 4.

# %%
index = imdb.get_word_index(path=str(word_index()))
words = {number: word for word, number in index.items()}
print(" ".join(words.get(number - 3, "?") for number in train_data[0][:20]))


# %% [markdown]
# Each review becomes a row of 10,000 numbers: 1 where it has the word.


# %%
def multi_hot(sequences, dimension=10000):
    results = np.zeros((len(sequences), dimension))
    for i, sequence in enumerate(sequences):
        for j in sequence:
            results[i, j] = 1.0
    return results


x_train, x_test = multi_hot(train_data), multi_hot(test_data)
y_train, y_test = np.asarray(train_labels).astype("float32"), np.asarray(test_labels).astype("float32")


def small_model():
    model = keras.Sequential(
        [
            layers.Dense(16, activation="relu"),
            layers.Dense(16, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["accuracy"])
    return model


# %% [markdown]
# Trained for too long, with some reviews held back: the loss on these says when to stop.

# %%
x_val, partial_x_train = x_train[:500], x_train[500:]
y_val, partial_y_train = y_train[:500], y_train[500:]

model = small_model()
history = model.fit(
    partial_x_train, partial_y_train, epochs=20, batch_size=128, validation_data=(x_val, y_val), verbose=0
)
history_dict = history.history
print(list(history_dict.keys()))
for epoch in range(0, 20, 3):
    print(epoch + 1, *[f"{name} {history_dict[name][epoch]:.3f}" for name in history_dict])

loss_values, val_loss_values = np.array(history_dict["loss"]), np.array(history_dict["val_loss"])
best = int(np.argmin(val_loss_values)) + 1
print("the lowest validation loss came in epoch", best)

# %% [markdown]
# A new model for that many epochs, on all reviews.

# %%
model = small_model()
model.fit(x_train, y_train, epochs=best, batch_size=128, verbose=0)
results = model.evaluate(x_test, y_test)
probabilities = model.predict(x_test[:200])
print(results, probabilities[:5].ravel())

# %%
assert set(history_dict) == {"accuracy", "loss", "val_accuracy", "val_loss"}
assert loss_values[-1] < 0.1
assert val_loss_values[-1] > 1.02 * val_loss_values.min()
assert results[1] > 0.78
assert np.mean((probabilities.ravel() > 0.5) == y_test[:200]) > 0.7
