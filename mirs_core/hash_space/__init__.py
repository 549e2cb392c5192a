"""The space of a run's codes.

The space of a run's codes: its UMAP, clusters, bits, neighbourhoods and overlapping footprints.
"""
