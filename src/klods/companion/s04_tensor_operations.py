# %% [markdown]
# # Tensor operations
#
# Take a network apart and a handful of operations on tensors is left: sums, maxima, products. Here you write each of
# them three times: as a loop that a child could follow, as one line of NumPy, and as machine code that klods writes
# for you. They give the same numbers, in very different times.
#
# You need the section on tensors. A layer of the first network is `relu(x @ w + b)`, and that is what we take apart.

# %%
import time

import numpy as np

import klods

random = np.random.default_rng(4)
x = random.normal(size=(32, 64)).astype("float32")
w = random.normal(size=(64, 16)).astype("float32")
b = random.normal(size=16).astype("float32")

# %% [markdown]
# ## Element-wise operations
#
# `relu` looks at each number by itself: what is below zero becomes zero. As a loop:


# %%
def naive_relu(x):
    x = x.copy()
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            x[i, j] = max(x[i, j], 0)
    return x


klods.show.tensor(naive_relu(x[:4, :5]).round(2))

# %% [markdown]
# ## Exercise: addition as a loop
#
# Write addition in the same way: a new matrix, whose numbers are the sums of two numbers at the same place.


# %%
from klods.companion.exercises import check


def naive_add(x, y):
    return ...


check("naive-add", naive_add)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def naive_add(x, y):
#     total = np.zeros_like(x)
#     for i in range(x.shape[0]):
#         for j in range(x.shape[1]):
#             total[i, j] = x[i, j] + y[i, j]
#     return total
# ```
#
# </details>

# %% [markdown]
# In NumPy it is a line, and the loop is still there: inside, written in C, and much faster.


# %%
def seconds(function, *arguments):
    began = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - began


large = random.normal(size=(300, 300)).astype("float32")
loop = seconds(naive_relu, large)
line = min(seconds(np.maximum, large, 0) for _ in range(5))

print(f"loop {loop * 1e3:.1f} ms, NumPy {line * 1e6:.1f} µs: {loop / line:,.0f} times as fast")

# %% [markdown]
# ## Broadcasting
#
# `x @ w` has 32 rows, the bias `b` is one vector. What is their sum? The vector is added to every row, as if it had
# been copied 32 times: it is *broadcast*. Axes are matched from the right, and an axis that is missing, or of size 1,
# is repeated.

# %%
rows = np.arange(6.0).reshape(2, 3)
vector = np.array([10.0, 20.0, 30.0])

klods.show.tensor(rows + vector)

# %% [markdown]
# As a loop, repeating means that the index of the missing axis isn't asked for:


# %%
def naive_add_vector(x, v):
    total = np.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            total[i, j] = x[i, j] + v[j]
    return total


print("the same:", (naive_add_vector(rows, vector) == rows + vector).all())

for left, right in [((32, 16), (16,)), ((5, 1), (1, 7)), ((2, 1, 4), (3, 1))]:
    shape = np.broadcast_shapes(left, right)
    print(f"{left} and {right} give {shape}")

# %% [markdown]
# ## Exercise: what comes out?
#
# A tensor of shape (64, 3, 32, 10) is added to one of shape (32, 10). What shape has the sum?

# %%
shape = ...

check("broadcast-shape", shape)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# shape = (64, 3, 32, 10)
# ```
#
# </details>

# %% [markdown]
# Where sizes don't match, nothing is guessed. The error says what was got:

# %%
try:
    klods.add(klods.ones((32, 16)), klods.ones((15,)))
except klods.errors.ShapeError as error:
    print(error)

# %% [markdown]
# ## Tensor product
#
# The product `@`, the *dot product*, is what networks spend nearly all their time on. Of two vectors it is one number:
# multiply in pairs and add up. Of two matrices it is a matrix: each number is the product of a row of the first and a
# column of the second.


# %%
def naive_dot(u, v):
    total = 0.0
    for k in range(len(u)):
        total += u[k] * v[k]
    return total


left = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
right = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])

print("first row with first column:", naive_dot(left[0], right[:, 0]))
klods.show.tensor(left @ right)

# %% [markdown]
# So the first matrix must have as many columns as the second has rows: (2, 3) times (3, 2) gives (2, 2). In general
# (a, b) times (b, c) gives (a, c).
#
# ## Exercise: the matrix product as a loop
#
# Write the product of two matrices with three loops, or with two and `naive_dot`.


# %%
def naive_matrix_product(x, y):
    return ...


check("naive-matrix-product", naive_matrix_product)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def naive_matrix_product(x, y):
#     z = np.zeros((x.shape[0], y.shape[1]))
#     for i in range(x.shape[0]):
#         for j in range(y.shape[1]):
#             z[i, j] = naive_dot(x[i], y[:, j])
#     return z
# ```
#
# </details>

# %% [markdown]
# ## Tensor reshaping
#
# Reshaping changes the axes and keeps the numbers in their order, row by row. The first network did it to each image:
# 28 by 28 became 784.

# %%
six = np.arange(6)

klods.show.tensor(six.reshape(2, 3))

# %% [markdown]
# Transposing is something else: rows become columns, and the order changes. Compare

# %%
print("reshaped to (3, 2):", six.reshape(2, 3).reshape(3, 2).tolist())
print("transposed:        ", six.reshape(2, 3).T.tolist())

# %% [markdown]
# ## All three readings of a layer
#
# Now the layer: product, bias, relu. Under `klods.function`, klods doesn't run these one by one. It writes them down
# the first time and makes a *plan*, and `explain` shows it.


# %%
@klods.function
def layer(x, w, b):
    return klods.nn.relu(x @ w + b)


layer(x, w, b)
plan = klods.explain(layer)
print(plan)

# %% [markdown]
# Two kernels are left: the product, and one loop that adds the bias and applies relu, number by number, without a
# matrix in between. This is that loop, as you would have written it:

# %%
print(plan.naive(1))

# %% [markdown]
# And here it is read in three ways, with the times on the machine that this runs on. The last is what really runs: a
# few instructions, each of which works on many numbers at a time.

# %%
klods.show.kernels(layer, kernel=1)

# %% [markdown]
# From the function that you wrote to that loop, the compiler goes in small steps:

# %%
klods.show.kernels(layer)

# %% [markdown]
# ## What you have seen
#
# Element by element, broadcast, multiplied, reshaped: four kinds of operations make a network. A loop says exactly
# what each means; NumPy says it shortly; machine code does it fast. Next we look at the same operations with the eyes
# of geometry.
