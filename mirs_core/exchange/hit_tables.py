"""Tables of the results of many queries: one row a (query, hit) pair, as Parquet or CSV.

Written a block of queries at a time, so that memory does not grow with their number.
"""

import json
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from mirs_core.datasets.manifest import INVENTED
from mirs_core.errors import ConfigError
from mirs_core.exchange.exports.export_info import SOFTWARE
from mirs_core.exchange.exports.spreadsheet import table
from mirs_core.files import replace_file
from mirs_core.landform_map.verdict import Panel
from mirs_core.progress import Progress, silent
from mirs_core.retrieval.batch import SEARCHING, BatchSearch, HitBlock, QueryBlock
from mirs_core.retrieval.hits import is_relevant
from mirs_core.retrieval.ranked_by import ranked_by

if TYPE_CHECKING:
    import pyarrow as pa

PARQUET, CSV = ".parquet", ".csv"
KEY = b"mirs_hits"
"""Key of the table's metadata in a Parquet file."""

_TEXTS = (
    "query", "query_tile", "query_label", "query_split", "query_strip", "most_likely", "state",
)  # fmt: skip
_HIT_TEXTS = (
    "id", "label", "split", "strip", "unit", "place", "run", "model", "ranked_by", "order",
    "filters", "software",
)  # fmt: skip


@dataclass(slots=True)
class Written:
    """What was written.

    Attributes:
        queries: number of queries, also of those without a result.
        pairs: number of rows.
        empty: number of queries without a result.
        seconds: of the searches alone, without encoding.
    """

    queries: int = 0
    pairs: int = 0
    empty: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class HitTable:
    """The table of a batch search.

    Attributes:
        search: what each block of queries is searched with.
        source: what the queries are, in words.
        model: title of the model, for people.
        panel: voters on the most likely landform of queries without a label; None for no such
            estimate.
    """

    search: BatchSearch
    source: str
    model: str
    panel: Panel | None = None
    written: Written = field(default_factory=Written)

    def about(self) -> dict[str, Any]:
        """What the table is: queries, model, filters, order, data set, software."""
        searcher = self.search.searcher
        ranked = ranked_by(searcher.unit, None, searcher.summary.bits)
        return {
            "queries": self.source,
            "models": {searcher.summary.id: self.model},
            "k": self.search.k,
            "filters": self.search.filters.description(),
            "unit": searcher.unit,
            "ranked_by": ranked.name,
            "order": f"{ranked.order}, ties in the order of the archive",
            "most_likely": "an estimate by the nearest labelled tiles, not an observation",
            "data_set": searcher.card.title,
            "synthetic": searcher.card.synthetic,
            "software": SOFTWARE,
        }

    def columns(self, block: QueryBlock) -> dict[str, Any]:
        """The rows of a block of queries as columns; the block is searched for."""
        started = time.perf_counter()
        hits = self.search.search(block)
        self.written.seconds += time.perf_counter() - started
        self.written.queries += len(block)
        self.written.pairs += len(hits.rows)
        self.written.empty += len(block) - len(np.unique(hits.places))
        return {**self._of_queries(hits), **self._of_hits(hits)}

    def _of_queries(self, hits: HitBlock) -> dict[str, Any]:
        items, block, places = self.search.searcher.items, hits.queries, hits.places.tolist()
        rows = block.rows.tolist()
        columns: dict[str, list[Any]] = {
            "query": list(block.names),
            "query_tile": [items.ids[row] if row >= 0 else None for row in rows],
            "query_label": [items.labels[row] if row >= 0 else None for row in rows],
            "query_split": [items.roles[row] if row >= 0 else None for row in rows],
            "query_strip": [items.strips[row] if row >= 0 else None for row in rows],
            "most_likely": [None] * len(block),
            "votes": [None] * len(block),
            "voters": [None] * len(block),
            "state": [None] * len(block),
        }
        unlabelled = [place for place, label in enumerate(columns["query_label"]) if label is None]
        if self.panel is not None and unlabelled:
            verdicts = self.panel.verdicts(block.codes[unlabelled])
            for place, verdict in zip(unlabelled, verdicts, strict=True):
                columns["most_likely"][place] = verdict.label
                columns["votes"][place], columns["voters"][place] = verdict.votes, verdict.k
                columns["state"][place] = verdict.state
        return {name: [values[place] for place in places] for name, values in columns.items()}

    def _of_hits(self, hits: HitBlock) -> dict[str, Any]:
        searcher = self.search.searcher
        items, rows, count = searcher.items, hits.rows, len(hits.rows)
        labels = items.labels.values_at(rows)
        latitudes, longitudes = items.latitudes.values_at(rows), items.longitudes.values_at(rows)
        is_invented = searcher.card.synthetic
        places = [
            INVENTED if is_invented and latitude is not None else place
            for latitude, place in zip(latitudes, items.places.values_at(rows), strict=True)
        ]
        asked_for = self._labels_of_queries(hits)
        distractors = searcher.retriever.distractors
        relevant = [
            is_relevant(label, of_hit, distractors)
            for label, of_hit in zip(asked_for, labels, strict=True)
        ]
        about = self.about()
        return {
            "rank": hits.ranks.tolist(),
            "id": items.ids.values_at(rows),
            "label": labels,
            "split": items.roles.values_at(rows),
            "strip": items.strips.values_at(rows),
            "distance": hits.distances.tolist(),
            "unit": [searcher.unit] * count,
            "relevant": relevant,
            "latitude": latitudes,
            "longitude": [None if east is None else east % 360 for east in longitudes],
            "place": places,
            "run": [searcher.summary.id] * count,
            "model": [self.model] * count,
            "ranked_by": [about["ranked_by"]] * count,
            "order": [about["order"]] * count,
            "filters": [about["filters"]] * count,
            "software": [SOFTWARE] * count,
        }

    def _labels_of_queries(self, hits: HitBlock) -> list[str | None]:
        labels, rows = self.search.searcher.items.labels, hits.queries.rows.tolist()
        of_queries = [labels[row] if row >= 0 else None for row in rows]
        return [of_queries[place] for place in hits.places.tolist()]


def check_suffix(path: Path) -> None:
    """Raises ConfigError if the name of a file does not end with .parquet or .csv."""
    if path.suffix.lower() not in (PARQUET, CSV):
        raise ConfigError(f"{path.name} must end with {PARQUET} or {CSV}.")


def write_hits(
    path: Path,
    hit_table: HitTable,
    blocks: Iterable[QueryBlock],
    count: int,
    progress: Progress = silent,
) -> Written:
    """Searches with all blocks of queries and writes the table, as its suffix says.

    Args:
        count: number of queries in all blocks, for the progress.

    Raises:
        ConfigError: another suffix than .parquet or .csv.
        RunError: the file cannot be written.
        MirsError: what ``blocks`` and ``progress`` raise, as for a stop; nothing is written then.
    """
    check_suffix(path)
    write = _write_parquet if path.suffix.lower() == PARQUET else _write_csv
    parts = _parts(hit_table, blocks, count, progress)
    replace_file(path, lambda handle: write(handle, hit_table.about(), parts))
    return hit_table.written


def to_bytes(hit_table: HitTable, blocks: Iterable[QueryBlock], count: int, suffix: str) -> bytes:
    """The file that ``write_hits`` would write, for few queries."""
    import io

    handle = io.BytesIO()
    write = _write_parquet if suffix == PARQUET else _write_csv
    write(handle, hit_table.about(), _parts(hit_table, blocks, count, silent))
    return handle.getvalue()


def _parts(
    hit_table: HitTable, blocks: Iterable[QueryBlock], count: int, progress: Progress
) -> Iterator[dict[str, Any]]:
    for block in blocks:
        yield hit_table.columns(block)
        progress(SEARCHING, hit_table.written.queries, count)


def schema(about: Mapping[str, Any]) -> "pa.Schema":
    """The columns of the table, with what it is in their metadata."""
    import pyarrow as pa

    kinds: dict[str, Any] = {name: pa.string() for name in (*_TEXTS, *_HIT_TEXTS)}
    kinds |= {"votes": pa.float64(), "voters": pa.int32(), "rank": pa.int32()}
    kinds |= {"distance": pa.float64(), "relevant": pa.bool_()}
    kinds |= {"latitude": pa.float64(), "longitude": pa.float64()}
    return pa.schema(
        [pa.field(name, kinds[name]) for name in COLUMNS],
        metadata={KEY: json.dumps(about, ensure_ascii=False).encode()},
    )


COLUMNS = (
    "query", "query_tile", "query_label", "query_split", "query_strip", "most_likely", "votes",
    "voters", "state", "rank", "id", "label", "split", "strip", "distance", "unit", "relevant",
    "latitude", "longitude", "place", "run", "model", "ranked_by", "order", "filters",
    "software",
)  # fmt: skip
"""The columns of the table, in order."""


def _write_parquet(
    handle: BinaryIO, about: Mapping[str, Any], parts: Iterable[Mapping[str, Any]]
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = schema(about)
    with pq.ParquetWriter(handle, columns, compression="zstd", write_page_checksum=True) as writer:
        for part in parts:
            arrays = [pa.array(part[field.name], field.type) for field in columns]
            writer.write_table(pa.table(arrays, schema=columns))


def _write_csv(
    handle: BinaryIO, about: Mapping[str, Any], parts: Iterable[Mapping[str, Any]]
) -> None:
    mark, is_ascii = b"\xef\xbb\xbf", True
    with tempfile.TemporaryFile() as spool:
        spool.write(table([], COLUMNS))
        for part in parts:
            rows = [
                dict(zip(COLUMNS, cells, strict=True))
                for cells in zip(*(part[name] for name in COLUMNS), strict=True)
            ]
            text = table(rows, COLUMNS).removeprefix(mark)
            text = text.partition(b"\n")[2]
            is_ascii = is_ascii and text.isascii()
            spool.write(text)
        # Spreadsheets misread letters beyond ASCII without a byte order mark.
        handle.write(b"" if is_ascii else mark)
        spool.seek(0)
        shutil.copyfileobj(spool, handle)
