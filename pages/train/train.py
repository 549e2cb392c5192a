"""Train: tune the weights of the loss with a live preview, then start a training."""

import dataclasses
from pathlib import Path

import streamlit as st

from mirs_core import jobs
from mirs_core.config.settings import RunConfig
from mirs_core.datasets.first_look import MOST_LOOKED_AT
from mirs_core.errors import MirsError
from mirs_core.jobs import cluster
from mirs_core.jobs.kinds.train import Train
from mirs_core.pipeline import estimate, training
from mirs_core.system import devices
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.parts import first_run, notice, queue
from pages.shared import access, loaders, navigation, state, theme, words
from pages.train import device_choice, encoder_training, form, preview, settings_table

_PARTS = {"tune": "Tune and train", "sweep": "Sweep", "encoder": "Encoder"}
_PART, _AUTO, _NAME = "mirs.train.part", "mirs.train.auto", "mirs.train.name"
_LANE = "mirs.train.lane"
_PLACE, _COMPUTER, _CLUSTER = "mirs.train.where", "This computer", "Ray cluster"
_GIGA = 1e9
_TOO_MANY = (
    f"No estimate: the data set has more than {MOST_LOOKED_AT:,} files. They are read when the"
    " training, or a preview, starts."
)


def main() -> None:
    """Draws the page."""
    home = Home.current()
    all_runs = runs.list_runs(home)
    if first_run.is_wanted(all_runs):
        first_run.draw()
        return
    with st.sidebar:
        theme.brand()
        navigation.draw()
    if not access.is_private():
        access.explain_disabled("Training")
        return
    # A worker that has already imported torch is ready for the first change of a setting.
    for lane in (jobs.PREVIEW, jobs.CPU):
        jobs.tend(home, lane)
    st.html(
        '<div class="mirs-head"><h2>Tune and train</h2>'
        "<p>The push weight (lambda1) drives soft codes to 0 or 1; the balance weight (lambda2)"
        " keeps ones and zeros equally frequent</p></div>"
    )
    notice.draw()
    queue.draw()
    part = st.segmented_control(
        "Part",
        list(_PARTS),
        format_func=_PARTS.__getitem__,
        default="tune",
        key=_PART,
        required=True,
        label_visibility="collapsed",
    )
    if part == "encoder":
        encoder_training.draw(home, all_runs)
    else:
        _with_form(part or "tune", all_runs)


def _with_form(part: str, all_runs: list[runs.RunSummary]) -> None:
    left, right = st.columns([1, 2], gap="large")
    with left:
        config = form.draw(Home.current())
    with right:
        if config is None:
            st.info(
                "Choose a data set and a valid combination of settings.", icon=":material/tune:"
            )
        elif part == "sweep":
            from pages.train import sweep_form

            sweep_form.draw(config)
        else:
            _train(config, all_runs)


def _train(config: RunConfig, all_runs: list[runs.RunSummary]) -> None:
    cost, roots = None, (config.data, config.archive.data, config.whitening.target)
    if not any(root and loaders.is_large(Path(root)) for root in roots):
        try:
            cost = loaders.training_cost(config)
        except MirsError as error:
            st.error(words.plain(str(error)), icon=":material/error:")
            return
    _start(config, cost)
    settings_table.draw(config)
    _preview(config, all_runs, cost.ready_views if cost else 0)


def _start(config: RunConfig, cost: estimate.Estimate | None) -> None:
    """Draws the start of a training, with an estimate of its cost."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="mirs-start"):
        st.text_input("Name", placeholder=f"{config.preset}, seed {config.seed}", key=_NAME)
        st.button(
            "Start training",
            type="primary",
            icon=":material/play_arrow:",
            on_click=_submit,
        )
    _place()
    st.caption(words.plain(_in_words(cost) if cost else _TOO_MANY))


def _in_words(cost: estimate.Estimate) -> str:
    parts = [f"{cost.tiles:,} training tiles."]
    if cost.to_encode:
        parts.append(
            f"{cost.to_encode:,} images must be encoded first,"
            f" about {words.duration(cost.encoding)}."
        )
    if cost.training:
        basis = "earlier runs" if cost.measured else "a reference machine with two cores"
        parts.append(
            f"Training takes about {words.duration(cost.training)}, estimated from {basis}."
        )
    parts.append(f"About {cost.memory / _GIGA:.1f} GB of memory.")
    return " ".join(parts)


def _place() -> None:
    """Draws the choice of cluster and device, if there is more than this computer's CPU."""
    if cluster.is_there():
        st.radio("Run on", [_COMPUTER, _CLUSTER], key=_PLACE, horizontal=True)
    # A head is trained on one device; a GPU mainly shortens the encoding before.
    single = [device for device in devices.devices() if device.processes == 1]
    if len(single) > 1 and st.session_state.get(_PLACE) != _CLUSTER:
        st.session_state[_LANE] = device_choice.draw(single).lane


def _submit() -> None:
    """Queues a training with the present values of the widgets, newer than the drawn page."""
    home, name = Home.current(), st.session_state[_NAME].strip()

    def work() -> None:
        config = form.current()
        run = training.prepare(home, config, name=name or None)
        on_cluster = st.session_state.get(_PLACE) == _CLUSTER and cluster.is_there()
        lane = cluster.new_lane() if on_cluster else st.session_state.get(_LANE, jobs.CPU)
        jobs.submit(home, Train(run=run.id, map=True), f"Train {name or run.id}", lane=lane)

    notice.run("Training queued.", work)


def _preview(config: RunConfig, all_runs: list[runs.RunSummary], ready: int) -> None:
    """Draws the preview; it starts automatically if enough views are encoded (``ready``)."""
    if not config.trains:
        st.info(
            "This preset trains no network, so there is nothing to preview.",
            icon=":material/visibility_off:",
        )
        return
    with st.container(horizontal=True, vertical_alignment="center", key="mirs-preview"):
        st.html('<div class="mirs-section"><h3>Preview</h3></div>')
        auto = st.toggle(
            "After every change", value=True, key=_AUTO, help="Starts a preview automatically."
        )
        again = st.button("Preview", icon=":material/visibility:")
    instant = ready >= (2 if config.contrastive else 1)
    short = config
    if instant and ready < config.training.views:
        st.caption(
            f"The preview uses {ready} of {config.training.views} views of each tile. The others"
            " are not encoded yet; a training will encode them."
        )
        training = dataclasses.replace(config.training, views=ready)
        short = dataclasses.replace(config, training=training)
    elif not instant:
        st.caption("The tiles must be encoded before a preview; click Preview to start.")
    if again or (auto and instant and preview.is_due(short)):
        try:
            preview.start(short, _query(config, all_runs))
        except MirsError as error:
            st.error(words.plain(str(error)), icon=":material/error:")
    preview.draw()


def _query(config: RunConfig, all_runs: list[runs.RunSummary]) -> str:
    """The query of the preview: that of the search page if it is in the data set."""
    for run in all_runs:
        if run.usable and str(run.data_root) == config.archive_root:
            try:
                return preview.query_of(loaders.searcher(run.id).items)
            except MirsError:
                continue
    return state.tile() or ""


main()
