"""Data sets: images, manifests, splits, and the synthetic Mars."""
