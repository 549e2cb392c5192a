"""Several presets over several seeds on one data set, compared pair by pair on the same queries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core import __version__
from mirs_core.config import settings as configs
from mirs_core.config.presets import PRESETS, from_preset
from mirs_core.config.relevance import idle
from mirs_core.encoders import run_encoder
from mirs_core.errors import ConfigError, DataError
from mirs_core.files import read_json
from mirs_core.pipeline import sources, training
from mirs_core.progress import Progress, silent
from mirs_core.ranking import metrics
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home


def compare(
    home: Home,
    data: Path,
    presets: Sequence[str],
    seeds: Iterable[int],
    *,
    encoder: str | None = None,
    changes: Sequence[str] = (),
    progress: Progress = silent,
) -> dict[str, Any]:
    """mAP@64 of each preset: mean and standard deviation over seeds, interval, paired difference.

    Runs with equal configurations that are finished already are not trained again. The interval is
    the 95 % bootstrap over queries of the seed-averaged AP; the difference is paired by query
    against the reference: ``mirs`` where it is among the presets, else the first.

    Raises:
        MirsError: an unknown preset, or a data set without labelled test tiles.
    """
    seeds, presets = list(seeds), list(dict.fromkeys(presets))
    if not presets:
        raise ConfigError(f"There are no presets to compare; choose some of {', '.join(PRESETS)}.")
    metrics: dict[str, dict[int, dict[str, Any]]] = {preset: {} for preset in presets}
    plan = [(preset, seed) for preset in presets for seed in seeds]
    for done, (preset, seed) in enumerate(plan):
        progress(f"{preset}, seed {seed}", done, len(plan))
        config = from_preset(
            preset,
            data=str(data),
            seed=seed,
            encoder=encoder,
            changes=[change for change in changes if _concerns(change, preset)],
        )
        metrics[preset][seed] = _metrics_of(home, config)
    reference = "mirs" if "mirs" in presets else presets[0]
    base = metrics[reference]
    return {
        "data": data.name,
        "seeds": len(seeds),
        "n_queries": len(seed_average(base, "min_r_k")),
        "reference": reference,
        "presets": [_row(preset, metrics[preset], reference, base) for preset in presets],
    }


def _concerns(change: str, preset: str) -> bool:
    """Whether a change has an effect on a preset: baselines have no head to train."""
    return not idle(from_preset(preset, data=""), change.partition("=")[0])


def run_of(home: Home, config: configs.RunConfig) -> str:
    """The id of a finished run of this configuration; trained first if there is none."""
    return _finished(home, config) or training.prepare_and_train(home, config).run


def _metrics_of(home: Home, config: configs.RunConfig) -> dict[str, Any]:
    return metrics_of(runs.folder(home, run_of(home, config)), config)


def metrics_of(run: runs.RunFolder, config: configs.RunConfig) -> dict[str, Any]:
    """The metrics of a finished run's evaluation.

    Raises:
        DataError: nothing could be measured.
    """
    if not run.metrics.is_file():
        raise DataError(
            f"{config.archive_root} has no labelled test tiles: there is nothing to compare."
        )
    value: dict[str, Any] = read_json(run.metrics)
    if not value["per_query"]:
        raise DataError(
            f"No test tile of {config.archive_root} has a relevant archive tile to be found."
        )
    return value


def _finished(home: Home, config: configs.RunConfig) -> str | None:
    """A finished run with the same settings, on the present state of data set and encoder."""
    config = sources.absolute(config)
    described = sources.gather(home, config).describe()
    fingerprint = run_encoder.encoder_for(home, config).fingerprint
    for run in runs.list_runs(home):
        if run.state != "done" or run.preset != config.preset:
            continue
        folder = runs.folder(home, run.id)
        provenance = folder.provenance()
        same = (
            all(provenance.get(key) == value for key, value in described.items())
            and provenance.get("encoder") == fingerprint
            and provenance.get("mirs") == __version__
            and "parent" not in provenance
        )
        if same and folder.config() == config:
            return run.id
    return None


def seed_average(by_seed: Mapping[int, Mapping[str, Any]], divisor: str) -> dict[str, float]:
    """Each query's AP, averaged over the seeds in which it has a relevant archive tile.

    Args:
        by_seed: the evaluation of each seed, with its ``per_query``.
        divisor: "min_r_k" or "hits".
    """
    collected: dict[str, list[float]] = {}
    for value in by_seed.values():
        for query, result in value["per_query"].items():
            collected.setdefault(query, []).append(result[divisor])
    return {query: float(np.mean(values)) for query, values in sorted(collected.items())}


@dataclass(frozen=True, slots=True)
class SeedSummary:
    """mAP@64 over seeds.

    Attributes:
        value: the mean over seeds.
        sd: standard deviation over seeds; None with one seed.
        interval: the 95 % bootstrap over queries of the seed-averaged AP.
        hits: the mean with the divisor of 2021.
    """

    value: float
    sd: float | None
    interval: metrics.Interval
    hits: float

    def to_json(self) -> dict[str, Any]:
        """As in reports, with six decimals."""
        return {
            "value": round(self.value, 6),
            "sd": None if self.sd is None else round(self.sd, 6),
            "low": round(self.interval.low, 6),
            "high": round(self.interval.high, 6),
            "hits": round(self.hits, 6),
        }


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """A difference of mAP@64 with its interval, and whether that reaches 0 or lies above it.

    Attributes:
        seed_sd: standard deviation over seeds of the difference at each seed; None with one seed.
            The interval is over queries, and says nothing of what another seed would give.
    """

    interval: metrics.Interval
    not_worse: bool
    seed_sd: float | None = None

    def to_json(self) -> dict[str, Any]:
        """As in reports, with six decimals."""
        sd = None if self.seed_sd is None else round(self.seed_sd, 6)
        return {**self.interval.to_json(), "not_worse": self.not_worse, "seed_sd": sd}


def over_seeds(by_seed: Mapping[int, Mapping[str, Any]]) -> SeedSummary:
    """mAP@64 over seeds, from the evaluation of each seed."""
    own = seed_average(by_seed, "min_r_k")
    values = [value["map_at_64"]["min_r_k"]["value"] for value in by_seed.values()]
    hits = [value["map_at_64"]["hits"]["value"] for value in by_seed.values()]
    return SeedSummary(
        value=float(np.mean(values)),
        sd=float(np.std(values, ddof=1)) if len(values) > 1 else None,
        interval=metrics.bootstrap_interval(_column(own, own)),
        hits=float(np.mean(hits)),
    )


def difference(
    own: Mapping[int, Mapping[str, Any]], base: Mapping[int, Mapping[str, Any]]
) -> PairedDifference:
    """Paired difference of two models, from their evaluations by seed.

    The interval is that of the seed averages on the queries that both have.
    """
    ours, theirs = (seed_average(by_seed, "min_r_k") for by_seed in (own, base))
    shared = [query for query in ours if query in theirs]
    interval = metrics.paired_interval(_column(ours, shared), _column(theirs, shared))
    gaps = [
        value["map_at_64"]["min_r_k"]["value"] - base[seed]["map_at_64"]["min_r_k"]["value"]
        for seed, value in own.items()
        if seed in base
    ]
    sd = float(np.std(gaps, ddof=1)) if len(gaps) > 1 else None
    return PairedDifference(interval, metrics.not_worse(interval), sd)


def _row(
    preset: str,
    by_seed: dict[int, dict[str, Any]],
    reference: str,
    base: dict[int, dict[str, Any]],
) -> dict[str, Any]:
    return {
        "preset": preset,
        **over_seeds(by_seed).to_json(),
        "bytes_per_tile": _bytes_per_tile(by_seed),
        "archives": sorted({value["archive_id"] for value in by_seed.values()}),
        "difference": None if preset == reference else difference(by_seed, base).to_json(),
    }


def _bytes_per_tile(by_seed: Mapping[int, Mapping[str, Any]]) -> float:
    sizes = [value["archive_bytes"] / value["n_archive"] for value in by_seed.values()]
    return round(float(np.mean(sizes)), 1)


def _column(values: Mapping[str, float], names: Iterable[str]) -> NDArray[np.float64]:
    return np.array([values[name] for name in names], dtype=np.float64)
