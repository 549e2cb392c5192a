"""Measurements over many runs.

Measurements over many runs: presets compared, the published tables reproduced, whitening
between two data sets.
"""
