"""The home folder: its paths, runs with their annotations, the bin, collections, checkpoints.

Every room above may call it; nothing else builds paths in the home folder.
"""
