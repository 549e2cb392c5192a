"""A query of one's own: an image from this computer, whole or a square of it."""

from pathlib import Path

import streamlit as st

from mirs_core.datasets.large_images import LargeImage, Square, png
from mirs_core.errors import ImageError, MirsError
from mirs_core.retrieval.search import Searcher
from pages.components.crop.crop import crop
from pages.shared import access, loaders, state, words

_WIDTH = 760
_FORMATS = ["jpg", "jpeg", "png", "tif", "tiff"]
_TILE = 200
# An image up to twice a tile's size is taken for a tile; of larger ones people want a part.
_LARGE = 400
_WHOLE, _PART = "The whole image", "A square of it"
_HINTS = (
    ("Any usual image", "JPEG, PNG or TIFF, 8 or 16 bit, grey or colour, of any size."),
    (
        "About one kilometre across",
        "The models know tiles of about 1.2 km at 6 m per pixel. Cut yours to that scale:"
        " a crater of 200 m and one of 50 km look alike to them.",
    ),
    (
        "It stays here",
        "The image is read on this computer, compared with the archive and never stored.",
    ),
)


def draw(searcher: Searcher) -> None:
    """Draws the choice of the image; one that cannot be read gets its reason and is not kept."""
    try:
        chosen = _source()
        if chosen is None:
            state.choose_upload(None)
            _hints()
            return
        state.choose_upload(_query(searcher, *chosen))
    except MirsError as error:
        state.choose_upload(None)
        st.error(words.plain(str(error)), icon=":material/broken_image:", width=_WIDTH)
        _hints()


def _source() -> tuple[str, bytes | Path] | None:
    """The uploaded file, or the path of one on this computer."""
    file = st.file_uploader(
        "An image of the surface of Mars", type=_FORMATS, key="mirs.file", width=_WIDTH
    )
    typed = ""
    if access.is_private():
        typed = st.text_input(
            "or its path on this computer",
            key="mirs.file.path",
            placeholder="/home/me/strip.tif",
            width=_WIDTH,
            help="For images that are too large to upload: they are read in pieces.",
        ).strip()
    if file is not None:
        return file.name, file.getvalue()
    if not typed:
        return None
    path = Path(typed).expanduser()
    if "\0" in typed or not path.is_file():
        raise ImageError("There is no such file on this computer; check the path.")
    return path.name, path


def _query(searcher: Searcher, name: str, source: bytes | Path) -> state.Upload:
    image = loaders.large_image(source, name)
    subject = f"{name} {image.width} {image.height} {loaders.mark_of(source)}"
    wanted = _WHOLE
    if image.width * image.height > _LARGE**2 or image.width != image.height:
        options = [_PART] if max(image.width, image.height) > _TILE * 20 else [_WHOLE, _PART]
        wanted = st.segmented_control(
            "Search for", options, default=options[-1], required=True, key="mirs.file.part"
        )
    if wanted == _PART:
        return _cut(searcher, image, subject)
    if isinstance(source, bytes):
        loaders.own_image(source, name)
        return state.Upload(name, source)
    return state.Upload(name, png(image.cut(_all_of(image))))


def _all_of(image: LargeImage) -> Square:
    """The central square: what an encoder sees of an image that is none."""
    side = min(image.width, image.height)
    return Square((image.width - side) // 2, (image.height - side) // 2, side)


def _cut(searcher: Searcher, image: LargeImage, subject: str) -> state.Upload:
    metres = st.number_input(
        "Metres per pixel, if you know them",
        0.01,
        10_000.0,
        value=None,
        key="mirs.file.metres",
        placeholder="not known",
        width=260,
    )
    wide = (searcher.card.metres_per_pixel or 6.0) * _TILE
    side = round(wide / metres) if metres else min(_TILE, image.width, image.height)
    start = Square((image.width - side) // 2, (image.height - side) // 2, side)
    start = start.inside(image.width, image.height)
    with st.container(width=_WIDTH):
        found = crop(
            "mirs.crop",
            image,
            loaders.data_uri(image.preview, max(image.preview.shape)),
            f"{subject} {metres}",
            start,
            metres,
        ).inside(image.width, image.height)
    if metres and not 0.5 <= found.side * metres / wide <= 2:
        st.caption(
            f"The models were trained on squares of about {wide:,.0f} m; this one is"
            f" {found.side * metres:,.0f} m across."
        )
    name = f"{image.name} [x {found.x}, y {found.y}, {found.side} px]"
    return state.Upload(name, png(image.cut(found)))


def _hints() -> None:
    hints = "".join(f"<p><b>{title}</b>{text}</p>" for title, text in _HINTS)
    st.html(f'<div class="mirs-hints">{hints}</div>')
