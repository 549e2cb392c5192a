"""Data sets of tiles and their metadata.

Reading and scanning images, cards, splits, image strips, importing, downloading, synthetic tiles.
Every room above may call it.
"""
