"""Export of results: tables, coordinates, tiles, figures and citations."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import streamlit as st

from mirs_core.exchange import exports
from mirs_core.files import slug
from mirs_core.retrieval.search import Searcher
from pages.parts import add_to_collection
from pages.parts.model_results import ModelResults
from pages.shared import state

_ALL = "All models"


def draw(results: Sequence[ModelResults], source: state.QuerySource) -> None:
    """Draws the export and collection buttons below the results."""
    if not any(result.hits for result in results):
        return
    with st.container(horizontal=True, key="mirs-takeaway"):
        # In a dialog, so that a click on a tile does not redraw the buttons.
        if st.button("Export", icon=":material/download:"):
            _dialog(results, source)
        add_to_collection.draw(
            results[0].searcher,
            list(dict.fromkeys(hit.id for result in results for hit in result.hits)),
            "results",
            f"Results for {_query_name(results[0], source)}",
        )


@st.dialog("Export the results")
def _dialog(results: Sequence[ModelResults], source: state.QuerySource) -> None:
    titles = [f"{number}. {result.title}" for number, result in enumerate(results, 1)]
    choice = st.selectbox("Results of", [_ALL, *titles])
    _formats(results if choice == _ALL else [results[titles.index(choice)]], source)


def _formats(results: Sequence[ModelResults], source: state.QuerySource) -> None:
    # A file is written when its button is pressed, in a thread without access to the session.
    info, query = _info(results, source), source.image or source.name
    models = [
        exports.ModelResults(
            result.title,
            result.searcher,
            result.hits,
            result.score.min_r_k if result.score else None,
            result.query,
        )
        for result in results
    ]

    def content() -> exports.TileExport:
        return exports.export_of_results(models, info, query)

    stem = f"mirs-{slug(Path(info.query).stem)[:60].strip('-') or 'results'}"
    _buttons(exports.formats_for_tiles(with_comparison=True), content, stem, "results")
    rows, card = content().rows, results[0].searcher.card
    placed = sum(row.has_coordinates for row in rows)
    origin = "synthetic" if card.synthetic else "those of the strip centres"
    st.caption(
        f"{placed} of {len(rows)} results have coordinates, which are {origin}."
        if placed
        else "None of these tiles has known coordinates; those columns are empty."
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
    """Draws a button that writes and downloads a file of one type."""
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
    """Draws a button for each file format in which a list of tiles can be exported.

    Args:
        info: what the files say about the list as a whole.
        stem: file name without its suffix.
        place: where the buttons stand on the page; part of their keys.
    """

    def content() -> exports.TileExport:
        return exports.export_of_tiles(searcher, tiles, info, notes)

    _buttons(exports.formats_for_tiles(with_comparison=False), content, stem, place)


def _query_name(result: ModelResults, source: state.QuerySource) -> str:
    return source.name if source.image else result.query.name


def _info(results: Sequence[ModelResults], source: state.QuerySource) -> exports.ResultsInfo:
    first = results[0]
    return exports.ResultsInfo(
        query=_query_name(first, source),
        query_sha256=first.query.content,
        models={result.searcher.summary.id: result.title for result in results},
        k=int(st.session_state[state.K]),
        data_set=first.searcher.card.title,
        synthetic=first.searcher.card.synthetic,
        filters=first.filters,
        more_like=tuple(st.session_state.get(state.PLUS) or ()),
        less_like=tuple(st.session_state.get(state.MINUS) or ()),
    )
