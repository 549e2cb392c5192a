"""Evaluate: how well the models of a data set find, and why."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.evaluation import diagnostics
from mirs_core.evaluation.standings import Standing
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.evaluate import codes as codes_part
from pages.evaluate import domains as domains_part
from pages.evaluate import published
from pages.parts import downloads, first_run, sections
from pages.parts.standing_table import standing_table
from pages.shared import lineup, link, loaders, palette, sidebar, state, words
from pages.shared.palette import Model

SCORES, RANKING, CODES, TABLES = "Scores", "Ranking", "Codes", "Published tables"
DOMAINS = "Domains"
_PARTS = {
    "scores": SCORES,
    "ranking": RANKING,
    "codes": CODES,
    "domains": DOMAINS,
    "published": TABLES,
}
_WORST = 3


def main() -> None:
    """Draws the page."""
    link.restore_evaluation()
    known = runs.list_runs(Home.current())
    if first_run.is_wanted(known):
        first_run.draw()
        return
    chosen = sidebar.data_set(lineup.data_sets(known))
    picked = sidebar.models(chosen)
    if chosen.synthetic:
        sidebar.synthetic()
    shown = [run for run in chosen.runs if run.id in picked]
    models = palette.models(shown, sidebar.titles(chosen.runs))
    part = _part(chosen)
    if part == TABLES:
        published.draw(Home.current(), chosen)
    elif part == DOMAINS:
        domains_part.draw(Home.current(), chosen, known)
    elif part == SCORES:
        _scores(models)
    elif part == RANKING:
        _ranking(models)
    else:
        if found := _diagnosed(models):
            codes_part.draw(found, chosen)
    link.write_link(link.evaluation_link())


def _part(chosen: lineup.DataSet) -> str:
    """Draws the head of the page; returns the part of it that is asked for."""
    kind = " · synthetic, not real imagery" if chosen.synthetic else ""
    st.html(
        f'<div class="mirs-head"><h2>How well they find</h2>'
        f"<p>{escape(chosen.title)}{kind}</p></div>"
    )
    return _PARTS[sections.part(_PARTS, state.PART)]


def _scores(models: Sequence[Model]) -> None:
    found = _standings(models)
    if not found:
        return
    by_id = {model.id: model for model in models}
    kept = [by_id[standing.run.id] for standing in found]
    first = found[0]
    st.html(
        '<p class="mirs-lead">'
        f"{first.queries:,} test tiles, each ranked against {first.archive_tiles:,} archive tiles"
        " whose labels no training read. mAP@64 divides by min(R, 64); the interval is the 95 %"
        " bootstrap over queries.</p>"
    )
    if not all(standing.same_archive for standing in found):
        st.warning(
            "These models were measured on different archives (another seed or split):"
            " their scores do not compare.",
            icon=":material/balance:",
        )
    st.html(standing_table(found, kept))
    downloads.rows("scores", [_row(standing) for standing in found])
    from pages.parts import charts

    sections.section("By landform", "mAP@64 of the queries of each class; n counts them.")
    charts.show(
        charts.class_bars(kept, [standing.per_class for standing in found]),
        "mirs.e.classes",
        "Bars: mAP@64 of each landform and model",
    )
    downloads.rows(
        "scores-by-landform",
        [
            {"run": standing.run.id, "class": label, "queries": n, "map_at_64": value}
            for standing in found
            for label, (n, value) in standing.per_class.items()
        ],
    )


def _standings(models: Sequence[Model]) -> list[Standing]:
    """What the models measured, without those that fail; says so where nothing was measured."""
    good = []
    for model in models:
        try:
            good += [model.id] if loaders.standing([model.id]) else []
        except MirsError as error:
            st.error(words.plain(str(error)), icon=":material/error:")
    if not good:
        _unmeasured()
    return loaders.standing(good) if good else []


def _unmeasured() -> None:
    st.info(
        "Nothing was measured here: mAP needs labelled test tiles and a labelled archive. Give the"
        " data set folders named after classes, or look at the codes.",
        icon=":material/label_off:",
    )


def _row(standing: Standing) -> dict[str, object]:
    against = standing.against.interval if standing.against else None
    return {
        "run": standing.run.id,
        "archive_id": standing.run.archive_id,
        "seed": standing.run.seed,
        "map_at_64": standing.value.value,
        "low": standing.value.low,
        "high": standing.value.high,
        "hits": standing.hits.value,
        "ties_best": standing.ties[0],
        "ties_expected": standing.ties[1],
        "ties_worst": standing.ties[2],
        "queries": standing.queries,
        "skipped": sum(standing.skipped.values()),
        "archive_bytes": standing.archive_bytes,
        "bits": standing.run.bits,
        "difference": against.value if against else None,
        "difference_low": against.low if against else None,
        "difference_high": against.high if against else None,
    }


def _diagnosed(models: Sequence[Model]) -> list[tuple[Model, diagnostics.Diagnostics]]:
    """The diagnostics of the models that open; the reason on the page for the others."""
    found = []
    for model in models:
        try:
            found.append((model, loaders.diagnosis(model.id)))
        except MirsError as error:
            st.error(words.plain(str(error)), icon=":material/error:")
    return found


def _ranking(models: Sequence[Model]) -> None:
    found = _diagnosed(models)
    measured = [(model, one) for model, one in found if one.precision]
    if not measured:
        if found:
            _unmeasured()
        return
    from pages.parts import charts

    left, right = st.columns(2, gap="large")
    with left:
        sections.section(
            "Precision by rank", "The share of the first k that are of the query's class."
        )
        charts.show(
            charts.curves(
                [charts.Labelled(model, one.precision) for model, one in measured],
                "k, results looked at",
                "precision",
                "First %{x:.0f}",
            ),
            "mirs.e.precision",
            "Lines: precision at k of each model with 95 % bands",
        )
    with right:
        sections.section(
            "Precision by recall", "Interpolated, over the whole archive; bands are 95 %."
        )
        charts.show(
            charts.curves(
                [charts.Labelled(model, one.recall) for model, one in measured],
                "recall",
                "precision",
                "Recall %{x:.0%}",
            ),
            "mirs.e.recall",
            "Lines: precision against recall of each model with 95 % bands",
        )
    downloads.rows("curves", [row for model, one in measured for row in _curve_rows(model, one)])
    sections.section(
        "What it finds instead",
        "Classes of the first min(R, 64) results in percent: queries down, results across. A query"
        " has R tiles of its class in the archive, so 100 on the diagonal is perfect.",
    )
    for column, (model, one) in zip(sections.columns(len(measured)), measured, strict=False):
        with column:
            _confusion(model, one)
    downloads.values("ranking", {model.id: one.to_json() for model, one in measured})


def _confusion(model: Model, one: diagnostics.Diagnostics) -> None:
    from pages.parts import charts

    table = one.confusion
    if table is None:
        return
    st.html(sections.model_name(model))
    figure = charts.confusion(model, table)
    charts.show(figure, f"mirs.e.confusion.{model.id}", f"Confusions of {model.title}")
    worst = diagnostics.largest_confusions(table, _WORST)
    lines = "".join(
        f"<li>{escape(words.class_name(query))} → {escape(words.class_name(result))}"
        f"<b>{share:.0%}</b></li>"
        for query, result, share in worst
    )
    st.html(f'<ol class="mirs-worst">{lines}</ol>')


def _curve_rows(model: Model, one: diagnostics.Diagnostics) -> list[dict[str, object]]:
    named = (("precision_at_k", one.precision), ("precision_by_recall", one.recall))
    return [
        {"run": model.id, "curve": name, "x": float(x), "mean": float(y), "low": float(low),
         "high": float(high)}
        for name, curve in named
        if curve is not None
        for x, y, low, high in zip(curve.x, curve.mean, curve.low, curve.high, strict=True)
    ]  # fmt: skip


main()
