"""The description that comes nearest to a tile: its rendered tile has the nearest code."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mirs_core.datasets.descriptions import FORMS, Description
from mirs_core.datasets.descriptions.forms import BY_NAME
from mirs_core.datasets.descriptions.parameters import Parameter
from mirs_core.datasets.images import Pixels
from mirs_core.encoders.base import Encoder
from mirs_core.encoders.feature_store import encode_one
from mirs_core.hashing.baseline import FloatModel
from mirs_core.progress import Progress, silent
from mirs_core.ranking import refine
from mirs_core.retrieval import retriever
from mirs_core.retrieval.search import Searcher

PER_FORM = 8
"""Descriptions of each form that are tried first."""

_REFINED = 2
"""The best of them are refined, one parameter after the other."""

_GRID = 5
"""Values of each parameter that are tried then."""

_STAGE = "Describing the tile"

Score = tuple[float, float]
"""The distance of two tiles' codes, and the angle between their features, which breaks ties."""


@dataclass(frozen=True, slots=True)
class Bank:
    """Descriptions that are tried first, and the features (N, D) of their rendered tiles."""

    descriptions: tuple[Description, ...]
    features: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Nearest:
    """A description whose tile comes near to another tile.

    Attributes:
        distance: of the two tiles' codes, in the run's unit.
        tried: how many descriptions were rendered.
    """

    description: Description
    distance: float
    tried: int


def bank_of(encoder: Encoder, progress: Progress = silent) -> Bank:
    """``PER_FORM`` descriptions of each form with values spread over their ranges."""
    descriptions = tuple(_candidates())
    features = []
    for done, description in enumerate(descriptions):
        progress(_STAGE, done, len(descriptions))
        features.append(encode_one(description.render(), encoder))
    return Bank(descriptions, np.stack(features))


def _candidates() -> Iterator[Description]:
    rng = np.random.default_rng(0)
    for form in FORMS:
        for seed in range(PER_FORM):
            values = {
                entry.name: _snapped(entry, rng.uniform(entry.low, entry.high))
                for entry in form.parameters
            }
            yield Description(form.name, seed=seed, **values)


def _snapped(entry: Parameter, value: float) -> float:
    """The nearest value that a slider has."""
    steps = round((value - entry.low) / entry.step)
    return float(min(entry.low + steps * entry.step, entry.high))


def describe_tile(searcher: Searcher, pixels: Pixels, bank: Bank) -> Nearest:
    """The description whose tile has the code nearest to that of ``pixels``.

    A bounded search: the tiles of ``bank``, then the best of them with each parameter at several
    values. Codes of one landform are often equal; the encoder's features decide between these.

    Raises:
        EncoderError: the run's encoder cannot be loaded.
    """
    judge = _Judge(searcher, encode_one(pixels, searcher.encoder()))
    scores = judge.scores(bank.features)
    best = sorted(range(len(scores)), key=lambda row: scores[row])[:_REFINED]
    answers = [judge.refined(bank.descriptions[row], scores[row]) for row in best]
    description, (distance, _) = min(answers, key=lambda answer: answer[1])
    steps = sum(_GRID * len(_parameters(bank.descriptions[row])) for row in best)
    return Nearest(description, distance, len(scores) + steps)


def _parameters(description: Description) -> tuple[Parameter, ...]:
    return BY_NAME[description.form].parameters


@dataclass(frozen=True, slots=True)
class _Judge:
    """How near tiles are to one tile: the distance of codes, then the angle between features."""

    searcher: Searcher
    target: NDArray[np.float32]

    def refined(self, description: Description, score: Score) -> tuple[Description, Score]:
        """The best of it with each parameter in turn at several values of its range."""
        for entry in _parameters(description):
            values = [_snapped(entry, v) for v in np.linspace(entry.low, entry.high, _GRID)]
            options = [description.with_value(entry.name, value) for value in values]
            tiles = [encode_one(o.render(), self.searcher.encoder()) for o in options]
            for option, value in zip(options, self.scores(np.stack(tiles)), strict=True):
                if value < score:
                    description, score = option, value
        return description, score

    def scores(self, features: NDArray[np.float32]) -> list[Score]:
        """Both distances of tiles with ``features`` (N, D)."""
        model = self.searcher.retriever.model
        query = retriever.encode(model, self.target[None], "target")
        codes = retriever.encode(model, features, "target")
        if isinstance(model, FloatModel):
            distances = refine.mean_float(codes, query, model.distance)
        else:
            distances = refine.mean_hamming(codes, query)
        norms = np.linalg.norm(features, axis=1) * np.linalg.norm(self.target)
        angles = 1 - features @ self.target / np.maximum(norms, 1e-12)
        return list(zip(distances.astype(float).tolist(), angles.tolist(), strict=True))
