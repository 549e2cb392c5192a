"""Encoders with published weights: each file holds one ``SPEC`` (EncoderSpec)."""
