"""Families of encoders named by a prefix: each file holds one ``SPEC`` (EncoderFamily)."""
