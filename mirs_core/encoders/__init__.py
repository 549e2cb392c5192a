"""Frozen encoders: from the pixels of a tile to a feature vector.

``load_encoder`` knows them by name and never replaces one by another: where the weights of the one
that was asked for cannot be had, it says so and what to do.
"""

from pathlib import Path

from mirs_core.encoders.base import SIDE, Encoder
from mirs_core.encoders.densenet import load_densenet121
from mirs_core.encoders.lite import load_efficientnet_lite0
from mirs_core.errors import EncoderError

__all__ = ["NAMES", "SIDE", "Encoder", "load_encoder"]

NAMES = ("efficientnet-lite0", "densenet121-imagenet")
"""The encoders that can be named."""


def load_encoder(name: str, home: Path) -> Encoder:
    """The encoder ``name``; downloaded weights are kept in ``home``/cache/encoders.

    Raises:
        EncoderError: an unknown name, or weights that cannot be had or are damaged.
    """
    if name == "efficientnet-lite0":
        return load_efficientnet_lite0()
    if name == "densenet121-imagenet":
        return load_densenet121(home / "cache")
    raise EncoderError(f"There is no encoder {name!r}. Known names: {', '.join(NAMES)}.")
