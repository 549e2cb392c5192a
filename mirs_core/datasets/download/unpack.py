"""Unpacks a zip that may be anything: plain files inside one folder, or nothing at all."""

import contextlib
import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from mirs_core.datasets.download.space import check_space
from mirs_core.errors import DataError
from mirs_core.progress import Progress, silent

MAX_ENTRIES = 500_000
MAX_FILE = 100_000_000
MAX_GROWTH = 100
"""Times that an entry, or all of them, may be larger than packed; images hardly shrink at all."""

_SLACK = 1_000_000
_CHUNK = 1 << 20
_LONGEST_NAME = 400
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\]')


def unpack(
    archive: Path,
    into: Path,
    wanted: Callable[[str], bool],
    most_bytes: int,
    progress: Progress = silent,
) -> int:
    """Writes the wanted files of ``archive`` below the new folder ``into``.

    Every entry is looked at before the first one is written; one that is hostile refuses the whole
    archive. A failure, and a ``progress`` that raises, leave no ``into`` behind.

    Args:
        wanted: says by its path in the archive whether a file is taken.
        most_bytes: more than this, unpacked, is refused.

    Returns:
        How many files were written.

    Raises:
        DataError: the archive is damaged, hostile or too large, or the disk is.
    """
    with _opened(archive) as packed:
        entries = _checked(packed.infolist(), archive.stat().st_size, most_bytes)
        taken = [entry for entry in entries if _is_wanted(entry, wanted)]
        check_space(into.parent, sum(entry.file_size for entry in taken))
        with _new_folder(into):
            for done, entry in enumerate(taken, start=1):
                _write(packed, entry, into)
                progress("Unpacking", done, len(taken))
    return len(taken)


@contextlib.contextmanager
def _new_folder(into: Path) -> Iterator[None]:
    """A folder that is gone again where the block fails."""
    try:
        into.mkdir()
        try:
            yield
        except BaseException:
            shutil.rmtree(into, ignore_errors=True)
            raise
    except OSError as error:
        raise DataError(
            f"{into} cannot be written ({error.strerror or error}); make room or name another"
            " folder."
        ) from None


@contextlib.contextmanager
def _opened(archive: Path) -> Iterator[zipfile.ZipFile]:
    damaged = (
        zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError,
    )  # fmt: skip
    try:
        with zipfile.ZipFile(archive) as packed:
            yield packed
    except OSError as error:
        raise DataError(f"{archive} cannot be read ({error.strerror or error}).") from None
    except damaged as error:
        raise _refused(f"is damaged or no zip ({str(error)[:100]})") from None


def _is_wanted(entry: zipfile.ZipInfo, wanted: Callable[[str], bool]) -> bool:
    hidden = any(p.startswith((".", "__MACOSX")) for p in PurePosixPath(entry.filename).parts)
    return not entry.is_dir() and not hidden and wanted(entry.filename)


def _checked(entries: list[zipfile.ZipInfo], packed: int, most: int) -> list[zipfile.ZipInfo]:
    """The entries, if each of them is harmless by its name, its kind and its size."""
    if len(entries) > MAX_ENTRIES:
        raise _refused(f"has more than {MAX_ENTRIES:,} entries")
    names: set[str] = set()
    for entry in entries:
        _check_entry(entry)
        folded = entry.filename.rstrip("/").casefold()
        if folded in names:
            raise _refused(f"names {entry.filename[:80]!r} twice")
        names.add(folded)
    total = sum(entry.file_size for entry in entries)
    if total > most or total > MAX_GROWTH * packed + _SLACK:
        raise _refused(f"grows from {packed:,} to {total:,} bytes, which is too much")
    return entries


def _check_entry(entry: zipfile.ZipInfo) -> None:
    # ``orig_filename`` is what the archive says; ``filename`` is cut at a zero byte.
    said, name = entry.orig_filename, entry.filename.removesuffix("/")
    parts = name.split("/")
    harmless = name and len(said) <= _LONGEST_NAME and not _FORBIDDEN.search(said)
    if not harmless or any(not _is_safe_part(part) for part in parts):
        raise _refused(f"holds {said[:80]!r}, which is no safe path")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    expected = (0, stat.S_IFDIR) if entry.is_dir() else (0, stat.S_IFREG)
    if kind not in expected or entry.flag_bits & 1:
        raise _refused(f"holds {name[:80]!r} as something else than a plain file")
    tight = entry.file_size > MAX_GROWTH * entry.compress_size + _SLACK
    if tight or entry.file_size > MAX_FILE:
        raise _refused(f"holds {name[:80]!r} with {entry.file_size:,} bytes, which is too much")


def _is_safe_part(part: str) -> bool:
    if part in ("", ".", "..") or part.endswith((" ", ".")) or len(part.encode()) > 200:
        return False
    return _DEVICE.fullmatch(part) is None


def _write(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, into: Path) -> None:
    """Writes one entry; counts what really comes out of it."""
    target = into.joinpath(*entry.filename.split("/"))
    target.parent.mkdir(parents=True, exist_ok=True)
    left = entry.file_size
    with packed.open(entry) as source, target.open("xb") as sink:
        while chunk := source.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise _refused(f"holds more of {entry.filename[:80]!r} than it says")
            sink.write(chunk)
    if left:
        raise _refused(f"holds less of {entry.filename[:80]!r} than it says")


def _refused(why: str) -> DataError:
    return DataError(f"The archive {why}; it is not unpacked.")
