"""The data sets on this computer: contents, models, and actions."""

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
from pages.data import archive_dialog, import_form, labels_dialog, set_dialog
from pages.shared import access, lineup, loaders, sidebar

_THUMBNAILS = 12


def draw(home: Home) -> None:
    """Draws a card for each data set."""
    all_runs = runs.list_runs(home)
    data_sets = loaders.known_sets(home, counted=True)
    searchable = {run.id: item for item in lineup.data_sets(all_runs) for run in item.runs}
    if not data_sets:
        st.info(
            "No data sets yet. Download a published one, or import a folder of tiles or an image"
            " strip.",
            icon=":material/database:",
        )
    for data_set in data_sets:
        models = [run for run in all_runs if run.id in data_set.models]
        key = f"mirs-set-{slug(data_set.title)}-{abs(hash(data_set.root))}"
        with st.container(border=True, key=key):
            _card(home, data_set, models, searchable)
    if access.is_private() and not demo.is_complete(home):
        _demo(home)
    if access.is_private():
        set_dialog.restorable(home)


def _card(
    home: Home,
    data_set: KnownDataSet,
    models: Sequence[runs.RunSummary],
    searchable: dict[str, lineup.DataSet],
) -> None:
    kind = "<em>synthetic, not real imagery</em>" if data_set.synthetic else ""
    default = " · data set of the default model" if any(run.served for run in models) else ""
    titles = dict.fromkeys(lineup.title_of(run) for run in models)
    methods = "Models: " + " · ".join(titles) if titles else "Not archived by any model yet"
    where = f"<p>{escape(str(data_set.root))}</p>" if access.is_private() else ""
    st.html(
        f'<div class="mirs-set"><h3>{escape(data_set.title)}{kind}</h3>'
        f"<p>{escape(_counts(data_set))}{default}</p>"
        f"<p>{escape(methods)}</p>{where}</div>"
    )
    import_form.thumbnails(loaders.sample_tiles(data_set, _THUMBNAILS))
    with st.container(horizontal=True, vertical_alignment="center"):
        if models:
            st.page_link(
                "pages/search/search.py",
                label="Open",
                icon=":material/travel_explore:",
                query_params={"data": searchable[models[0].id].key},
            )
        if not access.is_private():
            return
        if not any(run.trained for run in models):
            st.button(
                "Train models",
                icon=":material/play_arrow:",
                key=f"mirs.sets.train.{data_set.root}",
                on_click=_prepare,
                args=(home, data_set),
            )
        if models and st.button(
            "Edit or export archive",
            icon=":material/tune:",
            key=f"mirs.sets.change.{data_set.root}",
        ):
            archive_dialog.draw(home, models, sidebar.titles(models))
        _menu(home, data_set, models)


def _menu(home: Home, data_set: KnownDataSet, models: Sequence[runs.RunSummary]) -> None:
    """Draws the actions on a data set itself."""
    key = f"mirs.sets.{{}}.{data_set.root}"
    if data_set.root.is_dir() and st.button(
        "Labels", icon=":material/label:", key=key.format("labels")
    ):
        labels_dialog.draw(home, data_set, models)
    if st.button("Rename", icon=":material/edit:", key=key.format("rename")):
        set_dialog.rename(home, data_set)
    if st.button("Remove", icon=":material/playlist_remove:", key=key.format("remove")):
        set_dialog.remove(home, data_set, models)


def _counts(data_set: KnownDataSet) -> str:
    tiles, labelled, placed = data_set.tiles, data_set.labelled, data_set.placed
    if data_set.more_than is not None:
        parts = [f"more than {data_set.more_than:,} files"]
    elif tiles is None:
        parts = ["number of tiles not known yet"]
    else:
        parts = [f"{tiles:,} tiles" + (" in the newest archive" if data_set.are_archived else "")]
    if labelled is not None:
        parts.append(f"{labelled:,} labelled" if labelled else "no labels")
    if placed is not None:
        parts.append(f"{placed:,} with coordinates" if placed else "no coordinates")
    licence = data_set.licence if data_set.licence != "unknown" else "unknown licence"
    return " · ".join([*parts, licence])


def _prepare(home: Home, data_set: KnownDataSet) -> None:
    spec = Prepare(name=str(data_set.root))
    import_form.submit(home, spec, f"Train models on {data_set.title}")


def _demo(home: Home) -> None:
    with st.container(border=True, key="mirs-set-demo"):
        st.html(
            '<div class="mirs-set"><h3>Synthetic Mars<em>synthetic, not real imagery</em></h3>'
            "<p>Generated tiles with fifteen landform classes, and three models: a demo without"
            " real data. Takes two to three minutes.</p></div>"
        )
        st.button(
            "Build the demo",
            icon=":material/landscape:",
            key="mirs.sets.demo",
            on_click=import_form.submit,
            args=(home, Demo(), "Build the demo", "queued"),
        )
