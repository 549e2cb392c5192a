"""Which runs stand side by side: runs grouped by the data set that their archives hold."""

from collections.abc import Sequence
from dataclasses import dataclass

from mirs_core.config import presets
from mirs_core.config.presets import PRESETS
from mirs_core.files import slug
from mirs_core.workspace.runs import RunSummary

MOST = 5
"""So many models fit beside each other."""

_SHOWN_FIRST = tuple(name for name, preset in PRESETS.items() if preset.shown_first)
_PLACES = {name: place for place, name in enumerate(PRESETS)}


@dataclass(frozen=True, slots=True)
class DataSet:
    """Finished runs whose archives hold the same tiles, the simplest model first."""

    key: str
    title: str
    synthetic: bool
    runs: tuple[RunSummary, ...]

    def default(self) -> tuple[str, ...]:
        """Ids of the runs to show first: the newest baseline, MIRS and MIRS + DWT.

        A served run takes the place of its preset, or stands first where its preset has none. Runs
        measured on its archive go before newer ones that were not: their scores compare.
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
    """What a column of this run is called: the method."""
    return presets.title_of(run.preset)


def data_sets(found: Sequence[RunSummary]) -> list[DataSet]:
    """The data sets of all runs that can be searched, the served one first, then by name.

    Args:
        found: as ``runs.list_runs`` gives them, newest first.
    """
    groups: dict[str, list[RunSummary]] = {}
    for run in found:
        if run.usable:
            key = f"{slug(run.data)}-{run.manifest_digest[:6]}"
            groups.setdefault(key, []).append(run)
    sets = [
        DataSet(key, group[0].data_title, group[0].synthetic, tuple(sorted(group, key=_place)))
        for key, group in groups.items()
    ]
    return sorted(
        sets, key=lambda one: (not any(run.served for run in one.runs), one.title, one.key)
    )


def _place(run: RunSummary) -> tuple[int, str]:
    """From the simplest preset to the most elaborate; those of other versions follow by name."""
    return _PLACES.get(run.preset, len(_PLACES)), run.preset
