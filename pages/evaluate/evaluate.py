"""Evaluate: retrieval performance of the models of a data set, and what is behind it."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from mirs_core.errors import MirsError
from mirs_core.evaluation.scores import RunScores
from mirs_core.workspace.home import Home
from pages.evaluate import codes, ranking
from pages.parts import downloads, opening, sections
from pages.parts.score_table import score_table
from pages.shared import lineup, link, loaders, palette, session_files, sidebar, state, words
from pages.shared.palette import Model

_PARTS = {
    "scores": "Scores",
    "ranking": "Ranking",
    "codes": "Codes",
    "domains": "Domains",
    "published": "Published tables",
}


def main() -> None:
    """Draws the page."""
    link.restore_evaluation()
    opened = opening.opened()
    if opened is None:
        return
    all_runs, data_set, picked = opened
    session_files.draw(data_set, picked)
    if data_set.synthetic:
        sidebar.synthetic()
    models = palette.models(
        [run for run in data_set.runs if run.id in picked], sidebar.titles(data_set.runs)
    )
    part = _part(data_set)
    # What these two parts compute with imports PyTorch, which takes seconds.
    if part == "published":
        from pages.evaluate import published_tables

        published_tables.draw(Home.current(), data_set)
    elif part == "domains":
        from pages.evaluate import domains

        domains.draw(Home.current(), data_set, all_runs)
    elif part == "scores":
        _scores(models)
    elif part == "ranking":
        if not ranking.draw(models):
            _unmeasured()
    else:
        codes.draw(models, data_set)
    link.write_link(link.evaluation_link())


def _part(data_set: lineup.DataSet) -> str:
    """Draws the head of the page and the choice of its part; returns the key of the part."""
    kind = " · synthetic, not real imagery" if data_set.synthetic else ""
    st.html(
        f'<div class="mirs-head"><h2>Retrieval performance</h2>'
        f"<p>{escape(data_set.title)}{kind}</p></div>"
    )
    return sections.part(_PARTS, state.PART)


def _scores(models: Sequence[Model]) -> None:
    scores = _measured_scores(models)
    if not scores:
        return
    by_id = {model.id: model for model in models}
    measured = [by_id[score.run.id] for score in scores]
    first = scores[0]
    st.html(
        '<p class="mirs-lead">'
        f"{first.queries:,} test tiles, each ranked against {first.archive_tiles:,} archive tiles"
        " whose labels were never used in training. mAP@64 is normalised by min(R, 64); intervals"
        " are 95 % bootstrap intervals over queries.</p>"
    )
    if not all(score.same_archive for score in scores):
        st.warning(
            "These models were measured on different archives (another seed or split);"
            " their scores are not comparable.",
            icon=":material/balance:",
        )
    st.html(score_table(scores, measured))
    downloads.rows("scores", [score.to_row() for score in scores])
    from pages.parts import charts

    sections.section("By landform", "mAP@64 for each class; n is the number of queries.")
    charts.show(
        charts.class_bars(measured, [score.per_class for score in scores]),
        "mirs.e.classes",
        "Bar chart: mAP@64 by landform and model",
    )
    downloads.rows("scores-by-landform", [row for score in scores for row in score.class_rows()])


def _measured_scores(models: Sequence[Model]) -> list[RunScores]:
    """The scores of the models, less those that cannot be read, whose errors are shown."""
    readable = []
    for model in models:
        try:
            readable += [model.id] if loaders.scores_of([model.id]) else []
        except MirsError as error:
            st.error(words.plain(str(error)), icon=":material/error:")
    if not readable:
        _unmeasured()
    return loaders.scores_of(readable) if readable else []


def _unmeasured() -> None:
    st.info(
        "No scores: mAP needs labelled test tiles and a labelled archive. Sort the tiles of this"
        " data set into one folder for each class, or look at the codes.",
        icon=":material/label_off:",
    )


main()
