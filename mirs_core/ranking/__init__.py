"""The arithmetic of ranked lists.

The arithmetic of ranked lists: packed codes, exact nearest neighbours, average precision,
several examples. Plain arrays in and out.
"""
