"""Saving a finished run as one zip file."""

import hashlib
import json
import shutil
import zipfile
from pathlib import Path
from typing import BinaryIO

from mirs_core import __version__
from mirs_core.columns.manifest import read_list
from mirs_core.columns.reading import is_stored
from mirs_core.errors import RunError
from mirs_core.exchange.exported_runs.layout import (
    ANNOTATION,
    ARCHIVE_LIST,
    CHUNK,
    MANIFEST,
    OLD_ARCHIVE,
    OPTIONAL,
    REQUIRED,
    SCHEMA,
    SUFFIX,
    largest,
)
from mirs_core.files import replace_file, sha256
from mirs_core.workspace import annotations, runs
from mirs_core.workspace.home import Home


def save_run(home: Home, run_id: str, target: Path) -> Path:
    """Writes a finished run to ``target``, or to ``<id>.mirs.zip`` if that is a folder.

    Returns the file.

    Raises:
        RunError: there is no such run or it is not finished, or the file exists already or cannot
            be written.
    """
    target = target.expanduser()
    path = target / f"{run_id}{SUFFIX}" if target.is_dir() else target
    if path.exists():
        raise RunError(f"{path} exists already; choose another name or delete it.")
    run = _exportable(home, run_id)
    replace_file(path, lambda handle: _write(home, run, handle))
    return path


def write_run(home: Home, run_id: str, handle: BinaryIO) -> None:
    """Writes a finished run to an open file.

    Raises:
        RunError: there is no such run, or it is not finished.
    """
    _write(home, _exportable(home, run_id), handle)


def _exportable(home: Home, run_id: str) -> runs.RunFolder:
    run = runs.folder(home, run_id)
    run.check_usable("can be exported")
    for name in (*_required(run), *OPTIONAL):
        path = run.path / name
        if name not in OPTIONAL and not path.is_file():
            raise RunError(f"{path} is missing, so the run cannot be exported; train it again.")
        if path.is_file() and path.stat().st_size > (largest(name) or 0):
            raise RunError(f"{path} is too large to export; copy the folder of the run instead.")
    return run


def _required(run: runs.RunFolder) -> tuple[str, ...]:
    """The files without which the run is not complete."""
    if not is_stored(run.archive):
        return (*REQUIRED, *OLD_ARCHIVE)
    archive = (f"archive/{name}" for name in read_list(run.archive).files())
    return (*REQUIRED, ARCHIVE_LIST, *archive)


def _write(home: Home, run: runs.RunFolder, handle: BinaryIO) -> None:
    annotation = json.dumps(annotations.read(home, run.id).to_json(), ensure_ascii=False).encode()
    files = [name for name in (*_required(run), *OPTIONAL) if (run.path / name).is_file()]
    sums = {ANNOTATION: sha256(annotation)}
    for name in files:
        with (run.path / name).open("rb") as source:
            sums[name] = hashlib.file_digest(source, "sha256").hexdigest()
    manifest = {
        "format": "mirs-run",
        "schema": SCHEMA,
        "mirs": __version__,
        "run": run.id,
        "state": run.status()["state"],
        "files": sums,
    }
    with zipfile.ZipFile(handle, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(_entry(MANIFEST), json.dumps(manifest, indent=1).encode())
        packed.writestr(_entry(ANNOTATION), annotation)
        for name in files:
            with (run.path / name).open("rb") as source, packed.open(_entry(name), "w") as sink:
                shutil.copyfileobj(source, sink, CHUNK)


def _entry(name: str) -> zipfile.ZipInfo:
    """An entry without time and owner, so that equal runs are equal files."""
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
