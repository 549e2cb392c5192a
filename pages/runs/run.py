"""One run: its facts, its curves, and what can be done with it."""

import io
from html import escape

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.evaluation import model_card
from mirs_core.evaluation.standings import Standing
from mirs_core.exchange import run_files as transfer
from mirs_core.workspace import annotations, bin, epochs, runs
from mirs_core.workspace.home import Home
from pages.parts import notice, training_curves
from pages.shared import access, lineup, link, loaders, palette, state, words
from pages.shared.palette import Model


def draw(run: runs.RunSummary, sets: list[lineup.DataSet]) -> None:
    """Draws the run; ``sets`` are the data sets that can be searched."""
    st.html(
        f'<div class="mirs-section mirs-run"><h3>{escape(run.name)}</h3>'
        f"<p>{escape(lineup.title_of(run))} on {escape(run.data_title)}</p></div>"
    )
    _acts(run, sets)
    if run.error:
        st.error(words.plain(run.error), icon=":material/error:")
    left, right = st.columns([1, 2.1], gap="large")
    with left:
        st.html(f'<dl class="mirs-facts">{_rows(_facts(run))}</dl>')
        _form(run)
    with right:
        _curves(run)


def _acts(run: runs.RunSummary, sets: list[lineup.DataSet]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="mirs-run-acts"):
        st.button(
            "Shown first" if run.served else "Show first",
            icon=":material/star:",
            disabled=run.served or not run.usable or not access.is_private(),
            help="Explore opens with the run that is shown first; nothing else changes it.",
            on_click=_serve,
            args=(run,),
        )
        data = next((one.key for one in sets if run.id in {other.id for other in one.runs}), None)
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
                lambda: _packed(run.id),
                f"{run.id}{transfer.SUFFIX}",
                "application/zip",
                icon=":material/archive:",
                on_click="ignore",
                help="The whole run as one file, without its tiles.",
            )
        if st.button(
            "Delete", icon=":material/delete:", disabled=run.served or not access.is_private()
        ):
            _delete(run)


def _serve(run: runs.RunSummary) -> None:
    notice.act(
        f"{run.name} is what Explore shows first.", lambda: runs.serve(Home.current(), run.id)
    )


def _packed(run_id: str) -> bytes:
    target = io.BytesIO()
    transfer.write_export(Home.current(), run_id, target)
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
        f"**{words.plain(run.name)}** leaves the list and Explore. The bin keeps it until the bin"
        " is emptied."
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
    if notice.act(f"{run.name} is in the bin.", lambda: bin.discard(Home.current(), run.id)):
        st.session_state[state.RUNS] = []


def _rows(facts: list[tuple[str, str]]) -> str:
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)


def _facts(run: runs.RunSummary) -> list[tuple[str, str]]:
    """Names and values of the facts, the values as markup."""
    kind = f"{run.bits} bits" if run.bits else f"floats, {escape(run.distance)}"
    synthetic = "<br><em>synthetic, not real imagery</em>" if run.synthetic else ""
    return [
        ("State", "served: shown first" if run.served else escape(run.state)),
        *_measured(run),
        ("Preset", escape(run.preset)),
        ("Encoder", escape(run.encoder)),
        ("Code", kind),
        ("Data set", escape(run.data_title) + synthetic),
        ("Tiles in", escape(str(run.data_root)) + _gone(run)),
        ("Seed", str(run.seed)),
        ("Archive", escape(run.archive_id or "none yet")),
        ("Created", escape(run.created.replace("T", " ")[:16])),
        ("Id", escape(run.id)),
    ]


def _measured(run: runs.RunSummary) -> list[tuple[str, str]]:
    found = _standing(run)
    if found is None:
        return [("mAP@64", "not measured")]
    value = found.value
    facts = [
        (
            "mAP@64",
            f"<b>{value.value:.3f}</b> <em>{value.low:.3f} to {value.high:.3f}</em>",
        ),
        ("Queries", f"{found.queries:,} against {found.archive_tiles:,} tiles"),
    ]
    if found.epochs:
        facts.append(("Training", f"epoch {found.best_epoch} of {found.epochs}{_took(found)}"))
    return facts


def _took(found: Standing) -> str:
    return f", {found.seconds:,.0f} s" if found.seconds is not None else ""


def _standing(run: runs.RunSummary) -> Standing | None:
    try:
        found = loaders.standing([run.id])
    except MirsError:
        return None
    return found[0] if found else None


def _gone(run: runs.RunSummary) -> str:
    return "" if run.data_root.is_dir() else "<br><em>not there: no pictures</em>"


def _form(run: runs.RunSummary) -> None:
    said = annotations.read(Home.current(), run.id)
    with st.form(f"mirs.r.said.{run.id}", enter_to_submit=False):
        name = st.text_input(
            "Name", said.name, placeholder=run.name, max_chars=annotations.NAME_LENGTH
        )
        tags = st.text_input("Tags", ", ".join(said.tags), placeholder="with commas between")
        notes = st.text_area(
            "Notes", said.notes, height="content", max_chars=annotations.NOTES_LENGTH
        )
        sent = st.form_submit_button("Save", icon=":material/edit_note:", width="stretch")
    if sent:
        notice.act(
            "Saved.",
            lambda: annotations.change(
                Home.current(), run.id, name=name, tags=tags.split(","), notes=notes
            ),
        )
        st.rerun()


def _curves(run: runs.RunSummary) -> None:
    folder = runs.RunFolder(Home.current().runs / run.id)
    try:
        found = epochs.read(folder)
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    if not found.epochs:
        st.html(
            '<p class="mirs-lead">No curves: nothing was trained epoch by epoch. Baselines and'
            " archives of a folder take a model as it is.</p>"
        )
        return
    model = Model(run.id, run.name, palette.COLOURS[1], "solid")
    measured = _standing(run)
    kept = {run.id: measured.best_epoch} if measured and measured.best_epoch else {}
    if kept:
        st.html(
            '<p class="mirs-note">Epoch by epoch; the dot marks the one that the model is of.</p>'
        )
    training_curves.draw([model], [found], kept, columns=2)
