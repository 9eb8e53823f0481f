"""Survival curves, rank tests and restricted means."""
