"""The description that comes nearest to a tile: its rendered tile has the nearest code."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

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

_TIED = 0.1
"""Codes are as good as tied that differ by this share of the median distance: about 4 bits."""

_GRID = 5
"""Values of each parameter that are tried then."""

_STAGE = "Describing the tile"

Score = tuple[float, float]
"""The distance of two tiles' codes, and how unlike they look, which breaks ties."""

_THUMBNAIL, _SPECTRUM, _RINGS, _SECTORS = 20, 128, 12, 12


@dataclass(frozen=True, slots=True)
class Bank:
    """Descriptions that are tried first, and their rendered tiles' features (N, D) and looks."""

    descriptions: tuple[Description, ...]
    features: NDArray[np.float32]
    looks: NDArray[np.float32]


def bank_of_descriptions(
    descriptions: Sequence[Description], encoder: Encoder, progress: Progress = silent
) -> Bank:
    """A bank of these descriptions."""
    features, looks = [], []
    for done, description in enumerate(descriptions):
        progress(_STAGE, done, len(descriptions))
        tile = description.render()
        features.append(encode_one(tile, encoder))
        looks.append(look(tile))
    return Bank(tuple(descriptions), np.stack(features), np.stack(looks))


def look(pixels: Pixels) -> NDArray[np.float32]:
    """What codes and features of one landform do not tell: where it is bright, how fine it is.

    Two unit vectors in one: a small picture, which has the size of a crater and the direction of
    the light, and the spectrum by wavelength and direction, which has those of ripples.
    """
    image = Image.fromarray(np.asarray(pixels, np.uint8)).convert("L")
    small = np.asarray(image.resize((_THUMBNAIL, _THUMBNAIL), Image.Resampling.BOX), np.float32)
    large = np.asarray(image.resize((_SPECTRUM, _SPECTRUM), Image.Resampling.BOX), np.float32)
    power = np.log1p(np.abs(np.fft.fft2(large - large.mean())) ** 2)
    right, down = np.meshgrid(np.fft.fftfreq(_SPECTRUM), np.fft.fftfreq(_SPECTRUM))
    octave = np.log2(np.maximum(np.hypot(right, down), 1e-6) * _SPECTRUM) * 2
    ring = np.clip(octave, 0, _RINGS - 1).astype(int)
    sector = (np.arctan2(down, right) % np.pi / np.pi * _SECTORS).astype(int) % _SECTORS
    cell = (ring * _SECTORS + sector).ravel()
    sums = np.bincount(cell, power.ravel(), _RINGS * _SECTORS)
    means = sums / np.maximum(np.bincount(cell, minlength=_RINGS * _SECTORS), 1)
    rings = means.reshape(_RINGS, _SECTORS)
    return np.concatenate([_unit(small.ravel()), _unit(rings.ravel())]).astype(np.float32)


def _unit(values: NDArray[Any]) -> NDArray[Any]:
    centred = values - values.mean()
    return np.asarray(centred / max(float(np.linalg.norm(centred)), 1e-9))


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
    return bank_of_descriptions(list(_candidates()), encoder, progress)


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
    values. Codes of one landform are often equal or nearly so; features and looks decide between
    these.

    Raises:
        EncoderError: the run's encoder cannot be loaded.
    """
    judge = _Judge(searcher, encode_one(pixels, searcher.encoder()), look(pixels))
    scores = judge.scores(bank)
    distances = [distance for distance, _ in scores]
    limit = min(distances) + _TIED * float(np.median(distances))
    tied = [row for row, distance in enumerate(distances) if distance <= limit]
    best = sorted(tied, key=lambda row: scores[row][1])[:_REFINED]
    answers = [judge.refined(bank.descriptions[row], scores[row], limit) for row in best]
    description, (distance, _) = min(answers, key=lambda answer: answer[1][1])
    steps = sum(_GRID * len(_parameters(bank.descriptions[row])) for row in best)
    return Nearest(description, distance, len(scores) + steps)


def _parameters(description: Description) -> tuple[Parameter, ...]:
    return BY_NAME[description.form].parameters


@dataclass(frozen=True, slots=True)
class _Judge:
    """How near tiles are to one tile: the distance of codes, then of features and looks."""

    searcher: Searcher
    target: NDArray[np.float32]
    look: NDArray[np.float32]

    def refined(
        self, description: Description, score: Score, limit: float
    ) -> tuple[Description, Score]:
        """The one that looks best of it with each parameter in turn at several values.

        Codes are at most ``limit`` away.
        """
        for entry in _parameters(description):
            values = [_snapped(entry, v) for v in np.linspace(entry.low, entry.high, _GRID)]
            options = [description.with_value(entry.name, value) for value in values]
            bank = bank_of_descriptions(options, self.searcher.encoder())
            for option, value in zip(options, self.scores(bank), strict=True):
                if value[0] <= limit and value[1] < score[1]:
                    description, score = option, value
        return description, score

    def scores(self, bank: Bank) -> list[Score]:
        """Both distances of the tiles of ``bank``."""
        features = bank.features
        model = self.searcher.retriever.model
        query = retriever.encode(model, self.target[None], "target")
        codes = retriever.encode(model, features, "target")
        if isinstance(model, FloatModel):
            distances = refine.mean_float(codes, query, model.distance)
        else:
            distances = refine.mean_hamming(codes, query)
        norms = np.linalg.norm(features, axis=1) * np.linalg.norm(self.target)
        angles = 1 - features @ self.target / np.maximum(norms, 1e-12)
        unlike = angles + (2 - bank.looks @ self.look) / 2
        return list(
            zip(distances.astype(float).tolist(), unlike.astype(float).tolist(), strict=True)
        )
