"""Train: move the weights of the loss and see what they do, then train for good."""

import dataclasses

import streamlit as st

from mirs_core import jobs
from mirs_core.config.settings import RunConfig
from mirs_core.errors import MirsError
from mirs_core.jobs import cluster
from mirs_core.pipeline import estimate
from mirs_core.pipeline import train as pipeline
from mirs_core.system import devices
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.parts import first_run, notice, queue
from pages.shared import access, loaders, navigation, state, theme, words
from pages.train import device as device_part
from pages.train import differences as differences_panel
from pages.train import encoder as encoder_part
from pages.train import form
from pages.train import preview as preview_part

_PARTS = {"tune": "Tune and train", "sweep": "Sweep", "encoder": "Encoder"}
_PART, _AUTO, _NAME = "mirs.train.part", "mirs.train.auto", "mirs.train.name"
_LANE = "mirs.train.lane"
_WHERE, _HERE, _THERE = "mirs.train.where", "This computer", "Ray cluster"
_GIGA = 1e9


def main() -> None:
    """Draws the page."""
    home = Home.current()
    known = runs.list_runs(home)
    if first_run.is_wanted(known):
        first_run.draw()
        return
    with st.sidebar:
        theme.brand()
        navigation.draw()
    if not access.is_private():
        access.explain_disabled("Training")
        return
    # A worker that has torch imported already waits for the first move of a slider.
    for lane in (jobs.PREVIEW, jobs.CPU):
        jobs.tend(home, lane)
    st.html(
        '<div class="mirs-head"><h2>Tune and train</h2>'
        "<p>lambda1 drives soft codes to 0 or 1, lambda2 keeps as many ones as zeros</p></div>"
    )
    notice.draw()
    queue.draw(quiet=True)
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
        encoder_part.draw(home, known)
    else:
        _with_form(part or "tune", known)


def _with_form(part: str, known: list[runs.RunSummary]) -> None:
    left, right = st.columns([1, 2], gap="large")
    with left:
        config = form.draw(Home.current())
    with right:
        if config is None:
            st.info("Choose a data set and settings that go together.", icon=":material/tune:")
        elif part == "sweep":
            from pages.train import sweep as sweep_part

            sweep_part.draw(config)
        else:
            _train(config, known)


def _train(config: RunConfig, known: list[runs.RunSummary]) -> None:
    try:
        wanted = loaders.estimate(config)
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    _start(config, wanted)
    differences_panel.draw(config)
    _preview(config, known, wanted.ready_views)


def _start(config: RunConfig, wanted: estimate.Estimate) -> None:
    """The start of a training, and about what it takes."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="mirs-start"):
        st.text_input("Name", placeholder=f"{config.preset}, seed {config.seed}", key=_NAME)
        st.button(
            "Start training",
            type="primary",
            icon=":material/play_arrow:",
            on_click=_submit,
        )
    _where()
    st.caption(words.plain(_takes(wanted)))


def _takes(wanted: estimate.Estimate) -> str:
    parts = [f"Learns from {wanted.tiles:,} tiles."]
    if wanted.to_encode:
        parts.append(
            f"{wanted.to_encode:,} images have to be encoded first,"
            f" about {words.duration(wanted.encoding)}."
        )
    if wanted.training:
        by = "by earlier runs here" if wanted.measured else "by a measured machine of two cores"
        parts.append(f"Training takes about {words.duration(wanted.training)} ({by}).")
    parts.append(f"About {wanted.memory / _GIGA:.1f} GB of memory.")
    return " ".join(parts)


def _where() -> None:
    """Draws the choice of the place where there is more than this computer's CPU."""
    if cluster.is_there():
        st.radio("Run on", [_HERE, _THERE], key=_WHERE, horizontal=True)
    # A head trains on one device; what a GPU makes short is the encoding before.
    single = [one for one in devices.devices() if one.processes == 1]
    if len(single) > 1 and st.session_state.get(_WHERE) != _THERE:
        st.session_state[_LANE] = device_part.draw(single).lane


def _submit() -> None:
    """Queues what the widgets say now, which may be newer than what the page was drawn with."""
    home, name = Home.current(), st.session_state[_NAME].strip()

    def work() -> None:
        config = form.current()
        run = pipeline.prepare(home, config, name=name or None)
        wanted = st.session_state.get(_WHERE) == _THERE and cluster.is_there()
        lane = cluster.new_lane() if wanted else st.session_state.get(_LANE, jobs.CPU)
        words_of = ["train", "--run", run.id, "--map"]
        jobs.submit(home, words_of, f"Train {name or run.id}", lane=lane, run=run.id)

    notice.act("The training is queued.", work)


def _preview(config: RunConfig, known: list[runs.RunSummary], ready: int) -> None:
    """The preview; by itself it starts only on views that are ``ready``, so that it is instant."""
    if not config.trains:
        st.info(
            "This preset trains no network, so there is nothing to preview.",
            icon=":material/visibility_off:",
        )
        return
    with st.container(horizontal=True, vertical_alignment="center", key="mirs-preview"):
        st.html('<div class="mirs-section"><h3>Preview</h3></div>')
        auto = st.toggle(
            "After every change", value=True, key=_AUTO, help="Starts a preview by itself."
        )
        again = st.button("Preview", icon=":material/visibility:")
    instant = ready >= (2 if config.contrastive else 1)
    short = config
    if instant and ready < config.training.views:
        st.caption(
            f"It learns from {ready} of {config.training.views} views of each tile: the others are"
            " not encoded yet. A training encodes them."
        )
        training = dataclasses.replace(config.training, views=ready)
        short = dataclasses.replace(config, training=training)
    elif not instant:
        st.caption("Tiles have to be encoded before there is something to see; press Preview.")
    if again or (auto and instant and preview_part.is_due(short)):
        try:
            preview_part.start(short, _query(config, known))
        except MirsError as error:
            st.error(words.plain(str(error)), icon=":material/error:")
    preview_part.draw()


def _query(config: RunConfig, known: list[runs.RunSummary]) -> str:
    """The tile whose hits are followed: that of the search page if the data set has it."""
    for run in known:
        if run.usable and str(run.data_root) == config.archive_root:
            try:
                items = loaders.searcher(run.id).items
            except MirsError:
                continue
            tests = [items.ids[row] for row in items.rows(["test"])]
            return preview_part.query_of([*tests, *items.ids])
    return state.tile() or ""


main()
