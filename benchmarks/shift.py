"""``bench shift``: what domain whitening is worth where the archive comes from another sensor.

Heads learn from the clean training half; archive, queries and validation tiles are degraded, as a
sensor would. Nothing else differs between the rows of a shift, so that differences are paired.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from mirs_core.config.presets import from_preset
from mirs_core.config.settings import RunConfig
from mirs_core.datasets.images import Pixels
from mirs_core.datasets.items import Items
from mirs_core.datasets.manifest import Manifest
from mirs_core.datasets.tile_source import read_pixels
from mirs_core.encoders import run_encoder
from mirs_core.encoders.base import Encoder
from mirs_core.errors import ConfigError, DataError
from mirs_core.evaluation.run_report import evaluate_run
from mirs_core.experiments.comparison import difference, over_seeds
from mirs_core.pipeline import encoding, sources
from mirs_core.pipeline.learning_tiles import LearningTiles, learning_rows
from mirs_core.progress import Progress, silent
from mirs_core.retrieval.retriever import Retriever
from mirs_core.workspace.home import Home

Features = NDArray[np.float32]

_BATCH = 32


def _blur(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(2)))


def _contrast(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    return _rounded(128 + 0.3 * (pixels.astype(np.float32) - 128))


def _noise(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    return _rounded(pixels + rng.normal(0, 25, pixels.shape))


def _stripes(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    offsets: NDArray[np.float64] = rng.normal(0, 20, (pixels.shape[1],))
    return _rounded(pixels + (offsets if pixels.ndim == 2 else offsets[:, None]))


def _rounded(values: NDArray[np.floating]) -> Pixels:
    pixels: Pixels = values.round().clip(0, 255).astype(np.uint8)
    return pixels


SHIFTS: dict[str, Callable[[Pixels, np.random.Generator], Pixels]] = {
    "none": lambda pixels, rng: pixels,
    "blur": _blur,
    "contrast": _contrast,
    "noise": _noise,
    "stripes": _stripes,
}
"""Gaussian blur of 2 px; contrast x 0.3; noise of 25 and column offsets of 20 grey levels."""

METHODS: dict[str, tuple[str, tuple[str, ...]]] = {
    "mirs": ("mirs", ()),
    "mirs-dwt": ("mirs-dwt", ()),
    "mirs-dwt, eps 0.5": ("mirs-dwt", ("whitening.eps=0.5",)),
    "means only": ("mirs-dwt", ("whitening.eps=1", "loss.entropy_weight=0")),
    "whitening only": ("mirs-dwt", ("loss.entropy_weight=0",)),
    "entropy only": ("mirs", ("loss.entropy_weight=0.1",)),
}
"""The reference, what is compared with it, and the parts of that alone."""


def run(
    home: Home,
    data: Path,
    seeds: int = 3,
    shifts: Sequence[str] = tuple(SHIFTS),
    methods: Sequence[str] = tuple(METHODS),
    changes: Sequence[str] = (),
    progress: Progress = silent,
) -> dict[str, Any]:
    """mAP@64 of each method under each shift, and its paired difference to ``mirs``.

    Of the rows with domain whitening ``chosen`` names the best by validation mAP@64, which is that
    of degraded validation tiles among the clean training half; the test split plays no part in it.

    Raises:
        ConfigError: an unknown shift or method.
        DataError: there is nothing to measure.
    """
    if unknown := [name for name in (*shifts, *methods) if name not in {**SHIFTS, **METHODS}]:
        raise ConfigError(
            f"There is no {unknown[0]!r}; choose of {', '.join([*SHIFTS, *METHODS])}."
        )
    rows, total = [], len(shifts) * seeds
    for place, shift in enumerate(shifts):
        scores: dict[str, dict[int, dict[str, Any]]] = {"mirs": {}, **{m: {} for m in methods}}
        for seed in range(seeds):
            progress(f"{shift}, seed {seed}", place * seeds + seed, total)
            bench = _Bench(home, data, shift, seed)
            for method in scores:
                preset, own = METHODS[method]
                config = from_preset(preset, data=str(data), seed=seed, changes=[*own, *changes])
                scores[method][seed] = bench.measure(config)
        rows.append(_row(shift, scores))
    return {"bench": "shift", "data": data.name, "seeds": seeds, "rows": rows}


def _row(shift: str, scores: dict[str, dict[int, dict[str, Any]]]) -> dict[str, Any]:
    validated = {
        method: float(np.mean([value["validation"] for value in by_seed.values()]))
        for method, by_seed in scores.items()
    }
    whitened = [method for method in scores if METHODS[method][0] == "mirs-dwt"]
    return {
        "shift": shift,
        "chosen": max(whitened, key=validated.__getitem__) if whitened else None,
        "methods": [
            {
                "method": method,
                **over_seeds(by_seed).to_json(),
                "validation": round(validated[method], 6),
                "difference": None
                if method == "mirs"
                else difference(by_seed, scores["mirs"]).to_json(),
            }
            for method, by_seed in scores.items()
        ],
    }


class _Bench:
    """A data set at one seed, whose archive, validation and test tiles are degraded."""

    def __init__(self, home: Home, data: Path, shift: str, seed: int) -> None:
        config = from_preset("mirs", data=str(data), seed=seed)
        gathered = sources.gather(home, config)
        sources.check_trainable(config, gathered)
        manifest, self.items = gathered.learning, gathered.learning_items
        self.distractors = manifest.card.distractors
        encoder = run_encoder.encoder_for(home, config)
        rows = learning_rows(config, self.items)
        self.views = encoding.extract_views(
            home, manifest, self.items, encoder, rows, config.training.views, silent
        )
        plain = encoding.extract_items(home, manifest, self.items, encoder, silent)
        self.features = _degraded(manifest, self.items, encoder, shift, plain)

    def measure(self, config: RunConfig) -> dict[str, Any]:
        """The evaluation of a head on the degraded archive, and its validation mAP@64."""
        from mirs_core.pipeline.fitting import Observers, fit

        lines: list[dict[str, Any]] = []
        tiles = LearningTiles(self.features, self.items, self.views, distractors=self.distractors)
        fitted = fit(config, tiles, Observers(on_epoch=lines.append))
        retriever = Retriever.build(fitted.model, self.features, self.items, self.distractors)
        report = evaluate_run(retriever)
        if report is None or not report.results:
            raise DataError("There is no labelled test tile to query: nothing can be measured.")
        validation = max((line["map_at_64"] or 0.0 for line in lines), default=0.0)
        return {
            **report.to_json(),
            "per_query": report.per_query_json(),
            "validation": validation,
        }


def _degraded(
    manifest: Manifest, items: Items, encoder: Encoder, shift: str, plain: Features
) -> Features:
    """Features (n, D) of ``items``, those of all but training tiles of degraded pixels."""
    features = plain.copy()
    rows = items.rows(["archive", "val", "test"])
    if shift == "none":
        return features
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        inputs = [
            encoder.inputs(SHIFTS[shift](pixels, np.random.default_rng([int(row), len(pixels)])))
            for row, pixels in ((row, read_pixels(manifest.root, items.ids[row])) for row in batch)
        ]
        features[batch] = encoder.features(np.stack(inputs))
    return features
