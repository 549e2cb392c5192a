"""Encoders: from the pixels of a tile to a feature vector.

``load_encoder`` knows them by name and never replaces one by another: where the weights of the one
that was asked for cannot be had, it says so and what to do.
"""

from collections.abc import Callable

from mirs_core.encoders import densenet, fine_tuned, lite, timm_models
from mirs_core.encoders.base import SIDE, Architecture, Encoder
from mirs_core.encoders.fine_tuned import EncoderSummary, labels_seen, list_encoders
from mirs_core.errors import EncoderError
from mirs_core.workspace.home import Home

__all__ = [
    "NAMES",
    "SIDE",
    "Architecture",
    "Encoder",
    "EncoderSummary",
    "architecture_of",
    "labels_seen",
    "list_encoders",
    "load_encoder",
]

NAMES = ("efficientnet-lite0", "densenet121-imagenet", "densenet121-imagenet-pre-relu")
"""The encoders that can be named without more; besides them ``timm:MODEL`` and fine-tuned ones."""

ARCHITECTURES: dict[str, Callable[[], Architecture]] = {
    "efficientnet-lite0": lite.architecture,
    "densenet121-imagenet": lambda: densenet.architecture("relu"),
    "densenet121-imagenet-pre-relu": lambda: densenet.architecture("pre_relu"),
}
"""Networks by name; ``timm:MODEL`` is asked of timm."""


def load_encoder(name: str, home: Home) -> Encoder:
    """The encoder ``name``: one of ``NAMES``, ``timm:MODEL``, or the id of a fine-tuned one.

    Downloaded weights are kept in ``home``/cache/encoders (timm's in its own cache), fine-tuned
    encoders in ``home``/encoders.

    Raises:
        EncoderError: an unknown name, or weights that cannot be had or are damaged.
    """
    if name == "efficientnet-lite0":
        return lite.load_efficientnet_lite0()
    if name == "densenet121-imagenet":
        return densenet.load_densenet121(home.cache)
    if name == "densenet121-imagenet-pre-relu":
        return densenet.load_densenet121(home.cache, "pre_relu")
    if name.startswith(timm_models.PREFIX):
        return timm_models.load_timm(name)
    if fine_tuned.is_fine_tuned(home, name):
        return fine_tuned.load_fine_tuned(home, name, architecture_of)
    raise EncoderError(
        f"There is no encoder {name!r}. Known names: {', '.join(NAMES)}; also timm:MODEL, and the"
        " id that train-encoder printed."
    )


def architecture_of(name: str) -> Architecture:
    """The network ``name`` without its weights, as a fine-tuned encoder remembers it.

    Raises:
        EncoderError: no such network, or its package is not installed.
    """
    if name.startswith(timm_models.PREFIX):
        return timm_models.architecture(name)
    if name not in ARCHITECTURES:
        raise EncoderError(f"There is no network {name!r}; the encoder is of another version.")
    return ARCHITECTURES[name]()
