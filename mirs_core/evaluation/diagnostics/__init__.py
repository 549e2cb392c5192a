"""Diagnostics behind a run's mAP: precision-recall, confusion matrix, distances, bits, codes.

The test queries of a run are ranked against its evaluation archive by the protocol of
``evaluation``: distractors are never queried and never relevant, copies of a query are left out,
and the archive's row order breaks ties.
"""

from mirs_core.evaluation.diagnostics.codes import (
    BROWSABLE,
    Bits,
    ClassUse,
    CodeUse,
    Collision,
    bit_statistics,
    code_use,
)
from mirs_core.evaluation.diagnostics.ranks import (
    RECALLS,
    Confusion,
    Curve,
    Distances,
    auc,
    bootstrap_band,
    confusion,
    distances,
    largest_confusions,
    precision_curve,
    recall_curve,
)
from mirs_core.evaluation.diagnostics.report import (
    Diagnostics,
    archive_use,
    diagnose,
    features_for,
    rank_agreement,
)
from mirs_core.evaluation.diagnostics.sampling import Sampling, sampled

__all__ = [
    "BROWSABLE",
    "RECALLS",
    "Bits",
    "ClassUse",
    "CodeUse",
    "Collision",
    "Confusion",
    "Curve",
    "Diagnostics",
    "Distances",
    "Sampling",
    "archive_use",
    "auc",
    "bit_statistics",
    "bootstrap_band",
    "code_use",
    "confusion",
    "diagnose",
    "distances",
    "features_for",
    "largest_confusions",
    "precision_curve",
    "rank_agreement",
    "recall_curve",
    "sampled",
]
