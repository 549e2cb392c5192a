"""Loading an untrusted zip file as a run, or not at all."""

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from mirs_core import __version__
from mirs_core.errors import MirsError, RunError
from mirs_core.exchange.exported_runs.checks import checked
from mirs_core.exchange.exported_runs.layout import (
    ARCHIVE_LIST,
    CHUNK,
    HOSTILE,
    MANIFEST,
    OLD_ARCHIVE,
    REQUIRED,
    SCHEMA,
    STATES,
    Manifest,
    largest,
    refused,
)
from mirs_core.files import is_safe_name, make_folder
from mirs_core.workspace import annotations, runs
from mirs_core.workspace.home import Home

# Tile names and hashes compress to a third; anything beyond this factor is a zip bomb.
_MOST_GROWTH = 100


def load_run(home: Home, source: Path | BinaryIO, run_id: str | None = None) -> str:
    """A new run from a file written by ``save_run``; returns its id.

    Args:
        source: path of the file, or an open file.
        run_id: id of the new run; by default the id it was exported with.

    Raises:
        RunError: the file is not an exported run, is damaged, hostile or too large, or the id is
            in use or not allowed. Nothing is left behind then.
    """
    with _unpacked(home, source) as (folder, manifest):
        name = run_id or manifest.run
        if not is_safe_name(name):
            raise RunError(
                f"{name[:80]!r} cannot be a run id: use lower-case letters, digits, . _ - only."
            )
        target = home.runs / name
        if target.exists():
            raise RunError(
                f"A run {name!r} exists already; give the imported run another id, or delete the"
                " existing one first."
            )
        annotation = checked(home, folder, manifest)
        try:
            folder.path.rename(target)
        except OSError as error:
            raise RunError(f"{target} cannot be created ({error.strerror or error}).") from None
        try:
            annotations.write(home, name, annotation)
        except MirsError:
            runs.delete(home, name)
            raise
    return name


@contextlib.contextmanager
def _unpacked(home: Home, source: Path | BinaryIO) -> Iterator[tuple[runs.RunFolder, Manifest]]:
    """The files of a zip in a temporary folder, deleted afterwards unless it was moved."""
    make_folder(home.runs)
    path = home.runs / f".import-{secrets.token_hex(6)}"
    try:
        try:
            with zipfile.ZipFile(source) as packed:
                manifest = _read_manifest(packed, _entries(packed))
                for name, digest in manifest.files.items():
                    _unpack(packed, name, digest, path)
        except HOSTILE:
            raise RunError(
                "The file is not an exported run, or it is damaged; export the run again."
            ) from None
        except OSError as error:
            raise RunError(f"The file cannot be unpacked ({error.strerror or error}).") from None
        yield runs.RunFolder(path), manifest
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _entries(packed: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The entries by name, after a check of their headers.

    Raises:
        RunError: an entry is not a plain file of a run, or is larger than it may be.
    """
    entries = {entry.filename: entry for entry in packed.infolist()}
    if len(entries) != len(packed.infolist()):
        raise refused("lists a file twice")
    for name, entry in entries.items():
        kind = stat.S_IFMT(entry.external_attr >> 16)
        most = largest(name)
        if most is None:
            raise refused(f"holds {name[:80]!r}, which is not a file of a run")
        if kind not in (0, stat.S_IFREG) or entry.flag_bits & 1:
            raise refused(f"holds {name} as something other than a plain file")
        if entry.file_size > most:
            raise refused(f"holds {name} with {entry.file_size:,} bytes, which is too large")
        if entry.file_size > _MOST_GROWTH * entry.compress_size + CHUNK:
            raise refused(f"holds {name} with an implausible compression ratio")
    return entries


def _read_manifest(packed: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]) -> Manifest:
    if MANIFEST not in entries:
        raise refused(f"has no {MANIFEST}")
    value = json.loads(packed.read(MANIFEST))
    if value["format"] != "mirs-run" or value["schema"] != SCHEMA:
        raise refused(f"was made by another version of MIRS Explorer than {__version__}")
    files = value["files"]
    if set(files) != set(entries) - {MANIFEST}:
        raise refused("does not hold the files that its manifest lists")
    archive = {ARCHIVE_LIST} if ARCHIVE_LIST in files else set(OLD_ARCHIVE)
    if missing := {*REQUIRED, *archive} - set(files):
        raise refused(f"lacks {sorted(missing)[0]}")
    if value["state"] not in STATES or not isinstance(value["run"], str):
        raise refused("does not hold a finished run")
    return Manifest(value["run"], value["state"], files)


def _unpack(packed: zipfile.ZipFile, name: str, digest: Any, folder: Path) -> None:
    """Writes one entry below ``folder``, checking its actual size and checksum."""
    target, checksum, size = folder / name, hashlib.sha256(), 0
    most = largest(name) or 0
    target.parent.mkdir(parents=True, exist_ok=True)
    with packed.open(name) as source, target.open("xb") as sink:
        while chunk := source.read(CHUNK):
            size += len(chunk)
            if size > most:
                raise refused(f"holds a larger {name} than its header states")
            checksum.update(chunk)
            sink.write(chunk)
        sink.flush()
        os.fsync(sink.fileno())
    if checksum.hexdigest() != digest:
        raise refused(f"has a wrong checksum for {name}: it was changed or damaged in transit")
