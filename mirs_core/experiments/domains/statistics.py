"""What whitening does to the features of two domains, measured without a label.

The transforms are those of a training: the source's is taken from the training half of the data set
that is learnt from, the target's from the archive half of the data set that is searched. What they
do is measured on those tiles, and on tiles that they were not taken from.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.config.presets import from_preset
from mirs_core.config.whitening import WhiteningConfig
from mirs_core.datasets.items import Items
from mirs_core.errors import DataError
from mirs_core.experiments.domains.covariances import (
    Moments,
    covariance_gap,
    distance_to_identity,
    distance_to_scaled_identity,
    mean_gap,
    off_diagonal_correlation,
)
from mirs_core.hashing.whitening import Transform, whitening

Features = NDArray[np.float32]
Pair = tuple[Features, Features]
"""Features of the source and of the target."""

NONE = "none"
DWT, OF_2021 = "mirs-dwt", "2021"
"""Names of the whitenings in a report; the first is that of the preset of this name."""
FITTED, UNSEEN = "fitted", "unseen"
DOMAINS = ("source", "target")


def whitenings() -> dict[str, WhiteningConfig]:
    """The whitenings that are measured: that of preset ``DWT``, and that of 2021."""
    return {
        DWT: from_preset(DWT, data="").whitening,
        OF_2021: WhiteningConfig(enabled=True),
    }


@dataclass(frozen=True, slots=True)
class Domain:
    """Features (n, D) of one domain: of the tiles its transform is taken from, and of others."""

    fitted: Features
    unseen: Features

    @classmethod
    def source(cls, items: Items, features: Features) -> "Domain":
        """The domain that is learnt from; a data set without splits has its archive alone."""
        training, archive = (features[items.rows([role])] for role in ("train", "archive"))
        return cls(training, archive) if len(training) else cls(archive, training)

    @classmethod
    def target(cls, items: Items, features: Features) -> "Domain":
        """The domain that is searched."""
        return cls(features[items.rows(["archive"])], features[items.rows(["test"])])


@dataclass(frozen=True, slots=True)
class Found:
    """The measurements.

    Attributes:
        summary: as in the report.
        covariances: (S, K, 2, G, g, g) float32: as encoded, then by each whitening that could be
            had, each domain by its own transform (axis 0); on each kind of tiles that
            ``summary["kinds"]`` names (axis 1); of source and target (axis 2).
    """

    summary: dict[str, Any]
    covariances: NDArray[np.float32]


def measure(source: Domain, target: Domain) -> Found:
    """Measures the effect of each whitening between two domains.

    Raises:
        DataError: a domain has fewer than two tiles to compute a transform from.
    """
    for domain, name in ((source, "learns from"), (target, "is searched")):
        if len(domain.fitted) < 2:
            raise DataError(
                f"The data set that {name} has {len(domain.fitted)} tiles for its statistics; it"
                " needs at least two. Add tiles."
            )
    settings = whitenings()
    size = next(iter(settings.values())).group_size
    rows = _rows(NONE, "", source, target, None, size)
    pictures, described = [_pictures(source, target, None, size)], []
    for key, white in settings.items():
        own = white.group_size, white.eps, white.shrinkage
        about = dict(zip(("group_size", "eps", "shrinkage"), own, strict=True))
        try:
            a, b = (whitening(domain.fitted, *own) for domain in (source, target))
        except DataError as error:
            described.append({"key": key, **about, "why": str(error)})
            continue
        described.append({"key": key, **about, "why": ""})
        rows += _rows(key, "own", source, target, (a, b), size)
        rows += _rows(key, "source", source, target, (a, a), size)
        pictures.append(_pictures(source, target, (a, b), size))
    summary = {
        "features": source.fitted.shape[1],
        "group_size": size,
        "groups": pictures[0].shape[2],
        "kinds": [kind for kind, _ in _measured(source, target)],
        "tiles": {
            name: {FITTED: len(domain.fitted), UNSEEN: len(domain.unseen)}
            for name, domain in zip(DOMAINS, (source, target), strict=True)
        },
        "whitenings": described,
        "rows": rows,
    }
    return Found(summary, np.stack(pictures))


def _rows(
    key: str,
    transform: str,
    source: Domain,
    target: Domain,
    by: tuple[Transform, Transform] | None,
    size: int,
) -> list[dict[str, Any]]:
    """The figures of one state of the features, on both kinds of tiles."""
    return [
        {"whitening": key, "transform": transform, "tiles": kind, **_figures(pair, by, size)}
        for kind, pair in _measured(source, target)
    ]


def _measured(source: Domain, target: Domain) -> Iterator[tuple[str, Pair]]:
    """Features by kind of tile: those that the statistics come from, and others if any."""
    yield FITTED, (source.fitted, target.fitted)
    if min(len(source.unseen), len(target.unseen)) > 1:
        yield UNSEEN, (source.unseen, target.unseen)


def _figures(
    pair: Pair, by: tuple[Transform, Transform] | None, size: int
) -> dict[str, float | dict[str, float | None]]:
    source, target = (Moments.of(x, size) for x in _transformed(pair, by))
    return {
        **{
            name: {
                "off_diagonal_correlation": _rounded(off_diagonal_correlation(moments)),
                "distance_to_identity": _rounded(distance_to_identity(moments)),
                "distance_to_scaled_identity": _rounded(distance_to_scaled_identity(moments)),
            }
            for name, moments in zip(DOMAINS, (source, target), strict=True)
        },
        "mean_gap": round(mean_gap(source, target), 6),
        "covariance_gap": round(covariance_gap(source, target), 6),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _pictures(
    source: Domain, target: Domain, by: tuple[Transform, Transform] | None, size: int
) -> NDArray[np.float32]:
    return np.stack(
        [
            [Moments.of(x, size).covariances for x in _transformed(pair, by)]
            for _, pair in _measured(source, target)
        ]
    ).astype(np.float32)


def _transformed(pair: Pair, by: tuple[Transform, Transform] | None) -> Pair:
    if by is None:
        return pair
    import torch

    first, second = (
        transform(torch.from_numpy(x)).numpy() for transform, x in zip(by, pair, strict=True)
    )
    return first, second
