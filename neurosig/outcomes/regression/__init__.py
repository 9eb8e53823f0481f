"""Regression of a clinical variable on signature scores, and correlation."""
