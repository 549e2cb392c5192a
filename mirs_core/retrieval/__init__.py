"""Retrieval: a finished run in memory, with its model and archive; search, filters, explanations.

Called by everything above that ranks tiles.
"""
