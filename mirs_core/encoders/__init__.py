"""Networks that turn tiles into features: one file per encoder, feature store, fine-tuning.

Every room above may call it.
"""
