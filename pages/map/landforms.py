"""The estimate of landforms: what the labelled tiles near unlabelled ones say they are."""

from collections.abc import Sequence
from functools import partial
from html import escape

import numpy as np
import streamlit as st

from mirs_core import landform_map
from mirs_core.errors import MirsError
from mirs_core.exchange import exports
from mirs_core.files import slug
from mirs_core.landform_map import CLOSE, FAR, SURE, ClassTotal, LandformMap, VoteAccuracy
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace.home import Home
from pages.components.tile_grid.tile_grid import Column, TileEntry, tile_grid
from pages.map import landform_picture as landform_picture_part
from pages.parts import sections, takeaway
from pages.shared import loaders, state, words

_SHOWN = 12
_MOST_VOTERS = 50


def draw(searcher: Searcher, home: Home) -> None:
    """Draws the estimate for the unlabelled tiles of a run: settings, totals, tiles, files."""
    sections.section(
        "Landform estimate",
        "The nearest labelled tiles vote on what the unlabelled ones show. An estimate, not an"
        " observation.",
    )
    run = searcher.summary.id
    if all(searcher.items.labels):
        st.info(
            "Every tile of this archive has a label. Archive a folder or a strip without labels"
            " with this model, and its landforms can be estimated here.",
            icon=":material/label:",
        )
        return
    try:
        voters = _voters(home, run)
        if not voters:
            st.info(
                "No run with this model has labelled tiles that could vote.",
                icon=":material/label_off:",
            )
            return
        chosen, k, margin = _settings(run, voters)
        made = loaders.landforms(run, chosen.summary.id, k, margin)
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    found, trust, listed = made.found, made.trust, made.totals
    _trusted(found, trust)
    left, right = st.columns([3, 2], gap="large")
    strips = landform_picture_part.strips_of(searcher, found)
    with left:
        if strips:
            landform_picture_part.draw(searcher, found, strips)
        else:
            st.html(_table(listed))
    with right:
        if strips:
            st.html(_table(listed))
        _bars(listed)
    _tiles(searcher, found)
    _files(searcher, found, trust)


def _voters(home: Home, run: str) -> list[Searcher]:
    """The runs with the same model that hold labelled tiles which may vote."""
    found = [loaders.searcher(one) for one in landform_map.runs_with_same_model(home, run)]
    return [one for one in found if _has_voters(one)]


def _has_voters(one: Searcher) -> bool:
    items = one.items
    return any(
        label is not None and role in landform_map.VOTERS
        for label, role in zip(items.labels, items.roles, strict=True)
    )


def _settings(run: str, voters: Sequence[Searcher]) -> tuple[Searcher, int, float]:
    by_id = {one.summary.id: one for one in voters}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Labelled tiles of", list(by_id), key=f"mirs.landforms.labelled.{run}", width=360,
            format_func=lambda one: f"{by_id[one].card.title} ({by_id[one].summary.name})",
        )  # fmt: skip
        k = st.slider(
            "Tiles that vote", 1, _MOST_VOTERS, landform_map.K, key="mirs.landforms.k", width=240,
            help="Of the tiles that are as far as the last one, each counts in part.",
        )  # fmt: skip
        margin = st.slider(
            "Smallest margin", 0.0, 1.0, landform_map.MIN_MARGIN, 0.05, width=240,
            key="mirs.landforms.margin",
            help="A tile is left open where the first class leads the second by less than this.",
        )  # fmt: skip
    return by_id[str(chosen)], int(k), float(margin)


def _trusted(found: LandformMap, trust: VoteAccuracy | None) -> None:
    tiles, sure = len(found.rows), found.count(SURE)
    st.info(
        f"**Estimate of {tiles:,} unlabelled tiles: {sure:,} with a landform,"
        f" {tiles - sure:,} not sure.** {found.count(CLOSE):,} are a close call,"
        f" {found.count(FAR):,} are unlike every labelled tile."
        f" {words.plain(landform_map.accuracy_in_words(trust))}",
        icon=":material/how_to_vote:",
    )
    if trust is None or not trust.bins:
        return
    with st.expander("How often test tiles are right, by margin"):
        st.dataframe(
            {
                "Margin": [
                    f"{one.low:g}" if one.low == one.high else f"{one.low:g} to {one.high:g}"
                    for one in trust.bins
                ],
                "Test tiles": [one.tiles for one in trust.bins],
                "Right": [one.correct for one in trust.bins],
            },
            hide_index=True,
            column_config={"Right": st.column_config.NumberColumn(format="percent")},
        )


def _table(listed: Sequence[ClassTotal]) -> str:
    known = any(one.km2 is not None for one in listed)
    rows = []
    for one in listed:
        if one.density <= 0:
            continue
        chip = (
            f'<span class="mirs-chip" style="--c:{escape(one.colour)}"><i></i>'
            f"{escape(one.name)}</span>"
        )
        cells = [f"{one.tiles:,}", f"{one.density:,.1f}"]
        cells += [f"{one.km2:,.1f}" if one.km2 is not None else ""] if known else []
        row = "".join(f"<td>{cell}</td>" for cell in cells)
        rows.append(f"<tr><th scope='row'>{chip}</th>{row}</tr>")
    titles = [
        ("Tiles, estimated", "Tiles that are surely of this class, by the estimate"),
        ("Density", "Tiles expected of it: the sum of its shares over all tiles within reach"),
    ]
    titles += [("km²", "The same in area; ground that several tiles show counts once")] * known
    head = "".join(f'<th scope="col" title="{text}">{name}</th>' for name, text in titles)
    return (
        '<div class="mirs-scroll"><table class="mirs-table"><thead><tr><th scope="col">'
        f"Estimated landform</th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _bars(listed: Sequence[ClassTotal]) -> None:
    shown = [one for one in listed if one.density > 0]
    if not shown:
        return
    from pages.parts import charts

    figure = charts.totals(
        [(one.name, one.colour, one.density) for one in shown], "Estimated tiles (density)"
    )
    charts.show(figure, "mirs.landforms.bars", "Bars: estimated number of tiles of each landform")


def _tiles(searcher: Searcher, found: LandformMap) -> None:
    rows, margin, nearest = found.rows, found.margin, found.nearest
    surest = rows[np.lexsort((nearest[rows], -margin[rows]))]
    farthest = rows[np.lexsort((margin[rows], -nearest[rows]))]
    lists = (
        ("Most certain estimates", [r for r in surest if found.states[r] == SURE]),
        ("Closest calls", [r for r in surest[::-1] if found.states[r] != FAR]),
        ("Unlike every labelled tile", [r for r in farthest if found.states[r] == FAR]),
    )
    columns = [
        Column(
            [_entry(searcher, found, int(row)) for row in listed[:_SHOWN]],
            title=title,
            empty="" if listed else "No tile",
        )
        for title, listed in lists
    ]
    ids = [tile.id for column in columns for tile in column.tiles]
    images = loaders.thumbnails(searcher, ids)
    tile_grid("mirs.landforms.grid", columns, images, state.choose_tile, tile="5.2rem")


def _entry(searcher: Searcher, found: LandformMap, row: int) -> TileEntry:
    tile, votes = searcher.items.ids[row], found.votes
    first, second = (
        found.classes[int(column)] if column >= 0 else None
        for column in (votes.winner[row], votes.runner_up[row])
    )
    name = found.name_of(first) if first else "No vote"
    file, state_of = words.file_name(tile), found.states[row]
    lines = [
        f"Estimate: {name}" if state_of == SURE else f"Not sure ({state_of}); first {name}",
        f"{found.share[row]:.0%} of the votes, margin {found.margin[row]:.2f}",
        f"Nearest labelled tile: {found.nearest[row]:.4g} {found.unit}",
        file,
    ]
    if second:
        lines.insert(2, f"Then {found.name_of(second)}")
    return TileEntry(
        id=tile,
        name=words.short_name(first) + ("" if state_of == SURE else "?") if first else file,
        colour=words.colour(first),
        label=f"{lines[0]}, {file}. Make it the query.",
        lines=tuple(lines),
        value=f"{found.margin[row]:.2f}",
        current=tile == state.tile(),
    )


def _files(searcher: Searcher, found: LandformMap, trust: VoteAccuracy | None) -> None:
    # A file is made when its button is pressed, in a thread that knows nothing of the session.
    rings = loaders.rings(searcher.summary.id)

    def write(file_format: exports.ExportFormat[exports.LandformMapTable]) -> bytes:
        return file_format.write(exports.landform_map_table(searcher, found, trust, rings))

    stem = f"mirs-landform-estimate-{slug(searcher.card.name)}"
    with st.container(horizontal=True, key="mirs-landforms-files"):
        for file_format in exports.formats_for_landform_maps():
            takeaway.download(file_format.file_type, partial(write, file_format), stem, "landforms")
    if not rings:
        st.caption(
            "The ground of these tiles is not known: the files hold points where a strip's centre"
            " is known, and no place otherwise."
        )
