"""Whether the files of an unpacked run are what the app can open and show."""

import math
import re
from pathlib import Path

import numpy as np

from mirs_core.columns.blocks import Blocks
from mirs_core.columns.checking import check_sums
from mirs_core.columns.manifest import read_list
from mirs_core.columns.reading import is_stored
from mirs_core.datasets.card import read_card
from mirs_core.datasets.stored_items import read_archive
from mirs_core.datasets.tile_table import read_table
from mirs_core.errors import ConfigError, MirsError, RunError
from mirs_core.evaluation import scores
from mirs_core.exchange.exported_runs.layout import (
    ANNOTATION,
    ARCHIVE_LIST,
    HOSTILE,
    Manifest,
    RefusedFileError,
    refused,
)
from mirs_core.files import read_json, write_json
from mirs_core.retrieval import retriever
from mirs_core.workspace import annotations, epochs, runs
from mirs_core.workspace.home import Home

_LONGEST = 500
_PROVENANCE: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "created": (str,),
    "mirs": (str,),
    "commit": (str, type(None)),
    "versions": (dict,),
    "data_name": (str,),
    "data_title": (str,),
    "manifest": (str,),
    "synthetic": (bool,),
    "distractors": (list,),
    "encoder": (str,),
    "archive_id": (str,),
    "seconds": (dict,),
    "epochs": (int,),
    "best_epoch": (int,),
    "parent": (str,),
    "origin": (str,),
    "grown_from": (str,),
    "added": (int,),
    "removed": (int,),
}
_NEEDED = ("archive_id", "created", "data_name", "manifest")
_DIGEST = re.compile(r"[0-9a-f]{6,64}")


def checked(home: Home, run: runs.RunFolder, manifest: Manifest) -> annotations.Annotation:
    """Opens the run as the app would, and returns its annotation.

    Raises:
        RunError: its files are damaged or inconsistent.
    """
    try:
        annotation = annotations.Annotation()
        if ANNOTATION in manifest.files:
            annotation = annotations.parse(read_json(run.path / ANNOTATION))
            (run.path / ANNOTATION).unlink()
        run.set_status(manifest.state)
        _check_provenance(run)
        _check_archive(run, set(manifest.files))
        summary = runs.summary(home, run, None)
        if run.metrics.is_file():
            scores.read_scores(summary, run)
        if not set(run.learnt_roles().values()) <= {"train", "val"}:
            raise refused("has an unknown split in learnt.json")
        if not all(isinstance(tile, str) for tile in run.excluded_tiles().values()):
            raise refused("has no usable excluded.json")
        read_card(run.path)
        read_table(run.path)
        epochs.read(run)
    except RefusedFileError:
        raise
    except ConfigError as error:
        raise RunError(f"The file is not imported: {error}") from None
    except (MirsError, *HOSTILE):
        raise refused("holds a run whose files are damaged or inconsistent") from None
    return annotation


def _check_provenance(run: runs.RunFolder) -> None:
    """Raises RunError for a provenance that cannot be shown; marks the run as imported."""
    provenance = run.provenance()
    for name, value in provenance.items():
        if name in _PROVENANCE and not isinstance(value, _PROVENANCE[name]):
            raise refused(f"has no usable {name} in provenance.json")
        is_text = isinstance(value, str)
        if is_text and (len(value) > _LONGEST or annotations.control_character(value)):
            raise refused(f"has no usable {name[:80]!r} in provenance.json")
    if missing := [name for name in _NEEDED if name not in provenance]:
        raise refused(f"has no {missing[0]} in provenance.json")
    # They become parts of URLs and of folder names.
    if not all(_DIGEST.fullmatch(provenance[name]) for name in ("archive_id", "manifest")):
        raise refused("has no usable digest in provenance.json")
    seconds = provenance.get("seconds", {}).values()
    if not all(type(value) in (int, float) and math.isfinite(value) for value in seconds):
        raise refused("has no usable seconds in provenance.json")
    write_json(run.path / "provenance.json", {**provenance, "imported": True})


def _check_archive(run: runs.RunFolder, names: set[str]) -> None:
    """Raises RunError for an archive that cannot be searched or whose values are not allowed."""
    if is_stored(run.archive):
        listed = {f"archive/{name}" for name in read_list(run.archive).files()}
        if {name for name in names if name.startswith("archive/")} != {*listed, ARCHIVE_LIST}:
            raise refused("does not hold the archive that its list describes")
        stored = read_archive(run, thorough=True).stored
        if stored is not None:
            check_sums(run.archive, stored)
    else:
        _check_array(run.old_codes)
    codes = retriever.load(run).codes
    pieces = codes.pieces() if isinstance(codes, Blocks) else [codes]
    if codes.dtype.kind == "f" and not all(np.isfinite(piece).all() for piece in pieces):
        raise refused("has features that are not finite numbers")


def _check_array(path: Path) -> None:
    """Raises RunError for an array header that does not match the file, before allocating it."""
    with path.open("rb") as handle:
        version = np.lib.format.read_magic(handle)
        if version != (1, 0):
            raise refused("has codes in another format than a run writes")
        shape, fortran, kind = np.lib.format.read_array_header_1_0(handle)
        body = path.stat().st_size - handle.tell()
    if kind.hasobject or fortran or math.prod(shape) * kind.itemsize != body:
        raise refused("has codes that are not a plain array")
