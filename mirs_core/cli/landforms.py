"""``landforms``: estimated landforms of the unlabelled tiles of a run."""

import argparse
from pathlib import Path
from typing import Any

from mirs_core import landform_map
from mirs_core.cli.console import Console
from mirs_core.cli.verbs import carried_out_by
from mirs_core.exchange import exports
from mirs_core.exchange.exports.landform_map_file import format_of
from mirs_core.landform_map import CLOSE, FAR, SURE, ClassTotal, LandformMap, VoteAccuracy
from mirs_core.landform_map.footprints import footprints
from mirs_core.retrieval.search import Searcher
from mirs_core.system.tables import number, table
from mirs_core.workspace.home import Home


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """The verb ``landforms``."""
    verb.add_argument("--run", metavar="ID", required=True, help="the run with unlabelled tiles")
    verb.add_argument(
        "--labelled",
        metavar="RUN",
        help="run whose labelled tiles vote (default: the one the model was trained in)",
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
    found = landform_map.estimate_opened(searcher, labelled, args.k, args.min_margin)
    trust = landform_map.measure_accuracy(labelled, args.k, args.min_margin)
    rings = footprints(searcher.root)
    listed = landform_map.totals(found, searcher.items.ids, rings)
    features = exports.landform_map_table(searcher, found, trust, rings)
    if out is not None:
        exports.save_landform_map(features, out)
    answer = {
        "run": found.run,
        "labelled": found.labelled,
        "estimate": True,
        "k": found.k,
        "min_margin": found.min_margin,
        "reach": found.reach,
        "unit": found.unit,
        "voters": found.voters,
        "tiles": len(found.rows),
        "placed": sum(row["lat"] is not None and row["lon"] is not None for row in features.rows),
        "estimated": found.count(SURE),
        "unsure": found.count(CLOSE) + found.count(FAR),
        "close_call": found.count(CLOSE),
        "out_of_reach": found.count(FAR),
        "classes": {one.label: _total(one) for one in listed},
        "trust": _trust(trust),
        "out": str(out) if out is not None else None,
    }
    return answer, _text(found, trust, listed, out)


def _total(one: ClassTotal) -> dict[str, Any]:
    km2 = None if one.km2 is None else round(one.km2, 3)
    return {"tiles": one.tiles, "density": round(one.density, 3), "km2": km2}


def _trust(found: VoteAccuracy | None) -> dict[str, Any] | None:
    if found is None:
        return None
    sure = found.coverage > 0
    return {
        "accuracy": round(found.accuracy.value, 4) if sure else None,
        "low": round(found.accuracy.low, 4) if sure else None,
        "high": round(found.accuracy.high, 4) if sure else None,
        "coverage": round(found.coverage, 4),
        "accuracy_of_all": round(found.of_all, 4),
        "n": found.tiles,
        "margins": [
            {"low": one.low, "high": one.high, "n": one.tiles, "accuracy": round(one.correct, 4)}
            for one in found.bins
        ],
    }


def _text(
    found: LandformMap, trust: VoteAccuracy | None, listed: tuple[ClassTotal, ...], out: Path | None
) -> str:
    rows = [
        [one.label, one.name, str(one.tiles), number(one.density, 1), number(one.km2, 1)]
        for one in listed
        if one.density > 0
    ]
    lines = [
        f"ESTIMATE of {len(found.rows)} unlabelled tiles of run {found.run},"
        f" by the {found.k} nearest of {found.voters} labelled tiles of run {found.labelled}",
        "",
        table(["class", "landform", "tiles", "density", "km2"], rows),
        "",
        f"{found.count(SURE)} tiles are estimated; not sure of {found.count(CLOSE)} (the first"
        f" class leads by less than {found.min_margin:g}) and of {found.count(FAR)} (unlike every"
        " labelled tile).",
        "Density: tiles expected of a class, the sum of its shares over all tiles within reach.",
        f"{landform_map.CAUTION} {landform_map.accuracy_in_words(trust)}",
    ]
    return "\n".join([*lines, f"Written to {out}"] if out is not None else lines)
