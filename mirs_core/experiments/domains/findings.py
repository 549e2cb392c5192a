"""The findings of a report on two data sets, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

_PLAIN, _WHITENED = "mirs", "mirs-dwt"
_UNSEEN, _FITTED = "unseen", "fitted"


def kinds_of_tiles(report: Mapping[str, Any]) -> list[str]:
    """The kinds of tiles with statistics, held-out ones first: ``unseen``, ``fitted``."""
    return [kind for kind in (_UNSEEN, _FITTED) if kind in report["statistics"]["kinds"]]


def rows_of(report: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    """The statistics of one kind of tiles, a row for each whitening and transform."""
    return [row for row in report["statistics"]["rows"] if row["tiles"] == kind]


def gap_in_words(report: Mapping[str, Any]) -> str:
    """How far apart the domains are before and after whitening, in one or two sentences."""
    by_state = _by_state(report, kinds_of_tiles(report)[0])
    raw, whitened = by_state["none", ""], by_state.get((_WHITENED, "own"))
    text = (
        "Without whitening, the means of the two domains are"
        f" {float(raw['mean_gap']):.2f} standard deviations apart"
    )
    if whitened is not None:
        text += (
            f"; with a separate transform for each domain (MIRS + DWT),"
            f" {float(whitened['mean_gap']):.2f}"
        )
    fitted, unseen = (_by_state(report, kind).get(("2021", "own")) for kind in (_FITTED, _UNSEEN))
    if fitted is None or unseen is None:
        return f"{text}."
    name = "off_diagonal_correlation"
    on_fitted, on_unseen, before = (row["source"][name] for row in (fitted, unseen, raw))
    if None in (on_fitted, on_unseen, before):
        return f"{text}."
    return (
        f"{text}. Whitening as in 2021 reduces the correlation between channels from {before:.3f}"
        f" to {on_fitted:.3f} on the tiles it is estimated from, and to {on_unseen:.3f} on others."
    )


def gain_in_words(rows: Sequence[Mapping[str, Any]]) -> str:
    """What whitening adds to the mAP@64 of MIRS across data sets, in a sentence; empty if unknown.

    Args:
        rows: the report's ``across``.
    """
    parts = []
    for row in rows:
        gap = row["difference"]
        if str(row["preset"]) != _WHITENED or not gap or str(gap["against"]) != _PLAIN:
            continue
        low, high, middle = (float(gap[name]) for name in ("low", "high", "value"))
        gain = "no difference" if low <= 0 <= high else f"{middle:+.3f}"
        parts.append(f"{gain} from {row['from']} to {row['to']}")
    return f"Difference of MIRS + DWT to MIRS: {'; '.join(parts)}." if parts else ""


def _by_state(report: Mapping[str, Any], kind: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    rows = rows_of(report, kind)
    return {(str(row["whitening"]), str(row["transform"])): row for row in rows}
