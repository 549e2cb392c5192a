"""What computes an encoder's features: an inference engine."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mirs_core.errors import EncoderError

Features = NDArray[np.float32]
"""(n, D)."""


class EngineError(EncoderError):
    """An engine is not available, or cannot compute an encoder's features correctly."""


class Engine(Protocol):
    """An encoder's network, loaded for inference; safe to call from several threads."""

    @property
    def label(self) -> str:
        """Name and version, as provenance states them: "onnxruntime 1.32.0"."""

    @property
    def batch(self) -> int:
        """Tiles per call that give the highest throughput."""

    @property
    def is_concurrent(self) -> bool:
        """Whether calls from several threads run side by side; otherwise they wait."""

    def __call__(self, inputs: NDArray[np.float32]) -> Features:
        """Features (B, D) of inputs (B, 3, 224, 224)."""
