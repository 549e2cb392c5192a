"""Pictures of tiles from their files as they are now, and the files that a session has shown."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

import streamlit as st

from mirs_core.datasets.tile_source import read_pixels, read_small
from mirs_core.errors import MirsError
from mirs_core.retrieval.search import Searcher
from mirs_core.retrieval.tile_files import Stamp, TileFile, TileState, stamp_of
from pages.components.tile_picture import TilePicture
from pages.shared.loaders.pictures import LARGE, THUMBNAIL, data_uri

_SEEN, _TURN = "mirs.files.seen", "mirs.files.turn"
_MOST_SEEN = 256
_CHANGED = ("Changed", "Changed since it was archived")

# An empty picture frame, struck through, over a caption that the marks of a grid leave free.
_PLACEHOLDER = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 100 100'>"
    "<rect width='100' height='100' fill='#332d29'/>"
    "<g fill='none' stroke='#b5aa9f' stroke-width='2.4' stroke-linejoin='round'"
    " stroke-linecap='round' transform='translate(7.5 9) scale(.85)'>"
    "<rect x='35' y='17' width='30' height='24' rx='2.5'/>"
    "<path d='M36 37 44 29l7 6 4-4 9 8'/><path d='M31 46 69 12' stroke='#332d29'"
    " stroke-width='7'/><path d='M31 46 69 12'/></g>"
    "<text x='50' y='61' text-anchor='middle' font-family='Source Sans,sans-serif'"
    " font-size='14' fill='#f0e9e2'>{text}</text></svg>"
)


def _placeholder(text: str) -> str:
    return "data:image/svg+xml," + quote(_PLACEHOLDER.format(text=text))


_MISSING = TilePicture(_placeholder("File missing"), about="File missing: moved or deleted")
_UNREADABLE = TilePicture(_placeholder("Unreadable"), about="File cannot be read")
_NO_IMAGE = _placeholder("Not an image")


def thumbnails(searcher: Searcher, tile_ids: Iterable[str]) -> dict[str, TilePicture]:
    """A small picture of each tile; a placeholder if its file is missing or unreadable."""
    files = searcher.files.look_at(tile_ids)
    _remember(files.values())
    root = str(searcher.root)
    return {tile: _picture_of(root, tile, file, THUMBNAIL) for tile, file in files.items()}


def tile_picture(searcher: Searcher, tile_id: str) -> TilePicture:
    """A large picture of a tile; a placeholder if its file is missing or unreadable."""
    file = searcher.files.look(tile_id)
    _remember([file])
    return _picture_of(str(searcher.root), tile_id, file, LARGE)


def tile_size(searcher: Searcher, tile_id: str) -> tuple[int, int]:
    """Height and width of a tile in pixels. Raises MirsError if it cannot be read."""
    file = searcher.files.look(tile_id)
    return _size(str(searcher.root), tile_id, file.stamp, file.state)


def files_turn() -> int:
    """A number that grows whenever a file that this session has shown turns out to have changed."""
    return int(st.session_state.get(_TURN, 0))


def look_at_shown_files() -> int:
    """Looks at the files that this session has shown lately; ``files_turn`` after that."""
    seen: dict[Path, Stamp | None] = st.session_state.get(_SEEN, {})
    changed = {path: now for path, stamp in seen.items() if (now := _stamp(path)) != stamp}
    seen.update(changed)
    _turn(bool(changed))
    return files_turn()


def _remember(files: Iterable[TileFile]) -> None:
    seen: dict[Path, Stamp | None] = st.session_state.setdefault(_SEEN, {})
    changed = False
    for file in files:
        changed |= seen.pop(file.path, file.stamp) != file.stamp
        seen[file.path] = file.stamp
    for path in list(seen)[:-_MOST_SEEN]:
        del seen[path]
    _turn(changed)


def _turn(changed: bool) -> None:
    if changed:
        st.session_state[_TURN] = files_turn() + 1


def _stamp(path: Path) -> Stamp | None:
    try:
        return stamp_of(path)
    except OSError:
        return None


def _picture_of(root: str, tile: str, file: TileFile, side: int) -> TilePicture:
    if file.state is TileState.MISSING:
        return _MISSING
    if file.state is TileState.UNREADABLE or file.stamp is None:
        return _UNREADABLE
    try:
        uri = _picture(root, tile, file.stamp, file.state, side)
    except MirsError:
        uri = _NO_IMAGE
    return TilePicture(uri, *_CHANGED) if file.state is TileState.CHANGED else TilePicture(uri)


# Called hundreds of times for each page: a hit of Streamlit's own cache takes ten times as long.
@lru_cache(maxsize=8000)
def _picture(root: str, tile: str, stamp: Stamp, state: TileState, side: int) -> str:
    return data_uri(read_small(Path(root), tile, side), side)


@lru_cache(maxsize=2000)
def _size(root: str, tile: str, stamp: Stamp | None, state: TileState) -> tuple[int, int]:
    height, width = read_pixels(Path(root), tile).shape[:2]
    return height, width
