"""Unpacks an untrusted zip: plain files inside one folder, or nothing at all."""

import contextlib
import re
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from mirs_core.datasets.download.disk_space import check_space
from mirs_core.errors import DataError
from mirs_core.progress import Progress, silent

MAX_ENTRIES = 500_000
MAX_FILE = 100_000_000
MAX_GROWTH = 100
"""How many times larger than packed an entry, or all of them, may be; images hardly shrink."""

_SLACK = 1_000_000
_CHUNK = 1 << 20
_MAX_NAME = 400
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\]')


def unpack(
    archive: Path,
    into: Path,
    unpacks: Callable[[str], bool],
    max_bytes: int,
    progress: Progress = silent,
) -> int:
    """Writes the selected files of ``archive`` below the new folder ``into``.

    Every entry is checked before the first one is written; a hostile one rejects the whole archive.
    After a failure, or where ``progress`` raises, ``into`` does not exist.

    Args:
        unpacks: whether the file with this path in the archive is written.
        max_bytes: archives that are larger when unpacked are refused.

    Returns:
        The number of files written.

    Raises:
        DataError: the archive is damaged, hostile or too large, or the disk is full.
    """
    with _opened(archive) as packed:
        entries = _checked(packed.infolist(), archive.stat().st_size, max_bytes)
        selected = [entry for entry in entries if _is_selected(entry, unpacks)]
        check_space(into.parent, sum(entry.file_size for entry in selected))
        with _new_folder(into):
            for done, entry in enumerate(selected, start=1):
                _write(packed, entry, into)
                progress("Unpacking", done, len(selected))
    return len(selected)


@contextlib.contextmanager
def _new_folder(into: Path) -> Iterator[None]:
    """A new folder that is removed where the block fails."""
    try:
        into.mkdir()
        try:
            yield
        except BaseException:
            shutil.rmtree(into, ignore_errors=True)
            raise
    except OSError as error:
        raise DataError(
            f"{into} cannot be written ({error.strerror or error}); free some space or"
            " choose another folder."
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
        raise _refused(f"is damaged or not a zip file ({str(error)[:100]})") from None


def _is_selected(entry: zipfile.ZipInfo, unpacks: Callable[[str], bool]) -> bool:
    hidden = any(p.startswith((".", "__MACOSX")) for p in PurePosixPath(entry.filename).parts)
    return not entry.is_dir() and not hidden and unpacks(entry.filename)


def _checked(entries: list[zipfile.ZipInfo], packed: int, most: int) -> list[zipfile.ZipInfo]:
    """The entries, if the name, type and size of each are harmless."""
    if len(entries) > MAX_ENTRIES:
        raise _refused(f"has more than {MAX_ENTRIES:,} entries")
    names: set[str] = set()
    for entry in entries:
        _check_entry(entry)
        folded = entry.filename.rstrip("/").casefold()
        if folded in names:
            raise _refused(f"contains {entry.filename[:80]!r} twice")
        names.add(folded)
    total = sum(entry.file_size for entry in entries)
    if total > most or total > MAX_GROWTH * packed + _SLACK:
        raise _refused(f"grows from {packed:,} to {total:,} bytes, which is too large")
    return entries


def _check_entry(entry: zipfile.ZipInfo) -> None:
    # ``orig_filename`` is the full name in the archive; ``filename`` is cut at a zero byte.
    full_name, name = entry.orig_filename, entry.filename.removesuffix("/")
    parts = name.split("/")
    harmless = name and len(full_name) <= _MAX_NAME and not _FORBIDDEN.search(full_name)
    if not harmless or any(not _is_safe_part(part) for part in parts):
        raise _refused(f"contains {full_name[:80]!r}, which is not a safe path")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    expected = (0, stat.S_IFDIR) if entry.is_dir() else (0, stat.S_IFREG)
    if kind not in expected or entry.flag_bits & 1:
        raise _refused(f"contains {name[:80]!r}, which is not a plain file")
    is_bomb = entry.file_size > MAX_GROWTH * entry.compress_size + _SLACK
    if is_bomb or entry.file_size > MAX_FILE:
        raise _refused(f"contains {name[:80]!r} with {entry.file_size:,} bytes, which is too large")


def _is_safe_part(part: str) -> bool:
    if part in ("", ".", "..") or part.endswith((" ", ".")) or len(part.encode()) > 200:
        return False
    return _DEVICE.fullmatch(part) is None


def _write(packed: zipfile.ZipFile, entry: zipfile.ZipInfo, into: Path) -> None:
    """Writes one entry and counts its actual bytes."""
    target = into.joinpath(*entry.filename.split("/"))
    target.parent.mkdir(parents=True, exist_ok=True)
    remaining = entry.file_size
    with packed.open(entry) as source, target.open("xb") as sink:
        while chunk := source.read(_CHUNK):
            remaining -= len(chunk)
            if remaining < 0:
                raise _refused(f"contains more bytes of {entry.filename[:80]!r} than it declares")
            sink.write(chunk)
    if remaining:
        raise _refused(f"contains fewer bytes of {entry.filename[:80]!r} than it declares")


def _refused(why: str) -> DataError:
    return DataError(f"The archive {why}; it was not unpacked.")
