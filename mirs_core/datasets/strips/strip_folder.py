"""The data set that strips are cut into: a strip appears in it once all its tiles are there.

Until then its tiles are in a hidden folder ``.NAME.part`` next to the finished ones, which scans
ignore and from which a later call resumes.
"""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import BinaryIO

from mirs_core.datasets.card import CARD_FILE, UNKNOWN, read_card
from mirs_core.datasets.strips.mending import mended_records
from mirs_core.datasets.strips.strip_list import (
    STRIPS_FILE,
    Strip,
    read_strips,
    strip_of,
    write_strips,
)
from mirs_core.datasets.tile_table import (
    TABLE_FILE,
    TileRecord,
    foreign_cells,
    read_table,
    write_table,
)
from mirs_core.errors import DataError, RunError
from mirs_core.files import make_folder, read_json, replace_file, write_json
from mirs_core.mars import observations
from mirs_core.system.processes import lock_if_free, locked

_SETTINGS, _TILES, _LOCK = "strip.json", "tiles", ".strips.lock"
# The settings that the user chose; all else follows from these and from the raster.
_SETTING_NAMES = (
    "side",
    "stride",
    "max_nodata",
    "min_contrast",
    "latitude",
    "source",
    "licence",
    "credit",
)


class StripFolder:
    """The folder of one strip in the data set ``root``."""

    def __init__(self, root: Path, strip: Strip) -> None:
        """Writes nothing. Raises DataError if ``root`` is another kind of folder, or damaged."""
        _check_root(root)
        if root.exists():
            # Fail now rather than after all tiles are cut.
            read_card(root)
            read_table(root)
        self.root, self.strip = root, strip
        self._part = root / f".{strip.name}.part"
        self._strips = {other.name: other for other in read_strips(root)}
        self._check_name()

    @property
    def finished(self) -> Strip | None:
        """The strip with its counts if it was cut before with the same settings, else None.

        Raises:
            DataError: it was cut with other settings.
        """
        earlier = self._strips.get(self.strip.name)
        if earlier is None or not (self.root / earlier.name).is_dir():
            return None
        self._check_same(earlier)
        return earlier

    @contextmanager
    def opened(self) -> Iterator[set[str]]:
        """Locks the folder; yields the names of tiles that exist from an earlier call.

        Raises:
            DataError: it was begun with other settings, or another process is cutting this strip.
            RunError: the folder cannot be written.
        """
        lock = self.root / f"{_LOCK}.{self.strip.name}"
        with ExitStack() as stack:
            try:
                if stack.enter_context(lock_if_free(lock)) is None:
                    raise DataError(
                        f"{self.strip.name} is being cut by another process; wait until it is done."
                    )
                stack.callback(_remove, lock)
                existing = self._begin()
            except OSError as error:
                raise RunError(
                    f"{self.root} cannot be written ({error.strerror or error})."
                ) from None
            yield existing

    def unfinished(self, name: str) -> Path:
        """The file called ``name`` of an unfinished strip."""
        return self._part / _TILES / name

    def remove(self, names: Iterable[str]) -> None:
        """Deletes files of an unfinished strip."""
        for name in names:
            self.unfinished(name).unlink(missing_ok=True)

    def update(self, strip: Strip) -> Strip:
        """Replaces the entry of a strip that is in the list; returns it."""
        with locked(self.root / _LOCK):
            strips = {other.name: other for other in read_strips(self.root)}
            write_strips(self.root, {**strips, strip.name: strip}.values())
        return strip

    def write(self, name: str, data: bytes) -> None:
        """Writes the file called ``name`` of an unfinished strip in one piece."""

        def written(handle: BinaryIO) -> None:
            handle.write(data)

        replace_file(self.unfinished(name), written)

    def finish(self, strip: Strip, records: list[TileRecord]) -> None:
        """Adds the strip to the data set: table, card, list of strips, then its tiles.

        Args:
            records: of its image files; none of virtual tiles, whose strip tells as much.
        """
        with locked(self.root / _LOCK):
            paths = {record.path for record in records}
            own = f"{strip.name}/"
            others = [
                record
                for record in mended_records(read_strips(self.root), read_table(self.root)).values()
                if not record.path.startswith(own) and record.path not in paths
            ]
            licence = _write_card(self.root, strip)
            own_records = [replace(row, licence=row.licence or licence) for row in records]
            rows = [*others, *own_records]
            if rows or (self.root / TABLE_FILE).exists():
                write_table(self.root, rows, foreign_cells(self.root))
            if strip.is_virtual:
                strip = replace(strip, licence=strip.licence or licence)
            strips = {other.name: other for other in read_strips(self.root)}
            write_strips(self.root, {**strips, strip.name: strip}.values())
            try:
                (self._part / _TILES).replace(self.root / strip.name)
            except OSError as error:
                raise RunError(
                    f"{self.root / strip.name} cannot be created ({error.strerror or error})."
                ) from None
        self.discard()

    def discard(self, with_root: bool = False) -> None:
        """Deletes unfinished tiles, and ``with_root`` also the folder of the data set, if empty."""
        shutil.rmtree(self._part, ignore_errors=True)
        if with_root:
            with suppress(OSError):
                self.root.rmdir()

    def _begin(self) -> set[str]:
        """Creates the folder if necessary; returns the tiles that exist from an earlier call."""
        settings = self._part / _SETTINGS
        if settings.is_file():
            earlier = _earlier_strip(settings)
            self._check_same(earlier)
            self.strip = earlier
        else:
            self.discard()
            make_folder(self._part / _TILES)
            write_json(settings, asdict(self.strip))
        return set(self._existing_tiles())

    def _existing_tiles(self) -> Iterator[str]:
        for path in (self._part / _TILES).iterdir():
            # Files that a killed process was writing have temporary names.
            if path.name.startswith("."):
                path.unlink(missing_ok=True)
            else:
                yield path.name

    def _check_name(self) -> None:
        for name in self._strips:
            if name != self.strip.name and name.casefold() == self.strip.name.casefold():
                raise DataError(f"{self.root} has a strip {name} already; choose another name.")
        folder = self.root / self.strip.name
        if folder.exists() and self.strip.name not in self._strips:
            raise DataError(f"{folder} exists already and is not a strip; choose another name.")

    def _check_same(self, earlier: Strip) -> None:
        if earlier.content != self.strip.content:
            raise DataError(
                f"{self.root} has tiles of another raster named {earlier.name}; choose another name"
                " or folder."
            )
        if earlier.is_virtual != self.strip.is_virtual:
            how = "as windows of its raster" if earlier.is_virtual else "into image files"
            raise DataError(
                f"{earlier.name} was cut into {self.root} {how} before; choose another name or"
                " folder."
            )
        for name in _SETTING_NAMES:
            before, now = getattr(earlier, name), getattr(self.strip, name)
            if name == "latitude" and before is None:
                # Versions up to 0.3 recorded none.
                before = earlier.frame.crs.latitude or None
            if name == "licence" and earlier.is_virtual and before == UNKNOWN:
                # Recorded so that its tiles do not take over that of the card.
                before = None if now is None else before
            if before != now:
                raise DataError(
                    f"{earlier.name} was cut into {self.root} with {name} {before}, not {now};"
                    " choose another name or folder."
                )


def _remove(lock: Path) -> None:
    # Windows cannot delete open files.
    with suppress(OSError):
        lock.unlink()


def _earlier_strip(path: Path) -> Strip:
    try:
        return strip_of(read_json(path))
    except (RunError, ValueError, KeyError, TypeError):
        raise DataError(
            f"{path} is damaged; delete {path.parent} and cut the strip again."
        ) from None


def _check_root(root: Path) -> None:
    if not root.exists():
        return
    if not root.is_dir():
        raise DataError(f"{root} is a file; choose a folder.")
    if (root / STRIPS_FILE).is_file():
        return
    others = [path.name for path in root.iterdir() if not path.name.startswith(".")]
    # A process that was killed while finishing may have left these two.
    if set(others) - {TABLE_FILE, CARD_FILE}:
        raise DataError(
            f"{root} exists already and is not a folder of strips; choose a new folder."
        )


def _write_card(root: Path, strip: Strip) -> str | None:
    """Writes the card with the first strip; with later ones, clears a pixel scale that differs.

    Returns the licence to record for the tiles of this strip so that they do not take over that of
    the card; None if it is not needed.
    """
    if (root / CARD_FILE).exists():
        card = read_card(root)
        scale = card.metres_per_pixel
        if scale is not None and abs(scale - strip.metres_per_pixel) > 0.01 * scale:
            card = replace(card, metres_per_pixel=None)
    else:
        observation = observations.parse(strip.name)
        name = root.resolve().name
        card = replace(
            read_card(root),
            title=f"{name}: image strips of Mars",
            instrument=observation.instrument if observation else UNKNOWN,
            metres_per_pixel=strip.metres_per_pixel,
            licence=strip.licence or UNKNOWN,
            citation=strip.credit or "",
        )
    write_json(root / CARD_FILE, asdict(card))
    return UNKNOWN if strip.licence is None and card.licence != UNKNOWN else None
