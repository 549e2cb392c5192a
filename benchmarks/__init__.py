"""Benchmarks: one file each, every one with ``run(...) -> dict`` of figures that JSON can hold."""
