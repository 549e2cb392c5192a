"""Which engine computes an encoder's features on this machine."""

import functools
import itertools
import os
import warnings

from mirs_core.encoders.base import Encoder
from mirs_core.encoders.engine import Engine, EngineError
from mirs_core.encoders.spec import EngineSpec
from mirs_core.errors import EncoderError
from mirs_core.system.devices import has_gpu
from mirs_core.system.specs import specs_in
from mirs_core.workspace.home import Home

ENGINES: dict[str, EngineSpec] = specs_in("mirs_core.encoders.engines", EngineSpec)
"""The engines by name, the preferred one first."""

VARIABLE = "MIRS_ENGINE"
"""The environment variable that names an engine; without it the first that runs is used."""


def choose_engine(encoder: Encoder, home: Home) -> Encoder:
    """``encoder``, whose features are computed by the best engine of this machine."""
    encoder.run_on(functools.partial(open_engine, home=home))
    return encoder


def open_engine(encoder: Encoder, home: Home) -> Engine:
    """The engine that ``MIRS_ENGINE`` names, or the first that runs the encoder.

    A default engine that cannot run it is replaced by the next one, with a warning that says why.

    Raises:
        EncoderError: there is no engine of this name, it cannot run the encoder, or the encoder's
            weights are damaged.
    """
    if name := os.environ.get(VARIABLE, ""):
        if name not in ENGINES:
            raise EncoderError(f"{VARIABLE} is {name!r}. Choose one of {', '.join(ENGINES)}.")
        try:
            return ENGINES[name].open(encoder, home.engines)
        except EngineError as error:
            raise EncoderError(
                f"{ENGINES[name].title} cannot run {encoder.name}: {error}. Unset {VARIABLE}."
            ) from None
    on_gpu = has_gpu()
    engines = [spec for spec in ENGINES.values() if spec.on_gpus or not on_gpu]
    for spec, following in itertools.pairwise(engines):
        try:
            return spec.open(encoder, home.engines)
        except EngineError as error:
            warnings.warn(
                f"{following.title} encodes with {encoder.name}, which is slower:"
                f" {spec.title} cannot run it ({error}).",
                stacklevel=2,
            )
    return engines[-1].open(encoder, home.engines)
