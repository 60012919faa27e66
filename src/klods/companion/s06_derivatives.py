# %% [markdown]
# # Derivatives and descent
#
# A network learns by going downhill: its loss is a landscape over the weights, and each step goes where it falls. At
# the end of this section you can work out a slope by hand, measure one, let klods find it, and use it to make a loss
# small.
#
# You need the section on tensor operations. If you remember derivatives from school, skim the first part.

# %%
import numpy as np

import klods
from klods import keras

# %% [markdown]
# ## What's a derivative?
#
# How steep is a curve at a point? Go a little to the right and see by how much it rises: the ratio of the two is the
# *slope* there. Take the curve x² at x = 3, with shorter and shorter steps:


# %%
def square(x):
    return x * x


for step in (1.0, 0.1, 0.01, 0.001):
    rise = square(3 + step) - square(3)
    print(f"step {step:<6} rise {rise:<9.6f} slope {rise / step:.4f}")

# %% [markdown]
# The slope goes towards 6. That number is the *derivative* of x² at 3. At other places it is another number, always
# twice x: the derivative is a function too.
#
# Near the point, the curve is nearly the straight line with that slope, its *tangent*. The picture shows some points
# with their tangents, and the way that goes down from x = 3:

# %%
klods.show.descent(square, keras.optimizers.SGD(0.1), start=3.0, steps=12)

# %% [markdown]
# ## Exercise: the slope of a cube
#
# Which function gives the slope of x³ at any x? Work it out, or measure it at some places and guess.


# %%
from klods.companion.exercises import check


def slope_of_cube(x):
    return ...


check("slope-of-cube", slope_of_cube)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def slope_of_cube(x):
#     return 3 * x**2
# ```
#
# </details>

# %% [markdown]
# ### How small a step?
#
# Mathematics says: as small as you like. A computer has so many digits, and when the step is too small, the
# difference of two nearly equal numbers has none of them left. Here the slope of x³ at 1 is measured, which is 3:

# %%
for digits in (1, 3, 5, 7, 9, 11, 13, 15):
    step = 10.0**-digits
    measured = ((1 + step) ** 3 - 1) / step
    print(f"step 1e-{digits:<3} {measured:.10f}  wrong by {abs(measured - 3):.1e}")

# %% [markdown]
# It gets better, and then worse. Measuring slopes is good for checking, and bad for training: it is never exact, and
# it takes a run for every weight. klods works slopes out instead, with a *tape* that watches the computation:

# %%
x = klods.Variable(3.0)
with klods.GradientTape() as tape:
    y = x * x

print("slope of x² at 3:", float(tape.gradient(y, x)))

# %% [markdown]
# ## Derivative of a tensor operation: the gradient
#
# A loss depends on many weights. Wiggle one of them and keep the others: that gives a slope for this one. The slopes
# for all of them make a tensor of the same shape as the weights, the *gradient*.

# %%
random = np.random.default_rng(6)
inputs = random.normal(size=(8, 3)).astype("float32")
targets = random.normal(size=(8, 2)).astype("float32")
weights = klods.Variable(random.normal(size=(3, 2)).astype("float32"))


def loss_of(weights):
    return klods.reduce_mean((inputs @ weights - targets) ** 2)


with klods.GradientTape() as tape:
    loss = loss_of(weights)
gradient = tape.gradient(loss, weights).numpy()

klods.show.tensor(gradient.round(3), axes=("inputs", "outputs"))

# %% [markdown]
# ## Exercise: measure the gradient
#
# Write a function that measures it: for each place, the slope of `f` when only the number there is wiggled. `f` takes
# an array (`float64`) and returns a number.


# %%
def measured_gradient(f, w, step=1e-4):
    return ...


check("measured-gradient", measured_gradient)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def measured_gradient(f, w, step=1e-4):
#     slopes = np.zeros_like(w)
#     for place in np.ndindex(w.shape):
#         nudge = np.zeros_like(w)
#         nudge[place] = step
#         slopes[place] = (f(w + nudge) - f(w - nudge)) / (2 * step)
#     return slopes
# ```
#
# </details>

# %% [markdown]
# What is the gradient good for? It points where the loss rises fastest. Step against it and the loss falls, if the
# step is small:

# %%
before = float(loss_of(weights))
for rate in (0.01, 0.1, 1.0, 10.0):
    after = float(loss_of(weights - rate * gradient))
    print(f"step {rate:<5} loss {before:.4f} -> {after:.4f}")

# %% [markdown]
# ## Stochastic gradient descent
#
# So this is how to learn: work out the gradient, step against it, again and again. The length of the step is the
# *learning rate*. Too small, and it takes forever; too large, and it jumps over the valley.

# %%
for rate in (0.02, 0.2, 1.02):
    x, path = 3.0, []
    for _ in range(8):
        path.append(f"{x:.2f}")
        x = x - rate * 2 * x
    print(f"rate {rate:<5}", ", ".join(path))

# %% [markdown]
# With two weights the landscape has hills and valleys. Contour lines join places of the same loss, as on a map, and
# the arrows point downhill. This valley is long and narrow, and plain descent goes to and fro in it. *Momentum* keeps
# some of the speed of the steps before, like a ball; RMSprop and Adam give each weight a step of its own.


# %%
def valley(x, y):
    return 0.5 * x**2 + 5 * y**2


optimizers = {
    "descent": keras.optimizers.SGD(0.17),
    "momentum": keras.optimizers.SGD(0.03, momentum=0.8),
    "RMSprop": keras.optimizers.RMSprop(0.15),
    "Adam": keras.optimizers.Adam(0.3),
}
klods.show.descent(valley, optimizers, start=(3.0, 1.0), steps=25)

# %% [markdown]
# ## Exercise: a step of descent
#
# Write one step: take a list of variables and a list of their gradients, and change each variable. (`assign_sub`
# subtracts in place.)


# %%
def descend(variables, gradients, rate):
    return ...


check("step-of-descent", descend)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def descend(variables, gradients, rate):
#     for variable, gradient in zip(variables, gradients):
#         variable.assign_sub(rate * gradient)
#     return variables
# ```
#
# </details>

# %% [markdown]
# A curve can have several valleys. Descent ends in the one it starts above, which need not be the deepest:


# %%
def bumpy(x):
    return 0.1 * x**2 + klods.sin(2 * x)


klods.show.descent(bumpy, keras.optimizers.SGD(0.1), start=3.5, steps=20)

# %% [markdown]
# ### Why stochastic?
#
# The loss of all 60,000 images needs all 60,000 for every step. A batch of 128 gives a rough gradient in a fraction
# of the time, and many rough steps beat a few exact ones. They are rough because batches are drawn at random;
# *stochastic* means just that. How rough? Here the gradients of batches are compared with that of all the data:

# %%
many = random.normal(size=(4096, 3)).astype("float32")
answers = (many @ [[1.0], [-2.0], [0.5]] + random.normal(size=(4096, 1))).astype("float32")
w = klods.Variable(np.zeros((3, 1), "float32"))


def gradient_on(rows):
    with klods.GradientTape() as tape:
        loss = klods.reduce_mean((many[rows] @ w - answers[rows]) ** 2)
    return tape.gradient(loss, w).numpy()


whole = gradient_on(slice(None))
for size in (1, 16, 256):
    batches = [gradient_on(random.choice(4096, size)) for _ in range(50)]
    off = np.mean([np.linalg.norm(g - whole) for g in batches])
    print(f"batches of {size:<4} off by {off / np.linalg.norm(whole):.0%}")

# %% [markdown]
# Sixteen times as many samples make it about four times as exact, so large batches pay less and less.
#
# And this is a real landscape: the loss of a network that has learnt digits, around its weights, in two random
# directions out of its 8,000.

# %%
keras.utils.set_random_seed(6)
(images, labels), _ = keras.datasets.mnist.load_data()
rows = images[:2000].reshape(-1, 784).astype("float32") / 255
model = keras.Sequential([keras.Input((784,)), keras.layers.Dense(10, activation="softmax")])
model.compile("rmsprop", "sparse_categorical_crossentropy")
model.fit(rows, labels[:2000], epochs=5, verbose=0)

klods.show.landscape(model, rows[:500], labels[:500], points=13)

# %% [markdown]
# ## What you have seen
#
# A derivative is a slope, a gradient all slopes at once, and descent is walking against it in steps, on a few samples
# at a time. What is left is how the gradient of a whole network is found, exactly and cheaply. That is the chain
# rule.
