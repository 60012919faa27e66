"""The colours of series."""

# Told apart by the colour-blind, at a contrast of 3 or more on white and on near-black.
COLOURS = ("#2b83c6", "#d55e00", "#009e73", "#cc79a7", "#a87b00", "#7f7f7f")
