"""The preview: a short training that shows live how the settings affect the codes."""

import secrets
from html import escape
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from mirs_core import jobs
from mirs_core.config import presets
from mirs_core.config.settings import RunConfig
from mirs_core.datasets.items import Items
from mirs_core.errors import MirsError
from mirs_core.jobs.kinds.preview import Preview
from mirs_core.pipeline import preview_charts
from mirs_core.pipeline.preview_charts import Curve
from mirs_core.retrieval.filters import Filters
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.components.tile_picture import TilePicture
from pages.parts import charts, sections, training_curves
from pages.shared import loaders, state, words
from pages.shared.palette import COLOURS

_JOB, _CONFIG, _SESSION = "mirs.preview.job", "mirs.preview.asked", "mirs.preview.me"
_PREVIEW, _DEFAULT = COLOURS[1], COLOURS[4]
_EPOCHS = 30
_OUT = "preview.json"
_HEIGHT = 230
_KEY = (
    f'<p class="mirs-key"><i style="--c:{_PREVIEW}"></i>this preview'
    f'<i class="dashed" style="--c:{_DEFAULT}"></i>default model</p>'
)


def start(config: RunConfig, query: str) -> None:
    """Starts a preview of ``config`` and stops the previous one of this session."""
    home = Home.current()
    session = st.session_state.setdefault(_SESSION, secrets.token_hex(6))
    folder = home.previews
    folder.mkdir(parents=True, exist_ok=True)
    spec = Preview(
        data=Path(config.data),
        preset=config.preset,
        seed=config.seed,
        epochs=_EPOCHS,
        query=query,
        out=folder / f"{session}.json",
        changes=tuple(presets.changes_of(config)),
    )
    _path().unlink(missing_ok=True)
    st.session_state[_JOB] = jobs.submit(home, spec, key=f"preview-{session}", replaces=True)
    st.session_state[_CONFIG] = config


def is_due(config: RunConfig) -> bool:
    """Whether the settings have changed since the last preview."""
    return st.session_state.get(_CONFIG) != config


def _path() -> Path:
    return Home.current().previews / f"{st.session_state.get(_SESSION, 'none')}.json"


def draw() -> None:
    """Draws the preview; redraws itself while the preview runs."""
    job_id = st.session_state.get(_JOB)
    if job_id is None:
        st.html(
            '<p class="mirs-lead">A preview trains a hash head for 30 epochs on features that are'
            " already encoded. Change a weight and see its effect on the codes within seconds.</p>"
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
    """Draws the present state; returns whether the preview is still running."""
    try:
        job = jobs.read(Home.current(), st.session_state[_JOB])
    except MirsError:
        st.info("This preview no longer exists; start a new one.")
        return False
    view = preview_charts.read(_path())
    if job.state == "failed":
        st.error(words.plain(job.error or "Failed with no error message."), icon=":material/error:")
        return False
    done = len(view["lines"]) if view else 0
    total = view["epochs"] if view else _EPOCHS
    text = f"Epoch {done} of {total}" if done else _waiting(job)
    st.progress(done / total, text=words.plain(text))
    if view:
        _figures(view)
    return job.active


def _waiting(job: jobs.Job) -> str:
    if job.state == "queued":
        return "Starting; the first preview takes a few seconds longer"
    return f"{job.stage} {job.done:,} of {job.total:,}" if job.total else job.stage


def _figures(view: dict[str, Any]) -> None:
    last, served = view["lines"][-1], view["served"]
    _numbers(view, last, served)
    st.html(_terms(view) + (_KEY if served else ""))
    own = preview_charts.code_curves(view["look"])
    default = preview_charts.code_curves(served["look"]) if served else None
    left, right = st.columns(2, gap="medium")
    with left:
        _chart("map", "Validation mAP@64 by epoch", _validation(view, served))
        _chart(
            "ones",
            "Distribution of the number of ones per code",
            _bars(own.ones, default.ones if default else None),
        )
    with right:
        _chart(
            "soft",
            "Distribution of soft code values",
            _bars(own.soft, default.soft if default else None),
        )
        _chart(
            "bits",
            "Share of ones in each bit, sorted",
            _bits(own.bits, default.bits if default else None),
        )
    _hits(view)


def _numbers(view: dict[str, Any], last: dict[str, Any], served: dict[str, Any] | None) -> None:
    codes, reference_codes = view["look"], (served or {}).get("look", {})
    _, score = preview_charts.reference(served or {}, last["epoch"])
    cells = (
        ("Validation mAP@64", last["map_at_64"], score, "{:.3f}"),
        ("Mean |h - 0.5|", codes["from_half"], reference_codes.get("from_half"), "{:.3f}"),
        ("SD of ones [bits]", codes["ones_sd"], reference_codes.get("ones_sd"), "{:.2f}"),
        ("Distinct codes", codes["distinct"], reference_codes.get("distinct"), "{:.0%}"),
    )
    body = "".join(
        f"<div><span>{escape(name)}</span><b>{_text(value, form)}</b>"
        f"<em>{_default(name, _text(reference, form), last['epoch']) if served else ''}</em></div>"
        for name, value, reference, form in cells
    )
    st.html(f'<div class="mirs-numbers">{body}</div>')


def _default(name: str, value: str, epoch: int) -> str:
    """The default model's value and when it had it: scores of one epoch are compared."""
    when = f"at epoch {epoch}" if name.startswith("Validation") else "when trained"
    return f"default {value} {when}"


def _text(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)


def _terms(view: dict[str, Any]) -> str:
    """The terms of the loss: weight, value, and share of the gradient."""
    rows = [
        f"<tr><th>{escape(training_curves.curve_name(term.name))}</th>"
        f"<td>{term.weight:g}</td><td>{term.value:.4f}</td>"
        f'<td class="bar"><i style="--w:{term.gradient_share:.4f}"></i>'
        f"<span>{term.gradient_share:.0%}</span></td></tr>"
        for term in preview_charts.terms(view)
    ]
    return (
        '<table class="mirs-terms"><thead><tr><th>Term</th><th>Weight</th><th>Value</th>'
        f"<th>Share of the gradient</th></tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _chart(key: str, title: str, figure: go.Figure) -> None:
    st.html(f'<p class="mirs-chart-title">{escape(title)}</p>')
    charts.show(charts.small(figure, _HEIGHT), f"mirs.p.{key}", title)


def _validation(view: dict[str, Any], served: dict[str, Any] | None) -> go.Figure:
    curve = preview_charts.validation(view["lines"])
    figure = go.Figure()
    figure.add_scatter(
        x=curve.x,
        y=curve.y,
        name="Preview",
        line={"color": _PREVIEW, "width": 2.5},
    )
    if served:
        _line(figure, preview_charts.reference(served, view["epochs"])[0])
    figure.update_xaxes(range=[0.5, view["epochs"] + 0.5])
    figure.update_yaxes(range=[0, 1])
    return figure


def _bars(own: Curve, default: Curve | None) -> go.Figure:
    figure = go.Figure()
    figure.add_bar(x=own.x, y=own.y, name="Preview", marker={"color": _PREVIEW})
    if default:
        _line(figure, default)
    return figure


def _bits(own: Curve, default: Curve | None) -> go.Figure:
    figure = go.Figure()
    figure.add_scatter(x=own.x, y=own.y, name="Preview", line={"color": _PREVIEW, "width": 2.5})
    if default:
        _line(figure, default)
    figure.update_yaxes(range=[0, 1])
    return figure


def _line(figure: go.Figure, curve: Curve) -> None:
    figure.add_scatter(
        x=curve.x,
        y=curve.y,
        name="Default model",
        mode="lines",
        line={"color": _DEFAULT, "dash": "dash", "width": 2},
    )


def _hits(view: dict[str, Any]) -> None:
    """The nearest archive tiles of the query, with the preview and with the default model."""
    if not view["hits"]:
        return
    query = view["query"]
    sections.section("Search results", f"Nearest archive tiles of {query}.")
    rows = [("Preview", [(hit["id"], hit["label"], hit["distance"]) for hit in view["hits"]])]
    served = runs.served_run(Home.current())
    try:
        searcher = loaders.searcher(served or "")
        hits_of_default = searcher.search(
            searcher.query_by_id(query), len(view["hits"]), Filters(roles=("archive",))
        )
    except MirsError:
        st.caption("The default model searches another data set.")
        return
    rows.append(("Default", [(hit.id, hit.label, hit.distance) for hit in hits_of_default]))
    ids = list(dict.fromkeys(hit[0] for _, hits in rows for hit in hits))
    pairs = zip(ids, searcher.items.rows_of(ids).tolist(), strict=True)
    pictures = loaders.thumbnails(searcher, [query, *(tile for tile, row in pairs if row >= 0)])
    both = set.intersection(*({hit[0] for hit in hits} for _, hits in rows))
    for title, hits in rows:
        tiles = "".join(_tile(hit, pictures, view["label"], hit[0] in both) for hit in hits)
        st.html(
            f'<div class="mirs-strip"><b>{title}</b>'
            f'<div tabindex="0" role="group" aria-label="{title}">{tiles}</div></div>'
        )


def _tile(
    hit: tuple[str, str | None, float],
    pictures: dict[str, TilePicture],
    label: str | None,
    shared: bool,
) -> str:
    tile, own, distance = hit
    kind = "same" if label is not None and own == label else ""
    picture = pictures.get(tile, TilePicture(""))
    text = f"{words.class_name(own)}, {distance:g} bits"
    text += f", {picture.about.lower()}" if picture.about else ""
    return (
        f'<figure class="{kind}{"" if shared else " new"}" title="{escape(text)}">'
        f'<img src="{picture.uri}" alt="{escape(text)}">'
        f"<figcaption>{distance:g}</figcaption></figure>"
    )


def query_of(items: Items) -> str:
    """The query of the search page if it is archived, otherwise the first test tile, or tile."""
    tile = state.tile()
    if tile is not None and items.has(tile):
        return tile
    tests = items.rows(["test"])
    return items.ids[int(tests[0]) if len(tests) else 0] if len(items) else ""
