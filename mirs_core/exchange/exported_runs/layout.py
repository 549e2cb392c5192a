"""The layout of an exported run, and the error for files that are not one."""

import re
import struct
import tokenize
import zipfile
import zlib
from dataclasses import dataclass

from mirs_core.columns.files import CODES, CONTENTS, IDS, TIES, TILES
from mirs_core.columns.manifest import LIST, REMOVED
from mirs_core.errors import RunError

SUFFIX = ".mirs.zip"
SCHEMA, MANIFEST, ANNOTATION = 1, "manifest.json", "annotation.json"
MEGA = 1 << 20
# The files of a run and their largest sizes, which also limit the cost of a forged header.
REQUIRED = {
    "config.json": MEGA,
    "provenance.json": MEGA,
    "model.safetensors": 1024 * MEGA,
}
ARCHIVE_LIST = f"archive/{LIST}"
ARCHIVE = {ARCHIVE_LIST: 256 * MEGA, f"archive/{REMOVED}": 1024 * MEGA}
SEGMENT = {
    CODES: 8192 * MEGA,
    TILES: 1024 * MEGA,
    IDS: 16 * MEGA,
    CONTENTS: 16 * MEGA,
    TIES: 16 * MEGA,
}
"""The files of each segment of an archive."""
# As runs up to version 0.3.0 have it.
OLD_ARCHIVE = {"archive/codes.npy": 4096 * MEGA, "archive/items.json": 256 * MEGA}
OPTIONAL = {
    "metrics.json": 256 * MEGA,
    "progress.jsonl": 256 * MEGA,
    "learnt.json": 256 * MEGA,
    "excluded.json": 256 * MEGA,
    "dataset.json": MEGA,
    "tiles.csv": 256 * MEGA,
    ANNOTATION: MEGA,
}
LARGEST = {MANIFEST: MEGA, **REQUIRED, **ARCHIVE, **OLD_ARCHIVE, **OPTIONAL}
_SEGMENT = re.compile(r"archive/segment-[0-9]{5}/(.+)")
STATES = ("done", "stopped")
CHUNK = MEGA
# The exceptions that a maliciously crafted file can cause.
HOSTILE = (
    AttributeError, KeyError, TypeError, ValueError, ArithmeticError, RecursionError, MemoryError,
    EOFError, SyntaxError, tokenize.TokenError, struct.error, zlib.error, zipfile.BadZipFile,
    NotImplementedError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Manifest:
    """Id and state of the exported run, and the SHA-256 of each of its files by name."""

    run: str
    state: str
    files: dict[str, str]


class RefusedFileError(RunError):
    """A file is not imported; the message says why."""


def largest(name: str) -> int | None:
    """The most bytes that a file of a run may have; None for what is not a file of a run."""
    segment = _SEGMENT.fullmatch(name)
    return SEGMENT.get(segment[1]) if segment else LARGEST.get(name)


def refused(why: str) -> RefusedFileError:
    """The error for a file that is not imported, with the reason."""
    return RefusedFileError(f"The file {why}. It is not imported; export the run again.")
