"""Loads encoders by name: published ones, members of a family such as timm's, fine-tuned ones.

One encoder is never replaced by another: where the weights of the requested one are not available,
the error says so and what to do.
"""

import contextlib

from mirs_core.encoders.architecture import Architecture
from mirs_core.encoders.base import Encoder
from mirs_core.encoders.engine_choice import choose_engine
from mirs_core.encoders.fine_tuned_store import (
    is_fine_tuned,
    list_encoders,
    load_fine_tuned,
    record_of,
)
from mirs_core.encoders.spec import EncoderFamily, EncoderSpec, EncodingCost
from mirs_core.errors import EncoderError
from mirs_core.system.specs import specs_in
from mirs_core.workspace.home import Home

ENCODERS: dict[str, EncoderSpec] = specs_in("mirs_core.encoders.networks", EncoderSpec)
"""The encoders with published weights, by name, in the order of lists."""

FAMILIES: dict[str, EncoderFamily] = specs_in("mirs_core.encoders.families", EncoderFamily)
"""Families of encoders by name; ``timm:MODEL`` belongs to one."""

DEFAULT = next(iter(ENCODERS))
"""The encoder that is used by default."""


def load_encoder(name: str, home: Home) -> Encoder:
    """The encoder ``name``: one of ``ENCODERS``, of a family, or the id of a fine-tuned one.

    Downloaded weights are kept in ``home.cache``/encoders (timm's in its own cache), fine-tuned
    encoders in ``home.encoders``. Its features are computed by the best engine of this machine.

    Raises:
        EncoderError: an unknown name, or weights that are missing or damaged.
    """
    return choose_engine(_load(name, home), home)


def _load(name: str, home: Home) -> Encoder:
    if spec := ENCODERS.get(name):
        return spec.load(home)
    if family := _family_of(name):
        return family.load(name, home)
    if is_fine_tuned(home, name):
        return load_fine_tuned(home, name, architecture_of)
    raise EncoderError(f"There is no encoder {name!r}. Available: {_names()}.")


def architecture_of(name: str) -> Architecture:
    """The network ``name`` without its weights; ``name`` is an ``Encoder.architecture``.

    Raises:
        EncoderError: no such network, or its package is not installed.
    """
    if spec := ENCODERS.get(name):
        return spec.architecture()
    if family := _family_of(name):
        return family.architecture(name)
    raise EncoderError(
        f"There is no network {name!r}; the encoder was made by another version of MIRS Explorer."
    )


def spec_of(architecture: str) -> EncoderSpec | EncoderFamily | None:
    """What is known of the network ``architecture``; None if nothing is."""
    return ENCODERS.get(architecture) or _family_of(architecture)


def published_spec(name: str, home: Home) -> EncoderSpec | EncoderFamily | None:
    """The spec whose weights the encoder ``name`` is made of, also for a fine-tuned one.

    None for unknown encoders, and for fine-tuned ones that are unfinished or damaged.
    """
    if is_fine_tuned(home, name):
        with contextlib.suppress(EncoderError):
            return spec_of(str(record_of(home, name)["architecture"]))
        return None
    return spec_of(name)


def cost_of(architecture: str) -> EncodingCost:
    """What encoding with the network ``architecture`` costs; a guess for unknown networks."""
    spec = spec_of(architecture)
    return spec.cost if spec else EncodingCost()


def encoder_names(home: Home) -> list[str]:
    """Names for a list to choose from: published encoders, then finished fine-tuned ones."""
    finished = [encoder.id for encoder in list_encoders(home) if encoder.state == "done"]
    return [*ENCODERS, *finished]


def encoder_help() -> str:
    """Every encoder and family with its help, as one paragraph for forms and the command line."""
    published = [f"{spec.name}: {spec.help}" for spec in ENCODERS.values()]
    families = [f"{family.prefix}MODEL: {family.help}" for family in FAMILIES.values()]
    return " ".join([*published, *families, "Or the id of a fine-tuned encoder."])


def _family_of(name: str) -> EncoderFamily | None:
    return next((family for family in FAMILIES.values() if name.startswith(family.prefix)), None)


def _names() -> str:
    families = [f"{family.prefix}MODEL" for family in FAMILIES.values()]
    return ", ".join([*ENCODERS, *families, "and the ids of fine-tuned encoders"])
