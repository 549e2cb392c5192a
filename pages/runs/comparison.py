"""The comparison of two to five runs."""

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
    selected: Sequence[runs.RunSummary],
    titles: dict[str, str],
    data_sets: list[lineup.DataSet],
) -> None:
    """Draws the comparison.

    Args:
        titles: of all runs by id.
        data_sets: those that can be searched.
    """
    models = palette.models(selected, titles)
    names = "".join(f"<span>{sections.swatch(model)}</span>" for model in models)
    st.html(
        '<div class="mirs-section mirs-run"><h3>Comparison</h3>'
        f'<p class="mirs-compared">{names}</p></div>'
    )
    try:
        comparison = run_comparison.compare(Home.current(), [run.id for run in selected])
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    _link(comparison, data_sets)
    _scores(comparison, models)
    _settings(comparison.settings, models)
    _curves(comparison, models)


def _link(comparison: Comparison, data_sets: list[lineup.DataSet]) -> None:
    ids = [run.id for run in comparison.runs]
    data = next((item.key for item in data_sets if set(ids) <= {run.id for run in item.runs}), None)
    if not comparison.one_data_set or data is None:
        st.html(
            '<p class="mirs-note">Only finished runs on the same data set can be searched together.'
            "</p>"
        )
        return
    st.page_link(
        "pages/search/search.py",
        label="Search with all of them",
        icon=":material/travel_explore:",
        query_params=link.search_link_with(data, ids[: lineup.MOST]),
    )


def _scores(comparison: Comparison, models: Sequence[Model]) -> None:
    sections.section(
        "Scores",
        "mAP@64 with 95 % interval, and the difference to the first run on the queries that both"
        " have in common.",
    )
    scores = comparison.scores
    if not scores:
        st.info("None of these runs has scores.", icon=":material/label_off:")
        return
    if not all(score.same_archive for score in scores):
        st.warning(
            "Some runs were measured on another archive (another seed, split or data set);"
            " their scores are not comparable.",
            icon=":material/balance:",
        )
    by_id = {model.id: model for model in models}
    st.html(score_table(scores, [by_id[score.run.id] for score in scores]))
    measured = {score.run.id for score in scores}
    unmeasured = [model.title for model in models if model.id not in measured]
    if unmeasured:
        st.html(f'<p class="mirs-note">No scores: {escape(", ".join(unmeasured))}.</p>')


def _settings(differences: Sequence[Difference], models: Sequence[Model]) -> None:
    sections.section("Different settings", "All other settings are the same.")
    if not differences:
        st.html('<p class="mirs-note">None: these runs have the same settings.</p>')
        return
    heads = "".join(f'<th scope="col">{sections.swatch(model)}</th>' for model in models)
    rows = "".join(
        f'<tr><th scope="row">{escape(setting.label)}<small>{escape(setting.name)}</small></th>'
        + "".join(f"<td>{_value(value)}</td>" for value in setting.values)
        + "</tr>"
        for setting in differences
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
        (model, history)
        for model, history in zip(models, comparison.epochs, strict=True)
        if history.epochs
    ]
    if pairs:
        sections.section(
            "Training",
            "Validation score and terms of the loss by epoch; a dot marks the best epoch, whose"
            " weights are used. Loss terms of different presets have different scales.",
        )
        best = {score.run.id: score.best_epoch for score in comparison.scores}
        training_curves.draw([model for model, _ in pairs], [history for _, history in pairs], best)
    downloads.values("comparison", comparison.to_json)
