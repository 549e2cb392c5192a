"""``bench describe`` on the small demo: what it ranks, and what it says."""

import pytest

from benchmarks import describe, describe_verb
from mirs_core.datasets.descriptions import FORMS
from mirs_core.errors import RunError
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace.home import Home


def only(monkeypatch: pytest.MonkeyPatch, names: set[str], renderings: int) -> None:
    monkeypatch.setattr(describe, "FORMS", [form for form in FORMS if form.name in names])
    monkeypatch.setattr(describe, "RENDERINGS", renderings)


@pytest.mark.parametrize("test", [False, True], ids=["validation", "test"])
def test_every_landform_gets_its_average_precision(
    small_demo: Home, monkeypatch: pytest.MonkeyPatch, test: bool
) -> None:
    only(monkeypatch, {"crater", "ridge"}, 3)
    answer = describe.run(small_demo, ["demo-mirs"], queries=2, test=test)
    assert answer["roles"] == (["test"] if test else ["archive", "val"])
    assert answer["queries"] == 4
    for part in (answer["one"], answer["description"]):
        assert set(part["per_class"]) == {"cra", "rid"}
        assert all(0 <= value <= 1 for value in part["per_class"].values())
        interval = part["map_at_64"]
        assert interval["low"] <= interval["value"] <= interval["high"]
        assert interval["value"] == pytest.approx(sum(part["per_class"].values()) / 2, abs=2e-4)
    table = describe_verb.text(answer)
    assert len(table.splitlines()) == 2 + 2 + 2 and "| Ridge |" in table


def test_one_query_has_the_average_precision_of_its_list(
    small_demo: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, {"crater"}, 1)
    answer = describe.run(small_demo, ["demo-mirs"], queries=1)
    searcher = Searcher.open(small_demo, "demo-mirs")
    crater = describe.Description("crater", seed=describe._STEP)
    query = describe.query_of_features(
        searcher, crater, describe.features_of(searcher.encoder(), crater, 1)
    )
    hits = searcher.search(query, 64, describe.Filters(roles=describe.ROLES))
    present = sum(searcher.items.labels[r] == "cra" for r in searcher.items.rows(describe.ROLES))
    total, good = 0.0, 0
    for rank, hit in enumerate(hits, 1):
        if hit.label == "cra":
            good += 1
            total += good / rank
    assert answer["one"]["per_class"]["cra"] == pytest.approx(total / min(present, 64), abs=1e-4)


def test_a_run_that_does_not_exist_is_refused(small_demo: Home) -> None:
    with pytest.raises(RunError, match="There is no run"):
        describe.run(small_demo, ["nothing"])
