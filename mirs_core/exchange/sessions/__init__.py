"""Session files: a whole investigation as one JSON file, to hand on and to open elsewhere.

A file holds the search as the parameters of a link, images of the user, collections, a note, and
what data set, models and tiles they refer to by their digests; neither models nor tiles.
"""

from mirs_core.exchange.sessions.matching import Findings, match
from mirs_core.exchange.sessions.reading import MAX_BYTES, read
from mirs_core.exchange.sessions.restoring import restore_collections
from mirs_core.exchange.sessions.session import (
    MAX_IMAGE_BYTES,
    SUFFIX,
    DataSetMark,
    ModelMark,
    SavedCollection,
    SavedImage,
    Session,
    to_bytes,
)
from mirs_core.exchange.sessions.writing import mark_of_data_set, mark_of_model, within_limits

__all__ = [
    "MAX_BYTES",
    "MAX_IMAGE_BYTES",
    "SUFFIX",
    "DataSetMark",
    "Findings",
    "ModelMark",
    "SavedCollection",
    "SavedImage",
    "Session",
    "mark_of_data_set",
    "mark_of_model",
    "match",
    "read",
    "restore_collections",
    "to_bytes",
    "within_limits",
]
