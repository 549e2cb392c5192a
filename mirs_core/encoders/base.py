"""What every encoder shares: preprocessing, the batch call, the fingerprint."""

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mirs_core.errors import EncoderError

if TYPE_CHECKING:
    import torch

    Network = Callable[[torch.Tensor], torch.Tensor]
    """From transformed tiles (B, 3, 224, 224) to features (B, D)."""

SIDE = 224
"""Side of the square that an encoder sees, in pixels."""

# Part of every fingerprint: raise it when ``square`` changes what an encoder sees.
_PREPROCESSING = "whole tile, 224 px bilinear antialiased, version 1"


class Encoder:
    """A frozen network with its preprocessing.

    The network is built at the first ``encode``, so that a run whose features are all known never
    loads it. Instances may be shared between threads.

    Attributes:
        name: as in ``load_encoder``.
        dim: D, the number of features.
        fingerprint: SHA-256 (hex) over weights and preprocessing; two encoders with the same
            fingerprint give the same features.
    """

    def __init__(
        self,
        name: str,
        dim: int,
        fingerprint: str,
        build: "Callable[[], Network]",
        *,
        mean: tuple[float, float, float],
        scale: tuple[float, float, float],
    ) -> None:
        """``build`` gives the frozen network, whose inputs are (x - mean) / scale.

        ``mean`` and ``scale`` are in grey levels, x being 0..255, a channel each.
        """
        self.name = name
        self.dim = dim
        self.fingerprint = fingerprint
        self._build = build
        self._mean = np.array(mean, dtype=np.float32)[:, None, None]
        self._scale = np.array(scale, dtype=np.float32)[:, None, None]
        self._network: Network | None = None
        self._lock = threading.Lock()

    def transform(self, image: NDArray[np.uint8]) -> "torch.Tensor":
        """The input of one tile.

        Args:
            image: (H, W) grey or (H, W, 3), uint8.

        Returns:
            (3, 224, 224) float32: the whole tile (its central square where it is not one),
            bilinear with antialiasing, grey repeated, standardised.
        """
        import torch

        pixels = square(image)
        planes = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
        return torch.from_numpy((planes.astype(np.float32) - self._mean) / self._scale)

    def encode(self, batch: "torch.Tensor") -> "torch.Tensor":
        """Features (B, D) float32 of a batch (B, 3, 224, 224) of transformed tiles, on the CPU."""
        import torch

        network = self.load()
        with torch.inference_mode():
            return network(batch.contiguous(memory_format=torch.channels_last)).float()

    def load(self) -> "Network":
        """The network, built now if it is not yet. Raises EncoderError for damaged weights."""
        with self._lock:
            if self._network is None:
                self._network = self._build()
            return self._network


def square(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The central square of an image (H, W) or (H, W, 3), resized to 224 px, uint8."""
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    cut = np.ascontiguousarray(image[top : top + side, left : left + side])
    if side == SIDE:
        return cut
    resized = Image.fromarray(cut).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(resized, dtype=np.uint8)


def freeze(module: "torch.nn.Module") -> None:
    """Puts a network into inference mode, in the memory layout that is fastest on a CPU."""
    import torch

    module.eval().requires_grad_(False)
    module.to(memory_format=torch.channels_last)


def fingerprint(weights: Path, *choices: str) -> str:
    """SHA-256 (hex) over a file of weights, the preprocessing and whatever else changes features.

    Raises:
        EncoderError: the file cannot be read.
    """
    digest = hashlib.sha256()
    for text in (_PREPROCESSING, *choices):
        digest.update(text.encode() + b"\0")
    try:
        digest.update(weights.read_bytes())
    except OSError as error:
        raise EncoderError(f"The weights {weights} cannot be read ({error.strerror}).") from None
    return digest.hexdigest()


def load_weights(path: Path, advice: str) -> dict[str, Any]:
    """The state dictionary in ``path``, read as tensors only: nothing in the file is executed.

    Raises:
        EncoderError: the file is damaged or no state dictionary; ends with ``advice``.
    """
    import pickle

    import torch

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise EncoderError(f"The weights {path} are damaged ({reason}). {advice}") from None
    if not isinstance(state, dict):
        raise EncoderError(f"The weights {path} are no state dictionary. {advice}")
    return dict(state)
