"""Networks that turn tiles into features: one file per encoder, feature store, fine-tuning.

Rooms above ``mirs_core.encoders`` may call it.
"""
