"""What all encoders share: preprocessing, encoding of batches, the fingerprint."""

import copy
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mirs_core.encoders.engine import Engine, Features
from mirs_core.encoders.pytorch_engine import PyTorchEngine, computed
from mirs_core.errors import EncoderError
from mirs_core.system.devices import compute_device

if TYPE_CHECKING:
    import torch

Network = Callable[["torch.Tensor"], "torch.Tensor"]
"""From transformed tiles (B, 3, 224, 224) to features (B, D)."""

Levels = tuple[float, float, float]
"""Grey levels, one per channel."""

_TOLERANCE = 1e-3

SIDE = 224
"""Side of the square input of every encoder, in pixels."""

PREPROCESSING = "whole tile, 224 px bilinear antialiased, version 1"
"""Part of every fingerprint; its version is raised when ``square`` changes the input."""


@dataclass(frozen=True, slots=True)
class Inner:
    """A block within a network whose maps tell more than the last ones: its name, its channels."""

    module: str
    channels: int


class Encoder:
    """A frozen network with its preprocessing.

    The network is built at the first ``encode``, so that a run whose features are all cached never
    loads it. Instances can be shared between threads.

    Attributes:
        name: as in ``load_encoder``.
        dim: D, the number of features.
        fingerprint: SHA-256 (hex) over weights and preprocessing; two encoders with the same
            fingerprint give the same features.
        architecture: name of the network without its weights; empty if it cannot be trained.
        inner: the block whose statistics can be added to the features; None if there is none.
        parts: widths of the parts that the features consist of; they add up to D.
        views: V, the views of a tile that are encoded together, as ``turned`` has it.
    """

    inner: Inner | None = None
    parts: tuple[int, ...] = ()
    views: int = 1
    _plain: "Encoder | None" = None

    def __init__(
        self,
        name: str,
        dim: int,
        fingerprint: str,
        build: "Callable[[], Network]",
        *,
        mean: Levels,
        scale: Levels,
        trainable: "Callable[[], torch.nn.Module] | None" = None,
        architecture: str = "",
    ) -> None:
        """``build`` returns the frozen network, whose inputs are (x - mean) / scale.

        ``mean`` and ``scale`` are in grey levels 0..255, one per channel. ``trainable`` returns a
        new trainable copy of the network.
        """
        self.name = name
        self.dim = dim
        self.fingerprint = fingerprint
        self.architecture = architecture
        self._build = build
        self._trainable = trainable
        self._mean = np.array(mean, dtype=np.float32)[:, None, None]
        self._scale = np.array(scale, dtype=np.float32)[:, None, None]
        self._network: Network | None = None
        self._lock = threading.Lock()
        self._engine: Engine | None = None
        self._engine_lock = threading.Lock()
        self._open_engine: Callable[[Encoder], Engine] = _in_pytorch

    @property
    def plain(self) -> "Encoder":
        """This encoder of the tile as it is, without further views."""
        return self._plain or self

    @property
    def width(self) -> int:
        """The number of features of a tile: D for each of its views."""
        return self.dim * self.views

    def turned(self, views: int) -> "Encoder":
        """This encoder, which gives the features of a tile's first ``views`` views in a row.

        Views are those of ``mirs_core.datasets.views``; the network and its engine are shared.
        """
        if views == self.views:
            return self
        other = copy.copy(self.plain)
        other.views, other._plain = views, self.plain if views > 1 else None
        return other

    def rebuilt(
        self, parts: tuple[int, ...], fingerprint: str, build: "Callable[[], Network]"
    ) -> "Encoder":
        """An encoder with the same preprocessing and another network, which cannot be trained.

        Its engine is chosen as for this one.

        ``parts`` are those of its features, ``build`` returns its frozen network.
        """
        other = copy.copy(self.plain)
        other.parts, other.dim, other.fingerprint = parts, sum(parts), fingerprint
        other._build, other._trainable, other._network = build, None, None
        other._lock, other._engine_lock, other._engine = threading.Lock(), threading.Lock(), None
        return other

    def run_on(self, open_engine: "Callable[[Encoder], Engine]") -> None:
        """Has features computed by the engine that ``open_engine`` returns; PyTorch until then.

        It is called with this encoder, or with one that was ``rebuilt`` from it.
        """
        with self._engine_lock:
            self._engine, self._open_engine = None, open_engine

    def engine(self) -> Engine:
        """The engine of ``features``, opened at the first call.

        Raises:
            EncoderError: it is not available, or the weights are damaged.
        """
        if self._plain is not None:
            return self._plain.engine()
        with self._engine_lock:
            if self._engine is None:
                self._engine = self._open_engine(self)
            return self._engine

    def inputs(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The network input for one tile.

        Args:
            image: (H, W) grey or (H, W, 3), uint8.

        Returns:
            (3, 224, 224) float32: the whole tile (its central square where it is not one),
            bilinear with antialiasing, grey repeated, standardised.
        """
        pixels = square(image)
        planes = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
        standardised: NDArray[np.float32] = (planes.astype(np.float32) - self._mean) / self._scale
        return standardised

    def features(self, inputs: NDArray[np.float32]) -> Features:
        """Features (B, D) float32 of inputs (B, 3, 224, 224)."""
        return self.engine()(inputs)

    def transform(self, image: NDArray[np.uint8]) -> "torch.Tensor":
        """``inputs`` of one tile, for PyTorch."""
        import torch

        return torch.from_numpy(self.inputs(image))

    def encode(self, batch: "torch.Tensor") -> "torch.Tensor":
        """Features (B, D) float32 of a batch (B, 3, 224, 224) by PyTorch, whatever the engine."""
        import torch

        return torch.from_numpy(computed(self.load(), batch, compute_device()))

    def maps(self, batch: "torch.Tensor") -> "torch.Tensor":
        """Feature maps (B, D, h, w) float32 whose spatial means are the features, on the CPU.

        They are the output of the last layer, with or without a ReLU, whose spatial mean equals
        the result of ``encode``, or its first part.

        Raises:
            EncoderError: no layer has such an output.
        """
        import torch

        network, outputs = self.load(), []
        if not isinstance(network, torch.nn.Module):
            raise EncoderError(f"{self.name} has no feature maps.")

        def record(module: torch.nn.Module, inputs: object, output: object) -> None:
            if isinstance(output, torch.Tensor) and output.ndim == 4:
                outputs.append(output)

        hooks = [module.register_forward_hook(record) for module in network.modules()]
        try:
            features = self.encode(batch)[:, : self.parts[0] if self.parts else None]
        finally:
            for hook in hooks:
                hook.remove()
        for output in reversed(outputs):
            for maps in (output.float().cpu(), output.float().cpu().relu()):
                if maps.shape[1] == features.shape[1] and torch.allclose(
                    maps.mean((2, 3)), features, rtol=_TOLERANCE, atol=_TOLERANCE
                ):
                    return maps
        raise EncoderError(f"{self.name} has no feature maps whose means are its features.")

    def standardise(self, pixels: "torch.Tensor") -> "torch.Tensor":
        """Inputs (B, 3, 224, 224) float32 of pixels (B, 3, 224, 224) in 0..255, on their device."""
        import torch

        mean, scale = (
            torch.from_numpy(levels).to(pixels.device) for levels in (self._mean, self._scale)
        )
        return (pixels.float() - mean) / scale

    def trainable(self) -> "torch.nn.Module":
        """A new trainable copy of the network: from inputs to features (B, D).

        Nothing is folded or frozen; fine-tuned encoders store its state dictionary.

        Raises:
            EncoderError: this encoder cannot be trained, or its weights are damaged.
        """
        if self._trainable is None:
            raise EncoderError(f"{self.name} cannot be fine-tuned; choose another encoder.")
        return self._trainable()

    def load(self) -> "Network":
        """The network, built at the first call. Raises EncoderError for damaged weights."""
        if self._plain is not None:
            return self._plain.load()
        with self._lock:
            if self._network is None:
                network = self._build()
                move = getattr(network, "to", None)
                if move is not None:
                    move(compute_device())
                self._network = network
            return self._network


def _in_pytorch(encoder: Encoder) -> Engine:
    return PyTorchEngine(encoder.load())


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
    """Sets a network to inference mode, in the memory layout that is fastest on a CPU."""
    import torch

    module.eval().requires_grad_(False)
    module.to(memory_format=torch.channels_last)
