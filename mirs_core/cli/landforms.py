"""``landforms``: estimated landforms of the unlabelled tiles of a run."""

import argparse
from pathlib import Path
from typing import Any

from mirs_core import landform_map
from mirs_core.cli.console import Console
from mirs_core.cli.verbs import add_run, carried_out_by
from mirs_core.exchange import exports
from mirs_core.exchange.exports.landform_map_file import format_of
from mirs_core.landform_map import CLOSE, FAR, SURE, ClassTotal, LandformMap, VoteAccuracy
from mirs_core.landform_map.footprints import footprints
from mirs_core.retrieval.search import Searcher
from mirs_core.system.tables import number, table
from mirs_core.workspace.home import Home


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The verb ``landforms``."""
    add_run(verb, help="the run with unlabelled tiles")
    add_run(
        verb,
        "--labelled",
        "the run whose labelled tiles vote (if not given, the one the model was trained in)",
        required=False,
    )
    verb.add_argument(
        "--k",
        type=int,
        default=landform_map.K,
        metavar="N",
        help="number of nearest labelled tiles that vote",
    )
    verb.add_argument(
        "--min-margin",
        type=float,
        default=landform_map.MIN_MARGIN,
        metavar="M",
        help="least margin of the first class over the second for a confident estimate, 0 to 1",
    )
    verb.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=", ".join(f.file_type.suffix for f in exports.formats_for_landform_maps()),
    )
    carried_out_by(verb, landforms)


def landforms(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Estimates the landforms of a run's unlabelled tiles, and writes them to a file if asked."""
    out: Path | None = args.out
    if out is not None:
        format_of(out)
    home = Home.current()
    searcher = Searcher.open(home, args.run)
    voters = args.labelled or landform_map.default_labelled_run(home, args.run)
    labelled = searcher if voters == args.run else Searcher.open(home, voters)
    settings, progress = (args.k, args.min_margin), console.progress
    estimate = landform_map.estimate_opened(searcher, labelled, *settings, progress=progress)
    trust = landform_map.measure_accuracy(labelled, *settings, progress=progress)
    rings = footprints(searcher.root)
    totals = landform_map.totals(estimate, searcher.items.ids, rings)
    features = exports.landform_map_table(searcher, estimate, trust, rings)
    if out is not None:
        exports.save_landform_map(features, out)
    answer = {
        "run": estimate.run,
        "labelled": estimate.labelled,
        "estimate": True,
        "k": estimate.k,
        "min_margin": estimate.min_margin,
        "reach": estimate.reach,
        "unit": estimate.unit,
        "voters": estimate.voters,
        "tiles": len(estimate.rows),
        "placed": sum(row["lat"] is not None and row["lon"] is not None for row in features.rows),
        "estimated": estimate.count(SURE),
        "unsure": estimate.count(CLOSE) + estimate.count(FAR),
        "close_call": estimate.count(CLOSE),
        "out_of_reach": estimate.count(FAR),
        "classes": {total.label: _total(total) for total in totals},
        "trust": _trust(trust),
        "out": str(out) if out is not None else None,
    }
    return answer, _text(estimate, trust, totals, out)


def _total(total: ClassTotal) -> dict[str, Any]:
    km2 = None if total.km2 is None else round(total.km2, 3)
    return {"tiles": total.tiles, "density": round(total.density, 3), "km2": km2}


def _trust(trust: VoteAccuracy | None) -> dict[str, Any] | None:
    if trust is None:
        return None
    sure = trust.coverage > 0
    return {
        "accuracy": round(trust.accuracy.value, 4) if sure else None,
        "low": round(trust.accuracy.low, 4) if sure else None,
        "high": round(trust.accuracy.high, 4) if sure else None,
        "coverage": round(trust.coverage, 4),
        "accuracy_of_all": round(trust.of_all, 4),
        "n": trust.tiles,
        "margins": [
            {
                "low": part.low,
                "high": part.high,
                "n": part.tiles,
                "accuracy": round(part.correct, 4),
            }
            for part in trust.bins
        ],
    }


def _text(
    estimate: LandformMap,
    trust: VoteAccuracy | None,
    totals: tuple[ClassTotal, ...],
    out: Path | None,
) -> str:
    rows = [
        [total.label, total.name, str(total.tiles), number(total.density, 1), number(total.km2, 1)]
        for total in totals
        if total.density > 0
    ]
    lines = [
        f"ESTIMATE of {len(estimate.rows)} unlabelled tiles of run {estimate.run},"
        f" by the {estimate.k} nearest of {estimate.voters} labelled tiles"
        f" of run {estimate.labelled}",
        "",
        table(["class", "landform", "tiles", "density", "km2"], rows),
        "",
        f"{estimate.count(SURE)} tiles are estimated; not sure of {estimate.count(CLOSE)}"
        f" (the first class leads by less than {estimate.min_margin:g}) and of"
        f" {estimate.count(FAR)} (unlike every labelled tile).",
        "Density: tiles expected of a class, the sum of its shares over all tiles within reach.",
        f"{landform_map.CAUTION} {landform_map.accuracy_in_words(trust)}",
    ]
    return "\n".join([*lines, f"Written to {out}"] if out is not None else lines)
