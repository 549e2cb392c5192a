"""Searching with the user's own image, whole or a square cut from it."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from mirs_core.datasets.images import LABELS, SUFFIXES
from mirs_core.datasets.large_images import LargeImage, Square
from mirs_core.errors import ImageError, MirsError
from mirs_core.retrieval.search import Searcher
from mirs_core.retrieval.whole_images import LONGEST_SIDE, cut_with_place
from pages.components.crop.crop import crop
from pages.shared import access, loaders, state, words
from pages.shared.query_kinds.upload import Upload

WIDTH = 760
"""Of the inputs while no image is chosen, in pixels."""
_FORMATS = sorted(suffix[1:] for suffix in (*SUFFIXES, *LABELS))
_HIGHEST, _NARROWEST = 420, 140
_TILE = 200
# A nearly square image of up to twice the tile size is taken for a tile without a question.
_LARGE, _NEARLY = 400, 1.25
_WHOLE, _PART = "Whole image", "A square"
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
            if several():
                return
            if (current := state.upload()) is None:
                _hints()
            else:
                _chosen_before(current)
            return
        state.choose_upload(_query(searcher, *source))
    except MirsError as error:
        state.choose_upload(None)
        st.error(words.plain(str(error)), icon=":material/broken_image:")


def _tile(searcher: Searcher) -> tuple[str, bytes] | None:
    """The file, as it is now, of a tile that has changed since it was archived."""
    tile = state.picture_tile()
    if tile is None or not searcher.items.has(tile):
        return None
    _in_use(
        f"New picture of {words.plain(words.file_name(tile))}",
        "Choose another image",
        state.search_with_picture,
    )
    data, suffix, _ = searcher.files.image_file(tile)
    return str(Path(words.file_name(tile)).with_suffix(suffix)), data


def has_input() -> bool:
    """Whether an image is chosen, so that its inputs stand beside the results."""
    keys = ("mirs.file", "mirs.file.path")
    chosen = any(st.session_state.get(key) for key in keys)
    return chosen or state.upload() is not None or state.picture_tile() is not None


def several() -> list[Upload]:
    """The images that were dropped at once; none if there are fewer than two."""
    files = st.session_state.get("mirs.file") or []
    return [Upload(file.name, file.getvalue()) for file in files] if len(files) > 1 else []


def _source() -> tuple[str, bytes | Path] | None:
    """The uploaded file, or the path of one on this computer."""
    files = st.file_uploader(
        "Images of the Martian surface",
        type=_FORMATS,
        accept_multiple_files=True,
        key="mirs.file",
        on_change=_forget_if_empty,
        help="One image is the query. Several, or a folder that you drop, are many queries, in rows"
        " that you can walk through.",
    )
    typed = ""
    if access.is_private() and not files:
        typed = st.text_input(
            "or its path on this computer",
            key="mirs.file.path",
            placeholder="/home/me/strip.tif",
            help="For images too large to upload; they are read in blocks.",
            on_change=_forget_if_empty,
        ).strip()
    if len(files) == 1:
        return files[0].name, files[0].getvalue()
    if files or not typed:
        return None
    path = Path(typed).expanduser()
    if "\0" in typed or not path.is_file():
        raise ImageError("No such file on this computer. Check the path.")
    return path.name, path


def _forget_if_empty() -> None:
    """Removes the image with its file; a page that was left and opened again keeps it."""
    if not any(st.session_state.get(key) for key in ("mirs.file", "mirs.file.path")):
        state.choose_upload(None)


def _chosen_before(image: Upload) -> None:
    """The image that is the query, although the inputs are empty again."""
    _in_use(f"Searching with {words.plain(image.name)}", "Remove image", state.choose_upload)


def _in_use(text: str, label: str, choose: Callable[[None], None]) -> None:
    """Draws the line that names the image in use, with a button that chooses none."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(text, width="content")
        st.button(label, icon=":material/close:", type="tertiary", on_click=choose, args=(None,))


def _query(searcher: Searcher, name: str, source: bytes | Path) -> Upload:
    image = loaders.large_image(source, name)
    part = _WHOLE
    if options := _parts(image):
        part = st.segmented_control(
            "Search with",
            options,
            default=options[0],
            required=True,
            key=f"mirs.file.part.{len(options)}.{options[0]}",
        )
    if part == _PART:
        return _cut(searcher, image, source)
    if isinstance(source, bytes):
        loaders.own_image(source, name)
        return Upload(name, source)
    return Upload(name, cut_with_place(image, source, _all_of(image)))


def _parts(image: LargeImage) -> list[str]:
    """What one may search with, the likelier first; nothing if there is no choice.

    A nearly square image is a tile, whatever its size, unless nobody would look at it as one.
    """
    longest = max(image.width, image.height)
    if longest > LONGEST_SIDE:
        return [_PART]
    if not _is_nearly_square(image):
        return [_PART, _WHOLE]
    return [_WHOLE, _PART] if longest > _LARGE else []


def _is_nearly_square(image: LargeImage) -> bool:
    return max(image.width, image.height) <= _NEARLY * min(image.width, image.height)


def _all_of(image: LargeImage) -> Square:
    """The central square, which is what an encoder sees of an image that is not square."""
    side = min(image.width, image.height)
    return Square((image.width - side) // 2, (image.height - side) // 2, side)


def _cut(searcher: Searcher, image: LargeImage, source: bytes | Path) -> Upload:
    metres, wide = _metres(image, source), loaders.usual_width(searcher)
    side = round(wide / metres) if metres else min(_TILE, image.width, image.height)
    start = Square((image.width - side) // 2, (image.height - side) // 2, side)
    start = start.inside(image.width, image.height)
    subject = f"{image.name} {image.width} {image.height} {loaders.cache_key(source)} {metres}"
    # Long strips stand upright; results and facts below them have to stay in sight.
    width = max(_NARROWEST, round(_HIGHEST * image.width / image.height))
    with st.container(width=min(WIDTH, width)):
        square = crop(
            "mirs.crop",
            image,
            loaders.data_uri(image.preview, max(image.preview.shape)),
            subject,
            start,
            metres,
        ).inside(image.width, image.height)
    if metres and not 0.5 <= square.side * metres / wide <= 2:
        st.caption(
            f"The archive's tiles are about {wide:,.0f} m across; this square is"
            f" {square.side * metres:,.0f} m across."
        )
    name = f"{image.name} [x {square.x}, y {square.y}, {square.side} px]"
    return Upload(name, cut_with_place(image, source, square))


def _metres(image: LargeImage, source: bytes | Path) -> float | None:
    """The pixel scale: from its coordinates, or else as the user gives it; None if unknown."""
    place = loaders.image_place(source, image.name)
    if place is not None:
        st.caption(f"{place.metres_per_pixel:.4g} m per pixel, from its coordinates.")
        return place.metres_per_pixel
    return st.number_input(
        "Pixel scale in m/pixel, if known",
        0.01,
        10_000.0,
        value=None,
        key="mirs.file.metres",
        placeholder="unknown",
    )


def _hints() -> None:
    hints = "".join(f"<p><b>{title}</b>{text}</p>" for title, text in _HINTS)
    st.html(f'<div class="mirs-hints">{hints}</div>')
