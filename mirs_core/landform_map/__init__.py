"""Landform maps by estimate: the nearest labelled tiles vote for the unlabelled ones of a run.

The labelled tiles of a run are those that its model was trained and chosen on and those of its
archive; its test tiles never vote, so that they can tell how far an estimate is to be trusted.
Distractors vote too: a tile among them is probably no landform, and is called so.

What was chosen on validation tiles, never on test tiles: 15 voters with equal votes, and two rules
for a tile to be "not sure". Its margin is below ``MIN_MARGIN``; or it is out of reach, its nearest
labelled tile farther than that of nine in ten validation tiles of the same run.
"""

from mirs_core.landform_map.asking import CLOSE, FAR, MIN_MARGIN, SURE, VOTERS, K
from mirs_core.landform_map.estimating import (
    CAUTION,
    LandformMap,
    estimate,
    for_run,
    name_of,
    usual_voters,
    with_same_model,
)
from mirs_core.landform_map.totals import ClassTotal, totals
from mirs_core.landform_map.trusting import Bin, Trust, trust, trusted

__all__ = [
    "CAUTION",
    "CLOSE",
    "FAR",
    "MIN_MARGIN",
    "SURE",
    "VOTERS",
    "Bin",
    "ClassTotal",
    "K",
    "LandformMap",
    "Trust",
    "estimate",
    "for_run",
    "name_of",
    "totals",
    "trust",
    "trusted",
    "usual_voters",
    "with_same_model",
]
