"""Competing risks: cumulative incidence, its test and its regression."""
