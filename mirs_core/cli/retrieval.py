"""``index``, ``evaluate`` and ``search``."""

import argparse
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mirs_core.api.workspace import Workspace
from mirs_core.cli.console import Console
from mirs_core.errors import ConfigError
from mirs_core.mars.landforms import describe as landform
from mirs_core.pipeline import indexing
from mirs_core.retrieval import retriever
from mirs_core.retrieval.search import Query, Searcher
from mirs_core.system.tables import number, table
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

Answer = tuple[dict[str, Any], str]


def index(args: argparse.Namespace, console: Console) -> Answer:
    """Archives a folder."""
    home = Home.current()
    made = [
        indexing.index(home, run_id, args.data, name=args.name, progress=console.stoppable)
        for run_id in args.run
    ]
    first, name = made[0], made[0].provenance()["data_name"]
    tiles = len(retriever.load(first).items)
    ids = [run.id for run in made]
    answer = {"run": first.id, "parent": args.run[0], "data": name, "tiles": tiles, "runs": ids}
    return answer, f"{tiles} tiles of {name} archived as run {', '.join(ids)}"


def evaluate(args: argparse.Namespace, console: Console) -> Answer:
    """Measures a run against its evaluation archive."""
    workspace = Workspace()
    report = workspace.evaluate(args.run, args.queries, args.exclude_strip, console.progress)
    run = runs.folder(workspace.home, workspace.run_id(args.run))
    archive_id = run.provenance().get("archive_id")
    about = {"run": run.id, "seed": run.config().seed, "archive_id": archive_id}
    answer = {**about, **report.to_json()}
    if answer["strip"] == "unknown":
        console.note("Strips are not known for all tiles: only known ones could be left out.")
    return answer, _report_text(answer)


def _report_text(answer: dict[str, Any]) -> str:
    main, hits = answer["map_at_64"]["min_r_k"], answer["map_at_64"]["hits"]
    ties = answer["ties"]
    lines = [
        f"run {answer['run']}: {answer['n_queries']} queries ({answer['n_skipped']} skipped)"
        f" against {answer['n_archive']} archive tiles, own strip {answer['strip']}",
        f"mAP@64  {number(main['value'])}  [{number(main['low'])}, {number(main['high'])}]"
        "  divisor min(R, k), 95 % bootstrap over queries",
        f"        {number(hits['value'])}  [{number(hits['low'])}, {number(hits['high'])}]"
        "  divisor of 2021: hits in the top 64",
        f"ties    worst {number(ties['worst'])}, expected {number(ties['expected'])},"
        f" best {number(ties['best'])}",
        f"size    {answer['archive_bytes']:,} bytes of codes",
    ]
    lines += [f"skipped {n}: {reason}" for reason, n in answer["skipped"].items()]
    rows = [
        [label, landform(label).name, str(value["n"]), number(value["min_r_k"])]
        for label, value in answer["per_class"].items()
    ]
    return "\n".join([*lines, "", table(["class", "landform", "queries", "mAP@64"], rows)])


def search(args: argparse.Namespace, console: Console) -> Answer:
    """Ranks an archive for one image."""
    if args.k < 1:
        raise ConfigError(f"--k is {args.k}; give at least 1.")
    searcher = Searcher.open(Home.current(), args.run)
    searcher.load_encoder()
    started = time.perf_counter()
    query, window = _query(args, searcher)
    hits = searcher.search(query, args.k)
    seconds = time.perf_counter() - started
    answer = {
        "run": args.run,
        "query": str(args.image),
        "seconds": round(seconds, 4),
        "results": [hit.to_json() for hit in hits],
        **window,
    }
    rows = [
        [str(hit["rank"]), _distance(hit["distance"]), hit["label"] or "-", hit["role"], hit["id"]]
        for hit in answer["results"]
    ]
    head = ["rank", searcher.unit, "class", "role", "tile"]
    return answer, f"{table(head, rows)}\n\n{len(hits)} results in {seconds * 1000:.0f} ms"


def _query(args: argparse.Namespace, searcher: Searcher) -> tuple[Query, dict[str, Any]]:
    """The query of the image or of a rectangle of it, and the rectangle for the answer."""
    if args.window is None and args.bounds is None:
        return searcher.query_by_image(Path(args.image)), {}
    from mirs_core.retrieval.strip_query import Area, Bounds, query_by_rectangle

    wanted = Area(*args.window) if args.window is not None else Bounds(*args.bounds)
    found = query_by_rectangle(searcher, args.image, wanted)
    return found.query, {"window": {**asdict(found.area), "squares": len(found.squares)}}


def _distance(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.4f}"
