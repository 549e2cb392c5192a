"""The colour of each model, the same in all charts and tables.

The five colours have a contrast of at least 3 on light and dark backgrounds and are distinguishable
with red-green colour blindness; lines also differ in their dashes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mirs_core.config.presets import PRESETS
from mirs_core.workspace.runs import RunSummary

COLOURS = ("#7567ad", "#c2451f", "#0da083", "#b85fd6", "#3587c9")
_DASHES = ("dot", "solid", "dash", "dashdot", "longdash")


@dataclass(frozen=True, slots=True)
class Model:
    """A model as drawn in charts and tables."""

    id: str
    title: str
    colour: str
    dash: str


def models(runs: Sequence[RunSummary], titles: Mapping[str, str]) -> list[Model]:
    """The models of ``runs`` (at most five); each preset has its own colour if that is free."""
    places: dict[str, int] = {}
    for run in runs:
        own = PRESETS[run.preset].colour if run.preset in PRESETS else None
        if own is not None and own not in places.values():
            places[run.id] = own
    for run in runs:
        free = [place for place in range(len(COLOURS)) if place not in places.values()]
        places.setdefault(run.id, free[0] if free else len(COLOURS) - 1)
    return [
        Model(run.id, titles[run.id], COLOURS[places[run.id]], _DASHES[places[run.id]])
        for run in runs
    ]
