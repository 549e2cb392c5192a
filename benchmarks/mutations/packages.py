"""Edits of zip files and Parquet tables: their directories, and what is in them."""

import hashlib
import io
import json
import random
import zipfile
from typing import Any

from benchmarks.mutations.edits import mutated, packed_limit
from benchmarks.mutations.texts import csv_cell, json_node, label_value

_DIRECTORY, _ENTRY = b"PK\x01\x02", b"PK\x03\x04"
_MANIFEST = "manifest.json"
_LAST = 46


def zip_directory(data: bytearray, rng: random.Random) -> bytearray:
    """Changes a field in the central directory, in a local header or at the end."""
    mark = rng.choice((_DIRECTORY, _DIRECTORY, _ENTRY, b"PK\x05\x06"))
    starts = []
    at = data.find(mark)
    while at >= 0:
        starts.append(at)
        at = data.find(mark, at + 4)
    if not starts:
        return data
    at = rng.choice(starts) + rng.randrange(4, _LAST)
    size = rng.choice((1, 2, 4))
    data[at : at + size] = packed_limit(rng, size, "<")
    return data


def zip_entry(data: bytearray, rng: random.Random) -> bytearray:
    """Packs the file again with one entry mutated, removed, repeated or named otherwise.

    In an exported run the checksum of the entry is made to match, so that the content is read.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(bytes(data))) as packed:
            entries = {name: packed.read(name) for name in packed.namelist()}
    except Exception:  # an earlier edit has damaged it
        return data
    name = rng.choice(list(entries))
    what = rng.choice(("mutate", "mutate", "mutate", "mutate", "remove", "rename"))
    if what == "mutate":
        edits = [json_node] if name.endswith(".json") else [label_value]
        edits = [csv_cell] if name.endswith(".csv") else edits
        entries[name] = mutated(entries[name], rng, edits * 4)
    else:
        content = entries.pop(name)
        if what == "rename":
            entries[rng.choice(("../x", "/x", "x\\y", " ", "archive/x", "a" * 300))] = content
    _match_checksum(entries, name)
    out = io.BytesIO()
    with zipfile.ZipFile(
        out, "w", rng.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))
    ) as packed:
        for entry, content in entries.items():
            packed.writestr(entry, content)
    return bytearray(out.getvalue())


def _match_checksum(entries: dict[str, bytes], name: str) -> None:
    try:
        manifest = json.loads(entries[_MANIFEST])
        if name in entries and name in manifest["files"]:
            manifest["files"][name] = hashlib.sha256(entries[name]).hexdigest()
        elif name not in entries:
            manifest["files"].pop(name, None)
        if name != _MANIFEST:
            entries[_MANIFEST] = json.dumps(manifest).encode()
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        return


def parquet_footer(data: bytearray, rng: random.Random) -> bytearray:
    """Changes the length of the footer, or bytes of the footer."""
    length = int.from_bytes(data[-8:-4], "little")
    if rng.random() < 0.3:
        data[-8:-4] = packed_limit(rng, 4, "<")
    elif 0 < length < len(data) - 8:
        for _ in range(rng.choice((1, 2, 8))):
            at = len(data) - 8 - 1 - rng.randrange(length)
            data[at] = rng.randrange(256)
    return data


def parquet_cells(data: bytearray, rng: random.Random) -> bytearray:
    """Writes the table again with a column, a cell or the metadata changed: a sound file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(io.BytesIO(bytes(data)))
        column = rng.choice(table.column_names)
        at = table.column_names.index(column)
        what = rng.choice(("cell", "cell", "cell", "remove", "repeat", "type", "metadata", "rows"))
        if what == "cell":
            values: list[Any] = table[column].to_pylist()
            values[rng.randrange(len(values))] = _cell(values[0], rng)
            table = table.set_column(at, column, pa.array(values, table.schema.field(at).type))
        elif what == "remove":
            table = table.drop_columns([column])
        elif what == "repeat":
            table = table.append_column(column, table[column])
        elif what == "type":
            texts = pa.array([str(value) for value in table[column].to_pylist()])
            table = table.set_column(at, column, texts)
        elif what == "metadata":
            about = bytes(json_node(bytearray(table.schema.metadata[b"mirs"]), rng))
            table = table.replace_schema_metadata({**table.schema.metadata, b"mirs": about})
        else:
            table = table.slice(0, rng.randrange(len(table)))
        out = io.BytesIO()
        pq.write_table(table, out)
    except Exception:  # an earlier edit has damaged it, or the value does not fit the column
        return data
    return bytearray(out.getvalue())


def _cell(like: Any, rng: random.Random) -> Any:
    if isinstance(like, bytes):
        return rng.randbytes(len(like))
    if isinstance(like, float):
        return rng.choice((float("nan"), float("inf"), 1e308, -91.0, 360.0, None))
    if isinstance(like, list):
        return [rng.choice((float("nan"), float("inf"), 0.0)) for _ in like]
    return rng.choice(("", "../x", "/x", "a" * 5000, "\n", "é", "train", "x" * 64, "\u202e"))
