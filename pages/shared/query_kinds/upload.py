"""The user's own image as the query.

Its bytes stay in the memory of the server, so that a link of the same server brings it back; they
are never written to disk.
"""

from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from html import escape
from threading import Lock

import streamlit as st

from mirs_core.files import sha256
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher
from pages.shared import loaders
from pages.shared.query_source import QueryKind, QuerySource

_MOST_BYTES = 128 << 20
_SCALE_HINT = (
    "The models were trained on tiles of about 1.2 km from a single instrument. With a different"
    " scale or instrument, results may look similar without being the same landform."
)


@dataclass(frozen=True)
class Upload(QuerySource):
    """An image provided by the user: the name of its file, and its bytes."""

    name: str
    data: bytes

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the bytes."""
        return sha256(self.data)

    @property
    def image(self) -> bytes:
        """The bytes of the image file."""
        return self.data

    @property
    def caution(self) -> str:
        """What to keep in mind about its scale, where that is unknown."""
        return _SCALE_HINT if loaders.image_place(self.data, self.name) is None else ""

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Its name and its size in pixels. Raises ImageError if it cannot be read."""
        _, height, width = loaders.own_image(self.data, self.name)
        return [("Your image", escape(self.name)), ("Size", f"{width} × {height} px")]

    def query(self, searcher: Searcher) -> Query:
        """The encoded image. Raises ImageError or EncoderError."""
        return loaders.image_query(searcher.summary.id, self.data, self.name)

    def to_link(self) -> tuple[str, str]:
        """``image=`` and the SHA-256 of its bytes, which are remembered."""
        return SPEC.name, remember(self)


class _Memory:
    """The images of all sessions by SHA-256, the last ones up to a number of bytes."""

    def __init__(self) -> None:
        self._images: OrderedDict[str, Upload] = OrderedDict()
        self._lock = Lock()

    def put(self, digest: str, image: Upload) -> None:
        with self._lock:
            self._images[digest] = image
            self._images.move_to_end(digest)
            while sum(len(image.data) for image in self._images.values()) > _MOST_BYTES:
                self._images.popitem(last=False)

    def get(self, digest: str) -> Upload | None:
        with self._lock:
            return self._images.get(digest)


@st.cache_resource(show_spinner=False)
def _memory() -> _Memory:
    return _Memory()


def remember(image: Upload) -> str:
    """Makes links with the image work until the server stops; returns its SHA-256."""
    _memory().put(image.digest, image)
    return image.digest


def recall(digest: str) -> Upload | None:
    """The image of a link; None if it is no longer in memory."""
    return _memory().get(digest)


SPEC = QueryKind(
    name="image",
    order=10,
    from_link=recall,
    missing="The image of this link was never on this server, or is no longer in its memory: upload"
    " it again ({}).",
)
