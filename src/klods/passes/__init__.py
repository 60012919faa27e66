"""The passes, pure functions in a row: function -> graph -> simpler graph -> kernels -> plan."""
