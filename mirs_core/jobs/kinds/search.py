"""Searching with many queries at once, into a table."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mirs_core.errors import ConfigError
from mirs_core.jobs.kind import Answer, JobSpec, Kind, Work, option
from mirs_core.workspace.home import Home

if TYPE_CHECKING:
    from mirs_core.mars.regions import AnyRegion
    from mirs_core.pipeline.batch_queries import BatchQueries
    from mirs_core.progress import Progress
    from mirs_core.retrieval.filters import Filters
    from mirs_core.retrieval.search import Searcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Search(JobSpec):
    """Search with the images of a folder, listed tiles or a collection, and write a table."""

    run: str = option(metavar="RUN", help="the run")
    images: Path | None = option(
        None, metavar="DIR", help="many queries: the images of a folder", one_of="query!"
    )
    ids: Path | None = option(
        None,
        metavar="FILE",
        help="many queries: archived tiles, a text file with one id a line or a CSV table with a"
        " column id",
        one_of="query!",
    )
    collection: str | None = option(
        None, metavar="NAME", help="many queries: the tiles of a collection", one_of="query!"
    )
    out: Path | None = option(
        None, metavar="FILE", help="table of many queries, a row a query and hit: .parquet or .csv"
    )
    k: int = option(64, metavar="K", help="number of results, of each query")
    splits: tuple[str, ...] = option(
        (), flag="--split", metavar="NAME", help="only tiles of this split; repeatable"
    )
    labels: tuple[str, ...] = option(
        (), flag="--class", metavar="NAME", help="only tiles of this landform class; repeatable"
    )
    strips: tuple[str, ...] = option(
        (), flag="--strip", metavar="NAME", help="only tiles of this strip; repeatable"
    )
    latitudes: tuple[float, float] | None = option(
        None, metavar="SOUTH NORTH", help="only tiles between these latitudes"
    )
    region: Path | None = option(
        None,
        metavar="FILE",
        help="only tiles inside the polygons of a GeoJSON file, as JMARS and QGIS write it;"
        " planetocentric degrees, longitudes east from 0 to 360 or -180 to 180",
        one_of="place",
    )
    circle: tuple[float, float, float] | None = option(
        None,
        metavar="LAT LON KM",
        help="only tiles at most KM from a place, along great circles",
        one_of="place",
    )
    box: tuple[float, float, float, float] | None = option(
        None,
        metavar="WEST SOUTH EAST NORTH",
        help="only tiles in a box of longitudes and latitudes, from WEST eastwards to EAST",
        one_of="place",
    )
    within: float | None = option(
        None, metavar="D", help="only tiles at most this far from the query, in the run's unit"
    )
    exclude_strip: bool = option(False, help="leave out the tiles of the query's own strip")
    exclude_overlaps: bool = option(False, help="leave out the tiles that overlap the query")


def region_of(spec: Search) -> "AnyRegion | None":
    """The region of a search, which needs no run to be checked.

    Raises:
        DataError: it is none, or its file cannot be used.
    """
    from mirs_core.mars.region_files import chosen_region

    return chosen_region(spec.region, spec.circle, spec.box)


def filters_of(spec: Search, searcher: "Searcher", region: "AnyRegion | None") -> "Filters":
    """The filters of a search within a region.

    Raises:
        ConfigError: the archive has no such split, class or strip.
        DataError: latitudes or distance are out of range.
    """
    from mirs_core.retrieval.filters import Filters

    items = searcher.items
    for what, names, column in (
        ("split", spec.splits, items.roles),
        ("class", spec.labels, items.labels),
        ("strip", spec.strips, items.strips),
    ):
        present = column.counts() if names else {}
        if unknown := [name for name in names if name not in present]:
            listed = ", ".join(sorted(str(name) for name in present if name)[:20])
            raise ConfigError(
                f"No tile of run {spec.run} has the {what} {unknown[0]!r}; there are: {listed}."
            )
    return Filters(
        roles=spec.splits or None,
        labels=spec.labels or None,
        strips=spec.strips or None,
        latitudes=spec.latitudes,
        region=region,
        within=spec.within,
        exclude_strip=spec.exclude_strip,
        exclude_near=spec.exclude_overlaps,
    )


def run(home: Home, spec: Search, work: Work) -> Answer:
    """Searches with every query and writes the table.

    Raises:
        MirsError: no such run, no usable query, or the file cannot be written.
        StoppedError: a stop was requested; no file is left behind.
    """
    from mirs_core.exchange import hit_tables
    from mirs_core.landform_map.verdict import open_panel
    from mirs_core.retrieval.batch import BatchSearch
    from mirs_core.retrieval.search import Searcher

    if spec.out is None:
        raise ConfigError("Many queries need --out FILE, a table that ends with .parquet or .csv.")
    hit_tables.check_suffix(spec.out)
    if spec.k < 1:
        raise ConfigError(f"--k is {spec.k}; give at least 1.")
    region = region_of(spec)
    searcher = Searcher.open(home, spec.run)
    search = BatchSearch(searcher, spec.k, filters_of(spec, searcher, region))
    queries = _queries(home, spec, searcher, work.stoppable)
    model = searcher.summary.name or searcher.summary.id
    table = hit_tables.HitTable(search, queries.source, model, open_panel(searcher))
    out = spec.out.expanduser().resolve()
    written = hit_tables.write_hits(out, table, queries.blocks, queries.count, work.stoppable)
    return {
        "run": searcher.summary.id,
        "queries": written.queries,
        "results": written.pairs,
        "without_results": written.empty,
        "k": spec.k,
        "filters": search.filters.description(),
        "seconds": round(written.seconds, 4),
        "out": str(out),
        "notes": list(queries.notes),
    }


def _queries(
    home: Home, spec: Search, searcher: "Searcher", progress: "Progress"
) -> "BatchQueries":
    from mirs_core.pipeline import batch_queries

    if spec.images is not None:
        return batch_queries.of_folder(home, searcher, spec.images, progress)
    if spec.ids is not None:
        ids = batch_queries.read_ids(spec.ids)
        return batch_queries.of_ids(searcher, ids, f"ids in {spec.ids.name}")
    if spec.collection is not None:
        return batch_queries.of_collection(searcher, spec.collection)
    raise ConfigError("Give the queries: a folder of images, a list of ids or a collection.")


SPEC = Kind(
    name="search",
    order=85,
    words=("search",),
    help="the tiles of an archive that are nearest to an image, or to each of many",
    spec=Search,
    run=run,
    title=lambda spec: f"Search with {_title(spec)}",
)


def _title(spec: Search) -> str:
    if spec.collection is not None:
        return f"the collection {spec.collection}"
    source = spec.images or spec.ids
    return f"the queries in {source.name}" if source is not None else "many queries"
