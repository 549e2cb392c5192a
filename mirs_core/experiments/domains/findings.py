"""The findings of a report on two data sets, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from mirs_core.config.differences import differences
from mirs_core.config.presets import PRESETS, from_preset, title_of
from mirs_core.experiments.domains.statistics import DWT, FITTED, NONE, OF_2021, UNSEEN

_ENTROPY = "loss.entropy_weight"


def kinds_of_tiles(report: Mapping[str, Any]) -> list[str]:
    """The kinds of tiles with statistics, held-out ones first: ``unseen``, ``fitted``."""
    return [kind for kind in (UNSEEN, FITTED) if kind in report["statistics"]["kinds"]]


def rows_of(report: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    """The statistics of one kind of tiles, a row for each whitening and transform."""
    return [row for row in report["statistics"]["rows"] if row["tiles"] == kind]


def gap_in_words(report: Mapping[str, Any]) -> str:
    """How far apart the domains are before and after whitening, in one or two sentences."""
    by_state = _by_state(report, kinds_of_tiles(report)[0])
    raw, whitened = by_state[NONE, ""], by_state.get((DWT, "own"))
    text = (
        "Without whitening, the means of the two domains are"
        f" {float(raw['mean_gap']):.2f} standard deviations apart"
    )
    if whitened is not None:
        text += (
            f"; with a separate transform for each domain ({title_of(DWT)}),"
            f" {float(whitened['mean_gap']):.2f}"
        )
    fitted, unseen = (_by_state(report, kind).get((OF_2021, "own")) for kind in (FITTED, UNSEEN))
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
    """What whitening adds to mAP@64 across data sets, a sentence for each pair of presets.

    A pair counts if its configurations differ only in whitening and in the entropy term that
    belongs to it. Empty if no such pair was measured.

    Args:
        rows: the report's ``across``.
    """
    gains: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        gap = row["difference"]
        if not gap or not adds_whitening(str(row["preset"]), str(gap["against"])):
            continue
        low, high, middle = (float(gap[name]) for name in ("low", "high", "value"))
        gain = "no difference" if low <= 0 <= high else f"{middle:+.3f}"
        pair = (title_of(str(row["preset"])), title_of(str(gap["against"])))
        gains.setdefault(pair, []).append(f"{gain} from {row['from']} to {row['to']}")
    return " ".join(
        f"Difference of {preset} to {reference}: {'; '.join(parts)}."
        for (preset, reference), parts in gains.items()
    )


def adds_whitening(preset: str, reference: str) -> bool:
    """Whether ``preset`` is ``reference`` with domain whitening, and otherwise the same.

    Domain whitening includes an entropy term on the archive. Presets of other versions are
    unknown, so the answer is False for them.
    """
    if preset not in PRESETS or reference not in PRESETS:
        return False
    whitened, plain = (from_preset(name, data="") for name in (preset, reference))
    if plain.whitening.enabled or not whitened.whitening.enabled:
        return False
    names = {difference.name for difference in differences([plain, whitened])} - {"preset"}
    return all(name.startswith("whitening.") or name == _ENTROPY for name in names)


def _by_state(report: Mapping[str, Any], kind: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    rows = rows_of(report, kind)
    return {(str(row["whitening"]), str(row["transform"])): row for row in rows}
