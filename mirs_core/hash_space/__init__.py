"""The space of a run's codes: UMAP projection, clusters, bits, outliers, overlapping footprints.

Called by the command line, the jobs and the app.
"""
