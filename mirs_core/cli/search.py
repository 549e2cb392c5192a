"""``search``: the nearest tiles of an archive, to one query or to many."""

import argparse
import time
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mirs_core.cli import kind_verbs
from mirs_core.cli.console import Console
from mirs_core.cli.verbs import carried_out_by
from mirs_core.errors import ConfigError
from mirs_core.jobs.kind import Answer
from mirs_core.jobs.kinds import search as many
from mirs_core.mars.crs_labels import LATITUDES
from mirs_core.system.tables import table
from mirs_core.workspace.home import Home

if TYPE_CHECKING:
    from mirs_core.landform_map.verdict import Verdict
    from mirs_core.retrieval.filters import Filters
    from mirs_core.retrieval.hits import Hit
    from mirs_core.retrieval.query import Query
    from mirs_core.retrieval.search import Searcher


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb ``search``."""
    groups = kind_verbs.add_fields(parser, many.SPEC)
    groups["query!"].add_argument("--image", type=Path, metavar="FILE", help="the query")
    groups["query!"].add_argument(
        "--describe",
        metavar="TEXT",
        help='a landform in numbers instead, such as "crater diameter=400m sun=W incidence=60"; the'
        " query is a synthetic tile of it",
    )
    rectangle = parser.add_mutually_exclusive_group()
    rectangle.add_argument(
        "--window",
        type=int,
        nargs=4,
        metavar=("X", "Y", "WIDTH", "HEIGHT"),
        help="query by a rectangle of a map-projected image, in pixels",
    )
    rectangle.add_argument(
        "--bounds",
        type=float,
        nargs=4,
        metavar=("WEST", "SOUTH", "EAST", "NORTH"),
        help="query by a rectangle of a map-projected image, in degrees",
    )
    rectangle.add_argument(
        "--whole",
        action="store_true",
        help="query by the central square of an image that is no tile, such as a strip",
    )
    parser.add_argument(
        "--latitude",
        choices=LATITUDES,
        help="what the latitudes of a map-projected image on an ellipsoid are (default: what its"
        " label tells)",
    )
    parser.add_argument(
        "--ignore-name",
        action="store_true",
        help="search by the bounds of an image that lies elsewhere than its product's name tells",
    )
    carried_out_by(parser, search)


def search(args: argparse.Namespace, console: Console) -> tuple[Answer, str]:
    """Ranks an archive by distance to one image, or to each of many."""
    if args.image is None and args.describe is None:
        return kind_verbs.carried_out(many.SPEC, args, console, _text_of_many)
    if args.out is not None:
        raise ConfigError("--out is the table of many queries: --images, --ids or --collection.")
    from mirs_core.retrieval.ranked_by import ranked_by
    from mirs_core.retrieval.search import Searcher

    if args.k < 1:
        raise ConfigError(f"--k is {args.k}; give at least 1.")
    options = kind_verbs.spec_of(many.SPEC, args)
    region = many.region_of(options)
    searcher = Searcher.open(Home.current(), args.run)
    filters = many.filters_of(options, searcher, region)
    searcher.load_encoder()
    started = time.perf_counter()
    query, window = _query(args, searcher)
    hits = searcher.search(query, args.k, filters)
    seconds = time.perf_counter() - started
    verdict = None if args.describe is not None else _verdict(searcher, query)
    ranked = ranked_by(searcher.unit, query)
    answer = {
        "run": args.run,
        "query": str(args.image if args.describe is None else window["described"]["text"]),
        "seconds": round(seconds, 4),
        "results": _results(searcher, hits),
        "ranked_by": ranked.name,
        "order": ranked.order,
        **window,
        **({"most_likely": verdict.to_json()} if verdict is not None else {}),
        **_about_filters(filters),
    }
    rows = [
        [
            str(hit["rank"]),
            _distance(hit["distance"]),
            hit["label"] or "-",
            hit["role"],
            f"{hit['id']} ({hit['state']})" if "state" in hit else hit["id"],
        ]
        for hit in answer["results"]
    ]
    head = ["rank", "score" if ranked.is_score else searcher.unit, "class", "role", "tile"]
    where = f" ({answer['region']})" if region is not None else ""
    lines = [f"{len(hits)} results{where} in {seconds * 1000:.0f} ms", *_notes(args.run, answer)]
    if verdict is not None:
        lines.append(f"Estimate, not an observation: {verdict.in_words()}")
    return answer, "\n".join([table(head, rows), "", *lines])


def _about_filters(filters: "Filters") -> dict[str, Any]:
    """The filters and the region in words, and what was noticed when its file was read."""
    others, region = replace(filters, region=None), filters.region
    about = {} if others == type(others)() else {"filters": filters.description()}
    if region is None:
        return about
    notes = list(getattr(region, "notes", ()))
    return {**about, "region": region.written(), **({"region_notes": notes} if notes else {})}


def _text_of_many(spec: many.Search, answer: Answer) -> str:
    lines = [
        f"{answer['queries']:,} queries of at most {spec.k} results, {answer['results']:,} in all",
        *([f"filters: {answer['filters']}"] if answer["filters"] != "no filters" else []),
        *([f"{answer['without_results']:,} without results"] * bool(answer["without_results"])),
        *answer["notes"],
        f"Written to {answer['out']}",
    ]
    return "\n".join(lines)


def _results(searcher: "Searcher", hits: "list[Hit]") -> list[dict[str, Any]]:
    """The hits, each with the state of its file if that is not what was archived."""
    files = searcher.files.look_at(hit.id for hit in hits)
    states = {tile: str(file.state) for tile, file in files.items() if file.state != "current"}
    return [
        {**hit.to_json(), "state": states[hit.id]} if hit.id in states else hit.to_json()
        for hit in hits
    ]


def _notes(run: str, answer: dict[str, Any]) -> list[str]:
    states = Counter(hit["state"] for hit in answer["results"] if "state" in hit)
    lines = [*answer.get("notes", ()), *answer.get("region_notes", ())]
    if changed := states.pop("changed", 0):
        lines.append(
            f"{changed} changed since they were archived; distances are those of the archived"
            f" pictures. To encode them again: mirs archive add --run {run}"
        )
    return [*lines, *(f"{count} {state}" for state, count in states.items())]


def _query(args: argparse.Namespace, searcher: "Searcher") -> tuple["Query", dict[str, Any]]:
    """The query by the image or a rectangle of it, and what the answer tells of the rectangle."""
    if args.describe is not None:
        return _described(args, searcher)
    if args.window is None and args.bounds is None:
        if args.latitude is not None or args.ignore_name:
            raise ConfigError("--latitude and --ignore-name need --window or --bounds.")
        return _whole_image(args, searcher)
    from mirs_core.retrieval.strip_query import Area, Bounds, query_by_rectangle

    rectangle = Area(*args.window) if args.window is not None else Bounds(*args.bounds)
    strip = query_by_rectangle(searcher, args.image, rectangle, args.latitude, args.ignore_name)
    window = {**asdict(strip.area), "squares": len(strip.squares)}
    return strip.query, {"window": window, **({"notes": list(strip.notes)} if strip.notes else {})}


def _whole_image(args: argparse.Namespace, searcher: "Searcher") -> tuple["Query", dict[str, Any]]:
    """The query by an image, and its place; an image that is no tile is refused."""
    from mirs_core.retrieval.whole_images import place_of, query_by_whole_image, why_no_tile

    name = args.image.name
    place = place_of(args.image, name)
    if not args.whole and (reason := why_no_tile(searcher, args.image, name, place)) is not None:
        raise ConfigError(
            f"{reason} Add --window X Y WIDTH HEIGHT or --bounds WEST SOUTH EAST NORTH, cut it into"
            " tiles (mirs data tile), or add --whole to take its central square."
        )
    image = query_by_whole_image(searcher, args.image, whole=True)
    about: dict[str, Any] = {"notes": list(image.notes)} if image.notes else {}
    return image.query, about | ({"place": place.to_json()} if place is not None else {})


def _verdict(searcher: "Searcher", query: "Query") -> "Verdict | None":
    """The most likely landform of one image without a label, if labelled tiles can vote."""
    if query.label is not None or query.refined:
        return None
    from mirs_core.landform_map.verdict import open_panel

    panel = open_panel(searcher)
    return None if panel is None else panel.verdict(query)


def _described(args: argparse.Namespace, searcher: "Searcher") -> tuple["Query", dict[str, Any]]:
    """The query of a description, and what the answer tells of it."""
    from mirs_core.datasets.descriptions import parse
    from mirs_core.retrieval.described import RENDERINGS, query_by_description

    rectangle = (args.window, args.bounds, args.latitude)
    if args.whole or args.ignore_name or any(value is not None for value in rectangle):
        raise ConfigError(
            "--window, --bounds, --whole, --latitude and --ignore-name need --image, not a"
            " description."
        )
    description = parse(args.describe)
    about = {**description.values(), "seed": description.seed}
    described = {
        "text": str(description),
        "landform": description.landform,
        "form": description.form,
        **about,
    }
    return query_by_description(searcher, description), {
        "described": {**described, "synthetic": True, "renderings": RENDERINGS},
        "notes": [f"The query is {RENDERINGS} synthetic tiles, not an image of Mars."],
    }


def _distance(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.4f}"
