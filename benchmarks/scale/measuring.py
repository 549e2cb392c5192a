"""What an archive costs, measured in a process that has opened nothing else."""

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.scale.timing import best, forget, memory, once, one_pass, pass_of_both
from mirs_core.columns.blocks import Blocks
from mirs_core.columns.reading import open_archive
from mirs_core.columns.texts import Texts
from mirs_core.columns.ties import drawn
from mirs_core.columns.writing import ArchiveWriter
from mirs_core.ranking.archive import HashArchive
from mirs_core.ranking.compiled import LOADER
from mirs_core.retrieval.filters import EVERYTHING, Filters
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

K = 64
QUERIES = 64
ADDED = 10_000
MOST_EXPORTED = 1_000_000
_HUNDRED = 100
_CHECKED = 3
# Between these latitudes lies one per cent of a sphere.
_BAND = float(np.degrees(np.arcsin(0.01)))


def measure(folder: Path, run_id: str) -> dict[str, Any]:
    """The figures of an archive in a home folder, in seconds and gigabytes.

    ``open_s`` and ``first_query_s`` come after the files were dropped from the system's cache;
    every other time is the best of several, with the codes in memory and the compiled scan loaded,
    as in a process that has compared some billion codes. Memory is what it is before.

    Raises:
        RunError: the run is damaged.
    """
    home = Home(folder)
    path = home.runs / run_id
    files = [file.stat().st_size for file in path.rglob("*") if file.is_file()]
    forget(path)
    opened: list[Searcher] = []
    row: dict[str, Any] = {"open_s": once(lambda: opened.append(Searcher.open(home, run_id)))}
    (searcher,) = opened
    rng = np.random.default_rng(1)
    rows = rng.integers(0, len(searcher.items), _HUNDRED)
    ids = searcher.items.ids.take(rows)[:]
    row["first_query_s"] = once(lambda: searcher.search(searcher.query_by_id(ids[0]), K))
    for tile in ids:
        searcher.search(searcher.query_by_id(tile), K)
    row["rss_gb"], row["own_gb"] = memory()
    row["disk_gb"] = sum(files) / 1e9
    labelled = searcher.items.labels.take(rows).mask([None])
    query = searcher.query_by_id(ids[int(np.flatnonzero(~labelled)[0])])
    LOADER.load()
    row |= _searches(searcher, query)
    row["append_s"] = append(home, run_id)
    row["export_s"] = _export(home, run_id) if len(searcher.items) <= MOST_EXPORTED else None
    return row


def answer(searcher: Searcher, query: Query, filters: Filters = EVERYTHING) -> list[Any]:
    """The distances of the hits of a query, and all their columns."""
    ranked = searcher._rank(query, searcher._allowed(filters), K, filters)
    items = searcher.items.take(np.array([row for _, row in ranked], dtype=np.int64))
    return list(zip(ranked, *items.columns().values(), strict=True))


def _searches(searcher: Searcher, query: Query) -> dict[str, Any]:
    codes = searcher.retriever.codes
    blocks = codes if isinstance(codes, Blocks) else Blocks.of(codes)
    archive = searcher.full_archive()
    assert isinstance(archive, HashArchive)
    several = blocks.take(np.random.default_rng(2).integers(0, len(blocks), QUERIES))
    band = Filters(latitudes=(-_BAND, _BAND))
    scan, whole, single, both, filtered, precision = best(
        lambda: archive.search(query.code, K),
        lambda: answer(searcher, query),
        lambda: one_pass(blocks.arrays),
        lambda: pass_of_both(blocks.arrays),
        lambda: answer(searcher, query, band),
        lambda: searcher.average_precision(query),
        budget=12.0,
    )

    def new_filter() -> None:
        searcher._masks = {}
        answer(searcher, query, band)

    (first,) = best(new_filter)
    many, alone = best(
        lambda: archive.search(several, K), lambda: archive.search(query.code, K), budget=3.0
    )
    return {
        "query_s": whole,
        "scan_s": scan,
        "pass_s": single,
        "pass_two_threads_s": both,
        "query_over_pass": whole / single,
        "filtered_s": filtered,
        "new_filter_s": first,
        "queries_64_s": many,
        "queries_64_over_one": many / alone,
        "ap_s": precision,
        "exact": all(_is_exact(archive, blocks, code) for code in several[:_CHECKED]),
    }


def _is_exact(archive: HashArchive, blocks: Blocks, code: Any) -> bool:
    """Whether a search agrees with counting bits by NumPy, ties in row order included."""
    distances = np.concatenate(
        [np.bitwise_count(codes ^ code).sum(axis=1, dtype=np.uint16) for codes in blocks.pieces()]
    )
    nearest = np.argsort(distances, kind="stable")[:K]
    searched, rows = archive.search(code[None], K)
    return bool(
        np.array_equal(rows[0], nearest) and np.array_equal(searched[0], distances[rows[0]])
    )


def append(home: Home, run_id: str, count: int = ADDED) -> float:
    """Seconds to write an archive that has ``count`` tiles more, whose codes are there already."""
    run = runs.folder(home, run_id)
    stored = open_archive(run.archive)
    rng = np.random.default_rng(3)
    rows = rng.integers(0, len(stored.codes), count)
    columns = {name: column.take(rows) for name, column in stored.columns.items()}
    columns["ids"] = Texts.of(f"added/{number}.jpg" for number in range(count))
    codes = stored.codes.take(rows)

    def write(folder: Path) -> None:
        listing = stored.listing
        with ArchiveWriter(folder, model=listing.model, distractors=listing.distractors) as writer:
            writer.share(run.archive, stored)
            writer.append(codes, columns, drawn(count, rng))

    seconds = []
    for _ in range(3):
        with tempfile.TemporaryDirectory(dir=home.path) as folder:
            seconds.append(once(partial(write, Path(folder))))
            assert open_archive(Path(folder)).listing.count == len(stored.codes) + count
    return min(seconds)


def _export(home: Home, run_id: str) -> float:
    # It loads PyTorch, which is not to count as memory of a search.
    from mirs_core.exchange.parquet_archives.writing import write_archive

    with tempfile.TemporaryDirectory(dir=home.path) as folder:
        return once(lambda: write_archive(home, run_id, Path(folder)))
