"""Where imported tiles are put in an existing data set."""

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
class Destination:
    """The new folder of one import, ``name``, in the data set at ``root``.

    ``default_split`` is the split of tiles that have none, in a ``labelled`` data set.
    """

    root: Path
    name: str
    labelled: bool
    default_split: str
    _used: set[str] = field(default_factory=set)

    @classmethod
    def unused(cls, target: Manifest, name: str) -> "Destination":
        """A destination whose folder name is not used in ``target`` yet."""
        used = {part for tile in target.tiles for part in PurePosixPath(tile.path).parts[:-1]}
        number, folder = 1, f"import-{name}"
        while folder in used or (target.root / folder).exists():
            number += 1
            folder = f"import-{name}-{number}"
        split = "database" if any(t.split == "database" for t in target.tiles) else "train"
        return cls(target.root, folder, is_labelled(target.root), split)

    def path_of(self, tile: Tile) -> str:
        """The new path of a tile: ``[split/class/]name/...``, or ``split/file`` without a class."""
        if not self.labelled:
            return f"{self.name}/{tile.path}"
        split = tile.split or self.default_split
        if tile.label is None:
            return self._unlabelled_path(split, PurePosixPath(tile.path))
        inner = PurePosixPath(tile.path).parts
        rest = inner[2:] if inner[0] == tile.split and len(inner) > 2 else inner
        path = "/".join([split, _folder_of(tile.label), self.name, *rest])
        return self._unused(PurePosixPath(path))

    def _unlabelled_path(self, split: str, path: PurePosixPath) -> str:
        # A subfolder of a split would be read as a class.
        return self._unused(PurePosixPath(split) / path.name)

    def _unused(self, path: PurePosixPath) -> str:
        number, candidate = 1, path
        while str(candidate) in self._used or (self.root / candidate).exists():
            number += 1
            candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
        self._used.add(str(candidate))
        return str(candidate)


@contextlib.contextmanager
def moved_files(source: Path, target: Path, paths: Sequence[str]) -> Iterator[None]:
    """Moves files from ``source`` to ``target``; deletes them there if the block fails.

    Raises:
        DataError: a file cannot be moved.
    """
    moved: list[Path] = []
    try:
        for path in paths:
            new_path = target / path
            try:
                new_path.parent.mkdir(parents=True, exist_ok=True)
                (source / path).rename(new_path)
            except OSError as error:
                why = error.strerror or error
                raise DataError(f"{new_path} cannot be written ({why}).") from None
            moved.append(new_path)
        yield
    except BaseException:
        for new_path in moved:
            new_path.unlink(missing_ok=True)
            for folder in new_path.parents:
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
    """A label as a folder name that a scan reads as a class."""
    label = unicodedata.normalize("NFC", label)
    plain = label.isprintable() and not set(label) & set("/\\:") and len(label) <= _LONGEST
    hidden = label.startswith((".", "__")) or label.lower().endswith(tuple(SUFFIXES))
    return label if plain and not hidden else slug(label, "class")
