"""What the catalogue knows of a published data set: one object each."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

RECORDS = os.environ.get("MIRS_RECORDS") or "https://zenodo.org/api/records"
"""Base address of the records' API; ``MIRS_RECORDS`` names a mirror."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedDataSet:
    """A published data set. Each file of ``download/catalogue`` holds one as ``SPEC``.

    Attributes:
        name: what users type, and the name on its card.
        order: its place in lists.
        title: one line for people.
        about: number and kind of tiles, in a few words.
        record: address of its record's API.
        archive: regular expression that matches the name of exactly one zip file of the record.
        licence: of the images.
        citation: how to cite them, as text; contains ``doi``.
        doi: of the data.
        bibtex: what to cite, as one BibTeX entry.
        instrument: the camera.
        metres_per_pixel: pixel scale; None if it varies.
        distractors: classes that are never queried and never relevant.
        unpacks: whether the file with this path in the archive is unpacked.
        arrange: moves the files of an unpacked archive (first folder) into
            ``train|val|test/<class>/`` of a data set (second folder) and returns the number of
            tiles. Raises DataError if the archive has another layout.
        max_bytes: larger files, packed or unpacked, are refused.
    """

    name: str
    order: int
    title: str
    about: str
    record: str
    archive: str
    licence: str
    citation: str
    doi: str
    bibtex: str
    instrument: str
    metres_per_pixel: float | None = None
    distractors: tuple[str, ...] = ()
    unpacks: Callable[[str], bool]
    arrange: Callable[[Path, Path], int]
    max_bytes: int = 10_000_000_000
