"""The method.

The method: losses, mining, whitening, the hash head, its objective and its training. Plain
arguments; knows no run and no file but its checkpoint.
"""
