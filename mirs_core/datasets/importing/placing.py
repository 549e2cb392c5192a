"""Where imported tiles come to stand in a data set that is there already."""

import contextlib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from mirs_core.datasets.images import SUFFIXES
from mirs_core.datasets.manifest import Manifest, Tile
from mirs_core.datasets.walk import is_labelled
from mirs_core.errors import DataError
from mirs_core.files import slug

_LONGEST = 100


@dataclass(slots=True)
class Place:
    """The new folder of one import, ``name``, in a data set.

    ``loose`` is the split of tiles that have none, in a ``labelled`` data set.
    """

    root: Path
    name: str
    labelled: bool
    loose: str
    _taken: set[str] = field(default_factory=set)

    @classmethod
    def free(cls, target: Manifest, name: str) -> "Place":
        """A place whose folder's name nothing in ``target`` has yet."""
        used = {part for tile in target.tiles for part in PurePosixPath(tile.path).parts[:-1]}
        number, free = 1, f"import-{name}"
        while free in used or (target.root / free).exists():
            number += 1
            free = f"import-{name}-{number}"
        loose = "database" if any(t.split == "database" for t in target.tiles) else "train"
        return cls(target.root, free, is_labelled(target.root), loose)

    def path_of(self, tile: Tile) -> str:
        """The path of a tile: ``[split/class/]name/...``, or ``split/file`` without a class."""
        if not self.labelled:
            return f"{self.name}/{tile.path}"
        split = tile.split or self.loose
        if tile.label is None:
            return self._loose_file(split, PurePosixPath(tile.path))
        inner = PurePosixPath(tile.path).parts
        rest = inner[2:] if inner[0] == tile.split and len(inner) > 2 else inner
        path = "/".join([split, _folder_of(tile.label), self.name, *rest])
        return self._unused(PurePosixPath(path))

    def _loose_file(self, split: str, path: PurePosixPath) -> str:
        # A folder in there would be taken for a class.
        return self._unused(PurePosixPath(split) / path.name)

    def _unused(self, path: PurePosixPath) -> str:
        number, free = 1, path
        while str(free) in self._taken or (self.root / free).exists():
            number += 1
            free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        self._taken.add(str(free))
        return str(free)


@contextlib.contextmanager
def moved(source: Path, target: Path, paths: Sequence[str]) -> Iterator[None]:
    """Moves files from below ``source`` to below ``target``; takes them back if the block fails.

    Raises:
        DataError: one cannot be moved.
    """
    done: list[Path] = []
    try:
        for path in paths:
            place = target / path
            try:
                place.parent.mkdir(parents=True, exist_ok=True)
                (source / path).rename(place)
            except OSError as error:
                raise DataError(f"{place} cannot be written ({error.strerror or error}).") from None
            done.append(place)
        yield
    except BaseException:
        for place in done:
            place.unlink(missing_ok=True)
            for folder in place.parents:
                if folder == target or not _removed(folder):
                    break
        raise


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:
        return False
    return True


def _folder_of(label: str) -> str:
    """A label as the name of a folder that a scan reads."""
    label = unicodedata.normalize("NFC", label)
    plain = label.isprintable() and not set(label) & set("/\\:") and len(label) <= _LONGEST
    hidden = label.startswith((".", "__")) or label.lower().endswith(tuple(SUFFIXES))
    return label if plain and not hidden else slug(label, "class")
