"""PyTorch as an engine: on the CPU, or on a GPU with mixed precision where that is harmless."""

import threading
from collections.abc import Callable
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mirs_core.encoders.agreement import agree, probe
from mirs_core.encoders.engine import Features
from mirs_core.system.devices import compute_device

if TYPE_CHECKING:
    import torch

    Network = Callable[[torch.Tensor], torch.Tensor]

_CPU_BATCH, _GPU_BATCH = 16, 128


class PyTorchEngine:
    """A frozen network in PyTorch, on the device of this process."""

    is_concurrent = False

    def __init__(self, network: "Network") -> None:
        """``network`` is on ``compute_device()``: from inputs (B, 3, 224, 224) to (B, D)."""
        import torch

        self.device = compute_device()
        on_gpu = self.device.type != "cpu"
        self.batch = _GPU_BATCH if on_gpu else _CPU_BATCH
        self._network = network
        self._lock = threading.Lock()
        self._precision = reduced_precision(network, self.device) if on_gpu else None
        precision = f" {str(self._precision).removeprefix('torch.')}" if self._precision else ""
        self.label = f"torch {version('torch')}{f' cuda{precision}' if on_gpu else ''}"
        self._is_pinned = self.device.type == "cuda" and torch.cuda.is_available()

    def __call__(self, inputs: NDArray[np.float32]) -> Features:
        """Features (B, D) of inputs (B, 3, 224, 224)."""
        import torch

        batch = torch.from_numpy(inputs)
        if self._is_pinned:
            batch = batch.pin_memory()
        with self._lock:
            return computed(self._network, batch, self.device, self._precision)


def computed(
    network: "Network",
    batch: "torch.Tensor",
    device: "torch.device",
    precision: "torch.dtype | None" = None,
) -> Features:
    """Features (B, D) of a batch on the CPU, computed on ``device``.

    ``precision`` is that of the products within the network; None is float32.
    """
    import torch

    with (
        torch.inference_mode(),
        torch.autocast(device.type, precision, enabled=precision is not None),
    ):
        moved = batch.to(device, non_blocking=True, memory_format=torch.channels_last)
        features: Features = network(moved).float().cpu().numpy()
    return features


def reduced_precision(network: "Network", device: "torch.device") -> "torch.dtype | None":
    """The first of float16 and bfloat16 whose features agree with float32; None for neither."""
    import torch

    inputs = probe()
    exact = computed(network, torch.from_numpy(inputs), device)
    for precision in (torch.float16, torch.bfloat16):
        features = computed(network, torch.from_numpy(inputs), device, precision)
        if not agree(exact, features).problem:
            return precision
    return None
