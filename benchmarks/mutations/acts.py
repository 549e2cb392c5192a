"""What is done with a mutant, and what must hold: a complete result, or an error for people and
nothing changed.
"""

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.mutations import sandbox
from benchmarks.mutations.seed import ARCHIVE, DATA_SET, EXPORTED_RUN, IMAGE, RUN, TABLE
from mirs_core.datasets import manifest, tile_table
from mirs_core.datasets.images import MIN_SIDE, read_image
from mirs_core.datasets.large_images import LargeImage, Square
from mirs_core.datasets.strips.strip_list import read_strips
from mirs_core.errors import MirsError
from mirs_core.exchange import exported_runs
from mirs_core.jobs.kind import Work
from mirs_core.jobs.kinds import archive_import, data_import, data_tile
from mirs_core.progress import Progress
from mirs_core.retrieval.search import Searcher
from mirs_core.retrieval.strip_query import Area, query_by_rectangle
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

_K = 5
_SIZE = 32


class BrokenPromiseError(Exception):
    """The program has left something half-written, or answered with something unusable."""


@dataclass(slots=True)
class Desk:
    """Where a mutant is opened.

    Attributes:
        base: what ``sandbox.prepare`` has filled.
        home: its home folder.
        searcher: of its run.
        progress: hears of every step; it ends work that takes long by an exception.
        case: a new folder for this mutant alone.
        file: the file or folder that the program is given.
        number: of the mutant; what is done in turns goes by it.
    """

    base: Path
    home: Home
    searcher: Searcher
    progress: Progress
    case: Path
    file: Path
    number: int

    @property
    def work(self) -> Work:
        """The progress as jobs report it, without notes."""
        return Work(progress=self.progress, note=lambda text: None)

    @property
    def source(self) -> Path | bytes:
        """The file or, in turns, its bytes, as the app takes an upload."""
        return self.file if self.number % 2 else self.file.read_bytes()


Act = Callable[[Desk], object]


@contextlib.contextmanager
def _unchanged_on_failure(*folders: Path) -> Iterator[None]:
    before = [sandbox.contents(folder) for folder in folders]
    try:
        yield
    except MirsError as error:
        for folder, was in zip(folders, before, strict=True):
            now = sandbox.contents(folder)
            if now != was:
                names = sorted(set(now.items()) ^ set(was.items()), key=str)[:4]
                raise BrokenPromiseError(f"changed in spite of {error!r}: {names}") from error
        raise


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise BrokenPromiseError(what)


def _printed(answer: dict[str, Any]) -> None:
    """Prints an answer as ``--json`` does; raises ValueError if it is no JSON."""
    json.dumps(answer, ensure_ascii=False, allow_nan=False).encode()


def _read(desk: Desk) -> None:
    pixels = read_image(desk.source)
    _check(pixels.dtype == "uint8" and pixels.ndim in (2, 3), f"pixels {pixels.shape}")
    _check(min(pixels.shape[:2]) >= MIN_SIDE and pixels.shape[2:] in ((), (3,)), "their shape")


def _cut_square(desk: Desk) -> None:
    image = LargeImage.open(desk.source)
    for corner in ((3, 5), (image.width, image.height)):
        square = image.cut(Square(*corner, 64))
        side = min(64, image.width, image.height)
        _check(square.shape[:2] == (side, side), f"square {square.shape} of {side}")


def _tile(desk: Desk) -> None:
    out = desk.case / "strips"
    is_new = desk.number % 2 == 0
    if not is_new:
        sandbox.copied(desk.base / "strips", out)
    before = set(sandbox.contents(out))
    spec = data_tile.Tile(raster=desk.file, out=out, size=_SIZE, name="mutant")
    with _unchanged_on_failure(out):
        answer = data_tile.SPEC.run(desk.home, spec, desk.work)
    _printed(answer)
    tiles = {tile.path for tile in manifest.scan(out).tiles}
    own = {path for path in tiles if path.startswith("mutant/")}
    strips = {strip.name: strip for strip in read_strips(out)}
    _check(len(own) == answer["tiles"] == strips["mutant"].tiles > 0, "not all tiles are there")
    _check(own <= set(tile_table.read_table(out)), "not all tiles are in the table")
    hidden = [name for name in sandbox.contents(out) if Path(name).name.startswith(".")]
    _check(not hidden, f"remains: {hidden}")
    _check(before - {""} <= set(sandbox.contents(out)), "earlier tiles are gone")


def _import(desk: Desk) -> None:
    """Imports a folder of the mutant alone, or beside sound tiles: in place, copied, or added."""
    folder = desk.case / "folder"
    folder.mkdir()
    for path in desk.file.parent.iterdir():
        shutil.copyfile(path, folder / path.name)
    if desk.number % 3:
        sandbox.write_tile(folder / "sound.png", 1)
    way = desk.number % 4
    target = desk.case / "target"
    if way == 1:
        sandbox.write_described_folder(target)
    spec = data_import.Import(
        folder=folder, copy=way == 2, to=target if way == 1 else None, licence="CC0", name="mutant"
    )
    _imported(desk, spec, folder, target)
    shutil.rmtree(desk.home.data / "mutant", ignore_errors=True)


def _imported(desk: Desk, spec: data_import.Import, *folders: Path) -> None:
    with _unchanged_on_failure(*folders, desk.home.data):
        answer = data_import.SPEC.run(desk.home, spec, desk.work)
    _printed(answer)
    after = manifest.scan(Path(answer["dir"]))
    _check(len(after.tiles) == answer["tiles"] > 0, "not all tiles are there")
    hidden = [p for p in sandbox.contents(after.root) if any(x[:1] == "." for x in Path(p).parts)]
    _check(not hidden, f"remains: {hidden}")


def _search(desk: Desk) -> None:
    query = desk.searcher.query_by_image(desk.source)
    hits = desk.searcher.search(query, _K)
    _check(len(hits) == _K, f"{len(hits)} results")
    _printed({"results": [hit.to_json() for hit in hits]})


def _search_rectangle(desk: Desk) -> None:
    strip = query_by_rectangle(desk.searcher, desk.file, Area(60, 60, 60, 60))
    _printed({"results": [hit.to_json() for hit in desk.searcher.search(strip.query, _K)]})


def _import_table(desk: Desk) -> None:
    folder = desk.file.parent / "tiles"
    from_folders = desk.number % 7 == 0
    spec = data_import.Import(folder=folder, table=desk.file, labels_from_folders=from_folders)
    _imported(desk, spec, folder)


def _describe(desk: Desk) -> None:
    before = sandbox.contents(desk.file)
    try:
        scanned = manifest.scan(desk.file)
        _check(bool(manifest.tiles_named(desk.file)), "tiles without names")
        _check(bool(scanned.digest), "no digest")
        read_strips(desk.file)
    finally:
        _check(sandbox.contents(desk.file) == before, "changed by a mere look")


def _import_data_set(desk: Desk) -> None:
    spec = data_import.Import(folder=desk.file, licence="CC0", citation="Ann")
    _imported(desk, spec, desk.file)


def _tile_into(desk: Desk) -> None:
    spec = data_tile.Tile(raster=desk.base / "sound.tif", out=desk.file, size=_SIZE, name="second")
    with _unchanged_on_failure(desk.file):
        _printed(data_tile.SPEC.run(desk.home, spec, desk.work))
    strips = {strip.name: strip for strip in read_strips(desk.file)}
    _check(strips["second"].tiles > 0, "no tiles")


def _open_run(desk: Desk) -> None:
    home = Home(desk.case / "home")
    target = home.runs / sandbox.RUN
    shutil.copytree(desk.file, target)
    before = sandbox.contents(target)
    try:
        _printed({"runs": [summary.state for summary in runs.list_runs(home)]})
        searcher = Searcher.open(home, sandbox.RUN)
        for tile in searcher.items.ids[:2]:
            hits = searcher.search(searcher.query_by_id(tile), _K)
            _printed({"results": [hit.to_json() for hit in hits]})
        exported_runs.save_run(home, sandbox.RUN, desk.case / "again.zip")
    finally:
        _check(sandbox.contents(target) == before, "changed by a mere look")


def _load_run(desk: Desk) -> None:
    home = Home(desk.case / "home")
    home.runs.mkdir(parents=True)
    with _unchanged_on_failure(desk.case / "home"):
        run_id = exported_runs.load_run(home, desk.file)
    searcher = Searcher.open(home, run_id)
    hits = searcher.search(searcher.query_by_id(searcher.items.ids[0]), _K)
    _printed({"results": [hit.to_json() for hit in hits]})


def _import_archive(desk: Desk) -> None:
    home = Home(desk.case / "home")
    shutil.copytree(desk.home.runs / sandbox.RUN, home.runs / sandbox.RUN)
    spec = archive_import.ArchiveImport(file=desk.file, run=sandbox.RUN)
    with _unchanged_on_failure(home.path):
        answer = archive_import.SPEC.run(home, spec, desk.work)
    _printed(answer)
    searcher = Searcher.open(home, answer["run"])
    _check(len(searcher.items) == answer["tiles"], "not all tiles are there")
    searcher.search(searcher.query_by_id(searcher.items.ids[0]), _K)


ACTS: dict[str, dict[str, Act]] = {
    IMAGE: {
        "read": _read, "square": _cut_square, "tile": _tile, "import": _import,
        "search": _search, "rectangle": _search_rectangle,
    },
    TABLE: {"import": _import_table},
    DATA_SET: {"describe": _describe, "import": _import_data_set, "tile": _tile_into},
    RUN: {"search": _open_run},
    EXPORTED_RUN: {"import": _load_run},
    ARCHIVE: {"import": _import_archive},
}  # fmt: skip
"""Acts by name for each kind of seed, in their order."""

__all__ = ["ACTS", "Act", "BrokenPromiseError", "Desk"]
