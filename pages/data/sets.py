"""The data sets on this computer: what they hold, who has learnt from them, what can be done."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from mirs_core.datasets.registry import KnownDataSet
from mirs_core.files import slug
from mirs_core.jobs.kinds.data_prepare import Prepare
from mirs_core.jobs.kinds.demo import Demo
from mirs_core.pipeline import demo
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.data import archive as archive_part
from pages.data import brought
from pages.shared import access, lineup, loaders, sidebar

_SHOWN = 12


def draw(home: Home) -> None:
    """Draws a card a data set."""
    found = runs.list_runs(home)
    known = loaders.known_sets(home, counted=True)
    sets = {run.id: one for one in lineup.data_sets(found) for run in one.runs}
    if not known:
        st.info(
            "Nothing is here yet. Fetch a published set, or bring in a folder or a strip of yours.",
            icon=":material/database:",
        )
    for one in known:
        here = [run for run in found if run.id in one.models]
        with st.container(border=True, key=f"mirs-set-{slug(one.title)}-{abs(hash(one.root))}"):
            _card(home, one, here, sets)
    if access.is_private() and not demo.is_complete(home):
        _demo(home)


def _card(
    home: Home,
    one: KnownDataSet,
    here: Sequence[runs.RunSummary],
    sets: dict[str, lineup.DataSet],
) -> None:
    kind = "<em>synthetic, not real imagery</em>" if one.synthetic else ""
    served = " · the app opens on it" if any(run.served for run in here) else ""
    titles = dict.fromkeys(lineup.title_of(run) for run in here)
    models = ", ".join(titles) if titles else "no model has archived it yet"
    where = f"<p>{escape(str(one.root))}</p>" if access.is_private() else ""
    st.html(
        f'<div class="mirs-set"><h3>{escape(one.title)}{kind}</h3>'
        f"<p>{escape(_counts(one))}{served}</p>"
        f"<p>{escape(models)}</p>{where}</div>"
    )
    brought.show(loaders.samples_of(one.root, _SHOWN))
    with st.container(horizontal=True, vertical_alignment="center"):
        if here:
            st.page_link(
                "pages/search/search.py",
                label="Open",
                icon=":material/travel_explore:",
                query_params={"data": sets[here[0].id].key},
            )
        if not access.is_private():
            return
        if not any(run.trained for run in here):
            st.button(
                "Train models on it",
                icon=":material/play_arrow:",
                key=f"mirs.sets.train.{one.root}",
                on_click=_prepare,
                args=(home, one),
            )
        if here and st.button(
            "Change or export", icon=":material/tune:", key=f"mirs.sets.change.{one.root}"
        ):
            archive_part.dialog(home, here, sidebar.titles(here))


def _counts(one: KnownDataSet) -> str:
    parts = [f"{one.tiles:,} tiles" if one.tiles is not None else "tiles not counted yet"]
    if one.labelled is not None:
        parts.append(f"{one.labelled:,} with a class" if one.labelled else "no classes")
    if one.placed is not None:
        parts.append(f"{one.placed:,} with a place" if one.placed else "no places known")
    return " · ".join([*parts, one.licence if one.licence != "unknown" else "licence not known"])


def _prepare(home: Home, one: KnownDataSet) -> None:
    spec = Prepare(name=str(one.root))
    brought.submit(home, spec, f"Train models on {one.title}", "queued")


def _demo(home: Home) -> None:
    with st.container(border=True, key="mirs-set-demo"):
        st.html(
            '<div class="mirs-set"><h3>Synthetic Mars<em>synthetic, not real imagery</em></h3>'
            "<p>Fifteen landforms painted by a program, and three models on them: for looking"
            " around without data. Two or three minutes.</p></div>"
        )
        st.button(
            "Build it",
            icon=":material/landscape:",
            key="mirs.sets.demo",
            on_click=brought.submit,
            args=(home, Demo(), "Build the demo", "queued"),
        )
