"""Ranked lists: packed codes, exact nearest neighbours, average precision, several examples.

Plain arrays in and out; imports no other room but errors.
"""
