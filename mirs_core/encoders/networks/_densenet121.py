"""DenseNet121 with torchvision's ImageNet weights, pooled after or before its last ReLU."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mirs_core.encoders.architecture import Architecture
from mirs_core.encoders.base import Encoder, Inner, freeze
from mirs_core.encoders.spec import EncodingCost
from mirs_core.encoders.weights import download_weights, fingerprint, load_weights
from mirs_core.errors import EncoderError

if TYPE_CHECKING:
    import torch

Pool = Literal["relu", "pre_relu"]

WEIGHTS_URL = "https://download.pytorch.org/models/densenet121-a639ec97.pth"
"""torchvision's DenseNet121_Weights.IMAGENET1K_V1."""
CITATION = (
    "Huang et al. 2017, Densely Connected Convolutional Networks, CVPR, doi 10.1109/CVPR.2017.243"
)
LICENCE = "BSD-3-Clause (torchvision)"
COST = EncodingCost(images_per_second=35.0, memory_bytes=750_000_000)

_SHA256_PREFIX = "a639ec97"
_MAX_BYTES = 64_000_000  # the file has about 32 MB
_DIM = 1024
# The last block before the last stage, as in EfficientNet-Lite0; not measured on Mars.
_INNER = Inner("features.transition3", 512)
# ImageNet statistics that torchvision trained with, in grey levels.
_MEAN = (0.485 * 255, 0.456 * 255, 0.406 * 255)
_SCALE = (0.229 * 255, 0.224 * 255, 0.225 * 255)
# The published file names layers "norm.1" where torchvision's modules are called "norm1".
_OLD_KEY = re.compile(r"(.*denselayer\d+\.(?:norm|conv))\.([12]\..+)")


def load_densenet121(
    cache: Path,
    pool: Pool = "relu",
    *,
    url: str = WEIGHTS_URL,
    sha256_prefix: str = _SHA256_PREFIX,
) -> Encoder:
    """DenseNet121: 1024 features, the global average pool of its last maps.

    Args:
        cache: the weights are stored in ``cache``/encoders.
        pool: "relu" pools the network's own output, after its last ReLU; "pre_relu" leaves that
            ReLU out, as the 2021 code did unintentionally (only to reproduce it).
        url: address of the weights.
        sha256_prefix: what their SHA-256 begins with.

    Raises:
        EncoderError: the weights cannot be downloaded or are damaged; the message says which
            file to put where.
    """
    if pool not in ("relu", "pre_relu"):
        raise EncoderError(f"DenseNet121 has no pool {pool!r}; choose relu or pre_relu.")
    weights = download_weights(
        url, cache / "encoders", sha256_prefix=sha256_prefix, max_bytes=_MAX_BYTES
    )
    network = architecture(pool)
    return network.encoder(
        network.name,
        fingerprint(weights, "densenet121-imagenet", pool),
        lambda blank: _fill(blank, weights),
    )


def architecture(pool: Pool = "relu") -> Architecture:
    """The network without its weights."""
    return Architecture(
        "densenet121-imagenet" if pool == "relu" else "densenet121-imagenet-pre-relu",
        _DIM,
        mean=_MEAN,
        scale=_SCALE,
        blank=lambda: _blank(pool),
        freeze=freeze,
        inner=_INNER,
    )


def _blank(pool: Pool) -> "torch.nn.Module":
    from torchvision.models import densenet121

    from mirs_core.encoders.modules import DenseNet121

    return DenseNet121(densenet121(weights=None).features, pool == "pre_relu")


def _fill(network: "torch.nn.Module", weights: Path) -> None:
    advice = f"Delete {weights}; it will be downloaded again."
    state = rename_old_keys(load_weights(weights, advice))
    weights_of_features = {
        name: value for name, value in state.items() if not name.startswith("classifier.")
    }
    try:
        network.load_state_dict(weights_of_features)
    except RuntimeError:
        raise EncoderError(f"The weights {weights} do not fit DenseNet121. {advice}") from None


def rename_old_keys(state: dict[str, Any]) -> dict[str, Any]:
    """A DenseNet state dictionary with current layer names; other keys are unchanged."""
    return {_OLD_KEY.sub(r"\1\2", key): value for key, value in state.items()}
