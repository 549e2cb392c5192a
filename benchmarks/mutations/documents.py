"""Sound tables, data sets, runs and archives, from what ``sandbox.prepare`` has made."""

import csv
import io
import shutil
from collections.abc import Iterator
from pathlib import Path

from benchmarks.mutations.sandbox import RUN as RUN_ID
from benchmarks.mutations.sandbox import copied, write_described_folder, write_tile
from benchmarks.mutations.seed import ARCHIVE, DATA_SET, EXPORTED_RUN, RUN, TABLE, Seed

_CSV = """file,class,lat,lon,split,credit,depth
tile_0.png,cra,-4.5,137.4,train,Ann,12
tile_1.png,rid,4.5,-7.25,val,"Ann, Bob",
tile_2.png,smo,,,,,3
"""
_SPREADSHEET = "\ufefffile;class;lat;lonW\r\ntile_0.png;Krater;-4.5;222.6\r\ntile_1.png;Ä;1;2\r\n"
_EDITS = {".json": "json", ".jsonl": "json", ".csv": "csv"}


def document_seeds(folder: Path, base: Path) -> Iterator[Seed]:
    """Seeds of everything that is no image, below ``folder``; ``base`` was prepared."""
    yield from _tables(folder)
    described = folder / "data-set" / "described"
    write_described_folder(described)
    yield Seed("dataset.json", DATA_SET, described, "dataset.json", "", "json")
    yield Seed("tiles.csv", DATA_SET, described, "tiles.csv", "", "csv")
    strips = copied(base / "strips", folder / "data-set" / "strips")
    yield Seed("strips.json", DATA_SET, strips, "strips.json", "", "json")
    yield Seed("dataset.json", DATA_SET, strips, "dataset.json", "", "json")
    yield Seed("tiles.csv", DATA_SET, strips, "tiles.csv", "", "csv")
    run = copied(base / "home" / "runs" / RUN_ID, folder / "run" / RUN_ID)
    for path in sorted(path for path in run.rglob("*") if path.is_file()):
        file = path.relative_to(run).as_posix()
        yield Seed("run", RUN, run, file, "", _EDITS.get(path.suffix, "label"))
    yield from _single(folder, "exported-run", EXPORTED_RUN, base / "run.mirs.zip", "zip")
    yield from _single(folder, "parquet", ARCHIVE, base / "archive.parquet", "parquet")


def _tables(folder: Path) -> Iterator[Seed]:
    import openpyxl

    book = openpyxl.Workbook()
    for row in csv.reader(_CSV.splitlines()):
        book.active.append([_typed(cell) for cell in row])
    packed = io.BytesIO()
    book.save(packed)
    for number, (format, data) in enumerate((
        ("csv", _CSV.encode()), ("csv", _SPREADSHEET.encode()),
        ("csv", _SPREADSHEET[1:].encode("utf-16")), ("xlsx", packed.getvalue()),
    )):  # fmt: skip
        target, name = folder / "tables" / str(number), f"table.{format}"
        for tile in range(3):
            write_tile(target / "tiles" / f"tile_{tile}.png", tile)
        (target / name).write_bytes(data)
        yield Seed(format, TABLE, target, name, name, "zip" if format == "xlsx" else "csv")


def _typed(cell: str) -> str | float:
    try:
        return float(cell)
    except ValueError:
        return cell


def _single(folder: Path, format: str, kind: str, source: Path, edits: str) -> Iterator[Seed]:
    target = folder / format
    target.mkdir(parents=True)
    shutil.copyfile(source, target / source.name)
    yield Seed(format, kind, target, source.name, source.name, edits)
