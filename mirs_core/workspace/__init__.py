"""The home folder: its paths, runs with their annotations, the bin, collections, checkpoints.

Rooms above ``mirs_core.workspace`` may call it; nothing else builds paths in the home folder.
"""
