"""The findings of a report on two data sets, in words."""

from typing import Any

import pytest

from mirs_core.experiments.domains import findings


def row(tiles: str, whitening: str, transform: str, gap: float, correlation: float | None) -> Any:
    side = {"off_diagonal_correlation": correlation}
    return {"tiles": tiles, "whitening": whitening, "transform": transform, "mean_gap": gap,
            "source": side}  # fmt: skip


ROWS = [
    row("fitted", "none", "", 2.0, 0.4),
    row("fitted", "2021", "own", 0.1, 0.001),
    row("unseen", "none", "", 2.5, 0.5),
    row("unseen", "mirs-dwt", "own", 0.75, 0.2),
    row("unseen", "2021", "own", 0.3, 0.25),
]


def report(rows: list[Any]) -> dict[str, Any]:
    return {"statistics": {"kinds": ["fitted", "unseen"], "rows": rows}}


def across(preset: str, low: float, high: float, against: str = "mirs") -> dict[str, Any]:
    gap = {"against": against, "value": (low + high) / 2, "low": low, "high": high}
    return {"preset": preset, "difference": gap, "from": "ctx", "to": "hirise"}


def test_held_out_tiles_come_first() -> None:
    assert findings.kinds_of_tiles(report(ROWS)) == ["unseen", "fitted"]
    assert findings.rows_of(report(ROWS), "fitted") == ROWS[:2]


def test_the_gap_is_told_before_and_after_whitening() -> None:
    text = findings.gap_in_words(report(ROWS))
    assert "are 2.50 standard deviations apart" in text and "(MIRS + DWT), 0.75." in text
    assert "from 0.500 to 0.001 on the tiles" in text and "to 0.250 on others." in text


def test_what_was_not_measured_is_left_out() -> None:
    text = findings.gap_in_words(report(ROWS[:3]))
    assert text.endswith("are 2.50 standard deviations apart.")
    unknown = [*ROWS[:4], row("unseen", "2021", "own", 0.3, None)]
    assert "2021" not in findings.gap_in_words(report(unknown))


@pytest.mark.parametrize(
    ("low", "high", "gain"), [(0.02, 0.06, "+0.040"), (-0.06, -0.02, "-0.040"),
                              (-0.01, 0.03, "no difference")],
)  # fmt: skip
def test_the_gain_is_that_of_whitening(low: float, high: float, gain: str) -> None:
    rows = [across("mirs", 0.1, 0.3, "baseline"), across("mirs-dwt", low, high)]
    expected = f"Difference of MIRS + DWT to MIRS: {gain} from ctx to hirise."
    assert findings.gain_in_words(rows) == expected
    assert findings.gain_in_words(rows[:1]) == ""


@pytest.mark.parametrize(
    ("preset", "reference", "expected"),
    [
        ("mirs-dwt", "mirs", True),
        ("mirs-unsupervised-dwt", "mirs-unsupervised", True),
        ("mirs", "mirs-dwt", False),
        ("mirs-dwt", "baseline", False),
        ("mirs-dwt", "mirs-dwt", False),
        ("mirs-unsupervised-dwt", "mirs-dwt", False),
        ("mirs-unsupervised-dwt", "mirs", False),
        ("baseline-centred", "baseline", False),
        ("of-another-version", "mirs", False),
        ("mirs-dwt", "of-another-version", False),
    ],
)
def test_only_presets_that_differ_in_whitening_show_its_gain(
    preset: str, reference: str, expected: bool
) -> None:
    assert findings.adds_whitening(preset, reference) is expected
    assert bool(findings.gain_in_words([across(preset, 0.1, 0.3, reference)])) is expected


def test_each_pair_of_presets_has_its_own_sentence() -> None:
    rows = [
        across("mirs-dwt", 0.1, 0.3),
        across("mirs-unsupervised-dwt", -0.1, 0.3, "mirs-unsupervised"),
        across("mirs-dwt", 0.02, 0.06),
    ]
    assert findings.gain_in_words(rows) == (
        "Difference of MIRS + DWT to MIRS: +0.200 from ctx to hirise; +0.040 from ctx to hirise."
        " Difference of MIRS, unsupervised + DWT to MIRS, unsupervised:"
        " no difference from ctx to hirise."
    )
