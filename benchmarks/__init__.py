"""Benchmarks, one per file, each with ``run(...) -> dict`` of measurements that JSON can hold."""
