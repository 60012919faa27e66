# %% [markdown]
# # The chain rule, and the tape
#
# A network is a long chain of simple operations. Each has a simple derivative, and the chain rule says how to put them
# together. At the end of this section you can find a gradient by multiplying numbers on arrows, you have written a
# program that does so for any computation, and you have seen a gradient flow through a network of your own.
#
# You need the section before, on derivatives.

# %%
import math

import numpy as np

import klods
from klods import keras

# %% [markdown]
# ## Chaining derivatives
#
# Three wheels in a row: the second turns twice as fast as the first, the third three times as fast as the second. How
# fast is the third, when the first turns? Two times three: six times as fast. That is all there is to it: *rates
# along a chain are multiplied*.
#
# ### The chain rule
#
# Take y = (w·x + b)², at x = 3, w = 2, b = 1. It is made of three steps: a product, a sum, a square. In the picture,
# each box is a value. On each arrow stands the *local derivative*: how much its end changes when its start does.

# %%
x = klods.Variable(3.0, name="x")
w = klods.Variable(2.0, name="w")
b = klods.Variable(1.0, name="b")


def y():
    product = w * x
    total = product + b
    return total**2


klods.show.graph(y)

# %% [markdown]
# Follow the arrows from y back to w, and multiply what stands on them: 14 · 1 · 3 = 42. So when w grows by a little, y
# grows by 42 times as much. Measure it:

# %%
step = 1e-6
print("measured:", (((2 + step) * 3 + 1) ** 2 - (2 * 3 + 1) ** 2) / step)

# %% [markdown]
# ## Exercise: by hand
#
# Take z = (u·v + u)² with u = 2 and v = 3. What is the slope of z with respect to u? Two paths lead from z to u: one
# over the product, one straight. Multiply along each, and add the two.

# %%
from klods.companion.exercises import check

slope = ...

check("two-paths", slope)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# slope = 2 * (2 * 3 + 2) * 3 + 2 * (2 * 3 + 2) * 1
# ```
#
# </details>

# %% [markdown]
# And this is its picture:

# %%
u = klods.Variable(2.0, name="u")
v = klods.Variable(3.0, name="v")

klods.show.graph(lambda: (u * v + u) ** 2)

# %% [markdown]
# So the whole rule is: *multiply along each path, and add over the paths*.
#
# ## Automatic differentiation with computation graphs
#
# A large graph has more paths than anyone could follow one by one. But nobody has to. Start at the end with slope 1,
# go back box by box, and give each arrow's start the slope of its end times what stands on the arrow. Where several
# arrows leave a box, their shares are added. Every arrow is used once. That is *backpropagation*. Move the slider to
# go through it: forward, then backward.

# %%
klods.show.graph(lambda: (u * v + u) ** 2, steps=True)

# %% [markdown]
# Here is a program that does it. A `Number` knows its value, what it was made from, and the local derivatives;
# `backward` is the walk back.


# %%
class Number:
    def __init__(self, value, made_from=()):
        self.value, self.made_from, self.slope = value, made_from, 0.0

    def __add__(self, other):
        return Number(self.value + other.value, [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        parts = [(self, other.value), (other, self.value)]
        return Number(self.value * other.value, parts)

    def exp(self):
        value = math.exp(self.value)
        return Number(value, [(self, value)])


def backward(result):
    order, seen = [], set()

    def visit(number):
        if number not in seen:
            seen.add(number)
            for part, _ in number.made_from:
                visit(part)
            order.append(number)

    visit(result)
    result.slope = 1.0
    for number in reversed(order):
        for part, local in number.made_from:
            part.slope += number.slope * local


p, q = Number(2.0), Number(3.0)
total = p * q + p
result = total * total
backward(result)
print("value", result.value, "slopes", p.slope, q.slope)

# %% [markdown]
# Some thirty lines, and they differentiate every program that adds, multiplies and takes powers of e. Compare with
# klods:

# %%
with klods.GradientTape() as tape:
    z = (u * v + u) ** 2
print("klods:", [float(g) for g in tape.gradient(z, [u, v])])

# %% [markdown]
# ## Exercise: one more operation
#
# Write `tanh` for `Number`. The derivative of tanh(x) is 1 - tanh(x)².


# %%
def tanh(number):
    return ...


check("tanh-of-number", tanh, Number, backward)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def tanh(number):
#     value = math.tanh(number.value)
#     return Number(value, [(number, 1 - value**2)])
# ```
#
# </details>

# %% [markdown]
# ## The gradient tape
#
# `klods.GradientTape` is this idea on tensors. It watches what happens to variables, writes down each operation, and
# walks back when asked. Python's own loops and branches are no trouble: what ran is what is written down.

# %%
start = klods.Variable(0.5)
with klods.GradientTape(persistent=True) as tape:
    value = start
    for _ in range(3):
        value = klods.sin(value) * 2
print("value", float(value), "slope", float(tape.gradient(value, start)))
klods.show.graph(tape, target=value)

# %% [markdown]
# A constant isn't watched, unless you ask for it:

# %%
point = klods.constant(3.0)
with klods.GradientTape() as tape:
    tape.watch(point)
    height = point**3
print(float(tape.gradient(height, point)))

# %% [markdown]
# One tape inside another gives a derivative of a derivative. How fast does the speed of a falling stone grow? Its way
# is 4.9·t² metres:

# %%
time = klods.Variable(2.0)
with klods.GradientTape() as outer:
    with klods.GradientTape() as inner:
        way = 4.9 * time**2
    speed = inner.gradient(way, time)
acceleration = outer.gradient(speed, time)

print(f"speed {float(speed):.1f} m/s, acceleration {float(acceleration):.1f} m/s²")

# %% [markdown]
# ## Exercise: a tape of your own
#
# Write a function that returns the gradients of the mean of (x @ w + b)² with respect to w and b, two variables, by a
# tape.


# %%
def gradients_of(x, w, b):
    return ...


check("gradients-by-tape", gradients_of)

# %% [markdown]
# <details><summary>A solution</summary>
#
# ```python
# def gradients_of(x, w, b):
#     with klods.GradientTape() as tape:
#         loss = klods.reduce_mean((x @ w + b) ** 2)
#     return tape.gradient(loss, [w, b])
# ```
#
# </details>

# %% [markdown]
# ## A gradient in a network
#
# Now the same in a network that has learnt to read digits. The loss of a few images is at the end; the gradient starts
# there as 1 and flows back, layer by layer, to every weight. ‖G‖ on an arrow tells how much of it arrives.

# %%
keras.utils.set_random_seed(7)
(images, labels), _ = keras.datasets.mnist.load_data()
rows = images.reshape(-1, 784).astype("float32") / 255
model = keras.Sequential(
    [
        keras.Input((784,)),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(16, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(rows[:20000], labels[:20000], epochs=2, batch_size=128, verbose=0)

klods.show.graph(model, rows[:16], labels[:16])

# %% [markdown]
# Every one of these numbers is a product along paths, summed, as you did by hand. Nothing else happens when a network
# learns.
#
# ## What you have seen
#
# The chain rule: multiply along paths, add over paths. Backpropagation: the same, each arrow once, from the end. The
# tape: a record of what ran, to walk back on. Now we return to the first network, and there is nothing left in it that
# you don't know.
