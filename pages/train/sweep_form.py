"""The Sweep part of Train: sweeps over the push and balance weights, and their results."""

from collections.abc import Sequence

import streamlit as st

from mirs_core import jobs
from mirs_core.config.settings import RunConfig, settings
from mirs_core.errors import MirsError
from mirs_core.jobs.kinds.sweep import Sweep as SweepSpec
from mirs_core.pipeline import sweeps
from mirs_core.pipeline.sweeps import Cell, Sweep
from mirs_core.workspace.home import Home
from pages.parts import notice, sections
from pages.shared import words
from pages.train import form

_SWEEP, _CELL = "mirs.sweep.chosen", "mirs.sweep.cell"
_METHODS = {"grid": "Grid", "random": "Random", "bayesian": "Bayesian (TPE)"}


def draw(config: RunConfig) -> None:
    """Draws the form of a sweep around ``config``, and the results of the existing sweeps."""
    st.html(
        '<p class="mirs-lead">A sweep trains a hash head for each pair of weights, with all other'
        " settings as on the left. The best pair is chosen by validation mAP@64; neither the test"
        " split nor labels of the archive are used.</p>"
    )
    _form(config)
    existing = sweeps.list_sweeps(Home.current())
    if existing:
        _results(existing)


def _form(config: RunConfig) -> None:
    with st.container(border=True, key="mirs-sweep-form"):
        left, right = st.columns(2, gap="medium")
        with left:
            method = st.segmented_control(
                "Method", list(_METHODS), format_func=_METHODS.__getitem__, default="grid",
                required=True,
            )  # fmt: skip
        with right:
            trials = st.select_slider("Number of cells", [4, 9, 16, 25, 36, 49, 64, 100], 25)
        push = _range("push_weight", "Push weight (lambda1)", (1e-4, 10.0))
        balance = _range("balance_weight", "Balance weight (lambda2)", (1e-2, 100.0))
        if st.button("Start sweep", type="primary", icon=":material/grid_on:"):
            if notice.run(
                "Sweep queued.",
                lambda: _submit(config, str(method), int(trials), push, balance),
            ):
                st.rerun()
            notice.draw()


def _range(name: str, label: str, start: tuple[float, float]) -> tuple[float, float]:
    item = next(item for group, item in settings() if group == "loss" and item.name == name)
    low, high = item.metadata["low"], item.metadata["high"]
    steps = [step for step in form.log_steps(low, high) if step > 0]
    chosen = st.select_slider(
        label, steps, start, format_func=lambda value: f"{value:g}", help=item.metadata["help"]
    )
    return float(chosen[0]), float(chosen[1])


def _submit(
    config: RunConfig,
    method: str,
    trials: int,
    push: tuple[float, float],
    balance: tuple[float, float],
) -> None:
    home = Home.current()
    name = f"{_METHODS[method]}, {trials} cells, {config.preset}"
    sweep = sweeps.create(
        home, config, method=method, push=push, balance=balance, trials=trials, name=name
    )
    jobs.submit(home, SweepSpec(id=sweep.id), f"Sweep: {name}")
    st.session_state[_SWEEP] = sweep.id


def _results(existing: Sequence[Sweep]) -> None:
    by_id = {sweep.id: sweep for sweep in existing}
    if st.session_state.get(_SWEEP) not in by_id:
        st.session_state[_SWEEP] = existing[0].id
    sections.section("Results", "Click a cell to see its run.")
    chosen = st.selectbox(
        "Sweep",
        list(by_id),
        format_func=lambda key: f"{by_id[key].name} ({by_id[key].created[:16].replace('T', ' ')})",
        key=_SWEEP,
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
        cells = sweeps.cells(Home.current(), sweep.id)
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    measured = [cell for cell in cells if cell.value is not None]
    st.caption(f"{len(measured)} of {sweep.cells} cells done")
    if not measured:
        return
    best = sweeps.best(measured)
    figure = charts.sweep_map(
        [(cell.push, cell.balance, cell.value or 0.0) for cell in measured],
        measured.index(best) if best else 0,
        square=sweep.method == "grid",
        push=sweep.push,
        balance=sweep.balance,
    )
    clicked = charts.pick(
        figure, f"{_CELL}.{sweep.id}", "Map: validation mAP@64 by push and balance weight"
    )
    cell = measured[clicked] if clicked is not None and clicked < len(measured) else best
    if cell is not None:
        _cell(cell, cell == best)


def _cell(cell: Cell, is_best: bool) -> None:
    name = "Best cell" if is_best else "Selected cell"
    st.markdown(
        f"{name}: lambda1 **{cell.push:g}**, lambda2 **{cell.balance:g}**,"
        f" validation mAP@64 **{cell.value:.3f}**"
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            "pages/runs/runs.py",
            label="Open run",
            icon=":material/list_alt:",
            query_params={"runs": cell.run},
        )
        st.button(
            "Use these weights",
            icon=":material/tune:",
            on_click=form.fill,
            args=({"loss.push_weight": cell.push, "loss.balance_weight": cell.balance},),
        )
