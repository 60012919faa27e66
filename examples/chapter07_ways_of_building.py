# %% [markdown]
# Ways of building a model: a list of layers, a graph of layers, a class.

# %%
import os
import tempfile

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(7)

# %% [markdown]
# A list of layers. It has weights once it knows what goes in.

# %%
model = keras.Sequential()
model.add(layers.Dense(64, activation="relu"))
model.add(layers.Dense(10, activation="softmax"))
assert not model.built
model.build(input_shape=(None, 3))
print([weight.shape for weight in model.weights])

model = keras.Sequential(name="my_example_model")
model.add(keras.Input(shape=(3,)))
model.add(layers.Dense(64, activation="relu", name="my_first_layer"))
model.summary()
model.add(layers.Dense(10, activation="softmax", name="my_last_layer"))
model.summary()
assert [layer.name for layer in model.layers] == ["my_first_layer", "my_last_layer"]
assert model.count_params() == 3 * 64 + 64 + 64 * 10 + 10

# %% [markdown]
# A graph of layers: each is called on what another gave.

# %%
inputs = keras.Input(shape=(3,), name="my_input")
print(inputs.shape, inputs.dtype)
features = layers.Dense(64, activation="relu")(inputs)
print(features.shape)
outputs = layers.Dense(10, activation="softmax")(features)
model = keras.Model(inputs=inputs, outputs=outputs)
model.summary()

# %% [markdown]
# Tickets of a help desk. From the words of the title, those of the text and the tags: how urgent a ticket is, and which
# department it is for.

# %%
vocabulary_size, num_tags, num_departments = 400, 10, 4

title = keras.Input(shape=(vocabulary_size,), name="title")
text_body = keras.Input(shape=(vocabulary_size,), name="text_body")
tags = keras.Input(shape=(num_tags,), name="tags")

features = layers.Concatenate()([title, text_body, tags])
features = layers.Dense(64, activation="relu", name="dense_features")(features)

priority = layers.Dense(1, activation="sigmoid", name="priority")(features)
department = layers.Dense(num_departments, activation="softmax", name="department")(features)

model = keras.Model(inputs=[title, text_body, tags], outputs=[priority, department])

# %% [markdown]
# Made tickets: a department has words that it is written to with, and a ticket is urgent when its tags say so.

# %%
num_samples = 1280
source = np.random.default_rng(0)
to = source.integers(0, num_departments, num_samples)
fashion = source.random((num_departments, vocabulary_size)) < 0.1
title_data = (source.random((num_samples, vocabulary_size)) < 0.01 + 0.1 * fashion[to]).astype("float32")
text_body_data = (source.random((num_samples, vocabulary_size)) < 0.05 + 0.1 * fashion[to]).astype("float32")
tags_data = source.integers(0, 2, size=(num_samples, num_tags)).astype("float32")

priority_data = 1 / (1 + np.exp(-(tags_data @ np.linspace(-4, 4, num_tags)[:, None])))
department_data = keras.utils.to_categorical(to, num_departments)

# %% [markdown]
# Data, losses and metrics as lists, in the order of the inputs and outputs ...

# %%
model.compile(
    optimizer="rmsprop",
    loss=["mean_squared_error", "categorical_crossentropy"],
    metrics=[["mean_absolute_error"], ["accuracy"]],
)
model.fit([title_data, text_body_data, tags_data], [priority_data, department_data], epochs=1, verbose=0)
as_lists = model.evaluate([title_data, text_body_data, tags_data], [priority_data, department_data], verbose=0)
print(as_lists)
priority_preds, department_preds = model.predict([title_data, text_body_data, tags_data], verbose=0)
assert priority_preds.shape == (num_samples, 1)
assert department_preds.shape == (num_samples, num_departments)

# %% [markdown]
# ... and by name.

# %%
model.compile(
    optimizer="rmsprop",
    loss={"priority": "mean_squared_error", "department": "categorical_crossentropy"},
    loss_weights={"priority": 4.0, "department": 1.0},
    metrics={"priority": ["mean_absolute_error"], "department": ["accuracy"]},
)
ticket_inputs = {"title": title_data, "text_body": text_body_data, "tags": tags_data}
ticket_targets = {"priority": priority_data, "department": department_data}
ticket_history = model.fit(ticket_inputs, ticket_targets, epochs=6, batch_size=32, validation_split=0.2, verbose=2)
by_name = model.evaluate(ticket_inputs, ticket_targets, return_dict=True, verbose=0)
print(by_name)

# %% [markdown]
# The graph can be drawn, and looked into: a layer knows what goes in and out.

# %%
folder = tempfile.TemporaryDirectory()
picture = os.path.join(folder.name, "ticket_classifier.png")
keras.utils.plot_model(model, picture, show_shapes=True, show_layer_names=True)
assert os.path.getsize(picture) > 0

print(model.layers)
concatenated = next(layer for layer in model.layers if isinstance(layer, layers.Concatenate))
print(concatenated.input, concatenated.output)
assert [x.shape for x in concatenated.input] == [(None, 400), (None, 400), (None, 10)]
assert concatenated.output.shape == (None, 810)

# %% [markdown]
# A new output on features that are there: the new model shares its layers with the old one.

# %%
hidden = model.get_layer("dense_features").output
difficulty = layers.Dense(3, activation="softmax", name="difficulty")(hidden)
new_model = keras.Model(inputs=[title, text_body, tags], outputs=[priority, department, difficulty])
assert new_model.get_layer("department") is model.get_layer("department")
assert len(new_model.predict(ticket_inputs, verbose=0)) == 3

feature_extractor = keras.Model(inputs=model.inputs, outputs=[layer.output for layer in model.layers[-3:]])
all_features = feature_extractor.predict([title_data[:32], text_body_data[:32], tags_data[:32]], verbose=0)
print([array.shape for array in all_features])


# %% [markdown]
# A class: what its parts are stands in `__init__`, what they do in `call`.


# %%
class CustomerTicketModel(keras.Model):
    """Urgency and department of tickets."""

    def __init__(self, num_departments):
        super().__init__()
        self.concat_layer = layers.Concatenate()
        self.mixing_layer = layers.Dense(64, activation="relu")
        self.priority_scorer = layers.Dense(1, activation="sigmoid")
        self.department_classifier = layers.Dense(num_departments, activation="softmax")

    def call(self, inputs):
        features = self.concat_layer([inputs["title"], inputs["text_body"], inputs["tags"]])
        features = self.mixing_layer(features)
        return self.priority_scorer(features), self.department_classifier(features)


tickets = CustomerTicketModel(num_departments=num_departments)
priority, department = tickets(ticket_inputs)
assert priority.shape == (num_samples, 1)
tickets.compile(
    optimizer="adam",
    loss=["mean_squared_error", "categorical_crossentropy"],
    metrics=[["mean_absolute_error"], ["accuracy"]],
)
tickets.fit(ticket_inputs, [priority_data, department_data], epochs=6, batch_size=32, verbose=0)
of_class = tickets.evaluate(ticket_inputs, [priority_data, department_data], verbose=0)
print("loss, distance of priorities, accuracy of departments, and the two losses:", of_class)
tickets.summary()


# %% [markdown]
# Each form may be a part of another: a class in a graph, and a graph in a class.


# %%
class Classifier(keras.Model):
    """An output layer that suits the number of classes."""

    def __init__(self, num_classes=2):
        super().__init__()
        units, activation = (1, "sigmoid") if num_classes == 2 else (num_classes, "softmax")
        self.dense = layers.Dense(units, activation=activation)

    def call(self, inputs):
        return self.dense(inputs)


inputs = keras.Input(shape=(num_tags,))
features = layers.Dense(32, activation="relu")(inputs)
outputs = Classifier(num_classes=2)(features)
graph_with_class = keras.Model(inputs=inputs, outputs=outputs)

inputs = keras.Input(shape=(32,))
binary_classifier = keras.Model(inputs=inputs, outputs=layers.Dense(1, activation="sigmoid")(inputs))


class ClassWithGraph(keras.Model):
    """A class with a graph of layers inside."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(32, activation="relu")
        self.classifier = binary_classifier

    def call(self, inputs):
        return self.classifier(self.dense(inputs))


urgent = (priority_data > 0.5).astype("float32")
mixed_accuracy = []
for mixed in (graph_with_class, ClassWithGraph()):
    mixed.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    mixed.fit(tags_data, urgent, epochs=8, batch_size=32, verbose=0)
    mixed_accuracy.append(mixed.evaluate(tags_data, urgent, verbose=0)[1])
print("mixed:", mixed_accuracy)
assert tf.is_tensor(graph_with_class(tags_data[:2]))

# %%
assert len(as_lists) == 5
assert by_name["department_accuracy"] > 0.9
assert by_name["priority_mean_absolute_error"] < 0.15
assert set(ticket_history.history) == set(by_name) | {f"val_{name}" for name in by_name}
assert [array.shape[1] for array in all_features] == [64, 1, num_departments]
assert of_class[1] < 0.2
assert of_class[2] > 0.9
assert min(mixed_accuracy) > 0.85
