"""Two to five runs beside each other."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from mirs_core.config.differences import Difference
from mirs_core.errors import MirsError
from mirs_core.evaluation import run_comparison
from mirs_core.evaluation.run_comparison import Comparison
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.parts import downloads, sections, training_curves
from pages.parts.score_table import score_table
from pages.shared import lineup, link, palette, words
from pages.shared.palette import Model


def draw(
    found: Sequence[runs.RunSummary], titles: dict[str, str], sets: list[lineup.DataSet]
) -> None:
    """Draws the comparison; ``sets`` are the data sets that can be searched."""
    models = palette.models(found, titles)
    names = "".join(f"<span>{sections.swatch(model)}</span>" for model in models)
    st.html(
        '<div class="mirs-section mirs-run"><h3>Compared</h3>'
        f'<p class="mirs-compared">{names}</p></div>'
    )
    try:
        comparison = run_comparison.compare(Home.current(), [run.id for run in found])
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    _link(comparison, sets)
    _scores(comparison, models)
    _settings(comparison.settings, models)
    _curves(comparison, models)


def _link(comparison: Comparison, sets: list[lineup.DataSet]) -> None:
    ids = [run.id for run in comparison.runs]
    data = next((one.key for one in sets if set(ids) <= {run.id for run in one.runs}), None)
    if not comparison.one_data_set or data is None:
        st.html(
            '<p class="mirs-note">One query goes through finished runs on one data set; these are'
            " not.</p>"
        )
        return
    st.page_link(
        "pages/search/search.py",
        label="Send one query through each",
        icon=":material/travel_explore:",
        query_params=link.search_link_with(data, ids[: lineup.MOST]),
    )


def _scores(comparison: Comparison, models: Sequence[Model]) -> None:
    sections.section(
        "Scores",
        "mAP@64 of each with its 95 % interval, and its difference to the first on the queries"
        " that both were measured with.",
    )
    found = comparison.standings
    if not found:
        st.info("None of these runs measured anything.", icon=":material/label_off:")
        return
    if not all(standing.same_archive for standing in found):
        st.warning(
            "Some were measured on another archive (another seed, split or data set):"
            " their scores do not compare.",
            icon=":material/balance:",
        )
    by_id = {model.id: model for model in models}
    st.html(score_table(found, [by_id[standing.run.id] for standing in found]))
    missing = [model.title for model in models if model.id not in {one.run.id for one in found}]
    if missing:
        st.html(f'<p class="mirs-note">Not measured: {escape(", ".join(missing))}.</p>')


def _settings(found: Sequence[Difference], models: Sequence[Model]) -> None:
    sections.section("Settings that differ", "All others are the same.")
    if not found:
        st.html('<p class="mirs-note">None: these runs were made with the same settings.</p>')
        return
    heads = "".join(f'<th scope="col">{sections.swatch(model)}</th>' for model in models)
    rows = "".join(
        f'<tr><th scope="row">{escape(one.label)}<small>{escape(one.name)}</small></th>'
        + "".join(f"<td>{_value(value)}</td>" for value in one.values)
        + "</tr>"
        for one in found
    )
    st.html(
        '<div class="mirs-scroll"><table class="mirs-table mirs-settings"><thead><tr>'
        f'<th scope="col">Setting</th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else '<span class="mirs-quiet">no</span>'
    return escape(str(value)) if value != "" else '<span class="mirs-quiet">none</span>'


def _curves(comparison: Comparison, models: Sequence[Model]) -> None:
    pairs = [
        (model, one) for model, one in zip(models, comparison.epochs, strict=True) if one.epochs
    ]
    if pairs:
        sections.section(
            "Training",
            "Validation and the terms of the loss, epoch by epoch; a dot marks the epoch that is"
            " kept. Terms of different recipes have different scales.",
        )
        kept = {one.run.id: one.best_epoch for one in comparison.standings}
        training_curves.draw([model for model, _ in pairs], [one for _, one in pairs], kept)
    downloads.values("comparison", comparison.to_json())
