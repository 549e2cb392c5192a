"""A finished run that answers queries.

A finished run that answers queries: archive and model in memory, search, filters, explanations.
"""
