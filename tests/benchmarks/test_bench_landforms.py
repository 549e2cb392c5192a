"""The choice of who votes: on validation tiles, never on test tiles."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from fakes import archive_of
from searchers import labelled_searcher as searcher_of

from benchmarks import landforms as bench
from mirs_core.errors import RunError
from mirs_core.landform_map import measure_accuracy
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace.home import Home


def serve(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Searcher:
    items, features = archive_of()
    answer = searcher_of(dataclasses.replace(items, **changes), features)
    monkeypatch.setattr(Searcher, "open", classmethod(lambda cls, home, run_id: answer))
    return answer


def test_the_figures_are_those_of_the_vote_on_validation_tiles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searcher = serve(monkeypatch)
    answer = bench.run(Home(Path()), ["a", "b"])
    accuracy = measure_accuracy(searcher, role="val")
    assert accuracy is not None and answer["tiles"] == 2 * accuracy.tiles
    usual = next(v for v in answer["votes"] if (v["k"], v["weighting"]) == (15, "equal"))
    assert usual["accuracy"] == pytest.approx(accuracy.of_all, abs=1e-4)
    assert 0 <= usual["brier"] <= 2
    rule = next(r for r in answer["rules"] if (r["within"], r["margin"]) == (0.9, 0.5))
    assert rule["coverage"] == pytest.approx(accuracy.coverage, abs=1e-4)
    assert rule["accuracy"] == pytest.approx(accuracy.accuracy.value, abs=1e-4)
    everything = next(r for r in answer["rules"] if (r["within"], r["margin"]) == (1.0, 0.0))
    assert (everything["coverage"], everything["accuracy_of_rest"]) == (1, None)


def test_labels_of_test_tiles_choose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch)
    before = bench.run(Home(Path()), ["a"])
    items, _ = archive_of()
    labels = tuple(
        "smo" if role == "test" else label
        for role, label in zip(items.roles, items.labels, strict=True)
    )
    serve(monkeypatch, labels=labels)
    assert bench.run(Home(Path()), ["a"]) == before


def test_a_run_without_validation_tiles_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    items, _ = archive_of()
    serve(monkeypatch, roles=("archive",) * len(items))
    with pytest.raises(RunError, match="no labelled validation tiles"):
        bench.run(Home(Path()), ["a"])
