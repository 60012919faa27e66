# %% [markdown]
# News items of 46 topics: many classes, with labels as rows and as numbers.

# %%
import copy

import numpy as np
from made_data import newswires
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.datasets import reuters
from tensorflow.keras.utils import to_categorical

keras.utils.set_random_seed(4)

(train_data, train_labels), (test_data, test_labels) = reuters.load_data(path=str(newswires()), num_words=10000)
print(len(train_data), len(test_data), reuters.get_label_names()[train_labels[0]])


# %%
def multi_hot(sequences, dimension=10000):
    results = np.zeros((len(sequences), dimension), "float32")
    for i, sequence in enumerate(sequences):
        results[i, sequence] = 1.0
    return results


x_train, x_test = multi_hot(train_data), multi_hot(test_data)
y_train, y_test = to_categorical(train_labels), to_categorical(test_labels, 46)
assert y_train.shape == (len(x_train), 46)


# %%
def topic_model(hidden, loss, metrics):
    model = keras.Sequential(
        [
            layers.Dense(64, activation="relu"),
            layers.Dense(hidden, activation="relu"),
            layers.Dense(46, activation="softmax"),
        ]
    )
    model.compile(optimizer="rmsprop", loss=loss, metrics=metrics)
    return model


model = topic_model(
    64, "categorical_crossentropy", ["accuracy", keras.metrics.TopKCategoricalAccuracy(k=3, name="top_3")]
)
history = model.fit(
    x_train[500:],
    y_train[500:],
    epochs=10,
    batch_size=128,
    validation_data=(x_train[:500], y_train[:500]),
    verbose=2,
)
results = model.evaluate(x_test, y_test, return_dict=True)
print(results)

# %% [markdown]
# What guessing would reach: the same labels in another order.

# %%
shuffled = copy.copy(test_labels)
np.random.shuffle(shuffled)
by_chance = np.mean(np.array(test_labels) == np.array(shuffled))
print(f"by chance: {by_chance:.2f}")

predictions = model.predict(x_test)
assert predictions[0].shape == (46,)
assert abs(np.sum(predictions[0]) - 1) < 1e-4
print("topic", np.argmax(predictions[0]), "label", test_labels[0])

# %% [markdown]
# Labels as numbers need the sparse loss; a narrow layer in the middle loses what later layers can't find again.

# %%
sparse = topic_model(64, "sparse_categorical_crossentropy", ["accuracy"])
sparse.fit(x_train, np.array(train_labels), epochs=8, batch_size=128, verbose=0)
sparse_accuracy = sparse.evaluate(x_test, np.array(test_labels), verbose=0)[1]

narrow = topic_model(4, "categorical_crossentropy", ["accuracy"])
narrow.fit(x_train, y_train, epochs=8, batch_size=128, verbose=0)
narrow_accuracy = narrow.evaluate(x_test, y_test, verbose=0)[1]
print(f"sparse {sparse_accuracy:.3f}, narrow {narrow_accuracy:.3f}")

# %%
assert results["accuracy"] > 0.7
assert results["top_3"] > results["accuracy"]
assert by_chance < 0.2
assert abs(sparse_accuracy - results["accuracy"]) < 0.08
assert narrow_accuracy < sparse_accuracy - 0.1
assert history.history["loss"][-1] < history.history["loss"][0]
