"""The image files of tiles in one ZIP file, with a manifest; of virtual tiles, PNG files."""

import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import PurePosixPath
from typing import IO, Any

from mirs_core.datasets.bundles import is_bundle, names_in, unpack
from mirs_core.errors import MirsError
from mirs_core.exchange.exports.citations import bibtex
from mirs_core.exchange.exports.export_format import ExportFormat, FileType
from mirs_core.exchange.exports.rows import Row
from mirs_core.exchange.exports.spreadsheet import csv
from mirs_core.exchange.exports.tile_export import TileExport
from mirs_core.retrieval.search import Searcher

_DATE = (1980, 1, 1, 0, 0, 0)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def tiles_zip(
    searcher: Searcher, rows: Sequence[Row], info: Mapping[str, Any], out: IO[bytes]
) -> int:
    """Writes the image files of ``rows`` with a manifest, the citation and a README.

    Equal exports are equal files, byte by byte. A tile whose file is missing, or has changed since
    it was archived, is listed in the manifest with the problem and left out otherwise.

    Returns:
        The number of image files; a tile in several rows is stored once.
    """
    files: dict[str, tuple[str, str]] = {}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for number, tile in enumerate(sorted({row.id for row in rows})):
            data, problem, name = _read(searcher, tile)
            name = f"tiles/{number:05d}-{name}" if data is not None else ""
            if data is not None and is_bundle(data):
                # A label refers to its data files by their names: they are in one folder.
                label, *others = names_in(data)
                folder, name = name, f"{name}/{_safe_name(label)}"
                for other in others:
                    _add(archive, f"{folder}/{other}", unpack(data, other))
                data = unpack(data)
            files[tile] = name, problem
            if data is not None:
                _add(archive, name, data)
        columns = [{"file": files[row.id][0], "problem": files[row.id][1]} for row in rows]
        _add(archive, "manifest.csv", csv(rows, columns))
        tiles = [{**row.to_json(), **more} for row, more in zip(rows, columns, strict=True)]
        manifest = {"about": dict(info), "tiles": tiles}
        text = json.dumps(manifest, ensure_ascii=False, allow_nan=False, indent=1)
        _add(archive, "manifest.json", text.encode())
        _add(archive, "CITATION.bib", bibtex(searcher.card).encode())
        _add(archive, "README.txt", _readme(searcher, rows, info).encode())
    return sum(bool(name) for name, _ in files.values())


def _read(searcher: Searcher, tile: str) -> tuple[bytes | None, str, str]:
    """The bytes of a tile, or None with the problem; and the name of its file."""
    try:
        data, suffix, content = searcher.files.image_file(tile)
    except (MirsError, OSError):
        return None, "the file is missing", ""
    if content != searcher.items.contents[searcher.items.row(tile)]:
        return None, "the file has changed since it was archived", ""
    return data, "", _safe_name(str(PurePosixPath(tile).with_suffix(suffix)))


def _safe_name(tile: str) -> str:
    """The last part of a tile's id as a plain file name."""
    return _UNSAFE.sub("_", tile.rsplit("/", 1)[-1]).lstrip(".")[-120:] or "tile"


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, _DATE), data)


def _readme(searcher: Searcher, rows: Sequence[Row], info: Mapping[str, Any]) -> str:
    card = searcher.card
    licences = sorted({row.licence for row in rows}) or [card.licence]
    credits = sorted({row.credit for row in rows if row.credit})
    lines = ["Tiles exported from MIRS Explorer.", ""]
    if card.synthetic:
        lines.append(
            "SYNTHETIC: these tiles are generated, not imagery; their coordinates are synthetic."
        )
    lines += [
        f"Data set: {card.title}",
        *(f"Licence: {licence}" for licence in licences),
        *(f"Credit: {credit}" for credit in credits),
        *(f"{name}: {value}" for name, value in info.items()),
        "",
        "manifest.csv and manifest.json describe each file. Coordinates are planetocentric",
        "degrees on Mars, longitude east-positive; they are those of the strip's centre.",
        "CITATION.bib lists what to cite.",
        "",
    ]
    return "\n".join(lines)


def _write(export: TileExport) -> bytes:
    out = BytesIO()
    tiles_zip(export.searcher, export.rows, export.info.to_json(), out)
    return out.getvalue()


SPEC = ExportFormat(
    name="zip",
    order=40,
    file_type=FileType(".zip", "application/zip", "Tiles (ZIP)", "The image files with a manifest"),
    write=_write,
)
