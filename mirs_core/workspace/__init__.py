"""The folder of runs and caches.

The folder of runs and caches: where each file stands, runs and their annotations, bin,
collections, checkpoints.
"""
