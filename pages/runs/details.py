"""A single run: its properties, training curves and actions."""

import io
from html import escape

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.evaluation import model_card
from mirs_core.evaluation.scores import RunScores
from mirs_core.exchange import exported_runs
from mirs_core.workspace import annotations, bin, epochs, runs
from mirs_core.workspace.home import Home
from pages.parts import notice, training_curves
from pages.shared import access, lineup, link, loaders, palette, state, words
from pages.shared.palette import Model


def draw(run: runs.RunSummary, data_sets: list[lineup.DataSet]) -> None:
    """Draws the run; ``data_sets`` are those that can be searched."""
    st.html(
        f'<div class="mirs-section mirs-run"><h3>{escape(run.name)}</h3>'
        f"<p>{escape(lineup.method_of(run))} on {escape(run.data_title)}</p></div>"
    )
    _actions(run, data_sets)
    if run.error:
        st.error(words.plain(run.error), icon=":material/error:")
    left, right = st.columns([1, 2.1], gap="large")
    with left:
        st.html(f'<dl class="mirs-facts">{_rows(_properties(run))}</dl>')
        _annotations(run)
    with right:
        _curves(run)


def _actions(run: runs.RunSummary, data_sets: list[lineup.DataSet]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="mirs-run-acts"):
        st.button(
            "Default model" if run.served else "Make default model",
            icon=":material/star:",
            disabled=run.served or not run.usable or not access.is_private(),
            help="The app opens with the default model.",
            on_click=_make_default,
            args=(run,),
        )
        data = next((item.key for item in data_sets if run in item.runs), None)
        if data:
            st.page_link(
                "pages/search/search.py",
                label="Search with it",
                icon=":material/travel_explore:",
                query_params=link.search_link_with(data, [run.id]),
            )
        if st.button("Model card", icon=":material/id_card:"):
            _card(run.id)
        if run.usable:
            st.download_button(
                "Export",
                lambda: _export(run.id),
                f"{run.id}{exported_runs.SUFFIX}",
                "application/zip",
                icon=":material/archive:",
                on_click="ignore",
                help="The whole run as one file, without the tiles of its data set.",
            )
        if st.button(
            "Delete", icon=":material/delete:", disabled=run.served or not access.is_private()
        ):
            _delete(run)


def _make_default(run: runs.RunSummary) -> None:
    notice.run(f"{run.name} is now the default model.", lambda: runs.serve(Home.current(), run.id))


def _export(run_id: str) -> bytes:
    target = io.BytesIO()
    exported_runs.write_run(Home.current(), run_id, target)
    return target.getvalue()


@st.dialog("Model card", width="large")
def _card(run_id: str) -> None:
    try:
        text = model_card.model_card(Home.current(), run_id)
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    st.download_button(
        "Markdown",
        text,
        f"{run_id}.md",
        "text/markdown",
        icon=":material/download:",
        on_click="ignore",
    )
    with st.container(key="mirs-card"):
        st.markdown(text)


@st.dialog("Move to the bin?")
def _delete(run: runs.RunSummary) -> None:
    st.markdown(
        f"**{words.plain(run.name)}** will no longer be available in the app. It can be restored"
        " until the bin is emptied."
    )
    if st.button(
        "Move to the bin",
        type="primary",
        icon=":material/delete:",
        on_click=_discard,
        args=(run,),
    ):
        st.rerun()


def _discard(run: runs.RunSummary) -> None:
    if notice.run(f"{run.name} moved to the bin.", lambda: bin.discard(Home.current(), run.id)):
        st.session_state[state.RUNS] = []


def _rows(properties: list[tuple[str, str]]) -> str:
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in properties)


def _properties(run: runs.RunSummary) -> list[tuple[str, str]]:
    """Names and values of the properties, the values as HTML."""
    kind = f"{run.bits} bits" if run.bits else f"float features, {escape(run.distance)}"
    synthetic = "<br><em>synthetic, not real imagery</em>" if run.synthetic else ""
    return [
        ("State", "default model" if run.served else escape(run.state)),
        *_measured(run),
        ("Preset", escape(run.preset)),
        ("Encoder", escape(run.encoder)),
        ("Code", kind),
        ("Data set", escape(run.data_title) + synthetic),
        ("Folder", escape(str(run.data_root)) + _missing(run)),
        ("Seed", str(run.seed)),
        ("Archive", escape(run.archive_id or "none")),
        ("Created", escape(run.created.replace("T", " ")[:16])),
        ("Id", escape(run.id)),
    ]


def _measured(run: runs.RunSummary) -> list[tuple[str, str]]:
    score = _scores_of(run)
    if score is None:
        return [("mAP@64", "not measured")]
    value = score.value
    properties = [
        (
            "mAP@64",
            f"<b>{value.value:.3f}</b> <em>{value.low:.3f} to {value.high:.3f}</em>",
        ),
        ("Queries", f"{score.queries:,} against {score.archive_tiles:,} tiles"),
    ]
    if score.epochs:
        best = f"epoch {score.best_epoch} of {score.epochs}"
        properties.append(("Training", f"{best}{_duration(score)}"))
    return properties


def _duration(score: RunScores) -> str:
    return f", {score.seconds:,.0f} s" if score.seconds is not None else ""


def _scores_of(run: runs.RunSummary) -> RunScores | None:
    try:
        scores = loaders.scores_of([run.id])
    except MirsError:
        return None
    return scores[0] if scores else None


def _missing(run: runs.RunSummary) -> str:
    return "" if run.data_root.is_dir() else "<br><em>folder not found, no images</em>"


def _annotations(run: runs.RunSummary) -> None:
    annotation = annotations.read(Home.current(), run.id)
    with st.form(f"mirs.r.annotation.{run.id}", enter_to_submit=False):
        name = st.text_input(
            "Name", annotation.name, placeholder=run.name, max_chars=annotations.NAME_LENGTH
        )
        tags = st.text_input("Tags", ", ".join(annotation.tags), placeholder="separated by commas")
        notes = st.text_area(
            "Notes", annotation.notes, height="content", max_chars=annotations.NOTES_LENGTH
        )
        submitted = st.form_submit_button("Save", icon=":material/edit_note:", width="stretch")
    if submitted:
        notice.run(
            "Name, tags and notes saved.",
            lambda: annotations.change(
                Home.current(), run.id, name=name, tags=tags.split(","), notes=notes
            ),
        )
        st.rerun()


def _curves(run: runs.RunSummary) -> None:
    folder = runs.RunFolder(Home.current().runs / run.id)
    try:
        history = epochs.read(folder)
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    if not history.epochs:
        st.html(
            '<p class="mirs-lead">No training curves: baselines are not trained, and an archive of'
            " another folder uses an existing model.</p>"
        )
        return
    model = Model(run.id, run.name, palette.COLOURS[1], "solid")
    score = _scores_of(run)
    best = {run.id: score.best_epoch} if score and score.best_epoch else {}
    if best:
        st.html('<p class="mirs-note">The dot marks the best epoch, whose weights are used.</p>')
    training_curves.draw([model], [history], best, columns=2)
