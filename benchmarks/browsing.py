"""``bench browsing``: whether a model distinguishes tiles within a class.

A class whose tiles share one code ranks well but cannot be browsed. A recipe must therefore keep at
least half of the codes distinct in every class of 20 or more archived tiles, and order the tiles of
a class by similarity no worse than another recipe does.
"""

from pathlib import Path
from typing import Any

import numpy as np

from mirs_core.config.presets import from_preset
from mirs_core.errors import DataError
from mirs_core.evaluation import diagnostics
from mirs_core.experiments import comparison
from mirs_core.progress import Progress, silent
from mirs_core.ranking import metrics
from mirs_core.retrieval.retriever import Retriever, load
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

DISTINCT = 0.5


def run(
    home: Home,
    data: Path,
    preset: str = "mirs-best",
    against: str = "mirs",
    seeds: int = 5,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Distinct codes and within-class order of ``preset`` compared with ``against``.

    ``tau`` is Kendall's tau-b between Hamming and centred float distances within the query's class,
    averaged over seeds by query; the difference is paired by query. A query whose distances are all
    tied has no order and counts as 0. Finished runs are reused.
    """
    names = ("baseline-centred", against, preset)
    taus: dict[str, dict[str, list[float]]] = {against: {}, preset: {}}
    least: dict[str, tuple[float, str]] = {}
    for done, seed in enumerate(range(seeds)):
        progress("Seeds", done, seeds)
        loaded = {name: _loaded(home, data, name, seed) for name in names}
        for name in (against, preset):
            _add_taus(loaded[name], loaded["baseline-centred"], taus[name])
            least[name] = min([least.get(name, (2.0, "")), *_shares(loaded[name])])
    progress("Seeds", seeds, seeds)
    if least[preset][0] > 1 or least[against][0] > 1:
        raise DataError(
            f"{data} has no class of {diagnostics.BROWSABLE} archived tiles, or {preset} has no"
            " codes: there is nothing to browse. Give a larger data set, or a preset that hashes."
        )
    queries = sorted(taus[preset].keys() & taus[against].keys())
    own, other = (np.array([np.mean(taus[n][q]) for q in queries]) for n in (preset, against))
    gap = metrics.paired_interval(own, other)
    share, label = least[preset]
    return {
        "bench": "browsing",
        "data": data.name,
        "preset": preset,
        "against": against,
        "seeds": seeds,
        "least_distinct_share": round(share, 4),
        "least_distinct_class": label,
        "least_distinct_share_against": round(least[against][0], 4),
        "tau": round(float(own.mean()), 4),
        "tau_against": round(float(other.mean()), 4),
        "tau_difference": gap.to_json(4),
        "browsable": share >= DISTINCT and metrics.not_worse(gap),
    }


def _loaded(home: Home, data: Path, preset: str, seed: int) -> Retriever:
    config = from_preset(preset, data=str(data), seed=seed)
    return load(runs.folder(home, comparison.run_of(home, config)))


def _add_taus(model: Retriever, floats: Retriever, taus: dict[str, list[float]]) -> None:
    features = diagnostics.features_for(model.items, floats)
    for query, tau in diagnostics.rank_agreement(model, features).items():
        taus.setdefault(query, []).append(0.0 if tau is None else tau)


def _shares(model: Retriever) -> list[tuple[float, str]]:
    use = diagnostics.archive_use(model)
    return [(part.share, part.label) for part in use.classes] if use is not None else []
