"""Encoder networks as trainable torch modules: from inputs to pooled features.

Importing this loads torch; the rest of the package imports it only where a network is built.
"""

import threading
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from mirs_core.encoders.base import freeze


class Lite0(nn.Module):
    """EfficientNet-Lite0 up to the global average pool of its last 1280 maps."""

    def __init__(self, network: Any) -> None:
        """``network`` is the package's own EfficientNet; its classifier is removed."""
        super().__init__()
        network._fc = nn.Identity()
        self.network = network

    def forward(self, batch: Tensor) -> Tensor:
        """Features (B, 1280)."""
        maps: Tensor = self.network.extract_features(batch)  # (B, 1280, 7, 7)
        return maps.mean((2, 3))


def fold_lite0(module: nn.Module) -> None:
    """Freezes a ``Lite0`` and folds its batch norms into the convolutions before them."""
    network: Any = module.network
    network.eval()
    _fold(network, (("_conv_stem", "_bn0"), ("_conv_head", "_bn1")))
    for block in network._blocks:
        pairs = (("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2"))
        _fold(block, pairs)
    freeze(module)


def _fold(parent: Any, pairs: tuple[tuple[str, str], ...]) -> None:
    for convolution, norm in pairs:
        if hasattr(parent, convolution):
            fused = fuse_conv_bn_eval(getattr(parent, convolution), getattr(parent, norm))
            setattr(parent, convolution, fused)
            setattr(parent, norm, nn.Identity())


class DenseNet121(nn.Module):
    """DenseNet121 up to the global average pool of its last 1024 maps."""

    def __init__(self, features: nn.Module, pre_relu: bool) -> None:
        """``features`` is the convolutional part of torchvision's network."""
        super().__init__()
        self.features = features
        self.pre_relu = pre_relu

    def forward(self, batch: Tensor) -> Tensor:
        """Features (B, 1024)."""
        maps: Tensor = self.features(batch)  # (B, 1024, 7, 7)
        if not self.pre_relu:
            maps = functional.relu(maps)
        return maps.mean((2, 3))


class WithInnerBlock(nn.Module):
    """A network whose features are followed by statistics of the maps of one of its blocks."""

    def __init__(self, network: Any, block: str) -> None:
        """``block`` is the name of a module within ``network``, which gives maps (B, C, h, w)."""
        super().__init__()
        self.network = network
        # Several threads may be inside the network at once.
        self._maps = threading.local()
        network.get_submodule(block).register_forward_hook(self._keep)

    def forward(self, batch: Tensor) -> Tensor:
        """Features (B, D + 2C): the network's own, then mean and standard deviation by channel."""
        features = self.network(batch)
        maps: Tensor = self._maps.last
        self._maps.last = None
        mean = maps.mean((2, 3))
        deviation = (maps - mean[..., None, None]).square().mean((2, 3)).sqrt()
        return torch.cat([features, mean, deviation], dim=1)

    def _keep(self, module: nn.Module, inputs: object, maps: Tensor) -> None:
        self._maps.last = maps


def is_finite(network: nn.Module) -> bool:
    """Whether all weights and statistics of a network are finite numbers."""
    return all(
        bool(torch.isfinite(value).all())
        for value in network.state_dict().values()
        if value.is_floating_point()
    )
