"""The instant preview: a short training that shows, live, what the settings do to the codes."""

import json
import secrets
from html import escape
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from mirs_core import jobs
from mirs_core.config import presets
from mirs_core.config.settings import RunConfig
from mirs_core.errors import MirsError
from mirs_core.retrieval.filters import Filters
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.parts import charts, sections, training_curves
from pages.shared import loaders, state, words
from pages.shared.palette import COLOURS

_JOB, _ASKED, _ME = "mirs.preview.job", "mirs.preview.asked", "mirs.preview.me"
_HERE, _SERVED = COLOURS[1], COLOURS[4]
_EPOCHS = 30
_OUT = "preview.json"
_HEIGHT = 230
_KEY = (
    f'<p class="mirs-key"><i style="--c:{_HERE}"></i>this preview'
    f'<i class="dashed" style="--c:{_SERVED}"></i>the run that is shown first</p>'
)


def start(config: RunConfig, query: str) -> None:
    """Starts a preview of ``config``; the one that this session watched before is stopped."""
    home = Home.current()
    me = st.session_state.setdefault(_ME, secrets.token_hex(6))
    folder = home.previews
    folder.mkdir(parents=True, exist_ok=True)
    words_of = [f"--set={change}" for change in presets.changes_of(config)]
    command = [
        "preview", f"--data={config.data}", f"--preset={config.preset}", f"--seed={config.seed}",
        f"--epochs={_EPOCHS}", f"--query={query}", f"--out={folder / f'{me}.json'}", *words_of,
    ]  # fmt: skip
    _path().unlink(missing_ok=True)
    st.session_state[_JOB] = jobs.submit(
        home, command, "Preview", key=f"preview-{me}", lane=jobs.PREVIEW, replaces=True
    )
    st.session_state[_ASKED] = config


def is_due(config: RunConfig) -> bool:
    """Whether the settings changed since the last preview."""
    return st.session_state.get(_ASKED) != config


def _path() -> Path:
    return Home.current().previews / f"{st.session_state.get(_ME, 'none')}.json"


def draw() -> None:
    """Draws what the preview shows; while it runs it is drawn again by itself."""
    job_id = st.session_state.get(_JOB)
    if job_id is None:
        st.html(
            '<p class="mirs-lead">A preview trains a head for 30 epochs on features that are'
            " encoded already. Move a weight and see what it does to the codes, seconds later.</p>"
        )
        return
    try:
        active = jobs.read(Home.current(), job_id).active
    except MirsError:
        active = False
    if active:
        _live()
    else:
        _still()


@st.fragment(run_every=0.5)
def _live() -> None:
    if not _draw_now():
        st.rerun(scope="app")


def _still() -> None:
    _draw_now()


def _draw_now() -> bool:
    """Draws the present state; whether there is more to come."""
    try:
        job = jobs.read(Home.current(), st.session_state[_JOB])
    except MirsError:
        st.info("This preview is gone; start it again.")
        return False
    view = _seen()
    if job.state == "failed":
        st.error(words.plain(job.error or "It failed without a word."), icon=":material/error:")
        return False
    done = len(view["lines"]) if view else 0
    total = view["epochs"] if view else _EPOCHS
    said = f"Epoch {done} of {total}" if done else _waiting(job)
    st.progress(done / total, text=words.plain(said))
    if view:
        _figures(view)
    return job.active


def _waiting(job: jobs.Job) -> str:
    if job.state == "queued":
        return "Starting; the first preview of a session takes a few seconds longer"
    return f"{job.stage} {job.done:,} of {job.total:,}" if job.total else job.stage


def _seen() -> dict[str, Any] | None:
    try:
        value = json.loads(_path().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) and value.get("lines") else None


def _figures(view: dict[str, Any]) -> None:
    last, served = view["lines"][-1], view["served"]
    _numbers(view, last, served)
    st.html(_terms(view, last) + (_KEY if served else ""))
    left, right = st.columns(2, gap="medium")
    with left:
        _chart("map", "Validation mAP@64 by epoch", _validation(view, served))
        _chart("ones", "Ones per code", _ones(view, served))
    with right:
        _chart("soft", "Soft codes: how far from 0 and 1", _soft(view, served))
        _chart("bits", "Share of ones in each bit, sorted", _bits(view, served))
    _hits(view)


def _numbers(view: dict[str, Any], last: dict[str, Any], served: dict[str, Any] | None) -> None:
    look, other = view["look"], (served or {}).get("look", {})
    cells = (
        ("Validation mAP@64", last["map_at_64"], (served or {}).get("map_at_64"), "{:.3f}"),
        ("Mean |h - 0.5|", look["from_half"], other.get("from_half"), "{:.3f}"),
        ("sd of ones [bits]", look["ones_sd"], other.get("ones_sd"), "{:.2f}"),
        ("Distinct codes", look["distinct"], other.get("distinct"), "{:.0%}"),
    )
    body = "".join(
        f"<div><span>{escape(name)}</span><b>{_said(value, form)}</b>"
        f"<em>{'served ' + _said(theirs, form) if served else ''}</em></div>"
        for name, value, theirs, form in cells
    )
    st.html(f'<div class="mirs-numbers">{body}</div>')


def _said(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)


def _terms(view: dict[str, Any], last: dict[str, Any]) -> str:
    """The terms of the loss: weight, value, and how much of the gradient is theirs."""
    pulls = last["gradients"]
    total = sum(pulls.values()) or 1.0
    rows = []
    for name, value in last["terms"].items():
        share = pulls.get(name, 0.0) / total
        rows.append(
            f"<tr><th>{escape(training_curves.curve_name(name))}</th>"
            f"<td>{view['weights'].get(name, 1.0):g}</td><td>{value:.4f}</td>"
            f'<td class="bar"><i style="--w:{share:.4f}"></i><span>{share:.0%}</span></td></tr>'
        )
    return (
        '<table class="mirs-terms"><thead><tr><th>Term</th><th>Weight</th><th>Value</th>'
        f"<th>Share of the gradient</th></tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _chart(key: str, title: str, figure: go.Figure) -> None:
    st.html(f'<p class="mirs-chart-title">{escape(title)}</p>')
    charts.show(charts.small(figure, _HEIGHT), f"mirs.p.{key}", title)


def _validation(view: dict[str, Any], served: dict[str, Any] | None) -> go.Figure:
    figure = go.Figure()
    lines = view["lines"]
    figure.add_scatter(
        x=[line["epoch"] for line in lines],
        y=[line["map_at_64"] for line in lines],
        name="Preview",
        line={"color": _HERE, "width": 2.5},
    )
    if served and served["map_at_64"] is not None:
        figure.add_hline(served["map_at_64"], line={"color": _SERVED, "dash": "dash", "width": 1.5})
    figure.update_xaxes(range=[0.5, view["epochs"] + 0.5])
    figure.update_yaxes(range=[0, 1])
    return figure


def _soft(view: dict[str, Any], served: dict[str, Any] | None) -> go.Figure:
    shares = view["look"]["soft"]
    middles = [(place + 0.5) / len(shares) for place in range(len(shares))]
    figure = go.Figure()
    figure.add_bar(x=middles, y=shares, name="Preview", marker={"color": _HERE})
    if served:
        _line(figure, middles, served["look"]["soft"])
    return figure


def _ones(view: dict[str, Any], served: dict[str, Any] | None) -> go.Figure:
    shares = view["look"]["ones"]
    figure = go.Figure()
    figure.add_bar(x=list(range(len(shares))), y=shares, name="Preview", marker={"color": _HERE})
    if served:
        theirs = served["look"]["ones"]
        _line(figure, list(range(len(theirs))), theirs)
    return figure


def _bits(view: dict[str, Any], served: dict[str, Any] | None) -> go.Figure:
    own = sorted(view["look"]["bits"])
    figure = go.Figure()
    figure.add_scatter(
        x=list(range(1, len(own) + 1)), y=own, name="Preview", line={"color": _HERE, "width": 2.5}
    )
    if served:
        theirs = sorted(served["look"]["bits"])
        _line(figure, list(range(1, len(theirs) + 1)), theirs)
    figure.update_yaxes(range=[0, 1])
    return figure


def _line(figure: go.Figure, x: list[float], y: list[float]) -> None:
    figure.add_scatter(
        x=x, y=y, name="Served", mode="lines", line={"color": _SERVED, "dash": "dash", "width": 2}
    )


def _hits(view: dict[str, Any]) -> None:
    """The nearest archive tiles of the query, through the preview and through the served run."""
    if not view["hits"]:
        return
    query = view["query"]
    sections.section("The query through it", f"Nearest archive tiles of {query}.")
    rows = [("Preview", [(hit["id"], hit["label"], hit["distance"]) for hit in view["hits"]])]
    served = runs.served_run(Home.current())
    try:
        found = loaders.searcher(served or "")
        theirs = found.search(
            found.query_by_id(query), len(view["hits"]), Filters(roles=("archive",))
        )
    except MirsError:
        st.caption("The served run searches another data set.")
        return
    rows.append(("Served", [(hit.id, hit.label, hit.distance) for hit in theirs]))
    known = [hit for _, hits in rows for hit in hits if hit[0] in found.items.ids]
    pictures = loaders.thumbnails(found, [query, *(hit[0] for hit in known)])
    both = set.intersection(*({hit[0] for hit in hits} for _, hits in rows))
    for title, hits in rows:
        tiles = "".join(_tile(hit, pictures, view["label"], hit[0] in both) for hit in hits)
        st.html(f'<div class="mirs-strip"><b>{title}</b><div>{tiles}</div></div>')


def _tile(
    hit: tuple[str, str | None, float], pictures: dict[str, str], label: str | None, shared: bool
) -> str:
    tile, own, distance = hit
    kind = "same" if label is not None and own == label else ""
    said = f"{words.class_name(own)}, {distance:g} bits"
    return (
        f'<figure class="{kind}{"" if shared else " new"}" title="{escape(said)}">'
        f'<img src="{pictures.get(tile, "")}" alt="{escape(said)}">'
        f"<figcaption>{distance:g}</figcaption></figure>"
    )


def query_of(known: list[str]) -> str:
    """The query of the search page where it is a tile of these, else one of them."""
    tile = state.tile()
    return tile if tile in known else (known[0] if known else "")
