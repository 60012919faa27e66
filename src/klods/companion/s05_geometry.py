# %% [markdown]
# # What operations look like
#
# Two numbers are a point in the plane, and an operation on pairs of numbers moves points. So operations can be seen.
# At the end of this section you can look at a layer of a network and say what it does to space, and why a stack of
# them can part what is crumpled together.
#
# You need the section on tensor operations.

# %%
import numpy as np

import klods
from klods import keras

# %% [markdown]
# ## Geometric interpretation of tensor operations
#
# ### Adding moves
#
# Adding a vector to every point moves the plane and changes nothing else: a *translation*. (W is the matrix that
# leaves points where they are.)

# %%
stay = np.eye(2)

klods.show.transform(stay, b=[1, 0.5])

# %% [markdown]
# ### Multiplying turns and stretches
#
# A product with a matrix keeps the origin where it is and straight lines straight. Its first row says where the point
# (1, 0) goes, its second row where (0, 1) goes, and everything else follows. Stretching in two directions:

# %%
klods.show.transform([[1.5, 0], [0, 0.5]])

# %% [markdown]
# Turning by 40 degrees:

# %%
angle = np.radians(40)
turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])

klods.show.transform(turn)

# %% [markdown]
# The *determinant* says by how much areas grow. Is it 0, the whole plane falls onto a line, and no operation can ever
# bring it back:

# %%
flat = [[1, 0.5], [1, 0.5]]

print("determinant:", np.linalg.det(flat))
klods.show.transform(flat)

# %% [markdown]
# ## Exercise: a quarter turn
#
# Which matrix turns the plane by 90 degrees against the clock? (1, 0) goes to (0, 1), and (0, 1) goes to (-1, 0).
# Remember that points are rows, multiplied from the left: `point @ W`.

# %%
from klods.companion.exercises import check

W = ...

check("quarter-turn", W)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# W = [[0, 1], [-1, 0]]
# ```
#
# </details>

# %% [markdown]
# ### Both: an affine map
#
# A layer without activation multiplies, then adds: an *affine map*. Two of them in a row are again one affine map, so
# without something in between, ten layers could do no more than one. Try it on numbers:

# %%
random = np.random.default_rng(5)
W1, W2 = random.normal(size=(2, 2)), random.normal(size=(2, 2))
b1, b2 = random.normal(size=2), random.normal(size=2)
points = random.normal(size=(4, 2))

two = (points @ W1 + b1) @ W2 + b2
one = points @ (W1 @ W2) + (b1 @ W2 + b2)

print("largest difference:", np.abs(two - one).max())

# %% [markdown]
# ## Exercise: three become one
#
# Write a function that takes three pairs of a matrix and a vector, applied one after the other, and returns the matrix
# and the vector of the one affine map that does the same.


# %%
def compose(first, second, third):
    return ...


check("composed-maps", compose)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def compose(first, second, third):
#     (W1, b1), (W2, b2), (W3, b3) = first, second, third
#     return W1 @ W2 @ W3, (b1 @ W2 + b2) @ W3 + b3
# ```
#
# </details>

# %% [markdown]
# ### With relu: a fold
#
# What a layer needs in between is something that isn't straight. `relu` sets negative numbers to zero: it folds the
# plane along the axes, and everything on the far side is pressed onto them.

# %%
klods.show.transform(turn, b=[0.3, -0.2], activation="relu")

# %% [markdown]
# ## A geometric interpretation of deep learning
#
# Think of two sheets of paper, one of each colour, crumpled into one ball. The network's task is to uncrumple it,
# until a straight cut parts the colours. Each layer does a simple move: turn, stretch, shift, fold. Many simple moves
# in a row undo a complicated crumpling.
#
# Here are two classes of points that no straight line parts: a ring, and what is inside of it.

# %%
keras.utils.set_random_seed(5)
angles = random.uniform(0, 2 * np.pi, 400)
radii = np.where(np.arange(400) % 2, 1.6, 0.6) + random.normal(0, 0.12, 400)
x = np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1).astype("float32")
y = np.arange(400) % 2

model = keras.Sequential(
    [
        keras.Input((2,)),
        keras.layers.Dense(3, activation="tanh"),
        keras.layers.Dense(2, activation="tanh"),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
)
model.compile(keras.optimizers.Adam(0.03), "binary_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=60, batch_size=40, verbose=0)

print(f"right: {model.evaluate(x, y, verbose=0)[1]:.1%}")

# %% [markdown]
# Move the slider, and go with the points through the layers. What was a ring around a disc is pulled apart until one
# cut is enough. The last picture shows the cut, brought back to the plane we started from.

# %%
klods.show.uncrumple(model, x, y)

# %% [markdown]
# ## Exercise: can one layer do it?
#
# How much can a network get right on these points that has no hidden layer? It cuts the plane with one straight line.
# Train one, and hand over its accuracy.

# %%
accuracy = ...

check("one-straight-cut", accuracy, x, y)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# straight = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
# straight.compile("adam", "binary_crossentropy", metrics=["accuracy"])
# straight.fit(x, y, epochs=60, batch_size=40, verbose=0)
# accuracy = straight.evaluate(x, y, verbose=0)[1]
# ```
#
# </details>

# %% [markdown]
# ## What you have seen
#
# Adding shifts, multiplying turns and stretches, relu folds. Straight moves alone stay one straight move, so networks
# fold in between. How a network finds out which moves to make is the matter of the next sections; it begins with a
# slope.
