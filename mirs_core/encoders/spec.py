"""Specs of encoders, of families of encoders such as timm's, and of inference engines."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mirs_core.encoders.architecture import Architecture
from mirs_core.encoders.base import Encoder
from mirs_core.encoders.engine import Engine
from mirs_core.workspace.home import Home


@dataclass(frozen=True, slots=True)
class EncodingCost:
    """What encoding with a network costs, for estimates before a training.

    Attributes:
        images_per_second: by a job on 2 CPU cores, which leaves one of them to the app.
        memory_bytes: peak memory of the network with one batch.
    """

    images_per_second: float = 15.0
    memory_bytes: int = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderSpec:
    """An encoder with published weights. Each file of ``encoders/networks`` holds one as ``SPEC``.

    Attributes:
        name: what users and run configurations call it.
        order: its place in lists.
        title: for people, as in "EfficientNet-Lite0 (ImageNet)".
        help: one sentence on when to choose it.
        citation: how to cite the network.
        licence: of the weights.
        weights: where the weights come from.
        architecture: the network without its weights. Imports torch only when called.
        load: the encoder with its weights; ``Home.cache`` is where downloads go. Raises
            EncoderError where the weights are missing or damaged; never loads other weights.
        cost: measured cost of encoding.
    """

    name: str
    order: int
    title: str
    help: str
    citation: str
    licence: str
    weights: str
    architecture: Callable[[], Architecture]
    load: Callable[[Home], Encoder]
    cost: EncodingCost = EncodingCost()


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderFamily:
    """A family of encoders named ``PREFIX + MODEL``. Each file of ``encoders/families`` holds one.

    Attributes:
        name: of the family.
        order: its place in lists.
        prefix: what the names of its encoders begin with, as in "timm:".
        title: for people.
        help: one sentence on what it offers and what it needs.
        citation: how to cite the collection; single models have papers of their own.
        licence: of the weights.
        weights: where the weights come from.
        architecture: the network of a full name, without its weights.
        load: the encoder of a full name. Raises EncoderError like ``EncoderSpec.load``.
        cost: assumed cost of encoding.
    """

    name: str
    order: int
    prefix: str
    title: str
    help: str
    citation: str
    licence: str
    weights: str
    architecture: Callable[[str], Architecture]
    load: Callable[[str, Home], Encoder]
    cost: EncodingCost = EncodingCost()


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSpec:
    """An inference engine. Each file of ``encoders/engines`` holds one as ``SPEC``.

    Attributes:
        name: as in ``MIRS_ENGINE``.
        order: the first engine that runs an encoder is used.
        title: for people.
        help: one sentence on when it is used.
        licence: of the engine.
        on_gpus: whether it is used by default where there is a GPU.
        open: an encoder's network in this engine; a folder of the home keeps what it writes. Raises
            EngineError where it cannot run the encoder, EncoderError for damaged weights.
    """

    name: str
    order: int
    title: str
    help: str
    licence: str
    on_gpus: bool
    open: Callable[[Encoder, Path], Engine]
