"""The published data sets that can be fetched by name."""

import os
from dataclasses import dataclass
from typing import Literal

from mirs_core.errors import DataError

RECORDS = os.environ.get("MIRS_RECORDS") or "https://zenodo.org/api/records"
"""Where the records are asked for; ``MIRS_RECORDS`` names a mirror of them."""


@dataclass(frozen=True, slots=True)
class Source:
    """A published data set.

    Attributes:
        name: what people type, and the name on its card.
        title: one line for people.
        about: how many tiles of what, in a few words.
        record: address of its record's API.
        archive: regular expression for the name of the one zip that is wanted of the record.
        layout: "splits" for ``train|val|test/<class>/`` folders, "landmarks" for one folder of
            images with a list of labels.
        licence: of the images.
        citation: how to cite them.
        instrument: the camera.
        metres_per_pixel: ground size of a pixel; None where it varies.
        distractors: classes that are never queried and never relevant.
        most_bytes: more than this, packed or unpacked, is not this data set.
    """

    name: str
    title: str
    about: str
    record: str
    archive: str
    layout: Literal["splits", "landmarks"]
    licence: str
    citation: str
    instrument: str
    metres_per_pixel: float | None = None
    distractors: tuple[str, ...] = ()
    most_bytes: int = 10_000_000_000


SOURCES = (
    Source(
        name="domars16k",
        title="DoMars16k",
        about="16,150 tiles of 15 landforms, 200 px",
        record=f"{RECORDS}/4291940",
        archive=r"data\.zip",
        layout="splits",
        licence="CC-BY-4.0",
        citation="Wilhelm et al. 2020, DoMars16k: A Diverse Dataset for Weakly Supervised"
        " Geomorphologic Analysis on Mars, Remote Sensing 12(23) 3981, doi 10.3390/rs12233981;"
        " data doi 10.5281/zenodo.4291940; images NASA/JPL/MSSS",
        instrument="CTX",
        metres_per_pixel=6.0,
    ),
    Source(
        name="hirise",
        title="HiRISE landmarks v3.2",
        about="about 10,800 landmarks of 8 kinds, 227 px",
        record=f"{RECORDS}/4002935",
        archive=r"(hirise-)?map-proj[-_]v3[-_.]2\.zip",
        layout="landmarks",
        licence="CC-BY-4.0",
        citation="Mars orbital image (HiRISE) labeled data set version 3.2,"
        " doi 10.5281/zenodo.4002935; images NASA/JPL/University of Arizona",
        instrument="HiRISE",
        distractors=("other",),
    ),
)
"""All of them; DoMars16k first."""


def named(name: str) -> Source:
    """The source called ``name``.

    Raises:
        DataError: there is none; the message lists those that there are.
    """
    for source in SOURCES:
        if source.name == name:
            return source
    known = ", ".join(source.name for source in SOURCES)
    raise DataError(f"No data set {name!r} can be downloaded; choose one of: {known}.")
