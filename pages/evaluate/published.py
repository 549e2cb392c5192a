"""The published tables: what ``reproduce`` measured, beside what was published."""

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

_STATES = {"done": "", "waiting": "waiting", "not here": "not here"}
_CAUTION = (
    "The published numbers are those of DoMars16k, mAP@64 divided by the hits, with DenseNet121."
    " What is measured here does not compare with them unless a note below says so."
)
_THOUSAND = 1000


def draw(home: Home, chosen: DataSet) -> None:
    """Draws the report of a data set, or the command that makes one."""
    path = home.reports / chosen.key / "report.json"
    if not path.is_file():
        _how(chosen, path)
        return
    try:
        report = read_json(path)
        if not isinstance(report, dict) or report.get("schema") != 1:
            raise RunError(f"{path} is no report that this version knows. Make it again.")
        tables = [_table(table) for table in report["tables"]]
        about = _about(report)
    except (AttributeError, KeyError, TypeError, ValueError):
        st.error(words.plain(f"{path} is damaged. Make it again."), icon=":material/error:")
        _how(chosen, path)
        return
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        _how(chosen, path)
        return
    st.html(about)
    for table in tables:
        st.html(table)
    downloads.values(f"published-{chosen.key}", report)


def _how(chosen: DataSet, path: Path) -> None:
    root = chosen.runs[0].data_root
    st.html(
        '<div class="mirs-section"><h3>No report yet</h3><p>One command trains every recipe of the'
        " published tables on this data set, over several seeds, and writes what it measured beside"
        " what was published. It takes a while; this page shows what is done so far.</p></div>"
    )
    st.code(
        f".venv/bin/python -m mirs_core reproduce --data {root} --out {path.parent}",
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
    said = " · ".join(escape(fact) for fact in facts if fact)
    notes = "".join(f"<li>{escape(str(note))}</li>" for note in report.get("notes") or ())
    command = escape(str(report.get("command") or ""))
    made = f"<p>Made by <code>{command}</code></p>" if command else ""
    return (
        f'<div class="mirs-report"><p class="mirs-lead">{said}</p>'
        f"<p><b>Read with care.</b> {_CAUTION}</p><ul>{notes}</ul>{made}</div>"
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
    mark = ""
    if _STATES.get(state, state):
        mark = f"<small>{escape(state)}{': ' if why else ''}{escape(why)}</small>"
    waiting = ' class="mirs-waiting"' if mark else ""
    return f'<tr{waiting}><th scope="row">{escape(str(row["label"]))}{mark}</th>{cells}</tr>'


def _class(key: str, kind: str) -> str:
    names = (["mirs-pub"] if key == "published" else []) + (["mirs-text"] if kind == "text" else [])
    return f' class="{" ".join(names)}"' if names else ""


def _cell(value: Any, kind: str) -> str:
    """A value as its kind is read; a dash where there is none."""
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
    span = f"<small>{low:+.3f} to {high:+.3f}</small>"
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
