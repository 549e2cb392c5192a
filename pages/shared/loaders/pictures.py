"""Images of uploads and of folders, queries by image, and attention maps."""

import base64
from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from mirs_core.datasets.images import Pixels, read_image, thumbnail
from mirs_core.datasets.large_images import LargeImage
from mirs_core.datasets.tile_source import mark_of, read_pixels
from mirs_core.datasets.tile_state import Stamp
from mirs_core.errors import MirsError
from mirs_core.files import sha256
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher
from pages.shared.loaders.runs import searcher

THUMBNAIL, LARGE, FULL = 176, 480, 1200


def image_query(run_id: str, data: bytes, name: str) -> Query:
    """The query of a run by an uploaded image, encoded once.

    Raises:
        ImageError: the file is not a usable image.
    """
    opened = searcher(run_id)
    return _image_query(run_id, opened.summary.created, sha256(data), name, data, opened)


@st.cache_data(max_entries=64, show_spinner=False)
def _image_query(
    run_id: str, created: str, digest: str, name: str, _data: bytes, _searcher: Searcher
) -> Query:
    return _searcher.query_by_image(_data, name)


def data_uri(image: Pixels, side: int) -> str:
    """An image as data URI, at most ``side`` pixels."""
    return "data:image/jpeg;base64," + base64.b64encode(thumbnail(image, side)).decode()


@st.cache_data(max_entries=16, show_spinner=False)
def own_image(data: bytes, name: str) -> tuple[str, int, int]:
    """An uploaded image, decoded once: its data URI, height and width in pixels.

    Raises:
        ImageError: the file is not a usable image.
    """
    image = read_image(data, name)
    height, width = image.shape[:2]
    return data_uri(image, LARGE), height, width


def cache_key(source: bytes | Path) -> str:
    """A key of an image for caches: hash of its content, or path, time and size of its file."""
    if isinstance(source, bytes):
        return sha256(source)
    stat = source.stat()
    return f"{source.resolve()} {stat.st_mtime_ns} {stat.st_size}"


def large_image(source: bytes | Path, name: str) -> LargeImage:
    """An image to crop squares from.

    Raises:
        ImageError: it cannot be read.
    """
    return _large_image(cache_key(source), name, source)


@st.cache_resource(max_entries=2, show_spinner="Reading the image")
def _large_image(mark: str, name: str, _source: bytes | Path) -> LargeImage:
    return LargeImage.open(_source, name)


def samples(root: Path, paths: Sequence[str], count: int) -> list[str]:
    """Thumbnails of ``count`` evenly spaced tiles, without those that cannot be read."""
    count = min(count, len(paths))
    pictures = []
    for path in [paths[place * len(paths) // count] for place in range(count)]:
        try:
            pictures.append(_sample(str(root), path, mark_of(root, path)))
        except MirsError:
            continue
    return pictures


@st.cache_data(max_entries=256, show_spinner=False)
def _sample(root: str, tile: str, mark: Stamp | None) -> str:
    return data_uri(read_pixels(Path(root), tile), THUMBNAIL)


def newest_images(folder: Path, count: int) -> list[str]:
    """Thumbnails of the newest images below a folder, the newest last."""
    files = [(path.stat().st_mtime_ns, path) for path in folder.rglob("*.jpg")]
    pictures = []
    for changed, path in sorted(files)[-count:]:
        try:
            pictures.append(_newest(str(path), changed, path))
        except MirsError:  # it is still being written
            continue
    return pictures


@st.cache_data(max_entries=64, show_spinner=False)
def _newest(name: str, changed: int, _path: Path) -> str:
    return data_uri(read_image(_path), THUMBNAIL)


def attention_of(searcher: Searcher, query: Query, tile_id: str) -> str:
    """The attention map of a tile for a query, as data URI.

    Raises:
        MirsError: the tile is missing, or the encoder has no attention map.
    """
    mark = f"{tile_id} {searcher.files.look(tile_id).stamp}"
    key = (searcher.summary.id, sha256(query.code.tobytes()), mark)
    return _attention(key, searcher, query, lambda: searcher.files.pixels(tile_id))


def attention_of_image(searcher: Searcher, query: Query, data: bytes) -> str:
    """The attention map of an uploaded image, see ``attention_of``."""
    key = (searcher.summary.id, sha256(query.code.tobytes()), sha256(data))
    return _attention(key, searcher, query, lambda: read_image(data, "image"))


@st.cache_data(max_entries=200, show_spinner=False)
def _attention(
    key: tuple[str, str, str], _searcher: Searcher, _query: Query, _read: Callable[[], Pixels]
) -> str:
    from mirs_core.retrieval import attention

    image = _read()
    heat = attention.attention(_searcher, image, _query)
    return data_uri(attention.overlay(image, heat), LARGE)
