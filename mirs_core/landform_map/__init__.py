"""Landform estimates: the nearest labelled tiles vote on the class of each unlabelled tile.

The labelled tiles of a run are those its model was trained and validated on and those of its
archive; its test tiles never vote, so that they can measure how accurate an estimate is.
Distractors vote too: a tile that looks like them probably shows no landform, and is labelled so.

Chosen on validation tiles, never on test tiles: 15 voters with equal votes, and two rules under
which an estimate counts as "not sure". Either its margin is below ``MIN_MARGIN``; or the tile is
out of reach: its nearest labelled tile is farther away than that of nine in ten validation tiles of
the same run.
"""

from mirs_core.landform_map.accuracy import (
    MarginBin,
    VoteAccuracy,
    accuracy_in_words,
    measure_accuracy,
)
from mirs_core.landform_map.estimate import (
    CAUTION,
    LandformMap,
    default_labelled_run,
    estimate,
    estimate_opened,
    name_of,
    runs_with_same_model,
)
from mirs_core.landform_map.totals import ClassTotal, totals
from mirs_core.landform_map.verdict import Panel, Verdict, open_panel
from mirs_core.landform_map.voting import (
    CLOSE,
    FAR,
    MIN_MARGIN,
    SURE,
    VOTERS,
    K,
    labelled_rows,
)

__all__ = [
    "CAUTION",
    "CLOSE",
    "FAR",
    "MIN_MARGIN",
    "SURE",
    "VOTERS",
    "ClassTotal",
    "K",
    "LandformMap",
    "MarginBin",
    "Panel",
    "Verdict",
    "VoteAccuracy",
    "accuracy_in_words",
    "default_labelled_run",
    "estimate",
    "estimate_opened",
    "labelled_rows",
    "measure_accuracy",
    "name_of",
    "open_panel",
    "runs_with_same_model",
    "totals",
]
