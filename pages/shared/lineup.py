"""Runs that can be compared side by side: grouped by the data set of their archives."""

from collections.abc import Sequence
from dataclasses import dataclass

from mirs_core.config import presets
from mirs_core.config.presets import PRESETS
from mirs_core.files import slug
from mirs_core.workspace.runs import RunSummary

MOST = 5
"""The largest number of models that are compared side by side."""

_SHOWN_FIRST = tuple(name for name, preset in PRESETS.items() if preset.shown_first)
_PLACES = {name: place for place, name in enumerate(PRESETS)}


@dataclass(frozen=True, slots=True)
class DataSet:
    """Finished runs with archives of the same tiles, the simplest preset first."""

    key: str
    title: str
    synthetic: bool
    runs: tuple[RunSummary, ...]

    def default(self) -> tuple[str, ...]:
        """Ids of the runs that are selected at first: the newest baseline, MIRS and MIRS + DWT.

        The default model replaces the newest run of its preset, or comes first if it has another
        preset. Runs on its archive have priority over newer ones on another, because only their
        scores are comparable.
        """
        archives = [run.archive_id for run in self.runs if run.served]
        chosen: dict[str, str] = {}
        for run in sorted(self.runs, key=lambda run: run.archive_id not in archives):
            if run.preset in _SHOWN_FIRST and (run.served or run.preset not in chosen):
                chosen[run.preset] = run.id
        ids = [chosen[preset] for preset in _SHOWN_FIRST if preset in chosen]
        served = [run.id for run in self.runs if run.served and run.id not in ids]
        return tuple((served + ids)[:MOST]) or tuple(run.id for run in self.runs[:MOST])


def title_of(run: RunSummary) -> str:
    """The method of a run, the title of its column."""
    return presets.title_of(run.preset)


def data_sets(all_runs: Sequence[RunSummary]) -> list[DataSet]:
    """The data sets of all searchable runs, that of the default model first, then by title.

    Args:
        all_runs: newest first, as returned by ``runs.list_runs``.
    """
    groups: dict[str, list[RunSummary]] = {}
    for run in all_runs:
        if run.usable:
            key = f"{slug(run.data)}-{run.manifest_digest[:6]}"
            groups.setdefault(key, []).append(run)
    sets = [
        DataSet(key, group[0].data_title, group[0].synthetic, tuple(sorted(group, key=_place)))
        for key, group in groups.items()
    ]
    return sorted(
        sets, key=lambda item: (not any(run.served for run in item.runs), item.title, item.key)
    )


def _place(run: RunSummary) -> tuple[int, str]:
    """Presets from simple to elaborate; unknown ones, of other versions, follow by name."""
    return _PLACES.get(run.preset, len(_PLACES)), run.preset
