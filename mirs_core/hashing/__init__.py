"""The hashing method: losses, mining, whitening, the hash head, its objective and its training.

Takes plain arguments; knows neither runs nor configurations, and writes no file but a checkpoint.
"""
