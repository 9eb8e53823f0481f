"""Figures that anyone can make again, with the numbers that another program found for them.

``figures.yaml`` names for each figure its inputs with their SHA-256, the function that draws it
with its arguments, a seed, the versions it was recorded with, its files, and expected numbers with
tolerances and their origin. `reproduce` draws the figures, compares the numbers and packs
everything as an RO-Crate.
"""
