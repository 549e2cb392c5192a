"""The Zenodo record of a published data set: its files, validated before use."""

import json
import re
import time
from dataclasses import dataclass
from typing import Any

from mirs_core.datasets.download.https import ConnectionLostError, check_address, open_url
from mirs_core.datasets.download.retries import Pause, Retries
from mirs_core.datasets.download.spec import PublishedDataSet
from mirs_core.errors import DataError

_MAX_JSON = 2_000_000
_MAX_FILES = 1_000
# Somebody is waiting for the record, and most failures mean that the computer is offline.
_ATTEMPTS = 3
_CHECKSUM = re.compile(r"md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a record.

    Attributes:
        name: safe as a local file name.
        size: in bytes, at least 1.
        checksum: ``md5:`` or ``sha256:`` and the digest in hexadecimal.
        link: its address.
    """

    name: str
    size: int
    checksum: str
    link: str


def remote_file(source: PublishedDataSet, pause: Pause = time.sleep) -> RemoteFile:
    """The file of the record that holds ``source``. Sends a request to the record's server.

    Raises:
        DataError: the server cannot be reached, or its record cannot be used.
    """
    return _matching_file(source, _files(source, _read(source, pause)))


def _read(source: PublishedDataSet, pause: Pause) -> Any:
    retries = Retries(pause, _ATTEMPTS)
    while True:
        try:
            headers = {"Accept": "application/json"}
            with open_url(source.record, source.record, headers) as response:
                text = response.read(_MAX_JSON + 1)
            break
        except ConnectionLostError as error:
            retries.wait(error, lambda: None)
    if len(text) > _MAX_JSON:
        raise _unusable(source, "is too long for a record")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise _unusable(source, "is not valid JSON") from None


def _files(source: PublishedDataSet, value: Any) -> list[dict[str, Any]]:
    files = value.get("files") if isinstance(value, dict) else None
    if not isinstance(files, list) or not all(isinstance(file, dict) for file in files):
        raise _unusable(source, "lists no files")
    if len(files) > _MAX_FILES:
        raise _unusable(source, f"lists more than {_MAX_FILES} files")
    return files


def _matching_file(source: PublishedDataSet, files: list[dict[str, Any]]) -> RemoteFile:
    names = [name for file in files if isinstance(name := file.get("key"), str)]
    matching = [name for name in names if re.fullmatch(source.archive, name)]
    if len(matching) != 1:
        listed = ", ".join(repr(name[:60]) for name in names[:5]) or "none"
        raise _unusable(
            source, f"has {len(matching)} files that match {source.archive} (files: {listed})"
        )
    return _checked(source, next(file for file in files if file.get("key") == matching[0]))


def _checked(source: PublishedDataSet, file: dict[str, Any]) -> RemoteFile:
    name, size, checksum = file["key"], file.get("size"), file.get("checksum")
    links = file.get("links")
    link = links.get("content") or links.get("self") if isinstance(links, dict) else None
    if not _NAME.fullmatch(name):
        raise _unusable(source, f"has a file named {name[:60]!r}, which is not a safe name")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 < size <= source.max_bytes:
        raise _unusable(source, f"gives {name} an impossible size: {str(size)[:30]}")
    if not isinstance(checksum, str) or not _CHECKSUM.fullmatch(checksum):
        raise _unusable(source, f"has no checksum (md5 or sha256) for {name}")
    if not isinstance(link, str):
        raise _unusable(source, f"has no link to {name}")
    check_address(link, source.record)
    return RemoteFile(name, size, checksum, link)


def _unusable(source: PublishedDataSet, why: str) -> DataError:
    return DataError(
        f"The record {source.record} {why}; open its page and download the file by hand."
    )
