"""Tiles with a manifest in one ZIP file."""

import hashlib
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from typing import IO, Any

from mirs_core.errors import MirsError
from mirs_core.exchange.exports.citations import bibtex
from mirs_core.exchange.exports.rows import Row
from mirs_core.exchange.exports.sheet import csv
from mirs_core.retrieval.search import Searcher

_DATE = (1980, 1, 1, 0, 0, 0)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def tiles_zip(
    searcher: Searcher, rows: Sequence[Row], about: Mapping[str, Any], out: IO[bytes]
) -> int:
    """Writes the image files of ``rows`` with manifest, citation and a word of what they are.

    Equal exports are equal files, byte by byte. A tile whose file is gone or was changed since it
    was archived is named in the manifest, with what is the matter, and counted nowhere else.

    Returns:
        How many tiles are in it; one that stands in several rows is stored once.
    """
    files: dict[str, tuple[str, str]] = {}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for number, tile in enumerate(sorted({row.id for row in rows})):
            data, problem = _read(searcher, tile)
            name = f"tiles/{number:05d}-{_safe(tile)}" if data is not None else ""
            files[tile] = name, problem
            if data is not None:
                _add(archive, name, data)
        beside = [{"file": files[row.id][0], "problem": files[row.id][1]} for row in rows]
        _add(archive, "manifest.csv", csv(rows, beside))
        listed = [{**row.to_json(), **more} for row, more in zip(rows, beside, strict=True)]
        manifest = {"about": dict(about), "tiles": listed}
        text = json.dumps(manifest, ensure_ascii=False, allow_nan=False, indent=1)
        _add(archive, "manifest.json", text.encode())
        _add(archive, "CITATION.bib", bibtex(searcher.card).encode())
        _add(archive, "README.txt", _readme(searcher, rows, about).encode())
    return sum(bool(name) for name, _ in files.values())


def _read(searcher: Searcher, tile: str) -> tuple[bytes | None, str]:
    try:
        data = searcher.image_path(tile).read_bytes()
    except (MirsError, OSError):
        return None, "the file is gone"
    content = searcher.items.contents[searcher.items.row(tile)]
    if hashlib.sha256(data).hexdigest() != content:
        return None, "the file was changed since it was archived"
    return data, ""


def _safe(tile: str) -> str:
    """The last part of a tile's id as a plain file name."""
    return _UNSAFE.sub("_", tile.rsplit("/", 1)[-1]).lstrip(".")[-120:] or "tile"


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, _DATE), data)


def _readme(searcher: Searcher, rows: Sequence[Row], about: Mapping[str, Any]) -> str:
    card = searcher.card
    licences = sorted({row.licence for row in rows}) or [card.licence]
    credits = sorted({row.credit for row in rows if row.credit})
    lines = ["Tiles exported from MIRS Explorer.", ""]
    if card.synthetic:
        lines.append(
            "SYNTHETIC: these tiles are procedural, not imagery; their places are invented."
        )
    lines += [
        f"Data set: {card.title}",
        *(f"Licence: {licence}" for licence in licences),
        *(f"Credit: {credit}" for credit in credits),
        *(f"{name}: {value}" for name, value in about.items()),
        "",
        "manifest.csv and manifest.json say what each file is. Coordinates are planetocentric",
        "degrees on Mars, longitude east-positive; they are those of the strip's centre.",
        "CITATION.bib says what to cite.",
        "",
    ]
    return "\n".join(lines)
