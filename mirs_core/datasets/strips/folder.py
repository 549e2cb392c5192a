"""The data set that strips are cut into: a strip appears in it when all of its tiles are there.

Until then its tiles stand in a hidden folder ``.NAME.part`` beside the finished ones, which no scan
looks into and a later call goes on with.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import BinaryIO

from mirs_core.datasets.card import CARD_FILE, UNKNOWN, read_card
from mirs_core.datasets.strips.strip_list import (
    STRIPS_FILE,
    Strip,
    read_strips,
    strip_of,
    write_strips,
)
from mirs_core.datasets.tile_table import TileRecord, foreign_cells, read_table, write_table
from mirs_core.errors import DataError, RunError
from mirs_core.files import make_folder, read_json, replace_file, write_json
from mirs_core.mars import observations
from mirs_core.system.processes import lock_if_free, locked

_SETTINGS, _TILES, _LOCK = "strip.json", "tiles", ".strips.lock"
# What a person chose; all else follows from it and from the raster.
_CHOSEN = ("side", "stride", "max_nodata", "min_contrast", "source", "licence", "credit")


class StripFolder:
    """The place of one strip in the data set ``root``."""

    def __init__(self, root: Path, strip: Strip) -> None:
        """Nothing is made yet. Raises DataError where ``root`` is something else, or damaged."""
        _check_root(root)
        if root.exists():
            # Rather now than when all tiles are cut.
            read_card(root)
            read_table(root)
        self.root, self.strip = root, strip
        self._part = root / f".{strip.name}.part"
        self._known = {one.name: one for one in read_strips(root)}
        self._check_name()

    @property
    def finished(self) -> Strip | None:
        """The strip with its counts where it was cut before in the same way; None otherwise.

        Raises:
            DataError: it was cut in another way.
        """
        known = self._known.get(self.strip.name)
        if known is None or not (self.root / known.name).is_dir():
            return None
        self._check_same(known)
        return known

    @contextmanager
    def opened(self) -> Iterator[set[str]]:
        """The names of the tiles that are there from an earlier call, for the time of a call.

        Raises:
            DataError: begun in another way, or another process is at it.
            RunError: the folder cannot be written.
        """
        lock = self.root / f"{_LOCK}.{self.strip.name}"
        with ExitStack() as stack:
            try:
                if stack.enter_context(lock_if_free(lock)) is None:
                    raise DataError(
                        f"{self.strip.name} is being cut by another process; wait for it."
                    )
                stack.callback(_removed, lock)
                left = self._begin()
            except OSError as error:
                raise RunError(
                    f"{self.root} cannot be written ({error.strerror or error})."
                ) from None
            yield left

    def write(self, name: str, data: bytes) -> None:
        """Writes the tile called ``name`` in one piece."""

        def written(handle: BinaryIO) -> None:
            handle.write(data)

        replace_file(self._part / _TILES / name, written)

    def finish(self, strip: Strip, records: list[TileRecord]) -> None:
        """Makes the strip a part of the data set: table, card, list of strips, then its tiles."""
        with locked(self.root / _LOCK):
            paths = {record.path for record in records}
            own = f"{strip.name}/"
            others = [
                record
                for record in read_table(self.root).values()
                if not record.path.startswith(own) and record.path not in paths
            ]
            licence = _write_card(self.root, strip)
            own_words = [replace(one, licence=one.licence or licence) for one in records]
            write_table(self.root, [*others, *own_words], foreign_cells(self.root))
            known = {one.name: one for one in read_strips(self.root)}
            write_strips(self.root, {**known, strip.name: strip}.values())
            try:
                (self._part / _TILES).replace(self.root / strip.name)
            except OSError as error:
                raise RunError(
                    f"{self.root / strip.name} cannot be made ({error.strerror or error})."
                ) from None
        self.discard()

    def discard(self, with_root: bool = False) -> None:
        """Removes what was begun; ``with_root``: and the folder of the data set if it is empty."""
        shutil.rmtree(self._part, ignore_errors=True)
        if with_root:
            with suppress(OSError):
                self.root.rmdir()

    def _begin(self) -> set[str]:
        """The tiles that are there from an earlier call, in a folder that is there now."""
        settings = self._part / _SETTINGS
        if settings.is_file():
            begun = _begun(settings)
            self._check_same(begun)
            self.strip = begun
        else:
            self.discard()
            make_folder(self._part / _TILES)
            write_json(settings, asdict(self.strip))
        return set(self._left())

    def _left(self) -> Iterator[str]:
        for path in (self._part / _TILES).iterdir():
            # What a killed process was writing has a temporary name.
            if path.name.startswith("."):
                path.unlink(missing_ok=True)
            else:
                yield path.name

    def _check_name(self) -> None:
        for name in self._known:
            if name != self.strip.name and name.casefold() == self.strip.name.casefold():
                raise DataError(f"{self.root} has a strip {name} already; give another --name.")
        folder = self.root / self.strip.name
        if folder.exists() and self.strip.name not in self._known:
            raise DataError(f"{folder} is there already and no strip; give another --name.")

    def _check_same(self, known: Strip) -> None:
        if known.content != self.strip.content:
            raise DataError(
                f"{self.root} has tiles of another raster by the name of {known.name}:"
                " give another --name or --out."
            )
        for name in _CHOSEN:
            before, now = getattr(known, name), getattr(self.strip, name)
            if before != now:
                raise DataError(
                    f"{known.name} was cut into {self.root} with {name} {before}, not {now}:"
                    " give another --name or --out."
                )


def _removed(lock: Path) -> None:
    # Windows removes no file that is open.
    with suppress(OSError):
        lock.unlink()


def _begun(path: Path) -> Strip:
    try:
        return strip_of(read_json(path))
    except (RunError, ValueError, KeyError, TypeError):
        raise DataError(f"{path} is damaged; remove {path.parent} and cut again.") from None


def _check_root(root: Path) -> None:
    if not root.exists():
        return
    if not root.is_dir():
        raise DataError(f"{root} is a file; name a folder.")
    if (root / STRIPS_FILE).is_file():
        return
    others = [path.name for path in root.iterdir() if not path.name.startswith(".")]
    # A process that was killed while it finished may have left these two.
    if set(others) - {"tiles.csv", CARD_FILE}:
        raise DataError(f"{root} is there already and no folder of strips; name a new folder.")


def _write_card(root: Path, strip: Strip) -> str | None:
    """The card of the data set: made with the first strip, and the others' scale in it.

    Returns what the strip's tiles have to say of their licence, so that nobody takes the card's
    for theirs: None where nothing has to be said.
    """
    if (root / CARD_FILE).exists():
        card = read_card(root)
        known = card.metres_per_pixel
        if known is not None and abs(known - strip.metres_per_pixel) > 0.01 * known:
            card = replace(card, metres_per_pixel=None)
    else:
        seen = observations.parse(strip.name)
        name = root.resolve().name
        card = replace(
            read_card(root),
            title=f"{name}: image strips of Mars",
            instrument=seen.instrument if seen else UNKNOWN,
            metres_per_pixel=strip.metres_per_pixel,
            licence=strip.licence or UNKNOWN,
            citation=strip.credit or "",
        )
    write_json(root / CARD_FILE, asdict(card))
    return UNKNOWN if strip.licence is None and card.licence != UNKNOWN else None
