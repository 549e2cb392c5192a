"""Inference engines: each file holds one ``SPEC`` (EngineSpec)."""
