"""Pictures of tiles and of own images, and the queries that images are."""

import base64
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import streamlit as st

from mirs_core.datasets.images import Pixels, read_image, thumbnail
from mirs_core.datasets.large_images import LargeImage
from mirs_core.datasets.walk import find_images
from mirs_core.errors import MirsError
from mirs_core.files import sha256
from mirs_core.retrieval.search import Query, Searcher
from pages.shared.loaders.runs import searcher

THUMBNAIL, LARGE, FULL = 176, 480, 1200


# A grey square: what stands where a tile's file is gone.
_GONE = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 10 10'%3E"
    "%3Crect width='10' height='10' fill='%23808080' fill-opacity='.35'/%3E%3C/svg%3E"
)


def image_query(run_id: str, data: bytes, name: str) -> Query:
    """The query that an own image is for a run, encoded once.

    Raises:
        ImageError: the file is not a usable image.
    """
    found = searcher(run_id)
    return _image_query(run_id, found.summary.created, sha256(data), name, data, found)


@st.cache_data(max_entries=64, show_spinner=False)
def _image_query(
    run_id: str, created: str, digest: str, name: str, _data: bytes, _searcher: Searcher
) -> Query:
    return _searcher.query_by_image(_data, name)


def thumbnails(found: Searcher, tile_ids: list[str]) -> dict[str, str]:
    """A small data URI of each tile; a grey square where the file is gone or unreadable."""
    contents = {tile: found.items.contents[found.items.row(tile)] for tile in set(tile_ids)}
    return {tile: picture(found, tile, content, THUMBNAIL) for tile, content in contents.items()}


def picture(found: Searcher, tile_id: str, content: str, side: int) -> str:
    """A tile as data URI, at most ``side`` pixels; a grey square where it cannot be read."""
    try:
        return _picture(content, side, str(found.image_path(tile_id)))
    except MirsError:
        return _GONE


# Asked for hundreds of times a run: Streamlit's own cache takes ten times as long for a hit.
@lru_cache(maxsize=8000)
def _picture(content: str, side: int, path: str) -> str:
    return data_uri(read_image(Path(path)), side)


def size(found: Searcher, tile_id: str) -> tuple[int, int]:
    """Height and width of a tile in pixels. Raises MirsError where it cannot be read."""
    content = found.items.contents[found.items.row(tile_id)]
    return _size(content, found.image_path(tile_id))


@st.cache_data(max_entries=2000, show_spinner=False)
def _size(content: str, _path: Path) -> tuple[int, int]:
    height, width = read_image(_path).shape[:2]
    return height, width


def data_uri(image: Pixels, side: int) -> str:
    """An image as data URI, at most ``side`` pixels."""
    return "data:image/jpeg;base64," + base64.b64encode(thumbnail(image, side)).decode()


@st.cache_data(max_entries=16, show_spinner=False)
def own_image(data: bytes, name: str) -> tuple[str, int, int]:
    """An own image, decoded once: its data URI, its height and its width in pixels.

    Raises:
        ImageError: the file is not a usable image.
    """
    image = read_image(data, name)
    height, width = image.shape[:2]
    return data_uri(image, LARGE), height, width


def mark_of(source: bytes | Path) -> str:
    """What tells an image from another one: its content, or the state of its file."""
    if isinstance(source, bytes):
        return sha256(source)
    about = source.stat()
    return f"{source.resolve()} {about.st_mtime_ns} {about.st_size}"


def large_image(source: bytes | Path, name: str) -> LargeImage:
    """An image to cut squares out of.

    Raises:
        ImageError: it cannot be read.
    """
    return _large_image(mark_of(source), name, source)


@st.cache_resource(max_entries=2, show_spinner="Reading the image")
def _large_image(mark: str, name: str, _source: bytes | Path) -> LargeImage:
    return LargeImage.open(_source, name)


def samples(root: Path, paths: Sequence[str], count: int) -> list[str]:
    """Small pictures of ``count`` tiles, evenly spread, less those that cannot be read."""
    count = min(count, len(paths))
    found = []
    for path in [paths[place * len(paths) // count] for place in range(count)]:
        try:
            about = (root / path).stat()
            found.append(_newest(str(root / path), about.st_mtime_ns, root / path))
        except (MirsError, OSError):
            continue
    return found


@st.cache_data(ttl=60, max_entries=64, show_spinner=False)
def samples_of(root: Path, count: int) -> list[str]:
    """The same of all tiles of a data set; empty where its folder is gone."""
    return samples(root, find_images(root).paths, count) if root.is_dir() else []


def newest_pictures(folder: Path, count: int) -> list[str]:
    """The images last written anywhere below a folder, small, the newest last."""
    found = [(path.stat().st_mtime_ns, path) for path in folder.rglob("*.jpg")]
    pictures = []
    for changed, path in sorted(found)[-count:]:
        try:
            pictures.append(_newest(str(path), changed, path))
        except MirsError:  # it is being written just now
            continue
    return pictures


@st.cache_data(max_entries=64, show_spinner=False)
def _newest(name: str, changed: int, _path: Path) -> str:
    return data_uri(read_image(_path), THUMBNAIL)


def attention_of(found: Searcher, query: Query, tile_id: str) -> str:
    """What in a tile speaks for a query, as a picture.

    Raises:
        MirsError: the tile is gone, or the encoder has nothing to show.
    """
    content = found.items.contents[found.items.row(tile_id)]
    asked = sha256(query.code.tobytes())
    return _attention(found.summary.id, asked, content, found, query, found.image_path(tile_id))


def attention_of_image(found: Searcher, query: Query, data: bytes) -> str:
    """The same of an own image."""
    asked = sha256(query.code.tobytes())
    return _attention(found.summary.id, asked, sha256(data), found, query, data)


@st.cache_data(max_entries=200, show_spinner=False)
def _attention(
    run_id: str, asked: str, content: str, _found: Searcher, _query: Query, _source: Path | bytes
) -> str:
    from mirs_core.retrieval import attention

    image = read_image(_source, "image")
    heat = attention.attention(_found, image, _query)
    return data_uri(attention.overlay(image, heat), LARGE)
