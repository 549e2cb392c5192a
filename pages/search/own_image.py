"""Searching with the user's own image, whole or a square cut from it."""

from pathlib import Path

import streamlit as st

from mirs_core.datasets.images import LABELS, SUFFIXES
from mirs_core.datasets.large_images import LargeImage, Square, png
from mirs_core.errors import ImageError, MirsError
from mirs_core.retrieval.search import Searcher
from pages.components.crop.crop import crop
from pages.shared import access, loaders, state, words

_WIDTH = 760
_FORMATS = sorted(suffix[1:] for suffix in (*SUFFIXES, *LABELS))
_TILE = 200
# An image of up to twice the tile size is taken for a tile; larger ones are usually cut.
_LARGE = 400
_WHOLE, _PART = "The whole image", "A square"
_HINTS = (
    (
        "Common image formats",
        "JPEG, PNG, TIFF, JPEG 2000, ISIS or PDS; of any depth; grey or colour; any size.",
    ),
    (
        "About one kilometre across",
        "The models were trained on tiles of about 1.2 km at 6 m per pixel. Crop your image to that"
        " scale: they cannot tell a 200 m crater from a 50 km one.",
    ),
    (
        "Stays on this computer",
        "The image is compared with the archive here and is not stored.",
    ),
)


def draw(searcher: Searcher) -> None:
    """Draws the image inputs; an unreadable image is dropped, with an error message."""
    try:
        source = _tile(searcher) or _source()
        if source is None:
            if (current := state.upload()) is None:
                _hints()
            else:
                _chosen_before(current)
            return
        state.choose_upload(_query(searcher, *source))
    except MirsError as error:
        state.choose_upload(None)
        st.error(words.plain(str(error)), icon=":material/broken_image:", width=_WIDTH)
        _hints()


def _tile(searcher: Searcher) -> tuple[str, bytes] | None:
    """The file, as it is now, of a tile that has changed since it was archived."""
    tile = state.picture_tile()
    if tile is None or not searcher.items.has(tile):
        return None
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"New picture of {words.plain(words.file_name(tile))}", width="content")
        st.button(
            "Choose another image",
            icon=":material/close:",
            type="tertiary",
            on_click=state.search_with_picture,
            args=(None,),
        )
    data, suffix, _ = searcher.files.image_file(tile)
    return str(Path(words.file_name(tile)).with_suffix(suffix)), data


def _source() -> tuple[str, bytes | Path] | None:
    """The uploaded file, or the path of one on this computer."""
    file = st.file_uploader(
        "Image of the Martian surface",
        type=_FORMATS,
        key="mirs.file",
        width=_WIDTH,
        on_change=_forget_if_empty,
    )
    typed = ""
    if access.is_private():
        typed = st.text_input(
            "or its path on this computer",
            key="mirs.file.path",
            placeholder="/home/me/strip.tif",
            width=_WIDTH,
            help="For images too large to upload; they are read in blocks.",
            on_change=_forget_if_empty,
        ).strip()
    if file is not None:
        return file.name, file.getvalue()
    if not typed:
        return None
    path = Path(typed).expanduser()
    if "\0" in typed or not path.is_file():
        raise ImageError("No such file on this computer. Check the path.")
    return path.name, path


def _forget_if_empty() -> None:
    """Removes the image with its file; a page that was left and opened again keeps it."""
    if not any(st.session_state.get(key) for key in ("mirs.file", "mirs.file.path")):
        state.choose_upload(None)


def _chosen_before(image: state.Upload) -> None:
    """The image that is the query, although the inputs are empty again."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"Searching with {words.plain(image.name)}", width="content")
        st.button(
            "Remove image",
            icon=":material/close:",
            type="tertiary",
            on_click=state.choose_upload,
            args=(None,),
        )


def _query(searcher: Searcher, name: str, source: bytes | Path) -> state.Upload:
    image = loaders.large_image(source, name)
    subject = f"{name} {image.width} {image.height} {loaders.cache_key(source)}"
    part = _WHOLE
    if image.width * image.height > _LARGE**2 or image.width != image.height:
        options = [_PART] if max(image.width, image.height) > _TILE * 20 else [_WHOLE, _PART]
        part = st.segmented_control(
            "Search with", options, default=options[-1], required=True, key="mirs.file.part"
        )
    if part == _PART:
        return _cut(searcher, image, subject)
    if isinstance(source, bytes):
        loaders.own_image(source, name)
        return state.Upload(name, source)
    return state.Upload(name, png(image.cut(_all_of(image))))


def _all_of(image: LargeImage) -> Square:
    """The central square, which is what an encoder sees of an image that is not square."""
    side = min(image.width, image.height)
    return Square((image.width - side) // 2, (image.height - side) // 2, side)


def _cut(searcher: Searcher, image: LargeImage, subject: str) -> state.Upload:
    metres = st.number_input(
        "Pixel scale in m/pixel, if known",
        0.01,
        10_000.0,
        value=None,
        key="mirs.file.metres",
        placeholder="unknown",
        width=260,
    )
    wide = (searcher.card.metres_per_pixel or 6.0) * _TILE
    side = round(wide / metres) if metres else min(_TILE, image.width, image.height)
    start = Square((image.width - side) // 2, (image.height - side) // 2, side)
    start = start.inside(image.width, image.height)
    with st.container(width=_WIDTH):
        square = crop(
            "mirs.crop",
            image,
            loaders.data_uri(image.preview, max(image.preview.shape)),
            f"{subject} {metres}",
            start,
            metres,
        ).inside(image.width, image.height)
    if metres and not 0.5 <= square.side * metres / wide <= 2:
        st.caption(
            f"The models were trained on tiles about {wide:,.0f} m across; this square is"
            f" {square.side * metres:,.0f} m across."
        )
    name = f"{image.name} [x {square.x}, y {square.y}, {square.side} px]"
    return state.Upload(name, png(image.cut(square)))


def _hints() -> None:
    hints = "".join(f"<p><b>{title}</b>{text}</p>" for title, text in _HINTS)
    st.html(f'<div class="mirs-hints">{hints}</div>')
