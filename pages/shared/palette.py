"""The colour of each model, the same in all charts and tables.

The five colours have a contrast of at least 3 on light and dark backgrounds and are distinguishable
with red-green colour blindness; lines also differ in their dashes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mirs_core.workspace.runs import RunSummary

COLOURS = ("#7567ad", "#c2451f", "#0da083", "#b85fd6", "#3587c9")
_DASHES = ("dot", "solid", "dash", "dashdot", "longdash")
_USUAL = {"baseline": 0, "mirs": 1, "mirs-dwt": 2, "baseline-centred": 3}


@dataclass(frozen=True, slots=True)
class Model:
    """A model as drawn in charts and tables."""

    id: str
    title: str
    colour: str
    dash: str


def models(runs: Sequence[RunSummary], titles: Mapping[str, str]) -> list[Model]:
    """The models of ``runs`` (at most five); each method has its usual colour if that is free."""
    places: dict[str, int] = {}
    for run in runs:
        usual = _USUAL.get(run.preset)
        if usual is not None and usual not in places.values():
            places[run.id] = usual
    for run in runs:
        free = [place for place in range(len(COLOURS)) if place not in places.values()]
        places.setdefault(run.id, free[0] if free else len(COLOURS) - 1)
    return [
        Model(run.id, titles[run.id], COLOURS[places[run.id]], _DASHES[places[run.id]])
        for run in runs
    ]
