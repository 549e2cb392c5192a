"""Writing the archive of a finished run as a Parquet table."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mirs_core import __version__
from mirs_core.columns.numbers import Numbers
from mirs_core.errors import RunError
from mirs_core.exchange.exports.crs import MARS
from mirs_core.exchange.exports.rows import source_of
from mirs_core.exchange.parquet_archives.checks import is_path, is_plain
from mirs_core.exchange.parquet_archives.layout import (
    FORMAT,
    KEY,
    LONGEST,
    LONGEST_TEXT,
    ROWS_IN_GROUP,
    TEXTS,
    VERSION,
    code_type,
    schema,
)
from mirs_core.files import replace_file, sha256
from mirs_core.progress import Progress, silent
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class WrittenArchive:
    """The file of a Parquet archive and its number of tiles."""

    path: Path
    tiles: int


def write_archive(
    home: Home, run_id: str, target: Path, progress: Progress = silent
) -> WrittenArchive:
    """Writes the archive of a run to ``target``, or to ``<id>.parquet`` if that is a folder.

    Raises:
        RunError: there is no such run or it is not finished, the file exists already or cannot be
            written, or a text of a tile could not be imported again.
    """
    target = target.expanduser()
    path = target / f"{run_id}.parquet" if target.is_dir() else target
    if path.exists():
        raise RunError(f"{path} exists already; choose another name or delete it.")
    searcher = Searcher.open(home, run_id)
    replace_file(path, lambda handle: _write(home, searcher, handle, progress))
    return WrittenArchive(path, len(searcher.items))


def _write(home: Home, searcher: Searcher, handle: Any, progress: Progress) -> None:
    import pyarrow.parquet as pq

    codes, count = searcher.retriever.codes, len(searcher.items)
    about = metadata_of(home, searcher)
    texts = {KEY: json.dumps(about).encode(), b"geo": json.dumps(_geo()).encode()}
    columns = schema(codes.dtype == np.uint8, codes.shape[1], texts)
    with pq.ParquetWriter(handle, columns, compression="zstd", write_page_checksum=True) as writer:
        order = searcher.retriever.in_order(np.arange(count, dtype=np.int64))
        for start in range(0, count, ROWS_IN_GROUP):
            progress("Writing the table", start, count)
            rows = order[start : start + ROWS_IN_GROUP]
            writer.write_table(_table(searcher, rows, columns))
    progress("Writing the table", count, count)


def metadata_of(home: Home, searcher: Searcher) -> dict[str, Any]:
    """The metadata of the table: the run, its model and its data set."""
    run, card = runs.folder(home, searcher.summary.id), searcher.card
    provenance, codes, items = run.provenance(), searcher.retriever.codes, searcher.items
    return {
        "format": FORMAT,
        "version": VERSION,
        "mirs": __version__,
        "run": run.id,
        "name": searcher.summary.name,
        "preset": searcher.summary.preset,
        "encoder": searcher.summary.encoder,
        "encoder_fingerprint": str(provenance.get("encoder", "")),
        "model_sha256": sha256(run.model.read_bytes()),
        "bits": searcher.summary.bits,
        "width": int(codes.shape[1]),
        "distance": searcher.summary.distance,
        "tiles": len(items),
        "order": "rows stand in the order that breaks ties",
        "archive_id": str(provenance.get("archive_id", "")),
        "manifest": str(provenance.get("manifest", "")),
        "distractors": list(searcher.retriever.distractors),
        "data": {
            "name": card.name,
            "title": card.title,
            "instrument": card.instrument,
            "metres_per_pixel": card.metres_per_pixel,
            "licence": card.licence,
            "citation": card.citation,
            "synthetic": searcher.summary.synthetic or card.synthetic,
        },
    }


def _table(searcher: Searcher, rows: NDArray[np.int64], columns: "pa.Schema") -> "pa.Table":
    import pyarrow as pa

    items, codes = searcher.items.take(rows), searcher.retriever.codes[rows]
    ids = items.ids.tolist()
    records = searcher.records(ids)
    values: dict[str, Any] = {
        "id": ids,
        "code": code_array(codes),
        "label": items.labels.tolist(),
        "role": items.roles.tolist(),
        "strip": items.strips.tolist(),
        "place": items.places.tolist(),
        "sha256": items.contents.tolist(),
        "licence": [record.licence or searcher.card.licence or None for record in records],
        "credit": [record.credit or None for record in records],
        "source": [source_of(searcher, *pair) or None for pair in zip(ids, records, strict=True)],
        "latitude": items.latitudes.tolist(),
        "longitude": items.longitudes.tolist(),
        "geometry": _points(items.longitudes, items.latitudes),
    }
    for name in TEXTS:
        _check_texts(name, values[name], values["id"])
    return pa.table([pa.array(values[f.name], f.type) if f.name != "code" else values["code"]
                     for f in columns], schema=columns)  # fmt: skip


def _check_texts(column: str, texts: Sequence[str | None], ids: Sequence[str]) -> None:
    """Raises RunError for a text that importing refuses; ``ids`` are of the same tiles."""
    longest = LONGEST.get(column, LONGEST_TEXT)
    for text in dict.fromkeys(text for text in texts if text is not None):
        if len(text.encode()) > 4 * longest:
            why = f"has more than {longest} characters"
        elif not (text.isprintable() or is_plain(text)):
            why = "has a control character"
        elif column == "id" and not is_path(text):
            why = "is no path on other systems"
        else:
            continue
        what, tile = "path" if column == "id" else column, ids[texts.index(text)]
        raise RunError(
            f"The archive is not exported: the {what} of {tile[:200]!a} {why}. Rename it, and index"
            " the folder again."
        )


def code_array(codes: NDArray[Any]) -> "pa.Array":
    """Codes (N, B) as an Arrow array of N values, without copying hash codes."""
    import pyarrow as pa

    flat, kind = np.ascontiguousarray(codes), code_type(codes.dtype == np.uint8, codes.shape[1])
    if codes.dtype == np.uint8:
        return pa.Array.from_buffers(kind, len(codes), [None, pa.py_buffer(flat)])
    return pa.FixedSizeListArray.from_arrays(pa.array(flat.ravel()), type=kind)


def _points(longitudes: Numbers, latitudes: Numbers) -> "NDArray[np.object_]":
    """WKB points (n,); None where a coordinate is unknown."""
    from shapely import points, to_wkb

    result = np.full(len(longitudes), None, dtype=object)
    placed = np.flatnonzero(longitudes.present() & latitudes.present())
    east, north = (
        np.asarray(column.take(placed), dtype=float) for column in (longitudes, latitudes)
    )
    result[placed] = to_wkb(points(east, north))
    return result


def _geo() -> dict[str, Any]:
    """The GeoParquet metadata; without the CRS of Mars, readers would assume the Earth."""
    from pyproj import CRS

    column = {
        "encoding": "WKB",
        "geometry_types": ["Point"],
        "crs": CRS.from_user_input(MARS).to_json_dict(),
    }
    return {"version": "1.0.0", "primary_column": "geometry", "columns": {"geometry": column}}
