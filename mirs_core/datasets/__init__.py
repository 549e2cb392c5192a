"""Tiles and what is known of them.

Tiles and what is known of them: reading, scanning, cards, splits, image strips, imports,
downloads, synthetic Mars.
"""
