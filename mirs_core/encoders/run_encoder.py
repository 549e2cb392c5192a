"""The frozen encoder that the configuration of a run names, with its weights verified."""

from mirs_core.config import settings as configs
from mirs_core.encoders.base import Encoder
from mirs_core.encoders.layers import with_inner_block
from mirs_core.encoders.loading import load_encoder
from mirs_core.errors import RunError
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home


def encoder_for(home: Home, config: configs.RunConfig) -> Encoder:
    """The run's frozen encoder, which gives what codes are made of: all layers, all views.

    Raises:
        EncoderError: it is not available, or has no such layers.
    """
    encoder = load_encoder(config.encoder.name, home)
    if config.features.layers == "inner":
        encoder = with_inner_block(encoder)
    return encoder.turned(config.codes.views)


def encoder_of(home: Home, run: runs.RunFolder) -> Encoder:
    """The encoder of a finished run, to encode more images in the same way.

    Raises:
        EncoderError: it is not available.
        RunError: its weights have changed.
    """
    encoder = encoder_for(home, run.config())
    if encoder.fingerprint != run.provenance().get("encoder"):
        raise RunError(
            f"Run {run.id} was made with other weights of {encoder.name}. Train it again."
        )
    return encoder
