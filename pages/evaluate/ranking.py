"""The Ranking part of Evaluate: precision curves and confusion matrices."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from mirs_core.evaluation import diagnostics
from pages.evaluate import diagnosed
from pages.parts import downloads, sections
from pages.shared import words
from pages.shared.palette import Model

_ABREAST = 2
"""How many matrices fit beside each other with the names of 15 classes on both axes."""
_LARGEST = 3
"""How many confusions are listed below each matrix."""


def draw(models: Sequence[Model]) -> bool:
    """Draws the part; returns False if models can be read, but none of their queries measured."""
    reports = diagnosed.reports(models)
    measured = [(model, report) for model, report in reports if report.precision]
    if not measured:
        return not reports
    _precision(measured)
    sections.section(
        "Confusion matrix",
        "Classes of the first min(R, 64) results in percent: queries down, results across. R is the"
        " number of archive tiles of the query's class, so 100 on the diagonal is perfect.",
    )
    for start in range(0, len(measured), _ABREAST):
        pair = measured[start : start + _ABREAST]
        for column, (model, report) in zip(st.columns(_ABREAST, gap="large"), pair, strict=False):
            with column:
                _confusion(model, report.confusion)
    downloads.values("ranking", lambda: {model.id: report.to_json() for model, report in measured})
    return True


def _precision(measured: Sequence[tuple[Model, diagnostics.Diagnostics]]) -> None:
    from pages.parts import charts

    left, right = st.columns(2, gap="large")
    with left:
        sections.section(
            "Precision at k", "Share of the first k results that are of the query's class."
        )
        charts.show(
            charts.curves_with_bands(
                [(model, report.precision) for model, report in measured if report.precision],
                "k",
                "precision",
                "First %{x:.0f}",
            ),
            "mirs.e.precision",
            "Line chart: precision at k of each model with 95 % bands",
        )
    with right:
        sections.section(
            "Precision-recall curve", "Interpolated, over the whole archive, with 95 % bands."
        )
        charts.show(
            charts.curves_with_bands(
                [(model, report.recall) for model, report in measured if report.recall],
                "recall",
                "precision",
                "Recall %{x:.0%}",
            ),
            "mirs.e.recall",
            "Line chart: precision against recall of each model with 95 % bands",
        )
    downloads.rows(
        "curves",
        [{"run": model.id, **row} for model, report in measured for row in report.curve_rows()],
    )


def _confusion(model: Model, matrix: diagnostics.Confusion | None) -> None:
    from pages.parts import charts

    if matrix is None:
        return
    st.html(sections.model_name(model))
    charts.show(
        charts.confusion_matrix(model, matrix),
        f"mirs.e.confusion.{model.id}",
        f"Confusion matrix of {model.title}",
    )
    lines = "".join(
        f"<li>{escape(words.class_name(query))} → {escape(words.class_name(result))}"
        f"<b>{share:.0%}</b></li>"
        for query, result, share in diagnostics.largest_confusions(matrix, _LARGEST)
    )
    st.html(f'<ol class="mirs-worst">{lines}</ol>')
