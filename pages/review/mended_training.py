"""A training with the mended labels, and what it gained on tiles that took no part."""

from html import escape

import streamlit as st

from mirs_core import jobs
from mirs_core.errors import MirsError
from mirs_core.evaluation.scores import RunScores
from mirs_core.jobs.kinds.train import Train
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from mirs_core.workspace.runs import RunSummary
from pages.parts import notice
from pages.shared import link, loaders, words


def draw(home: Home, summary: RunSummary, changed: int) -> None:
    """Draws the button that trains a run anew, and the score of the last such run beside its own.

    Args:
        changed: how many labels are corrected.
    """
    st.button(
        f"Train with {changed:,} mended {'label' if changed == 1 else 'labels'}",
        type="primary",
        icon=":material/play_arrow:",
        disabled=not changed,
        on_click=_train,
        args=(home, summary),
    )
    mended = _newest(home, summary)
    if mended is not None:
        _gain(summary, mended)


def _train(home: Home, summary: RunSummary) -> None:
    def work() -> None:
        from mirs_core.pipeline import training

        config = runs.folder(home, summary.id).config()
        run = training.prepare(home, config, name=_name(summary))
        jobs.submit(home, Train(run=run.id, map=True), f"Train {_name(summary)}")

    notice.run("Training queued.", work)


def _name(summary: RunSummary) -> str:
    return f"{summary.name}, mended labels"


def _newest(home: Home, summary: RunSummary) -> RunSummary | None:
    """The newest finished run that differs from a run in its labels alone."""
    same = (summary.data_root, summary.preset, summary.seed, summary.encoder)
    for run in runs.list_runs(home):
        if (
            run.usable
            and run.name == _name(summary)
            and (run.data_root, run.preset, run.seed, run.encoder) == same
        ):
            return run
    return None


def _gain(before: RunSummary, after: RunSummary) -> None:
    try:
        scores = loaders.scores_of([before.id, after.id])
    except MirsError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    if len(scores) == 2:
        st.html(f'<p class="mirs-lead">{escape(in_words(*scores))}</p>')
    st.page_link(
        "pages/runs/runs.py",
        label="Compare the two runs",
        icon=":material/balance:",
        query_params={"runs": link.listed([before.id, after.id])},
    )


def in_words(before: RunScores, after: RunScores) -> str:
    """What a training with mended labels gained, with its interval."""
    text = f"mAP@64 {before.value.value:.3f} before, {after.value.value:.3f} with mended labels"
    paired = after.difference
    if paired is None:
        return f"{text}. Their archives hold other tiles, so the two cannot be compared."
    value, low, high = paired.interval.value, paired.interval.low, paired.interval.high
    unsure = " The interval includes 0, so this is no difference." if paired.is_none else ""
    return (
        f"{text}: {value:+.3f}, 95 % interval {low:+.3f} to {high:+.3f}, paired over"
        f" {paired.queries:,} test queries.{unsure}"
    )
