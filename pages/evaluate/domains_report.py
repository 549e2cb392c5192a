"""The report on two data sets: covariances before and after, figures in words, mAP both ways."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.parts import downloads, sections
from pages.shared import lineup, words

_GROUP, _TILES = "mirs.domains.group", "mirs.domains.tiles"
_KINDS = {"unseen": "Other tiles", "fitted": "Tiles they are taken from"}
_BY = {"own": "each its own", "source": "the source's for both"}
_WHITENINGS = {"none": "As encoded", "mirs-dwt": "MIRS + DWT", "2021": "As in 2021"}
_SIDES = ("source", "target")
_FACTS = (
    ("off_diagonal_correlation", "Correlation of two channels",
     "mean of the absolute values inside a group; 0 once they are independent"),
    ("distance_to_scaled_identity", "Distance from white",
     "of the covariance to the nearest multiple of the identity; 0 is white, 1 is one direction"),
)  # fmt: skip
_GAPS = (
    ("mean_gap", "Means apart", "in standard deviations of the features inside a domain"),
    ("covariance_gap", "Covariances apart", "share of their own size; 1.4 have nothing in common"),
)


def draw(
    report: Mapping[str, Any], covariances: NDArray[np.float32], digests: Mapping[str, str]
) -> None:
    """Draws a report.

    Args:
        covariances: as ``mirs_core.experiments.domains`` keeps them beside the report.
        digests: of the data sets as the runs know them, by folder.
    """
    try:
        about, settings = _about(report), _settings(report)
        size, groups = covariances.shape[4], int(report["statistics"]["groups"])
        features, names = int(report["statistics"]["features"]), [_side(report, s) for s in _SIDES]
        short = [str(report[side]["name"]) for side in _SIDES]
        places = {kind: report["statistics"]["kinds"].index(kind) for kind in _kinds(report)}
        tables = {kind: _statistics(_rows(report, kind), short) for kind in places}
        sentence, across = _in_words(report), _across(report["across"])
        verdict = _verdict(report["across"])
        states = ["none", *(one["key"] for one in report["statistics"]["whitenings"]
                            if not one["why"])]  # fmt: skip
        old = [_side(report, side) for side in _SIDES if _has_changed(report[side], digests)]
        if covariances.shape[:4] != (len(states), len(places), len(_SIDES), groups):
            raise ValueError("the covariances are of another report")
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        st.error("The report is damaged. Measure again.", icon=":material/error:")
        return
    st.html(about)
    if old:
        said = words.plain(f"The tiles of {' and '.join(old)} have changed since. Measure again.")
        st.warning(said, icon=":material/history:")
    sections.section("With and without whitening", verdict)
    st.html(across)
    sections.section("One group of channels", settings)
    left, right = st.columns([1, 3], gap="medium", vertical_alignment="bottom")
    with left:
        group = _group(groups)
    with right:
        kind = _kind(list(places))
    first = group * size
    channels = min(size, features - first)
    shown = covariances[:, places[kind], :, group, :channels, :channels]
    _heat_maps(shown, states, [f"{a}: {b}" for a, b in zip(short, names, strict=True)], first)
    sections.section("All groups", sentence)
    st.html(tables[kind])
    downloads.values("domains", report)


def _about(report: Mapping[str, Any]) -> str:
    seeds = int(report["seeds"])
    facts = [
        " and ".join(_side(report, side) for side in _SIDES),
        f"{seeds} seed{'s' if seeds != 1 else ''}",
        str(report["encoder"]),
        str(report["created"])[:10],
    ]
    return f'<p class="mirs-note">{" · ".join(escape(fact) for fact in facts)}</p>'


def _side(report: Mapping[str, Any], side: str) -> str:
    title, synthetic = str(report[side]["title"]), bool(report[side]["synthetic"])
    return f"{title} (synthetic)" if synthetic and "synthetic" not in title.lower() else title


def _has_changed(described: Mapping[str, Any], digests: Mapping[str, str]) -> bool:
    return digests.get(str(described["root"]), described["manifest"]) != described["manifest"]


def _settings(report: Mapping[str, Any]) -> str:
    said = []
    for one in report["statistics"]["whitenings"]:
        name = _WHITENINGS[one["key"]]
        if one["why"]:
            said.append(f"{name}: not here, {one['why']}")
        else:
            said.append(f"{name}: {int(one['group_size'])} channels a group, eps {one['eps']:g}")
    return (
        "How the channels of a group vary together: red with each other, blue against. White"
        f" features have a red diagonal and nothing else. {'; '.join(said)}."
    )


def _group(groups: int) -> int:
    if groups < 2:
        return 0
    return int(
        st.number_input(
            f"Group, 0 to {groups - 1}", 0, groups - 1, key=_GROUP,
            help="Channels are cut into groups in their order.",
        )
    )  # fmt: skip


def _kind(kinds: Sequence[str]) -> str:
    """Draws the choice of the tiles that are looked at."""
    if st.session_state.get(_TILES) not in kinds:
        st.session_state[_TILES] = kinds[0]
    chosen = st.segmented_control(
        "Measured on", list(kinds), format_func=_KINDS.__getitem__, required=True, key=_TILES,
        help="A transform always fits the tiles that it is taken from: what it is worth shows on"
        " others.",
    )  # fmt: skip
    return chosen or kinds[0]


def _heat_maps(
    values: NDArray[np.float32], states: Sequence[str], names: Sequence[str], first: int
) -> None:
    """A row a domain, a column a state of its features."""
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


def _kinds(report: Mapping[str, Any]) -> list[str]:
    """The kinds of tiles that were measured, the one that shows the worth of a transform first."""
    return [kind for kind in _KINDS if kind in report["statistics"]["kinds"]]


def _rows(report: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    return [row for row in report["statistics"]["rows"] if row["tiles"] == kind]


def _in_words(report: Mapping[str, Any]) -> str:
    """What whitening does to the gap between the domains, in sentences."""
    shown = _by_state(report, _kinds(report)[0])
    before, after = shown["none", ""], shown.get(("mirs-dwt", "own"))
    said = f"As encoded, the two means are {float(before['mean_gap']):.2f} deviations apart"
    if after is not None:
        said += (
            f"; {float(after['mean_gap']):.2f} once each domain has its own transform (MIRS + DWT)"
        )
    own, others = (_by_state(report, kind).get(("2021", "own")) for kind in ("fitted", "unseen"))
    if own is None or others is None:
        return f"{said}."
    name = "off_diagonal_correlation"
    there, here, raw = (row["source"][name] for row in (own, others, before))
    if None in (there, here, raw):
        return f"{said}."
    return (
        f"{said}. Whitening as in 2021 brings the correlation of two channels from {raw:.3f} to"
        f" {there:.3f} on the tiles that it is taken from, and to {here:.3f} on others."
    )


def _by_state(report: Mapping[str, Any], kind: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    rows = _rows(report, kind)
    return {(str(row["whitening"]), str(row["transform"])): row for row in rows}


def _statistics(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    heads = "".join(
        f'<th scope="col">{_WHITENINGS[row["whitening"]]}'
        f"<small>{_BY.get(row['transform'], '')}</small></th>"
        for row in rows
    )
    lines = []
    for key, title, about in _FACTS:
        for side, name in zip(_SIDES, names, strict=True):
            cells = [row[side][key] for row in rows]
            lines.append(_line(f"{title}: {name}", about if side == "source" else "", cells))
    for key, title, about in _GAPS:
        lines.append(_line(title, about, [row[key] for row in rows]))
    return (
        '<div class="mirs-scroll"><table class="mirs-table mirs-published mirs-domains"><thead><tr>'
        f'<th scope="col"></th>{heads}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'
    )


def _line(title: str, about: str, values: Sequence[float | None]) -> str:
    cells = "".join(
        "<td>–</td>" if value is None else f"<td>{float(value):.3f}</td>" for value in values
    )
    said = f"<small>{escape(about)}</small>" if about else ""
    return f'<tr><th scope="row">{escape(title)}{said}</th>{cells}</tr>'


def _verdict(rows: Sequence[Mapping[str, Any]]) -> str:
    """What whitening is worth where a head has left its data set, in a sentence."""
    said = []
    for row in rows:
        gap = row["difference"]
        if str(row["preset"]) != "mirs-dwt" or not gap or str(gap["against"]) != "mirs":
            continue
        low, high, middle = (float(gap[name]) for name in ("low", "high", "value"))
        worth = "no difference" if low <= 0 <= high else f"{middle:+.3f}"
        said.append(f"{worth} from {row['from']} to {row['to']}")
    start = "mAP@64 where a head has left its data set."
    return f"{start} Whitening is worth to MIRS: {'; '.join(said)}." if said else start


def _across(rows: Sequence[Mapping[str, Any]]) -> str:
    """Models down; across, each direction with its value and the difference."""
    ways = list(dict.fromkeys((str(row["from"]), str(row["to"])) for row in rows))
    by = {(str(row["from"]), str(row["to"]), str(row["preset"])): row for row in rows}
    presets = list(dict.fromkeys(str(row["preset"]) for row in rows))
    heads = "".join(
        f'<th scope="col">Learns from {escape(a)},<br>searches {escape(b)}</th>'
        '<th scope="col">Difference</th>'
        for a, b in ways
    )
    lines = "".join(
        f'<tr><th scope="row">{escape(lineup.title_of_preset(preset))}</th>'
        + "".join(_cells(by[a, b, preset]) for a, b in ways)
        + "</tr>"
        for preset in presets
    )
    return (
        '<div class="mirs-scroll"><table class="mirs-table mirs-published mirs-domains"><thead><tr>'
        f'<th scope="col"></th>{heads}</tr></thead><tbody>{lines}</tbody></table></div>'
        '<p class="mirs-note">mAP@64 divided by min(R, 64), with its 95 % interval over queries.'
        " Differences are paired by query; MIRS + DWT differs from MIRS by whitening and by an"
        " entropy term on the archive. Baselines learn nothing.</p>"
    )


def _cells(row: Mapping[str, Any]) -> str:
    if row["why"]:
        why = escape(str(row["why"]))
        return f'<td class="mirs-text" colspan="2">not here<small>{why}</small></td>'
    low, high = float(row["low"]), float(row["high"])
    value = f"<td>{float(row['map_at_64']):.3f}<small>{low:.3f} to {high:.3f}</small></td>"
    return f"{value}<td>{_difference(row['difference'])}</td>"


def _difference(gap: Mapping[str, Any] | None) -> str:
    if gap is None:
        return '<span class="mirs-quiet">–</span>'
    low, high, middle = (float(gap[name]) for name in ("low", "high", "value"))
    against = escape(lineup.title_of_preset(str(gap["against"])))
    span = f"<small>{low:+.3f} to {high:+.3f}</small><small>against {against}</small>"
    if low <= 0 <= high:
        return f"no difference{span}"
    return f'<b class="mirs-{"more" if middle > 0 else "less"}">{middle:+.3f}</b>{span}'
