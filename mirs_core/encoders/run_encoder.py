"""The frozen encoder of a run: the one its configuration names, checked against its weights."""

from mirs_core.config import settings as configs
from mirs_core.encoders.base import Encoder
from mirs_core.encoders.loading import load_encoder
from mirs_core.errors import RunError
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home


def encoder_for(home: Home, config: configs.RunConfig) -> Encoder:
    """The run's frozen encoder. Raises EncoderError where it cannot be had."""
    return load_encoder(config.encoder.name, home)


def encoder_of(home: Home, run: runs.RunFolder) -> Encoder:
    """The encoder that a finished run was made with, to encode more images the same way.

    Raises:
        EncoderError: it cannot be had.
        RunError: its weights are others now.
    """
    encoder = encoder_for(home, run.config())
    if encoder.fingerprint != run.provenance().get("encoder"):
        raise RunError(f"Run {run.id} was made with other weights of {encoder.name}. Train again.")
    return encoder
