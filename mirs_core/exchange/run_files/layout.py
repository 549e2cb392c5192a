"""What the file of a run holds, and how a file that is not one is refused."""

import struct
import zipfile
import zlib
from dataclasses import dataclass

from mirs_core.errors import RunError

SUFFIX = ".mirs.zip"
SCHEMA, MANIFEST, SAID = 1, "manifest.json", "annotation.json"
MEGA = 1 << 20
# A run's files and how large each may be: a header that lies costs no more than this.
REQUIRED = {
    "config.json": MEGA,
    "provenance.json": MEGA,
    "model.safetensors": 1024 * MEGA,
    "archive/codes.npy": 4096 * MEGA,
    "archive/items.json": 256 * MEGA,
}
OPTIONAL = {
    "metrics.json": 256 * MEGA,
    "progress.jsonl": 256 * MEGA,
    "learnt.json": 256 * MEGA,
    "excluded.json": 256 * MEGA,
    "dataset.json": MEGA,
    "tiles.csv": 256 * MEGA,
    SAID: MEGA,
}
LARGEST = {MANIFEST: MEGA, **REQUIRED, **OPTIONAL}
STATES = ("done", "stopped")
CHUNK = MEGA
# What the content of a file can make fail that was made to make it fail.
HOSTILE = (
    AttributeError, KeyError, TypeError, ValueError, ArithmeticError, RecursionError, MemoryError,
    EOFError, struct.error, zlib.error, zipfile.BadZipFile, NotImplementedError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Manifest:
    """Id and state of the packed run, and the SHA-256 of each of its files by name."""

    run: str
    state: str
    files: dict[str, str]


class RefusedFileError(RunError):
    """A file is not taken in, for a reason that its message says."""


def refused(why: str) -> RefusedFileError:
    """The error that says why a file is not imported."""
    return RefusedFileError(f"The file {why}. It is not imported; export the run again.")
