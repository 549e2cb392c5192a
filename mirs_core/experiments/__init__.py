"""Measurements over many runs.

Comparisons of presets, reproduction of the published tables, whitening between two data sets.
"""
