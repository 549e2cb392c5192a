"""Features from deeper in the network: statistics of an inner block, out of the same pass."""

import functools
import hashlib

from mirs_core.encoders.base import Encoder, Inner, Network
from mirs_core.errors import EncoderError


def with_inner_block(encoder: Encoder) -> Encoder:
    """``encoder`` with mean and standard deviation of each channel of its inner block appended.

    Its features have two ``parts``, and its fingerprint tells them from those of ``encoder``.

    Raises:
        EncoderError: no inner block of this network is known.
    """
    inner = encoder.inner
    if inner is None:
        raise EncoderError(
            f"{encoder.name} has no inner block that features can be taken from. Set"
            " features.layers=last."
        )
    text = f"{encoder.fingerprint}\0mean and deviation of {inner.module}, version 1"
    return encoder.rebuilt(
        (encoder.dim, 2 * inner.channels),
        hashlib.sha256(text.encode()).hexdigest(),
        functools.partial(_network, encoder, inner),
    )


def _network(encoder: Encoder, inner: Inner) -> Network:
    from mirs_core.encoders.modules import WithInnerBlock

    # Exporting a network sets all of it to the mode of its outermost module, and back.
    return WithInnerBlock(encoder.load(), inner.module).eval()
