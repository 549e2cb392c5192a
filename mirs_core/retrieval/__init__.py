"""Retrieval: a finished run in memory, with its model and archive; search, filters, explanations.

Called by every room above that ranks tiles.
"""
