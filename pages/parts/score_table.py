"""The table of the models' scores, as HTML."""

import math
from collections.abc import Sequence
from html import escape

from mirs_core.evaluation.scores import RunScores
from pages.shared.palette import Model

_THOUSAND = 1000


def score_table(scores: Sequence[RunScores], models: Sequence[Model]) -> str:
    """One row of scores for each model, with the intervals drawn on a common scale.

    Args:
        models: parallel to ``scores``.
    """
    low = min(score.value.low for score in scores)
    high = max(score.value.high for score in scores)
    start = max(math.floor(low * 10 - 0.2) / 10, 0)
    end = min(math.ceil(high * 10 + 0.2) / 10, 1)
    rows = "".join(
        _row(score, model, place == 0, start, end)
        for place, (score, model) in enumerate(zip(scores, models, strict=True))
    )
    heads = "".join(
        f'<th scope="col" title="{escape(text)}">{escape(name)}</th>'
        for name, text in _columns(models[0].title)
    )
    scale = f'<span class="mirs-scale-ends"><span>{start:.1f}</span><span>{end:.1f}</span></span>'
    return (
        '<div class="mirs-scroll"><table class="mirs-table mirs-standing"><thead><tr>'
        f'<th scope="col">Model</th><th scope="col" aria-hidden="true">{scale}</th>{heads}</tr>'
        f"</thead><tbody>{rows}</tbody></table></div>"
    )


def _columns(reference: str) -> tuple[tuple[str, str], ...]:
    """Titles and explanations of the columns; differences are to the model ``reference``."""
    return (
        ("mAP@64", "Mean average precision at 64, normalised by min(R, 64), with 95 % interval"),
        (
            f"Difference to {reference}",
            f"Mean difference of AP@64 to {reference} on the same queries, with 95 % interval",
        ),
        ("mAP@64, hits", "mAP@64 normalised by the number of hits among the first 64, as in 2021"),
        ("Ties", "mAP@64 with ties in the worst and the best order, and its expected value"),
        ("Queries", "Number of test tiles measured"),
        ("Archive", "Size of the codes or features of the archive"),
        ("Training", "Epoch of the model, number of epochs, and duration of the whole run"),
        ("Split", "Seed and kind of the split; whether the query's own strip stays in its archive"),
    )


def _row(score: RunScores, model: Model, first: bool, start: float, end: float) -> str:
    run, value = score.run, score.value
    cells = (
        f"<b>{value.value:.3f}</b><small>{value.low:.3f} to {value.high:.3f}</small>",
        _difference(score, first),
        f"{score.hits.value:.3f}",
        f"{score.ties[2]:.3f} to {score.ties[0]:.3f}<small>{score.ties[1]:.3f} expected</small>",
        f"{score.queries:,}<small>{_skipped(score)}</small>",
        f"{_bytes(score.archive_bytes)}<small>{_kind(score)}</small>",
        _training(score),
        f"seed {run.seed}<small>{_strips(score)}</small>",
    )
    body = "".join(f"<td>{cell}</td>" for cell in cells)
    name = f'<i class="mirs-swatch" style="--c:{model.colour}"></i>{escape(model.title)}'
    return (
        f'<tr style="--c:{model.colour}"><th scope="row">{name}</th>'
        f'<td aria-hidden="true">{_whisker(score, start, end)}</td>{body}</tr>'
    )


def _whisker(score: RunScores, start: float, end: float) -> str:
    value = score.value
    low, middle, high = (
        100 * (point - start) / (end - start) for point in (value.low, value.value, value.high)
    )
    return (
        f'<span class="mirs-whisker"><i style="left:{low:.1f}%;width:{high - low:.1f}%"></i>'
        f'<b style="left:{middle:.1f}%"></b></span>'
    )


def _difference(score: RunScores, first: bool) -> str:
    if first:
        return '<span class="mirs-quiet">reference</span>'
    if not score.same_archive:
        return '<span class="mirs-flag">other archive<small>not comparable</small></span>'
    if score.difference is None:
        return '<span class="mirs-quiet">no shared queries</span>'
    interval = score.difference.interval
    span = f"<small>{interval.low:+.3f} to {interval.high:+.3f}</small>"
    if score.difference.is_none:
        return f"no difference{span}"
    kind = "more" if interval.value > 0 else "less"
    return f'<b class="mirs-{kind}">{interval.value:+.3f}</b>{span}'


def _skipped(score: RunScores) -> str:
    if not score.skipped:
        return "none skipped"
    return escape(", ".join(f"{n} skipped: {why}" for why, n in score.skipped.items()))


def _kind(score: RunScores) -> str:
    bits = score.run.bits
    return f"{bits} bits per tile" if bits else f"floats, {escape(score.run.distance)}"


def _training(score: RunScores) -> str:
    seconds = score.seconds
    duration = f"{seconds:,.0f} s" if seconds is not None else ""
    if not score.epochs:
        return f'<span class="mirs-quiet">none</span><small>{duration}</small>'
    best = f"epoch {score.best_epoch} of {score.epochs}"
    return f"{best}<small>{duration}</small>"


def _strips(score: RunScores) -> str:
    split = "by strip" if score.by_strip else "by tile"
    return f"{split}, own strip {escape(score.strip)}"


def _bytes(count: int) -> str:
    for unit in ("B", "kB", "MB"):
        if count < _THOUSAND:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= _THOUSAND  # type: ignore[assignment]
    return f"{count:.1f} GB"
