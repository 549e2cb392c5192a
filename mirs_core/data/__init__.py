"""Data sets: images from disk, the manifest of a folder, its halves, synthetic tiles."""
