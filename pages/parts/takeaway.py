"""Results to take away: tables, places, tiles, a figure, what to cite; or into a collection."""

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from mirs_core import __version__
from mirs_core.datasets.images import read_image
from mirs_core.exchange import exports
from mirs_core.exchange.exports import ModelRow, Row
from mirs_core.files import slug
from mirs_core.retrieval.search import Searcher
from pages.parts import filters as filters_part
from pages.parts import keeper
from pages.parts.answers import Answer
from pages.shared import state, words

_ALL = "All models"
_CSV = ("csv", "text/csv", "CSV", "Opens in JMARS, QGIS and spreadsheets")
_JSON = ("geojson", "application/geo+json", "GeoJSON", "Places, longitudes east 0 to 360")
_PARQUET = (
    "parquet",
    "application/vnd.apache.parquet",
    "GeoParquet",
    "Places with the CRS of Mars",
)
_ZIP = ("zip", "application/zip", "Tiles (ZIP)", "Image files with a manifest")
_PNG = ("png", "image/png", "Figure (PNG)", "The comparison at 300 dpi, 17.5 cm wide")
_PDF = ("pdf", "application/pdf", "Figure (PDF)", "The same for a paper, fonts inside")
_BIB = ("bib", "application/x-bibtex", "BibTeX", "What to cite: software, tiles, camera")
Kind = tuple[str, str, str, str]


def draw(found: Sequence[Answer], upload: state.Upload | None) -> None:
    """Draws the two buttons below the results; a file is made when it is asked for."""
    if not any(answer.hits for answer in found):
        return
    with st.container(horizontal=True, key="mirs-takeaway"):
        # A dialog, drawn when it is asked for: a click on a tile need not draw it again.
        if st.button("Export", icon=":material/download:"):
            _dialog(found, upload)
        keeper.draw(
            found[0].searcher,
            list(dict.fromkeys(hit.id for answer in found for hit in answer.hits)),
            "results",
            f"Results for {_name(found[0], upload)}",
        )


@st.dialog("Export the results")
def _dialog(found: Sequence[Answer], upload: state.Upload | None) -> None:
    titles = [f"{place + 1}. {answer.title}" for place, answer in enumerate(found)]
    chosen = st.selectbox("Results of", [_ALL, *titles])
    _formats(found if chosen == _ALL else [found[titles.index(chosen)]], upload)


def _formats(picked: Sequence[Answer], upload: state.Upload | None) -> None:
    # A file is made when its button is pressed, in a thread that knows nothing of the session.
    about, tile = _about(picked, upload), state.tile() or ""
    searcher = picked[0].searcher

    def rows() -> list[Row]:
        return [row for one in picked for row in exports.of_hits(one.searcher, one.title, one.hits)]

    stem = f"mirs-{slug(Path(str(about['query'])).stem)[:60].strip('-') or 'results'}"
    makers: list[tuple[Kind, Callable[[], bytes]]] = [
        (_CSV, lambda: exports.csv(rows())),
        (_JSON, lambda: exports.geojson(rows(), about)),
        (_PARQUET, lambda: exports.geoparquet(rows())),
        (_ZIP, lambda: zipped(searcher, rows(), about)),
        (_PNG, lambda: _figure(picked, about, upload or tile, "png")),
        (_PDF, lambda: _figure(picked, about, upload or tile, "pdf")),
        (_BIB, lambda: exports.bibtex(searcher.card).encode()),
    ]
    for kind, make in makers:
        download(kind, make, stem, "results")
    found = rows()
    placed = sum(row.lon is not None for row in found)
    origin = "invented" if searcher.card.synthetic else "those of the strips' centres"
    st.caption(
        f"{placed} of {len(found)} results have coordinates; they are {origin}."
        if placed
        else "None of these tiles has known coordinates: their places stay empty."
    )


def download(kind: Kind, make: Callable[[], bytes], stem: str, place: str) -> None:
    """A button that makes and downloads a file of one kind."""
    ending, mime, label, about = kind
    st.download_button(
        label,
        make,
        f"{stem}.{ending}",
        mime,
        help=about,
        key=f"mirs.export.{place}.{ending}",
        on_click="ignore",
        width="stretch",
    )


def of_tiles(
    searcher: Searcher,
    tiles: Sequence[str],
    about: dict[str, Any],
    stem: str,
    place: str,
    notes: Mapping[str, str] | None = None,
) -> None:
    """A button for each kind of file that a list of tiles can become.

    Args:
        about: what the files say of the list as a whole.
        stem: of the files' names.
        place: where on the page the buttons stand; tells them apart.
    """

    def rows() -> list[Row]:
        return exports.of_tiles(searcher, tiles, notes)

    makers: list[tuple[Kind, Callable[[], bytes]]] = [
        (_CSV, lambda: exports.csv(rows())),
        (_JSON, lambda: exports.geojson(rows(), about)),
        (_PARQUET, lambda: exports.geoparquet(rows())),
        (_ZIP, lambda: zipped(searcher, rows(), about)),
        (_BIB, lambda: exports.bibtex(searcher.card).encode()),
    ]
    for kind, make in makers:
        download(kind, make, stem, place)


def zipped(searcher: Searcher, rows: Sequence[Row], about: dict[str, Any]) -> bytes:
    """The tiles of the rows with their manifest."""
    out = BytesIO()
    exports.tiles_zip(searcher, rows, about, out)
    return out.getvalue()


def _name(answer: Answer, upload: state.Upload | None) -> str:
    return upload.name if upload else answer.query.name


def _about(picked: Sequence[Answer], upload: state.Upload | None) -> dict[str, Any]:
    first, query = picked[0], picked[0].query
    return {
        "query": _name(first, upload),
        "query_sha256": query.content,
        "more_like": list(st.session_state.get(state.PLUS) or ()),
        "less_like": list(st.session_state.get(state.MINUS) or ()),
        "models": {one.searcher.summary.id: one.title for one in picked},
        "k": int(st.session_state[state.K]),
        "filters": filters_part.said(first.filters),
        "data_set": first.searcher.card.title,
        "synthetic": first.searcher.card.synthetic,
        "software": f"MIRS Explorer {__version__}",
    }


def _figure(
    picked: Sequence[Answer],
    about: dict[str, Any],
    query: state.Upload | str,
    kind: Literal["png", "pdf"],
) -> bytes:
    first = picked[0]
    card = first.searcher.card
    scale = None
    if isinstance(query, state.Upload):
        pixels = read_image(query.data, query.name)
    else:
        pixels = read_image(first.searcher.image_path(query))
        scale = first.searcher.metres_per_pixel(query)
    camera = "" if card.synthetic or card.instrument == "unknown" else f", {card.instrument}"
    footer = f"{card.title}{camera}. k = {about['k']}, {about['filters']}. {about['software']}."
    rows = [
        ModelRow(one.title, one.searcher, one.hits, one.score.min_r_k if one.score else None)
        for one in picked
    ]
    name = words.file_name(str(about["query"]))
    return exports.comparison(pixels, name, rows, footer, kind, scale=scale)
