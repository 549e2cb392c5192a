"""The similarity map as a layer: which model, which cells, and the file to take home."""

from collections.abc import Mapping, Sequence

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.exchange.exports.similarity_raster import FILE_TYPE, geotiff
from mirs_core.landform_map.similarity import STATISTICS, STEP, SimilarityMap, Statistic
from mirs_core.retrieval.search import Searcher
from pages.components.mars_map.mars_layers import Similarity
from pages.parts.model_results import ModelResults
from pages.shared import loaders, state, words

MODEL = "mirs.map.similarity"
_STATISTIC, _STEP = "mirs.map.similarity.statistic", "mirs.map.similarity.step"
_STEPS, _WIDE = (0.25, 0.5, 1.0, 2.0, 5.0), 5.0
_TITLES = {"minimum": "Nearest tile", "median": "Median of tiles"}
_HELP = (
    "Colours each place by the distance between the query and its nearest tile, by this model, of"
    " the tiles that pass the filters. With a strip selected, the footprints of its tiles are"
    " coloured."
)


def choose(titles: Mapping[str, str]) -> None:
    """Draws the field for the model whose distances are mapped."""
    if st.session_state.get(MODEL) not in titles:
        st.session_state[MODEL] = None
    st.selectbox(
        "Similarity map",
        list(titles),
        format_func=titles.__getitem__,
        key=MODEL,
        placeholder="None",
        help=_HELP,
        width=160,
    )


def computed(results: Sequence[tuple[ModelResults, str, str]]) -> SimilarityMap | None:
    """The map of the chosen model; None if there is none. Draws why it cannot be computed."""
    run = st.session_state.get(MODEL)
    result = next((r for r, _, _ in results if r.searcher.summary.id == run), None)
    if result is None:
        return None
    try:
        searcher, cells = result.searcher, _cells(result.searcher)
        return loaders.similarity(searcher, result.query, result.filters, cells, _strip(result))
    except MirsError as error:
        st.warning(words.plain(str(error)), icon=":material/warning:")
        return None


def _cells(searcher: Searcher) -> tuple[float, Statistic]:
    # Cells of one degree with few tiles would be specks.
    usual = _WIDE if len(searcher.items) <= loaders.SINGLY else STEP
    step = st.session_state.setdefault(_STEP, usual)
    statistic = st.session_state.setdefault(_STATISTIC, STATISTICS[0])
    return step, "median" if statistic == "median" else "minimum"


def _strip(result: ModelResults) -> str:
    """The selected strip, where the footprints of its tiles are known."""
    name = st.session_state.get(state.FRAMED)
    return str(name) if name and name in loaders.outlines(result.searcher) else ""


def layer(similarity: SimilarityMap) -> Similarity:
    """The layer that the map draws."""
    grid, name = similarity.grid, _TITLES[similarity.statistic]
    bits = similarity.unit == "bits"
    kind = {"bits": "Hamming distance (bits)", "score": "score"}.get(
        similarity.unit, f"{similarity.unit} distance"
    )
    place = "footprints of its tiles" if similarity.strip else f"cells of {grid.step:g}°"
    return Similarity(
        values=similarity.values,
        west=grid.west,
        north=grid.north,
        step=grid.step,
        title=f"{name}: {kind}",
        note=f"{similarity.model}, {place}; no colour where no tile is",
        cell=name,
        unit="bits" if bits else "",
        is_whole=bits,
    )


def draw(similarity: SimilarityMap) -> None:
    """Draws the settings of the cells and the download."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="mirs-map-similarity"):
        if not similarity.strip:
            st.segmented_control(
                "In each cell", STATISTICS, format_func=_TITLES.__getitem__, key=_STATISTIC,
                required=True,
            )  # fmt: skip
            st.selectbox(
                "Cells", _STEPS, format_func=lambda step: f"{step:g}°", key=_STEP, width=100
            )
        st.download_button(
            "Save similarity map",
            lambda: geotiff(similarity),
            f"mirs-similarity-{similarity.strip or 'mars'}{FILE_TYPE.suffix}",
            FILE_TYPE.mime,
            icon=":material/download:",
            on_click="ignore",
            key="mirs.map.similarity.save",
            help=f"{FILE_TYPE.title}. {FILE_TYPE.help}",
        )
