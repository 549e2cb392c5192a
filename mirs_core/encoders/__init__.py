"""Networks that turn tiles into features: one file an encoder, the feature store, fine-tuning."""
