"""Ranked lists: packed codes, exact nearest neighbours, average precision, several examples.

Arrays in and out; imports no other rooms but errors and columns.
"""
