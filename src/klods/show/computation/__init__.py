"""`klods.show.graph`: a computation run under watch, its nodes and edges, and the picture of them."""
