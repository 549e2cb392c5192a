"""The record of a published data set: which files it has, checked before anything is believed."""

import json
import re
import time
from dataclasses import dataclass
from typing import Any

from mirs_core.datasets.download.addresses import BrokenOffError, answer_of, check_address
from mirs_core.datasets.download.catalogue import Source
from mirs_core.datasets.download.patience import Patience, Pause
from mirs_core.errors import DataError

_MAX_JSON = 2_000_000
_MAX_FILES = 1_000
# People wait for the record before anything moves, and most often they are just not online.
_TRIES = 3
_CHECKSUM = re.compile(r"md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a record.

    Attributes:
        name: its name, safe as a file's name here.
        size: in bytes, at least 1.
        checksum: ``md5:`` or ``sha256:`` and the digest in hexadecimal.
        link: where it can be had.
    """

    name: str
    size: int
    checksum: str
    link: str


def wanted_file(source: Source, pause: Pause = time.sleep) -> RemoteFile:
    """The file of the record that ``source`` wants. Asks the record's server.

    Raises:
        DataError: the server cannot be reached, or what it says cannot be used.
    """
    return _chosen(source, _files(source, _read(source, pause)))


def _read(source: Source, pause: Pause) -> Any:
    patience = Patience(pause, _TRIES)
    while True:
        try:
            headers = {"Accept": "application/json"}
            with answer_of(source.record, source.record, headers) as answer:
                text = answer.read(_MAX_JSON + 1)
            break
        except BrokenOffError as error:
            patience.wait(error, lambda: None)
    if len(text) > _MAX_JSON:
        raise _unusable(source, "is longer than a record can be")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise _unusable(source, "is not valid JSON") from None


def _files(source: Source, value: Any) -> list[dict[str, Any]]:
    files = value.get("files") if isinstance(value, dict) else None
    if not isinstance(files, list) or not all(isinstance(file, dict) for file in files):
        raise _unusable(source, "lists no files")
    if len(files) > _MAX_FILES:
        raise _unusable(source, f"lists more than {_MAX_FILES} files")
    return files


def _chosen(source: Source, files: list[dict[str, Any]]) -> RemoteFile:
    names = [name for file in files if isinstance(name := file.get("key"), str)]
    found = [name for name in names if re.fullmatch(source.archive, name)]
    if len(found) != 1:
        seen = ", ".join(repr(name[:60]) for name in names[:5]) or "none"
        raise _unusable(source, f"has {len(found)} files like {source.archive} (files: {seen})")
    return _checked(source, next(file for file in files if file.get("key") == found[0]))


def _checked(source: Source, file: dict[str, Any]) -> RemoteFile:
    name, size, checksum = file["key"], file.get("size"), file.get("checksum")
    links = file.get("links")
    link = links.get("content") or links.get("self") if isinstance(links, dict) else None
    if not _NAME.fullmatch(name):
        raise _unusable(source, f"calls a file {name[:60]!r}, which is no safe name")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 < size <= source.most_bytes:
        raise _unusable(source, f"gives {name} a size that cannot be: {str(size)[:30]}")
    if not isinstance(checksum, str) or not _CHECKSUM.fullmatch(checksum):
        raise _unusable(source, f"gives {name} no checksum (md5 or sha256)")
    if not isinstance(link, str):
        raise _unusable(source, f"gives {name} no link")
    check_address(link, source.record)
    return RemoteFile(name, size, checksum, link)


def _unusable(source: Source, why: str) -> DataError:
    return DataError(f"The record {source.record} {why}; open its page and download it by hand.")
