"""The table of the results of many queries: written here, or by a job for a folder of images."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import streamlit as st

from mirs_core import jobs
from mirs_core.errors import MirsError
from mirs_core.exchange import hit_tables
from mirs_core.exchange.hit_tables import CSV, PARQUET, HitTable
from mirs_core.files import replace_file, sha256, slug
from mirs_core.jobs.kinds.search import Search
from mirs_core.mars.geography import Region
from mirs_core.mars.region_files import geojson_bytes
from mirs_core.mars.regions import CircleRegion
from mirs_core.retrieval.batch import BLOCK, BatchSearch, QueryBlock
from mirs_core.retrieval.filters import Filters
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace.home import Home
from pages.parts import filter_panel, notice, query_rows, queue
from pages.shared import lineup, loaders, state, words

_JOBS = "table-"
"""What the keys of jobs begin with that write tables."""
_TITLES = {PARQUET: "Parquet", CSV: "CSV"}
_MIMES = {PARQUET: "application/vnd.apache.parquet", CSV: "text/csv"}


@dataclass(frozen=True, slots=True)
class Queries:
    """Many queries: what they are in words, each of them, and the folder that they are in, if any.

    The table of a folder is written by a job, since its images are encoded first.
    """

    title: str
    sources: Sequence[state.QuerySource]
    folder: Path | None = None


def draw(searcher: Searcher, queries: Queries) -> None:
    """Draws the button for the table, and those of the tables that a job has written."""
    if st.button("Export table", icon=":material/table_view:"):
        _dialog(searcher, queries)
    if queries.folder is None:
        return
    for suffix, title in _TITLES.items():
        out = _out_of(searcher, queries.folder, suffix)
        if out.is_file():
            written = datetime.fromtimestamp(out.stat().st_mtime).strftime("%d %b, %H:%M")
            st.download_button(
                f"{title} of {written}",
                out.read_bytes,
                f"mirs-{out.name}",
                _MIMES[suffix],
                icon=":material/download:",
                on_click="ignore",
            )
    queue.draw(kind=_JOBS)


@st.dialog("Table of all queries")
def _dialog(searcher: Searcher, queries: Queries) -> None:
    k = int(st.session_state[state.K])
    filters = filter_panel.selected(searcher)
    title = lineup.title_of(searcher.summary)
    st.markdown(
        f"One row for each query and result: {len(queries.sources):,} queries, each with up to {k}"
        f" results of {words.plain(title)}; {words.plain(filters.description())}."
    )
    suffix = st.segmented_control(
        "Format", [PARQUET, CSV], format_func=_TITLES.__getitem__, default=PARQUET, required=True
    )
    if queries.folder is not None:
        _in_background(searcher, queries.folder, filters, str(suffix))
        return
    if st.button("Write the table", type="primary", icon=":material/table_view:"):
        table = HitTable(
            BatchSearch(searcher, k, filters), queries.title, title, loaders.panel(searcher)
        )
        data = _written(table, searcher, queries, str(suffix))
        if data is not None:
            st.download_button(
                f"Download ({len(data) / 1e6:.2g} MB)",
                data,
                f"mirs-{slug(queries.title)}{suffix}",
                _MIMES[str(suffix)],
                icon=":material/download:",
                on_click="ignore",
            )


def _written(table: HitTable, searcher: Searcher, queries: Queries, suffix: str) -> bytes | None:
    """The file; None, with a message, if it cannot be written."""
    bar, started, count = st.progress(0.0), time.monotonic(), len(queries.sources)

    def counted(blocks: Iterator[QueryBlock]) -> Iterator[QueryBlock]:
        done = 0
        for block in blocks:
            yield block
            done += len(block)
            left = (time.monotonic() - started) * (count - done) / done
            ending = f", {words.duration(left)} left" if done < count else ""
            bar.progress(done / count, f"{done:,} of {count:,} queries{ending}")

    left_out: list[str] = []
    try:
        blocks = counted(blocks_of(searcher, queries.sources, left_out))
        data = hit_tables.to_bytes(table, blocks, count, suffix)
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return None
    bar.empty()
    written = table.written
    st.caption(f"{written.queries:,} queries, {written.pairs:,} rows.")
    if left_out:
        st.warning(
            f"{len(left_out):,} images cannot be searched with: {words.plain(left_out[0])}",
            icon=":material/broken_image:",
        )
    return data


def blocks_of(
    searcher: Searcher, sources: Sequence[state.QuerySource], left_out: list[str]
) -> Iterator[QueryBlock]:
    """The queries in blocks; adds why to ``left_out`` for those that cannot be used."""
    for start in range(0, len(sources), BLOCK):
        queries = []
        for source in sources[start : start + BLOCK]:
            try:
                queries.append((source.name, query_rows.query_of(searcher, source)))
            except MirsError as error:
                left_out.append(str(error))
        if queries:
            yield QueryBlock(
                names=[name for name, _ in queries],
                codes=np.concatenate([query.code for _, query in queries]),
                contents=[query.content for _, query in queries],
                rows=searcher.items.rows_of([query.tile_id or "" for _, query in queries]),
            )


def _in_background(searcher: Searcher, folder: Path, filters: Filters, suffix: str) -> None:
    """Queues the job that encodes the images of a folder and writes the table."""
    home, run = Home.current(), searcher.summary.id
    out = _out_of(searcher, folder, suffix)
    st.caption(
        "The images are encoded by a job; you can go on working, or close the app. When it is done,"
        " the table can be downloaded beside this button."
    )
    if st.button("Write the table", type="primary", icon=":material/table_view:"):
        notice.run(
            "The table is being written.",
            lambda: jobs.submit_once(
                home,
                spec_of(home, run, folder, out, filters, int(st.session_state[state.K])),
                key=f"{_JOBS}{out.name}",
            ),
        )
        st.rerun()


def _out_of(searcher: Searcher, folder: Path, suffix: str) -> Path:
    """The file of the table of a folder and a run; a later table takes its place."""
    key = sha256(str(folder).encode())[:6]
    name = f"{slug(folder.name)}-{key}-{searcher.summary.id}{suffix}"
    return searcher.home.tables / name


def spec_of(home: Home, run: str, folder: Path, out: Path, filters: Filters, k: int) -> Search:
    """The job that searches with the images of a folder; a polygon gets a file beside ``out``."""
    region, file = filters.region, None
    if region is not None and not isinstance(region, Region | CircleRegion):
        file = out.with_suffix(".geojson")
        data = geojson_bytes(region)
        replace_file(file, lambda handle: handle.write(data))
    return Search(
        run=run,
        images=folder,
        out=out,
        k=k,
        splits=filters.roles or (),
        labels=filters.labels or (),
        strips=filters.strips or (),
        latitudes=filters.latitudes,
        region=file,
        circle=(region.latitude, region.longitude, region.km)
        if isinstance(region, CircleRegion)
        else None,
        box=region.values() if isinstance(region, Region) else None,
        within=filters.within,
        exclude_strip=filters.exclude_strip,
        exclude_overlaps=filters.exclude_near,
    )
