"""The Published tables part of Evaluate: results of ``reproduce`` next to the published ones."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st

from mirs_core.errors import MirsError, RunError
from mirs_core.files import read_json
from mirs_core.workspace.home import Home
from pages.parts import downloads
from pages.shared import words
from pages.shared.lineup import DataSet

_STATES = {"done": "", "waiting": "not run yet", "not here": "not available"}
_CAUTION = (
    "The published scores are for DoMars16k with DenseNet121, with mAP@64 normalised by the"
    " number of hits. Scores measured here are not comparable with them unless a note below says"
    " so."
)
_THOUSAND = 1000


def draw(home: Home, data_set: DataSet) -> None:
    """Draws the report on a data set, or the command that creates it."""
    path = home.reports / data_set.key / "report.json"
    if not path.is_file():
        _instructions(data_set, path)
        return
    try:
        report = read_json(path)
        if not isinstance(report, dict) or report.get("schema") != 1:
            raise RunError(f"{path} is not a report of this version. Create it again.")
        tables = [_table(table) for table in report["tables"]]
        about = _about(report)
    except (AttributeError, KeyError, TypeError, ValueError):
        st.error(words.plain(f"{path} is damaged. Create it again."), icon=":material/error:")
        _instructions(data_set, path)
        return
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        _instructions(data_set, path)
        return
    st.html(about)
    for table in tables:
        st.html(table)
    downloads.values(f"published-{data_set.key}", lambda: report)


def _instructions(data_set: DataSet, path: Path) -> None:
    root = data_set.runs[0].data_root
    st.html(
        '<div class="mirs-section"><h3>No report yet</h3><p>This command trains every recipe of'
        " the published tables on this data set with several seeds, and reports the measured scores"
        " next to the published ones. It takes a while; this page shows the results so far.</p>"
        "</div>"
    )
    st.code(
        f"mirs reproduce --data {root} --out {path.parent}",
        language="bash",
        wrap_lines=True,
    )


def _about(report: Mapping[str, Any]) -> str:
    seeds = int(report.get("seeds") or 0)
    facts = [
        str(report.get("title") or report.get("data") or ""),
        "synthetic, not real imagery" if report.get("synthetic") else "",
        f"{seeds} seed{'s' if seeds != 1 else ''}" if seeds else "",
        str(report.get("encoder") or ""),
        str(report.get("created") or "")[:10],
    ]
    summary = " · ".join(escape(fact) for fact in facts if fact)
    notes = "".join(f"<li>{escape(str(note))}</li>" for note in report.get("notes") or ())
    command = escape(str(report.get("command") or ""))
    origin = f"<p>Created with <code>{command}</code></p>" if command else ""
    return (
        f'<div class="mirs-report"><p class="mirs-lead">{summary}</p>'
        f"<p><b>Caution.</b> {_CAUTION}</p><ul>{notes}</ul>{origin}</div>"
    )


def _table(table: Mapping[str, Any]) -> str:
    columns = [(str(c["key"]), str(c["title"]), str(c["kind"])) for c in table["columns"]]
    heads = "".join(
        f'<th scope="col"{_class(key, kind)}>{escape(title)}</th>' for key, title, kind in columns
    )
    rows = "".join(_row(row, columns) for row in table["rows"])
    note, source = str(table.get("note") or ""), str(table.get("published_source") or "")
    cited = f'<p class="mirs-note">Published: {escape(source)}</p>' if source else ""
    return (
        f'<div class="mirs-section"><h3>{escape(str(table["title"]))}</h3><p>{escape(note)}</p>'
        '</div><div class="mirs-scroll"><table class="mirs-table mirs-published"><thead><tr>'
        f'<th scope="col"></th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>{cited}'
    )


def _row(row: Mapping[str, Any], columns: list[tuple[str, str, str]]) -> str:
    state, why = str(row.get("state") or "done"), str(row.get("why") or "")
    cells = "".join(
        f"<td{_class(key, kind)}>{_cell(row.get(key), kind)}</td>" for key, _, kind in columns
    )
    mark = _STATES.get(state, state)
    if mark:
        mark = f"<small>{escape(mark)}{': ' if why else ''}{escape(why)}</small>"
    waiting = ' class="mirs-waiting"' if mark else ""
    return f'<tr{waiting}><th scope="row">{escape(str(row["label"]))}{mark}</th>{cells}</tr>'


def _class(key: str, kind: str) -> str:
    names = (["mirs-pub"] if key == "published" else []) + (["mirs-text"] if kind == "text" else [])
    return f' class="{" ".join(names)}"' if names else ""


def _cell(value: Any, kind: str) -> str:
    """A value formatted by its kind; a dash for no value."""
    if value is None:
        return '<span class="mirs-quiet">–</span>'
    if kind == "text":
        return escape(str(value))
    if kind == "interval":
        low, high = value
        return '<span class="mirs-quiet">–</span>' if low is None else f"{low:.3f} to {high:.3f}"
    if kind == "difference":
        return _difference(value)
    return _FORMATS[kind](float(value))


def _difference(value: Mapping[str, Any]) -> str:
    low, high, middle = float(value["low"]), float(value["high"]), float(value["value"])
    sd = value.get("seed_sd")
    seeds = "" if sd is None else f", sd over seeds {float(sd):.3f}"
    span = f"<small>{low:+.3f} to {high:+.3f}{seeds}</small>"
    if low <= 0 <= high:
        return f"no difference{span}"
    return f'<b class="mirs-{"more" if middle > 0 else "less"}">{middle:+.3f}</b>{span}'


def _seconds(value: float) -> str:
    return f"{value:,.0f} s" if value >= 10 else f"{value:.2g} s"


def _bytes(value: float) -> str:
    for unit in ("B", "kB", "MB"):
        if value < _THOUSAND:
            return f"{value:.3g} {unit}"
        value /= _THOUSAND
    return f"{value:.3g} GB"


_FORMATS = {
    "map": lambda value: f"{value:.3f}",
    "seconds": _seconds,
    "bytes": _bytes,
    "count": lambda value: f"{value:,.0f}",
}
