"""The Codes part of Evaluate: distances between codes, code usage, and bits."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.evaluation import diagnostics
from mirs_core.evaluation.diagnostics import Bits, CodeUse, Diagnostics, Distances
from pages.evaluate import diagnosed
from pages.parts import downloads, sections
from pages.shared import lineup, loaders, words
from pages.shared.palette import Model

_GROUPS = 5
"""How many groups of tiles with the same code are listed for each model."""


def draw(models: Sequence[Model], data_set: lineup.DataSet) -> None:
    """Draws the part."""
    reports = diagnosed.reports(models)
    if not reports:
        return
    if any(report.distances for _, report in reports):
        _all_distances(reports, data_set)
    hashed = [
        (model, report.bits, report.use) for model, report in reports if report.bits and report.use
    ]
    if not hashed:
        st.info("Float features have no bits; choose a hash model too.", icon=":material/memory:")
        return
    _usage(hashed)
    sections.section(
        "Bits",
        "Left: share of ones in each bit. Right: correlation between bits, red for bits that"
        " agree, blue for opposite ones.",
    )
    for model, bits, _ in hashed:
        _bits(model, bits)
    downloads.values("codes", lambda: {model.id: report.to_json() for model, report in reports})


def _all_distances(reports: Sequence[tuple[Model, Diagnostics]], data_set: lineup.DataSet) -> None:
    sections.section(
        "Distances", "From test tiles to archive tiles of the same class and of different classes."
    )
    measured = [
        (model, report.distances, report.unit) for model, report in reports if report.distances
    ]
    for column, (model, histogram, unit) in zip(
        sections.columns(len(measured)), measured, strict=False
    ):
        with column:
            _distances(model, histogram, unit, _agreement(model, data_set))


def _distances(model: Model, histogram: Distances, unit: str, tau: float | None) -> None:
    from pages.parts import charts

    if tau is not None:
        order = f"order within a class agrees with the features: τ = {tau:.2f}"
    elif unit == "bits":
        order = "no baseline to compare the order within a class with"
    else:
        order = "the features themselves"
    st.html(
        f'{sections.model_name(model)}<p class="mirs-note" title="Probability that a tile of the'
        ' same class is nearer than one of a different class; 50 % is chance.">'
        f"same class nearer in {histogram.overlap:.1%} of pairs<br>{order}</p>"
    )
    charts.show(
        charts.distances(model, histogram, unit),
        f"mirs.e.distances.{model.id}",
        f"Histogram: distances within and between classes of {model.title}",
    )


def _agreement(model: Model, data_set: lineup.DataSet) -> float | None:
    """Mean Kendall's tau of a hash model with the features it hashes; None without a baseline."""
    run = next(run for run in data_set.runs if run.id == model.id)
    baseline = next(
        (
            candidate.id
            for candidate in data_set.runs
            if not candidate.bits
            and (candidate.encoder, candidate.archive_id) == (run.encoder, run.archive_id)
        ),
        None,
    )
    if baseline is None or not run.bits:
        return None
    try:
        taus = loaders.rank_agreement(model.id, baseline)
    except MirsError:
        return None
    return sum(taus) / len(taus) if taus else None


def _usage(hashed: Sequence[tuple[Model, Bits, CodeUse]]) -> None:
    sections.section(
        "Codes",
        "Tiles that share a code cannot be told apart or ranked. In a good code no bit is constant"
        " and none repeats another.",
    )
    st.html(_usage_table(hashed))
    if any(use.classes for _, _, use in hashed):
        from pages.parts import charts

        sections.section(
            "Distinct codes per tile, by landform",
            f"Classes with at least {diagnostics.BROWSABLE} tiles.",
        )
        shares = [
            {entry.label: (entry.tiles, entry.share) for entry in use.classes}
            for _, _, use in hashed
        ]
        charts.show(
            charts.class_bars([model for model, _, _ in hashed], shares),
            "mirs.e.distinct",
            "Bar chart: distinct codes per tile by landform and model",
        )
    for column, (model, _, use) in zip(sections.columns(len(hashed)), hashed, strict=False):
        with column:
            st.html(sections.model_name(model))
            _collisions(use)


def _usage_table(hashed: Sequence[tuple[Model, Bits, CodeUse]]) -> str:
    rows = []
    for model, bits, use in hashed:
        largest = use.collisions[0].size if use.collisions else 1
        cells = (
            f"<b>{use.distinct:,}</b> of {use.tiles:,}<small>{use.share:.0%}</small>",
            f"{largest:,} tile{'s' if largest > 1 else ''}",
            f"<b>{bits.effective:.1f}</b> of {len(bits.balance)}",
            f"{bits.dead}",
            f"{use.ones:.1f}<small>± {use.ones_sd:.1f}</small>",
        )
        row = "".join(f"<td>{cell}</td>" for cell in cells)
        rows.append(f"<tr><th scope='row'>{sections.swatch(model)}</th>{row}</tr>")
    titles = (
        ("Distinct codes", "Number of different codes among the archive's tiles"),
        ("Largest collision", "Number of tiles that share the most common code"),
        ("Effective bits", "Number of independent bits with the same spread: participation ratio of"
         " the eigenvalues of the bits' correlation matrix (Gao et al. 2017)"),
        ("Dead bits", "Bits with the same value in all codes"),
        ("Ones", "Number of ones in a code, mean and standard deviation; ideally half the bits"),
    )  # fmt: skip
    head = "".join(f'<th scope="col" title="{text}">{name}</th>' for name, text in titles)
    return (
        f'<div class="mirs-scroll"><table class="mirs-table"><thead><tr><th scope="col">Model</th>'
        f"{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _collisions(use: CodeUse) -> None:
    groups = use.collisions[:_GROUPS]
    if not groups:
        st.caption("No two tiles share a code.")
        return
    lines = []
    for group in groups:
        one_class = len(group.classes) == 1
        parts = [
            escape(words.class_name(label))
            if one_class
            else f"{n} {escape(words.class_name(label))}"
            for label, n in group.classes
        ]
        lines.append(f"<li>{', '.join(parts)}<b>{group.size}</b></li>")
    st.html(
        f'<p class="mirs-note">Largest groups of tiles with the same code</p>'
        f'<ol class="mirs-worst">{"".join(lines)}</ol>'
    )


def _bits(model: Model, bits: Bits) -> None:
    from pages.parts import charts

    st.html(sections.model_name(model))
    left, right = st.columns([1.5, 1], gap="large")
    with left:
        charts.show(
            charts.balance(model, bits),
            f"mirs.e.balance.{model.id}",
            f"Bar chart: share of ones in each bit of {model.title}",
        )
    with right:
        charts.show(
            charts.correlation(bits),
            f"mirs.e.correlation.{model.id}",
            f"Heat map: correlation of the bits of {model.title}",
        )
