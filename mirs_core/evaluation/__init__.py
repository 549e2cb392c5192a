"""How well a run retrieves: the protocol of mAP@k, diagnostics, and comparisons of runs."""
