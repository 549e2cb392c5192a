"""The verdict on one query: the same votes, states and classes as a landform estimate."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from fakes import archive_of
from searchers import labelled_searcher

from mirs_core import landform_map
from mirs_core.landform_map import CLOSE, FAR, SURE, open_panel
from mirs_core.landform_map.verdict import Panel
from mirs_core.ranking.codes import pack
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher


def mixed(bits: int = 0, hidden: int = 60) -> Searcher:
    """A run of 400 tiles of which the last have lost their labels."""
    items, features = archive_of(400)
    labels = (*items.labels[: 400 - hidden], *[None] * hidden)
    codes = features
    if bits:
        codes = pack((features @ np.random.default_rng(0).normal(size=(24, bits))) > 0)
    return labelled_searcher(dataclasses.replace(items, labels=labels), codes)


@pytest.mark.parametrize("bits", [0, 8, 32])
def test_a_verdict_is_the_estimate_of_the_tile(bits: int) -> None:
    searcher = mixed(bits)
    codes = searcher.retriever.codes.copy()
    codes[-1] = 255 if bits else 1000.0
    searcher = labelled_searcher(searcher.items, codes)
    estimate = landform_map.estimate_opened(searcher, searcher)
    panel = open_panel(searcher)
    assert panel is not None
    states = set()
    for row, verdict in zip(estimate.rows, panel.verdicts(codes[estimate.rows]), strict=True):
        assert verdict.state == estimate.states[row]
        assert verdict.label == estimate.classes[estimate.votes.winner[row]]
        assert verdict.share == estimate.share[row]
        assert verdict.margin == pytest.approx(estimate.margin[row])
        assert verdict.nearest == estimate.nearest[row] and verdict.reach == estimate.reach
        assert verdict.votes == pytest.approx(estimate.share[row] * landform_map.K, abs=1e-5)
        states.add(verdict.state)
    assert {SURE} < states or bits == 8
    if not bits:
        assert states >= {SURE, FAR}


def test_a_query_with_a_label_needs_no_verdict() -> None:
    searcher = mixed()
    panel = open_panel(searcher)
    assert panel is not None
    labelled, unlabelled = (searcher.query_by_id(searcher.items.ids[row]) for row in (0, 399))
    assert panel.verdict(labelled) is None
    verdict = panel.verdict(unlabelled)
    assert verdict is not None
    one = panel.verdict(Query("mine.png", unlabelled.code, "other"))
    assert one == verdict


def test_nobody_votes_without_labels() -> None:
    searcher = mixed(hidden=400)
    assert Panel.of(searcher) is None and open_panel(searcher) is None


def test_a_huge_electorate_is_not_opened_for_one_query(monkeypatch: pytest.MonkeyPatch) -> None:
    voters = len(landform_map.labelled_rows(mixed(), landform_map.VOTERS))
    for most, is_there in ((voters, True), (voters - 1, False)):
        monkeypatch.setattr("mirs_core.landform_map.verdict.MOST_VOTERS", most)
        assert (open_panel(mixed()) is not None) == is_there


@pytest.mark.parametrize(
    ("share", "state", "says"),
    [
        (1.0, SURE, "most likely Crater: 15 of 15 neighbours, sure"),
        (0.9, SURE, "most likely Crater: 13.5 of 15 neighbours, sure"),
        (0.5, CLOSE, "most likely Crater: 7.5 of 15 neighbours, close call (next: Ridge)"),
        (
            1.0,
            FAR,
            "most likely Crater: 15 of 15 neighbours, out of reach (the nearest labelled tile is"
            " at 40 bits, a typical one within 31)",
        ),
    ],
)
def test_a_verdict_in_words(share: float, state: str, says: str) -> None:
    verdict = landform_map.Verdict(
        label="cra", name="Crater", share=share, runner_up="Ridge", margin=share, k=15,
        state=state, nearest=40.0, reach=31.0, unit="bits", labelled="run-1",
    )  # fmt: skip
    assert verdict.in_words() == says
    assert verdict.to_json()["estimate"] is True and verdict.to_json()["votes"] == share * 15


def test_a_damaged_origin_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    from mirs_core.errors import RunError
    from mirs_core.landform_map import verdict

    def gone(home: object, run: str) -> str:
        raise RunError("gone")

    monkeypatch.setattr(verdict, "default_labelled_run", gone)
    panel = open_panel(mixed())
    assert panel is not None and panel.labelled == "run-1"
    assert Path("/nowhere") == mixed().root
