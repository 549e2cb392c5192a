"""Runs that can be compared side by side: grouped by the data set of their archives."""

from collections import Counter
from collections.abc import Callable, Sequence
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


def method_of(run: RunSummary) -> str:
    """The method of a run: the title of its preset."""
    return presets.title_of(run.preset)


def own_name(run: RunSummary) -> str:
    """The name that a person gave to a run; empty for one that only has an automatic name."""
    automatic = (run.id, method_of(run), f"{run.preset} on {run.data}")
    return "" if run.name in automatic else run.name


def title_of(run: RunSummary) -> str:
    """What a run is called where it stands alone: its own name, or else its method."""
    return own_name(run) or method_of(run)


def titles(selected: Sequence[RunSummary]) -> dict[str, str]:
    """The titles of columns by id: own names or methods; more where several runs have the same."""
    return _told_apart(selected, title_of)


def choices(selected: Sequence[RunSummary]) -> dict[str, str]:
    """What choosers call runs, by id: own names first, then methods; all of them different."""

    def name(run: RunSummary) -> str:
        own = own_name(run)
        return f"{own} · {method_of(run)}" if own else method_of(run)

    return _told_apart(selected, name)


def _told_apart(
    selected: Sequence[RunSummary], name_of: Callable[[RunSummary], str]
) -> dict[str, str]:
    """Names by id; equal ones are followed by the method, or by seed and end of the id."""
    names = {run.id: name_of(run) for run in selected}
    counts = Counter(names.values())
    longer = {run.id: f"{own_name(run)} · {method_of(run)}" for run in selected if own_name(run)}
    longer_counts = Counter(longer.values())

    def name(run: RunSummary) -> str:
        short = names[run.id]
        if counts[short] == 1:
            return short
        long = longer.get(run.id, short)
        if longer_counts[long] == 1:
            return long
        return f"{long}, seed {run.seed} ({run.id[-6:]})"

    return {run.id: name(run) for run in selected}


def key_of(name: str, manifest_digest: str) -> str:
    """The key of a data set in links and collections."""
    return f"{slug(name)}-{manifest_digest[:6]}"


def data_sets(all_runs: Sequence[RunSummary]) -> list[DataSet]:
    """The data sets of all searchable runs, that of the default model first, then by title.

    Args:
        all_runs: newest first, as returned by ``runs.list_runs``.
    """
    groups: dict[str, list[RunSummary]] = {}
    for run in all_runs:
        if run.usable:
            groups.setdefault(key_of(run.data, run.manifest_digest), []).append(run)
    sets = [
        DataSet(key, group[0].data_title, group[0].synthetic, tuple(sorted(group, key=_place)))
        for key, group in groups.items()
    ]
    return sorted(
        sets, key=lambda item: (not any(run.served for run in item.runs), item.title, item.key)
    )


def set_titles(sets: Sequence[DataSet]) -> dict[str, str]:
    """What the chooser calls data sets, by key: all different, as Streamlit tells options by name.

    Equal titles, as of a folder that was imported again with other labels, are followed by when
    their newest archive was made, and by the end of the key if that is equal, too.
    """
    counts = Counter(item.title for item in sets)
    dated = {
        item.key: f"{item.title}, {max(r.created for r in item.runs)[:16].replace('T', ' ')}"
        for item in sets
    }
    dated_counts = Counter(dated.values())

    def title(item: DataSet) -> str:
        if counts[item.title] == 1:
            return item.title
        long = dated[item.key]
        return long if dated_counts[long] == 1 else f"{long} ({item.key[-6:]})"

    return {item.key: title(item) for item in sets}


def _place(run: RunSummary) -> tuple[int, str]:
    """Presets from simple to elaborate; unknown ones, of other versions, follow by name."""
    return _PLACES.get(run.preset, len(_PLACES)), run.preset
