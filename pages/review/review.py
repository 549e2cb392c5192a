"""Review labels: the tiles whose label a model doubts, one key for each verdict."""

from html import escape

import streamlit as st

from mirs_core.datasets import label_corrections
from mirs_core.errors import MirsError
from mirs_core.hash_space import label_review
from mirs_core.workspace.home import Home
from pages.parts import notice, opening, queue, sections
from pages.review import mended_training, neighbours, verdict
from pages.shared import access, lineup, link, loaders, sidebar, words

_ABOUT = (
    "Tiles of the training and validation split whose nearest neighbours mostly have another label,"
    " or are undecided, in the order in which a verdict teaches most. Test tiles are left out, so"
    " that the gain of a training with the mended labels can be measured on them."
)


def main() -> None:
    """Draws the page."""
    link.restore()
    opened = opening.opened()
    if opened is None:
        return
    _, data_set, models = opened
    kind = " · synthetic, not real imagery" if data_set.synthetic else ""
    st.html(
        f'<div class="mirs-head"><h2>Review labels</h2><p>{escape(data_set.title)}{kind}</p></div>'
    )
    notice.draw()
    if not access.is_private():
        access.explain_disabled("Correcting labels")
    elif not models:
        st.info("Choose a model in the sidebar.", icon=":material/compare:")
    else:
        queue.draw()
        _review(data_set, models)
    if data_set.synthetic:
        sidebar.synthetic()
    link.write_link(link.search_link())


def _review(data_set: lineup.DataSet, models: list[str]) -> None:
    titles = sidebar.titles(data_set.runs)
    trained = [run.id for run in data_set.runs if run.id in models and run.trained]
    untrained = [model for model in models if model not in trained]
    run_id = st.selectbox(
        "Model",
        models,
        models.index(untrained[0]) if untrained else len(models) - 1,
        format_func=titles.__getitem__,
        help="Its neighbourhoods decide which labels are in doubt. A model that was not trained"
        " finds wrong labels best: one that has learnt them takes many of them for right.",
        key=f"mirs.review.run.{data_set.key}",
        width=420,
    )
    home = Home.current()
    try:
        searcher = loaders.searcher(run_id)
        near, sample = loaders.neighbourhoods(run_id), loaders.sample(run_id)
        verdicts = label_corrections.current(home, searcher.root)
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    st.html(f'<p class="mirs-lead">{_ABOUT}</p>')
    review = label_review.order(sample.retriever, near)
    done = {*verdicts, *verdict.skipped(run_id)}
    doubts = label_review.doubts(sample.retriever, near, review, done)
    changed = sum(not correction.confirms for correction in verdicts.values())
    ids = sample.retriever.items.ids.take(review.rows).tolist()
    _progress(len(ids), sum(tile in verdicts for tile in ids), changed)
    if doubts:
        left, middle, right = st.columns([5, 5, 6], gap="large")
        with left:
            verdict.picture(searcher, doubts[0])
        with middle:
            verdict.draw(home, searcher, run_id, doubts[0])
        with right:
            neighbours.draw(searcher, sample, near, doubts[0])
    else:
        st.success(
            "No further label is in doubt, as far as this model can tell.",
            icon=":material/check_circle:",
        )
        verdict.undo_button(home, searcher.root)
    sections.section(
        "Train with the mended labels",
        "The same settings and the same split; only the labels differ. The gain is measured on the"
        " test queries that both models have in common.",
    )
    if not trained:
        st.info("Choose a trained model in the sidebar.", icon=":material/compare:")
        return
    to_train = trained[-1]
    if len(trained) > 1:
        to_train = st.selectbox(
            "Model to train", trained, len(trained) - 1, format_func=titles.__getitem__,
            key=f"mirs.review.train.{data_set.key}", width=420,
        )  # fmt: skip
    mended_training.draw(home, loaders.searcher(to_train).summary, changed)


def _progress(count: int, settled: int, changed: int) -> None:
    st.progress(
        settled / count if count else 1.0,
        text=f"{settled:,} of {count:,} doubts settled · {changed:,} labels of this data set"
        " corrected",
    )


main()
