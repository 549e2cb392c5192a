"""The landform estimate: classes of unlabelled tiles by vote of their labelled neighbours."""

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
from pages.map import estimate_picture
from pages.parts import export_files, sections
from pages.shared import loaders, state, words

_PER_LIST = 12
_MOST_VOTERS = 50
# Of one comparison of two codes on one core.
_SECONDS = 3e-9


def draw(searcher: Searcher, home: Home) -> None:
    """Draws the estimate for the unlabelled tiles of a run: settings, totals, tiles, exports."""
    sections.section(
        "Landform estimate",
        "Each unlabelled tile gets the class that its nearest labelled tiles vote for. This is an"
        " estimate, not an observation.",
    )
    run = searcher.summary.id
    if None not in searcher.items.labels:
        st.info(
            "Every tile in this archive is labelled. To estimate landforms, archive an unlabelled"
            " folder or strip with this model.",
            icon=":material/label:",
        )
        return
    try:
        voters = _voters(home, run)
        if not voters:
            st.info(
                "No run of this model has labelled tiles that can vote.",
                icon=":material/label_off:",
            )
            return
        chosen, k, margin = _settings(run, voters)
        result = loaders.landforms(run, chosen.summary.id, k, margin) or _long_estimate(
            searcher, chosen, k, margin
        )
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    if result is None:
        return
    estimate, trust, totals = result.estimate, result.trust, result.totals
    _summary(estimate, trust)
    left, right = st.columns([3, 2], gap="large")
    strips = estimate_picture.strips_of(searcher, estimate)
    with left:
        if strips:
            estimate_picture.draw(searcher, estimate, strips)
        else:
            st.html(_table(totals))
    with right:
        if strips:
            st.html(_table(totals))
        _bars(totals)
    _tiles(searcher, estimate)
    _exports(searcher, estimate, trust)


def _long_estimate(
    searcher: Searcher, voters: Searcher, k: int, margin: float
) -> loaders.Landforms | None:
    """Estimates the landforms of a large archive when a button is pressed; None before."""
    count = searcher.items.labels.count(None)
    minutes = max(1, round(loaders.comparisons(searcher, voters) * _SECONDS / 60))
    st.info(
        f"{count:,} unlabelled tiles are compared with all labelled tiles, which takes about"
        f" {minutes:,} {'minutes' if minutes > 1 else 'minute'}. Stay on this page meanwhile; other"
        " settings need another estimate.",
        icon=":material/hourglass:",
    )
    if not st.button("Estimate landforms", type="primary", icon=":material/how_to_vote:"):
        return None
    bar = st.progress(0.0)

    def progress(stage: str, done: int, total: int) -> None:
        bar.progress(
            min(done / max(total, 1), 1.0), text=words.plain(f"{stage}: {done:,}/{total:,}")
        )

    result = loaders.landforms(searcher.summary.id, voters.summary.id, k, margin, progress)
    bar.empty()
    return result


def _voters(home: Home, run: str) -> list[Searcher]:
    """The runs of the same model with labelled tiles that can vote."""
    searchers = [loaders.searcher(name) for name in landform_map.runs_with_same_model(home, run)]
    return [searcher for searcher in searchers if _has_voters(searcher)]


def _has_voters(searcher: Searcher) -> bool:
    items = searcher.items
    return bool(np.any(items.roles.mask(landform_map.VOTERS) & ~items.labels.mask([None])))


def _settings(run: str, voters: Sequence[Searcher]) -> tuple[Searcher, int, float]:
    by_id = {searcher.summary.id: searcher for searcher in voters}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Labelled tiles from", list(by_id), key=f"mirs.landforms.labelled.{run}", width=360,
            format_func=lambda run_id: f"{by_id[run_id].card.title} ({by_id[run_id].summary.name})",
        )  # fmt: skip
        k = st.slider(
            "Number of voters (k)", 1, _MOST_VOTERS, landform_map.K, width=240,
            key="mirs.landforms.k",
            help="Tiles tied at the last distance share the remaining votes.",
        )  # fmt: skip
        margin = st.slider(
            "Minimum margin", 0.0, 1.0, landform_map.MIN_MARGIN, 0.05, width=240,
            key="mirs.landforms.margin",
            help="A tile stays undecided if the first class leads the second by less than this.",
        )  # fmt: skip
    return by_id[str(chosen)], int(k), float(margin)


def _summary(estimate: LandformMap, trust: VoteAccuracy | None) -> None:
    tiles, sure = len(estimate.rows), estimate.count(SURE)
    st.info(
        f"**Estimate for {tiles:,} unlabelled tiles: {sure:,} with a landform class,"
        f" {tiles - sure:,} undecided.** {estimate.count(CLOSE):,} are close calls,"
        f" {estimate.count(FAR):,} are unlike any labelled tile."
        f" {words.plain(landform_map.accuracy_in_words(trust))}",
        icon=":material/how_to_vote:",
    )
    if trust is None or not trust.bins:
        return
    with st.expander("Accuracy on test tiles by margin"):
        st.dataframe(
            {
                "Margin": [
                    f"{bin.low:g}" if bin.low == bin.high else f"{bin.low:g} to {bin.high:g}"
                    for bin in trust.bins
                ],
                "Test tiles": [bin.tiles for bin in trust.bins],
                "Accuracy": [bin.correct for bin in trust.bins],
            },
            hide_index=True,
            column_config={"Accuracy": st.column_config.NumberColumn(format="percent")},
        )


def _table(totals: Sequence[ClassTotal]) -> str:
    has_area = any(total.km2 is not None for total in totals)
    rows = []
    for total in totals:
        if total.density <= 0:
            continue
        chip = (
            f'<span class="mirs-chip" style="--c:{escape(total.colour)}"><i></i>'
            f"{escape(total.name)}</span>"
        )
        cells = [f"{total.tiles:,}", f"{total.density:,.1f}"]
        cells += [f"{total.km2:,.1f}" if total.km2 is not None else ""] if has_area else []
        row = "".join(f"<td>{cell}</td>" for cell in cells)
        rows.append(f"<tr><th scope='row'>{chip}</th>{row}</tr>")
    titles = [
        ("Tiles", "Tiles assigned to this class"),
        ("Density", "Expected number of tiles: the sum of vote shares over all tiles in range"),
    ]
    titles += [("km²", "Area of the density; overlapping ground counts once")] * has_area
    head = "".join(f'<th scope="col" title="{text}">{name}</th>' for name, text in titles)
    return (
        '<div class="mirs-scroll"><table class="mirs-table"><thead><tr><th scope="col">'
        f"Estimated class</th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _bars(totals: Sequence[ClassTotal]) -> None:
    present = [total for total in totals if total.density > 0]
    if not present:
        return
    from pages.parts import charts

    figure = charts.totals(
        [(total.name, total.colour, total.density) for total in present],
        "Estimated tiles (density)",
    )
    charts.show(
        figure, "mirs.landforms.bars", "Bar chart: estimated number of tiles by landform class"
    )


def _tiles(searcher: Searcher, estimate: LandformMap) -> None:
    rows, margin, nearest = estimate.rows, estimate.margin, estimate.nearest
    surest = rows[np.lexsort((nearest[rows], -margin[rows]))]
    farthest = rows[np.lexsort((margin[rows], -nearest[rows]))]
    is_sure, is_far = estimate.states.mask([SURE]), estimate.states.mask([FAR])
    lists = (
        ("Most certain estimates", surest[is_sure[surest]]),
        ("Closest calls", surest[::-1][~is_far[surest[::-1]]]),
        ("Unlike any labelled tile", farthest[is_far[farthest]]),
    )
    columns = [
        Column(
            [_entry(searcher, estimate, int(row)) for row in listed[:_PER_LIST]],
            title=title,
            empty="" if len(listed) else "None",
        )
        for title, listed in lists
    ]
    ids = [tile.id for column in columns for tile in column.tiles]
    images = loaders.thumbnails(searcher, ids)
    tile_grid("mirs.landforms.grid", columns, images, state.choose_tile, tile="5.2rem")


def _entry(searcher: Searcher, estimate: LandformMap, row: int) -> TileEntry:
    tile, votes = searcher.items.ids[row], estimate.votes
    first, second = (
        estimate.classes[int(column)] if column >= 0 else None
        for column in (votes.winner[row], votes.runner_up[row])
    )
    name = estimate.name_of(first) if first else "No vote"
    file, state_of = words.file_name(tile), estimate.states[row]
    lines = [
        f"Estimate: {name}"
        if state_of == SURE
        else f"Undecided ({state_of}); leading class {name}",
        f"{estimate.share[row]:.0%} of the votes, margin {estimate.margin[row]:.2f}",
        f"Nearest labelled tile: {estimate.nearest[row]:.4g} {estimate.unit}",
        file,
    ]
    if second:
        lines.insert(2, f"Second: {estimate.name_of(second)}")
    return TileEntry(
        id=tile,
        name=words.short_name(first) + ("" if state_of == SURE else "?") if first else file,
        colour=words.colour(first),
        label=f"{lines[0]}, {file}. Use as the query.",
        lines=tuple(lines),
        value=f"{estimate.margin[row]:.2f}",
        current=tile == state.tile(),
    )


def _exports(searcher: Searcher, estimate: LandformMap, trust: VoteAccuracy | None) -> None:
    # Files are written when a button is pressed, in a thread without access to the session state.
    rings = loaders.rings(searcher.summary.id)

    def write(file_format: exports.ExportFormat[exports.LandformMapTable]) -> bytes:
        return file_format.write(exports.landform_map_table(searcher, estimate, trust, rings))

    stem = f"mirs-landform-estimate-{slug(searcher.card.name)}"
    with st.container(horizontal=True, key="mirs-landforms-files"):
        for file_format in exports.formats_for_landform_maps():
            export_files.download(
                file_format.file_type, partial(write, file_format), stem, "landforms"
            )
    if not rings:
        st.caption(
            "The footprints of these tiles are unknown: exports hold points where the strip centre"
            " is known, and no geometry otherwise."
        )
