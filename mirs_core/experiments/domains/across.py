"""mAP@64 with and without whitening where a head learns from one data set and searches another."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirs_core.config.presets import PRESETS
from mirs_core.datasets.manifest import Manifest
from mirs_core.errors import MirsError, StoppedError
from mirs_core.experiments import comparison
from mirs_core.experiments.reproduction.cells import Bench
from mirs_core.experiments.reproduction.plan import Recipe
from mirs_core.progress import Progress
from mirs_core.workspace.home import Home


@dataclass(frozen=True, slots=True)
class Way:
    """From the data set that is learnt from to the one that is searched."""

    learnt: Manifest
    searched: Manifest

    @property
    def title(self) -> str:
        """The direction in words."""
        return f"{self.learnt.card.name} to {self.searched.card.name}"


def measure(
    home: Home,
    ways: Sequence[Way],
    presets: Sequence[str],
    seeds: int,
    encoder: str,
    cells: Path,
    progress: Progress,
) -> list[dict[str, Any]]:
    """One row per direction and preset; earlier measurements are read from ``cells``.

    The difference is paired by query, against the preset that ``reference_of`` names. A row that
    cannot be measured has the reason in ``why``.

    Raises:
        StoppedError: from ``progress``; the cells that are finished are kept.
    """
    total, done = len(ways) * len(presets) * seeds, 0
    rows: list[dict[str, Any]] = []
    for way in ways:
        metrics: dict[str, dict[int, dict[str, Any]]] = {}
        reasons: dict[str, str] = {}
        bench = _bench(home, way, encoder, cells)
        for preset in presets:
            try:
                metrics[preset] = {}
                for seed, about in _steps(way, preset, seeds):
                    progress(about, done + seed, total)
                    watched = dataclasses.replace(bench, progress=_named(about, progress))
                    recipe = Recipe(preset, (f"archive.data={way.searched.root}",))
                    metrics[preset][seed] = watched.measure(recipe, seed)
            except StoppedError:
                raise
            except MirsError as error:
                reasons[preset] = str(error)
            done += seeds
        rows += [_row(way, preset, presets, metrics, reasons) for preset in presets]
    progress("Across data sets", total, total)
    return rows


def reference_of(preset: str, presets: Sequence[str]) -> str:
    """The preset that another is compared with: the one it extends, else mirs, or the first.

    Empty if that is the preset itself.
    """
    variant_of = PRESETS[preset].variant_of
    if variant_of in presets:
        return variant_of
    usual = "mirs" if "mirs" in presets else presets[0]
    return "" if usual == preset else usual


def _steps(way: Way, preset: str, seeds: int) -> Iterator[tuple[int, str]]:
    for seed in range(seeds):
        yield seed, f"{preset}, {way.title}, seed {seed}"


def _named(about: str, progress: Progress) -> Progress:
    return lambda stage, done, total: progress(f"{about}: {stage}", done, total)


def _bench(home: Home, way: Way, encoder: str, cells: Path) -> Bench:
    distractors = {*way.learnt.card.distractors, *way.searched.card.distractors}
    return Bench(
        home,
        way.learnt.root,
        f"{way.learnt.digest} to {way.searched.digest}",
        tuple(sorted(distractors)),
        cells,
        encoder,
    )


def _row(
    way: Way,
    preset: str,
    presets: Sequence[str],
    metrics: dict[str, dict[int, dict[str, Any]]],
    reasons: dict[str, str],
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "from": way.learnt.card.name,
        "to": way.searched.card.name,
        "preset": preset,
        "why": reasons.get(preset, ""),
        **dict.fromkeys(("map_at_64", "low", "high", "sd", "hits", "n_queries", "difference")),
    }
    if reasons.get(preset):
        return row
    figures = comparison.over_seeds(metrics[preset]).to_json()
    queries = len(comparison.seed_average(metrics[preset], "min_r_k"))
    row |= {"map_at_64": figures.pop("value"), **figures, "n_queries": queries}
    against = reference_of(preset, presets)
    if against and not reasons.get(against):
        gap = comparison.difference(metrics[preset], metrics[against])
        row["difference"] = {"against": against, **gap.to_json()}
    return row
