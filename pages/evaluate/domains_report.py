"""The report on two data sets: mAP@64 across them, covariances, and statistics of whitening."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mirs_core.config.presets import title_of
from mirs_core.experiments.domains import findings, statistics
from pages.parts import downloads, sections
from pages.shared import words

_GROUP, _TILES = "mirs.domains.group", "mirs.domains.tiles"
_KINDS = {"unseen": "Held-out tiles", "fitted": "Tiles used for the fit"}
_TRANSFORMS = {"own": "own transform for each", "source": "the source's for both"}
_WHITENINGS = {
    statistics.NONE: "No whitening",
    statistics.DWT: title_of(statistics.DWT),
    statistics.OF_2021: "As in 2021",
}
_SIDES = ("source", "target")
_SIDE_STATISTICS = (
    ("off_diagonal_correlation", "Correlation between channels",
     "mean absolute value within a group; 0 if independent"),
    ("distance_to_scaled_identity", "Distance from white",
     "of the covariance to the nearest multiple of the identity; 0 is white, 1 is rank one"),
)  # fmt: skip
_GAP_STATISTICS = (
    ("mean_gap", "Gap between means", "in standard deviations of the features within a domain"),
    ("covariance_gap", "Gap between covariances", "relative to their size; 1.4 if unrelated"),
)
_MEASURED = "mAP@64 when a model is applied to another data set."


@dataclass(frozen=True, slots=True)
class _Texts:
    """The content of a report, ready to draw; markup in ``about``, ``across`` and ``tables``."""

    about: str
    gain: str
    across: str
    whitenings: str
    gap: str
    tables: dict[str, str]
    states: list[str]
    names: list[str]
    outdated: list[str]
    groups: int
    features: int


def draw(
    report: Mapping[str, Any], covariances: NDArray[np.float32], digests: Mapping[str, str]
) -> None:
    """Draws a report.

    Args:
        covariances: as ``mirs_core.experiments.domains`` stores them next to the report.
        digests: current manifest digests of the data sets, by folder.
    """
    try:
        text = _texts(report, covariances.shape, digests)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        st.error("The report is damaged. Measure again.", icon=":material/error:")
        return
    st.html(text.about)
    if text.outdated:
        names = " and ".join(text.outdated)
        warning = words.plain(f"The tiles of {names} have changed since. Measure again.")
        st.warning(warning, icon=":material/history:")
    sections.section("With and without whitening", text.gain)
    st.html(text.across)
    sections.section("Covariance of one group of channels", text.whitenings)
    left, right = st.columns([1, 3], gap="medium", vertical_alignment="bottom")
    with left:
        group = _choose_group(text.groups)
    with right:
        kind = _choose_kind(list(text.tables))
    size = covariances.shape[4]
    first = group * size
    channels = min(size, text.features - first)
    place = report["statistics"]["kinds"].index(kind)
    _heat_maps(
        covariances[:, place, :, group, :channels, :channels], text.states, text.names, first
    )
    sections.section("All groups", text.gap)
    st.html(text.tables[kind])
    downloads.values("domains", lambda: report)


def _texts(report: Mapping[str, Any], shape: tuple[int, ...], digests: Mapping[str, str]) -> _Texts:
    """The texts of a report.

    Raises:
        AttributeError, IndexError, KeyError, TypeError or ValueError: the report is damaged, or
            covariances of this ``shape`` belong to another one.
    """
    statistics = report["statistics"]
    short = [str(report[side]["name"]) for side in _SIDES]
    states = ["none", *(item["key"] for item in statistics["whitenings"] if not item["why"])]
    kinds = findings.kinds_of_tiles(report)
    places = [statistics["kinds"].index(kind) for kind in kinds]
    groups = int(statistics["groups"])
    if shape[:4] != (len(states), len(places), len(_SIDES), groups):
        raise ValueError("the covariances belong to another report")
    gain = findings.gain_in_words(report["across"])
    titles = [_title(report, side) for side in _SIDES]
    return _Texts(
        about=_about(report),
        gain=f"{_MEASURED} {gain}" if gain else _MEASURED,
        across=_across(report["across"]),
        whitenings=_whitenings(report),
        gap=findings.gap_in_words(report),
        tables={kind: _statistics(findings.rows_of(report, kind), short) for kind in kinds},
        states=states,
        names=[f"{name}: {title}" for name, title in zip(short, titles, strict=True)],
        outdated=[_title(report, side) for side in _SIDES if _has_changed(report[side], digests)],
        groups=groups,
        features=int(statistics["features"]),
    )


def _about(report: Mapping[str, Any]) -> str:
    seeds = int(report["seeds"])
    facts = [
        " and ".join(_title(report, side) for side in _SIDES),
        f"{seeds} seed{'s' if seeds != 1 else ''}",
        str(report["encoder"]),
        str(report["created"])[:10],
    ]
    return f'<p class="mirs-note">{" · ".join(escape(fact) for fact in facts)}</p>'


def _title(report: Mapping[str, Any], side: str) -> str:
    title, synthetic = str(report[side]["title"]), bool(report[side]["synthetic"])
    return f"{title} (synthetic)" if synthetic and "synthetic" not in title.lower() else title


def _has_changed(described: Mapping[str, Any], digests: Mapping[str, str]) -> bool:
    return digests.get(str(described["root"]), described["manifest"]) != described["manifest"]


def _whitenings(report: Mapping[str, Any]) -> str:
    parts = []
    for whitening in report["statistics"]["whitenings"]:
        name = _WHITENINGS[whitening["key"]]
        if whitening["why"]:
            parts.append(f"{name}: not available, {whitening['why']}")
        else:
            size, eps = int(whitening["group_size"]), whitening["eps"]
            parts.append(f"{name}: groups of {size} channels, eps {eps:g}")
    return (
        "Red: positive covariance, blue: negative. White features have a red diagonal and nothing"
        f" else. {'; '.join(parts)}."
    )


def _choose_group(groups: int) -> int:
    if groups < 2:
        return 0
    return int(
        st.number_input(
            f"Group, 0 to {groups - 1}", 0, groups - 1, key=_GROUP,
            help="Consecutive channels form a group.",
        )
    )  # fmt: skip


def _choose_kind(kinds: Sequence[str]) -> str:
    """Draws the choice of the tiles to show statistics of."""
    if st.session_state.get(_TILES) not in kinds:
        st.session_state[_TILES] = kinds[0]
    chosen = st.segmented_control(
        "Measured on", list(kinds), format_func=_KINDS.__getitem__, required=True, key=_TILES,
        help="A transform always fits the tiles it is estimated from; held-out tiles show how well"
        " it generalises.",
    )  # fmt: skip
    return chosen or kinds[0]


def _heat_maps(
    values: NDArray[np.float32], states: Sequence[str], names: Sequence[str], first: int
) -> None:
    """A row for each domain, a column for each whitening of its features."""
    from pages.parts import charts

    for side, name in enumerate(names):
        st.html(f'<p class="mirs-model">{escape(name)}</p>')
        for cell, (place, state) in zip(
            st.columns(len(states), gap="medium"), enumerate(states), strict=True
        ):
            with cell:
                st.html(f'<p class="mirs-chart-title">{_WHITENINGS[state]}</p>')
                charts.show(
                    charts.covariance(values[place, side].astype(np.float64), first),
                    f"mirs.domains.{side}.{state}",
                    f"Heat map: covariance of channels of {name}, {_WHITENINGS[state]}",
                )


def _statistics(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    heads = "".join(
        f'<th scope="col">{_WHITENINGS[row["whitening"]]}'
        f"<small>{_TRANSFORMS.get(row['transform'], '')}</small></th>"
        for row in rows
    )
    lines = []
    for key, title, about in _SIDE_STATISTICS:
        for side, name in zip(_SIDES, names, strict=True):
            cells = [row[side][key] for row in rows]
            lines.append(_line(f"{title}: {name}", about if side == "source" else "", cells))
    for key, title, about in _GAP_STATISTICS:
        lines.append(_line(title, about, [row[key] for row in rows]))
    return (
        '<div class="mirs-scroll"><table class="mirs-table mirs-published mirs-domains"><thead><tr>'
        f'<th scope="col"></th>{heads}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'
    )


def _line(title: str, about: str, values: Sequence[float | None]) -> str:
    cells = "".join(
        "<td>–</td>" if value is None else f"<td>{float(value):.3f}</td>" for value in values
    )
    note = f"<small>{escape(about)}</small>" if about else ""
    return f'<tr><th scope="row">{escape(title)}{note}</th>{cells}</tr>'


def _across(rows: Sequence[Mapping[str, Any]]) -> str:
    """A row for each model, with the score and the difference in each direction."""
    directions = list(dict.fromkeys((str(row["from"]), str(row["to"])) for row in rows))
    by_key = {(str(row["from"]), str(row["to"]), str(row["preset"])): row for row in rows}
    presets = list(dict.fromkeys(str(row["preset"]) for row in rows))
    heads = "".join(
        f'<th scope="col">Trained on {escape(a)},<br>applied to {escape(b)}</th>'
        '<th scope="col">Difference</th>'
        for a, b in directions
    )
    lines = "".join(
        f'<tr><th scope="row">{escape(title_of(preset))}</th>'
        + "".join(_cells(by_key[a, b, preset]) for a, b in directions)
        + "</tr>"
        for preset in presets
    )
    return (
        '<div class="mirs-scroll"><table class="mirs-table mirs-published mirs-domains"><thead><tr>'
        f'<th scope="col"></th>{heads}</tr></thead><tbody>{lines}</tbody></table></div>'
        '<p class="mirs-note">mAP@64 normalised by min(R, 64), with 95 % interval over queries.'
        " Differences are paired by query. MIRS + DWT adds whitening and an entropy term on the"
        " archive to MIRS. Baselines are not trained.</p>"
    )


def _cells(row: Mapping[str, Any]) -> str:
    if row["why"]:
        why = escape(str(row["why"]))
        return f'<td class="mirs-text" colspan="2">not available<small>{why}</small></td>'
    low, high = float(row["low"]), float(row["high"])
    value = f"<td>{float(row['map_at_64']):.3f}<small>{low:.3f} to {high:.3f}</small></td>"
    return f"{value}<td>{_difference(row['difference'])}</td>"


def _difference(gap: Mapping[str, Any] | None) -> str:
    if gap is None:
        return '<span class="mirs-quiet">–</span>'
    low, high, middle = (float(gap[name]) for name in ("low", "high", "value"))
    reference = escape(title_of(str(gap["against"])))
    span = f"<small>{low:+.3f} to {high:+.3f}</small><small>to {reference}</small>"
    if low <= 0 <= high:
        return f"no difference{span}"
    return f'<b class="mirs-{"more" if middle > 0 else "less"}">{middle:+.3f}</b>{span}'
