"""The loops that carry the weight: NumPy arrays in, NumPy arrays out, nothing else known."""
