"""The partial file of a download, with a note of the version that its bytes belong to."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from mirs_core.datasets.download.zenodo_record import RemoteFile
from mirs_core.errors import StorageError
from mirs_core.files import write_json


class PartialFile:
    """``NAME.part`` in a folder. Bytes of another version of the file are removed at once."""

    def __init__(self, folder: Path, file: RemoteFile) -> None:
        self.file = file
        self.path = folder / f"{file.name}.part"
        self._note = folder / f"{file.name}.part.json"
        self.etag: str | None = None
        note = self._read_note()
        if note.get("checksum") != file.checksum or self.size > file.size:
            self.remove()
        elif isinstance(etag := note.get("etag"), str):
            self.etag = etag

    @property
    def size(self) -> int:
        """Bytes received so far."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def remember(self, etag: str | None) -> None:
        """Records which version the bytes belong to."""
        self.etag = etag
        write_json(self._note, {"checksum": self.file.checksum, "etag": etag})

    @contextlib.contextmanager
    def opened(self, start: int) -> Iterator[BinaryIO]:
        """The file open for writing at ``start``; later bytes are cut off.

        Raises:
            StorageError: it cannot be written.
        """
        try:
            self.path.touch()
            handle = self.path.open("r+b")
        except OSError as error:
            raise unwritable(self.path, error) from None
        with handle:
            handle.truncate(start)
            handle.seek(start)
            yield handle

    def remove(self) -> None:
        """Deletes the bytes and the note."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)
        self.etag = None

    def finish(self, target: Path) -> None:
        """Renames the complete file to ``target``."""
        self.path.replace(target)
        self._note.unlink(missing_ok=True)

    def _read_note(self) -> dict[str, object]:
        try:
            value = json.loads(self._note.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


def unwritable(path: Path, error: OSError) -> StorageError:
    """The error for a ``path`` that cannot be written."""
    return StorageError(
        f"{path} cannot be written ({error.strerror or error}); free some space or choose another"
        " folder, then start again: the download resumes where it stopped."
    )
