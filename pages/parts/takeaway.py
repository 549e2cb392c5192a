"""Results to take away: tables, places, tiles, a figure, what to cite; or into a collection."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import streamlit as st

from mirs_core.exchange import exports
from mirs_core.files import slug
from mirs_core.retrieval.search import Searcher
from pages.parts import keeper
from pages.parts.answers import Answer
from pages.shared import state

_ALL = "All models"


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
    # A file is written when its button is pressed, in a thread without access to the session.
    info, query = _info(picked, upload), upload.data if upload else state.tile() or ""
    models = [
        exports.ModelResults(
            one.title, one.searcher, one.hits, one.score.min_r_k if one.score else None
        )
        for one in picked
    ]

    def content() -> exports.TileExport:
        return exports.export_of_results(models, info, query)

    stem = f"mirs-{slug(Path(info.query).stem)[:60].strip('-') or 'results'}"
    _buttons(exports.formats_for_tiles(with_comparison=True), content, stem, "results")
    rows, card = content().rows, picked[0].searcher.card
    placed = sum(row.has_coordinates for row in rows)
    origin = "synthetic" if card.synthetic else "those of the strips' centres"
    st.caption(
        f"{placed} of {len(rows)} results have coordinates; they are {origin}."
        if placed
        else "None of these tiles has known coordinates: the coordinate columns stay empty."
    )


def _buttons(
    formats: Sequence[exports.ExportFormat[exports.TileExport]],
    content: Callable[[], exports.TileExport],
    stem: str,
    place: str,
) -> None:
    def write(file_format: exports.ExportFormat[exports.TileExport]) -> bytes:
        return file_format.write(content())

    for file_format in formats:
        download(file_format.file_type, partial(write, file_format), stem, place)


def download(file_type: exports.FileType, make: Callable[[], bytes], stem: str, place: str) -> None:
    """A button that makes and downloads a file of one type."""
    st.download_button(
        file_type.title,
        make,
        f"{stem}{file_type.suffix}",
        file_type.mime,
        help=file_type.help,
        key=f"mirs.export.{place}{file_type.suffix}",
        on_click="ignore",
        width="stretch",
    )


def of_tiles(
    searcher: Searcher,
    tiles: Sequence[str],
    info: exports.ChosenTilesInfo | exports.CollectionInfo,
    stem: str,
    place: str,
    notes: Mapping[str, str] | None = None,
) -> None:
    """A button for each file format in which a list of tiles can be exported.

    Args:
        info: what the files say about the list as a whole.
        stem: file name without its suffix.
        place: where the buttons stand on the page; part of their keys.
    """

    def content() -> exports.TileExport:
        return exports.export_of_tiles(searcher, tiles, info, notes)

    _buttons(exports.formats_for_tiles(with_comparison=False), content, stem, place)


def _name(answer: Answer, upload: state.Upload | None) -> str:
    return upload.name if upload else answer.query.name


def _info(picked: Sequence[Answer], upload: state.Upload | None) -> exports.ResultsInfo:
    first = picked[0]
    return exports.ResultsInfo(
        query=_name(first, upload),
        query_sha256=first.query.content,
        models={one.searcher.summary.id: one.title for one in picked},
        k=int(st.session_state[state.K]),
        data_set=first.searcher.card.title,
        synthetic=first.searcher.card.synthetic,
        filters=first.filters,
        more_like=tuple(st.session_state.get(state.PLUS) or ()),
        less_like=tuple(st.session_state.get(state.MINUS) or ()),
    )
