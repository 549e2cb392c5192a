"""Sweeps over lambda1 x lambda2: their start, and the map of what they found."""

from collections.abc import Sequence

import streamlit as st

from mirs_core import jobs
from mirs_core.config.settings import RunConfig, settings
from mirs_core.errors import MirsError
from mirs_core.pipeline import sweeps
from mirs_core.pipeline.sweeps import Cell, Sweep
from mirs_core.workspace.home import Home
from pages.parts import notice, sections
from pages.shared import words
from pages.train import form

_CHOSEN, _PICKED = "mirs.sweep.chosen", "mirs.sweep.cell"
_METHODS = {"grid": "Grid", "random": "Random", "bayesian": "Bayesian (TPE)"}


def draw(config: RunConfig) -> None:
    """Draws the form of a sweep around ``config``, and the sweeps that there are."""
    st.html(
        '<p class="mirs-lead">A sweep trains a head for each pair of weights, everything else as on'
        " the left. Cells show validation mAP@64: neither the test split nor a label of the archive"
        " is read to choose.</p>"
    )
    _form(config)
    found = sweeps.list_sweeps(Home.current())
    if found:
        _results(found)


def _form(config: RunConfig) -> None:
    with st.container(border=True, key="mirs-sweep-form"):
        left, right = st.columns(2, gap="medium")
        with left:
            method = st.segmented_control(
                "Method", list(_METHODS), format_func=_METHODS.__getitem__, default="grid",
                required=True,
            )  # fmt: skip
        with right:
            trials = st.select_slider("Cells", [4, 9, 16, 25, 36, 49, 64, 100], 25)
        push = _range("push_weight", "Push weight (lambda1)", (1e-4, 10.0))
        balance = _range("balance_weight", "Balance weight (lambda2)", (1e-2, 100.0))
        if st.button("Start the sweep", type="primary", icon=":material/grid_on:"):
            if notice.act(
                "The sweep is queued.",
                lambda: _submit(config, str(method), int(trials), push, balance),
            ):
                st.rerun()
            notice.draw()


def _range(name: str, label: str, start: tuple[float, float]) -> tuple[float, float]:
    item = next(item for group, item in settings() if group == "loss" and item.name == name)
    steps = [one for one in form.log_steps(item.metadata["low"], item.metadata["high"]) if one > 0]
    low, high = st.select_slider(label, steps, start, format_func=lambda value: f"{value:g}")
    return float(low), float(high)


def _submit(
    config: RunConfig,
    method: str,
    trials: int,
    push: tuple[float, float],
    balance: tuple[float, float],
) -> None:
    home = Home.current()
    name = f"{_METHODS[method]}, {trials} cells, {config.preset}"
    made = sweeps.create(
        home, config, method=method, push=push, balance=balance, trials=trials, name=name
    )
    jobs.submit(home, ["sweep", "--id", made.id], f"Sweep: {name}", key=made.id)
    st.session_state[_CHOSEN] = made.id


def _results(found: Sequence[Sweep]) -> None:
    by_id = {one.id: one for one in found}
    if st.session_state.get(_CHOSEN) not in by_id:
        st.session_state[_CHOSEN] = found[0].id
    sections.section("What they found", "Click a cell to see its run.")
    chosen = st.selectbox(
        "Sweep",
        list(by_id),
        format_func=lambda one: f"{by_id[one].name} ({by_id[one].created[:16].replace('T', ' ')})",
        key=_CHOSEN,
    )
    active = any(job.active for job in jobs.list_jobs(Home.current()) if job.key == chosen)
    if active:
        _live(by_id[chosen])
    else:
        _map(by_id[chosen])


@st.fragment(run_every=1.5)
def _live(sweep: Sweep) -> None:
    _map(sweep)


def _map(sweep: Sweep) -> None:
    from pages.parts import charts

    try:
        found = sweeps.cells(Home.current(), sweep.id)
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    measured = [cell for cell in found if cell.value is not None]
    st.caption(f"{len(measured)} of {sweep.cells} cells")
    if not measured:
        return
    top = sweeps.best(measured)
    figure = charts.sweep_map(
        [(cell.push, cell.balance, cell.value or 0.0) for cell in measured],
        measured.index(top) if top else 0,
        square=sweep.method == "grid",
        push=sweep.push,
        balance=sweep.balance,
    )
    picked = charts.pick(
        figure, f"{_PICKED}.{sweep.id}", "Validation mAP@64 by lambda1 and lambda2"
    )
    cell = measured[picked] if picked is not None and picked < len(measured) else top
    if cell is not None:
        _cell(cell, cell == top)


def _cell(cell: Cell, is_best: bool) -> None:
    said = "The best cell" if is_best else "This cell"
    st.markdown(
        f"{said}: lambda1 **{cell.push:g}**, lambda2 **{cell.balance:g}**,"
        f" validation mAP@64 **{cell.value:.3f}**"
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            "pages/runs/runs.py",
            label="Open its run",
            icon=":material/list_alt:",
            query_params={"runs": cell.run},
        )
        st.button(
            "Use these weights",
            icon=":material/tune:",
            on_click=form.use,
            args=({"loss.push_weight": cell.push, "loss.balance_weight": cell.balance},),
        )
