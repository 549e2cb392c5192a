"""Landform maps: who votes, when an estimate is sure, how far it is to be trusted."""

import dataclasses
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeNetwork, archive_of, write_dataset
from searchers import labelled_searcher

from mirs_core import cli, landform_map
from mirs_core.config.presets import from_preset
from mirs_core.errors import ConfigError, DataError, RunError
from mirs_core.landform_map import CLOSE, FAR, SURE
from mirs_core.landform_map.voting import reach_of
from mirs_core.pipeline import training
from mirs_core.pipeline.indexing import index
from mirs_core.ranking.codes import hamming, pack
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home


def mixed(n: int = 400, hidden: int = 60, bits: int = 0) -> tuple[Searcher, tuple[str | None, ...]]:
    """A run of which the last tiles have lost their labels, and the labels of all."""
    items, features = archive_of(n)
    labels = (*items.labels[: n - hidden], *[None] * hidden)
    codes = features
    if bits:
        codes = pack((features @ np.random.default_rng(0).normal(size=(24, bits))) > 0)
    return labelled_searcher(dataclasses.replace(items, labels=labels), codes), items.labels


def slow_votes(searcher: Searcher, row: int, k: int) -> Counter[str]:
    """The votes on one tile, counted one labelled tile after the other."""
    items, codes = searcher.items, searcher.retriever.codes
    found = []
    for other, label in enumerate(items.labels):
        if label is not None and items.roles[other] != "test":
            if codes.dtype == np.uint8:
                distance = float(hamming(codes[row : row + 1], codes[other : other + 1])[0, 0])
            else:
                distance = float(np.linalg.norm(codes[row] - codes[other]))
            found.append((distance, label))
    found.sort()
    last = found[min(k, len(found)) - 1][0]
    nearer = [label for distance, label in found if distance < last]
    tied = [label for distance, label in found if distance == last]
    votes: Counter[str] = Counter()
    for label in nearer:
        votes[label] += 1
    for label in tied:
        votes[label] += (min(k, len(found)) - len(nearer)) / len(tied)  # type: ignore[assignment]
    return votes


@pytest.mark.parametrize("bits", [0, 8, 32])
@pytest.mark.parametrize("k", [1, 15, 5000])
def test_the_votes_are_those_of_a_slow_count(bits: int, k: int) -> None:
    searcher, _ = mixed(bits=bits)
    found = landform_map.estimate_opened(searcher, searcher, k)
    for row in found.rows[::7]:
        votes = slow_votes(searcher, int(row), k)
        total = sum(votes.values())
        expected = [votes[label] / total for label in found.classes]
        np.testing.assert_allclose(found.votes.shares[row], expected, atol=1e-8)


def test_only_tiles_without_a_label_are_estimated() -> None:
    searcher, truth = mixed()
    found = landform_map.estimate_opened(searcher, searcher)
    assert found.rows.tolist() == list(range(340, 400))
    assert set(found.labels[:340]) == {None} and set(found.states[:340]) == {""}
    assert not found.share[:340].any() and np.isnan(found.nearest[:340]).all()
    assert found.count(SURE) + found.count(CLOSE) + found.count(FAR) == 60
    sure = [row for row in found.rows if found.states[row] == SURE]
    assert len(sure) > 40
    assert np.mean([found.labels[row] == truth[row] for row in sure]) > 0.95
    for row in found.rows:
        if found.states[row] != SURE:
            assert found.labels[row] is None


def test_test_tiles_have_no_vote() -> None:
    searcher, _ = mixed()
    items = searcher.items
    lied = tuple(
        "lie" if role == "test" and label else label
        for role, label in zip(items.roles, items.labels, strict=True)
    )
    liar = labelled_searcher(dataclasses.replace(items, labels=lied), searcher.retriever.codes)
    found = landform_map.estimate_opened(liar, liar)
    assert "lie" not in found.classes and "cra" in found.classes
    told = landform_map.measure_accuracy(liar)
    assert told is not None and told.of_all == 0


def test_the_order_of_the_rows_changes_no_estimate() -> None:
    searcher, _ = mixed(bits=8)
    order = np.random.default_rng(1).permutation(len(searcher.items))
    again = labelled_searcher(searcher.items.take(order), searcher.retriever.codes[order])
    one, other = (
        landform_map.estimate_opened(searcher, searcher),
        landform_map.estimate_opened(again, again),
    )
    assert one.reach == other.reach
    np.testing.assert_array_equal(one.votes.shares[order], other.votes.shares)
    assert tuple(one.labels[row] for row in order) == other.labels
    assert tuple(one.states[row] for row in order) == other.states


def test_far_tiles_and_close_calls_are_left_open() -> None:
    searcher, _ = mixed()
    codes = searcher.retriever.codes.copy()
    codes[-1] = 1000.0
    searcher = labelled_searcher(searcher.items, codes)
    found = landform_map.estimate_opened(searcher, searcher, min_margin=0.5)
    assert found.states[-1] == FAR and found.labels[-1] is None
    assert found.reach is not None and found.nearest[-1] > found.reach
    strict = landform_map.estimate_opened(searcher, searcher, min_margin=1.0)
    assert strict.count(CLOSE) >= found.count(CLOSE)
    for row in found.rows:
        close = found.margin[row] < 0.5 and found.nearest[row] <= found.reach
        assert (found.states[row] == CLOSE) == close
    both = landform_map.estimate_opened(searcher, searcher, 5000, 1.0)
    assert both.margin[-1] < 1.0 and both.states[-1] == FAR
    anything = landform_map.estimate_opened(searcher, searcher, min_margin=0.0)
    assert anything.count(CLOSE) == 0 and anything.states[-1] == FAR


def test_the_reach_holds_nine_in_ten_validation_tiles() -> None:
    searcher, _ = mixed()
    items, codes = searcher.items, searcher.retriever.codes
    asked = [r for r in items.rows(["val"]) if items.labels[r]]
    voters = [r for r in items.rows(["archive", "train"]) if items.labels[r]]
    nearest = [min(np.linalg.norm(codes[a] - codes[v]) for v in voters) for a in asked]
    reach = reach_of(searcher)
    assert reach is not None
    inside = np.mean([d <= reach * (1 + 1e-6) for d in nearest])
    assert 0.9 <= inside < 0.9 + 1.5 / len(asked)
    without = dataclasses.replace(items, roles=("archive",) * len(items))
    assert reach_of(labelled_searcher(without, codes)) is None


def test_trust_is_measured_on_test_tiles_alone() -> None:
    searcher, _ = mixed()
    found = landform_map.measure_accuracy(searcher)
    items = searcher.items
    asked = [row for row in items.rows(["test"]) if items.labels[row]]
    right = [
        slow_votes(searcher, int(row), 15).most_common(1)[0][0] == items.labels[row]
        for row in asked
    ]
    assert found is not None and found.tiles == len(asked)
    assert found.of_all == pytest.approx(np.mean(right))
    assert sum(one.tiles for one in found.bins) == len(asked)
    assert found.accuracy.low <= found.accuracy.value <= found.accuracy.high
    said = landform_map.accuracy_in_words(found)
    assert f"{len(asked)} test tiles" in said and f"{found.coverage:.0%}" in said
    assert "Other terrain may be harder" in said
    painted = landform_map.accuracy_in_words(dataclasses.replace(found, synthetic=True))
    assert "synthetic, which says little about real terrain" in painted
    assert "unknown" in landform_map.accuracy_in_words(None)


def test_a_copy_of_a_test_tile_does_not_vote_on_it() -> None:
    searcher, _ = mixed()
    items = searcher.items
    contents, labels = list(items.contents), list(items.labels)
    test, voter = int(items.rows(["test"])[0]), int(items.rows(["archive"])[0])
    codes = searcher.retriever.codes.copy()
    # Only a copy would call it what its label says.
    labels[test] = labels[voter] = next(one for one in ("cra", "rid") if one != labels[test])
    contents[voter], codes[voter] = contents[test], codes[test]
    copied = dataclasses.replace(items, contents=tuple(contents), labels=tuple(labels))
    rows = np.array([row for row in range(len(items)) if row != voter])
    without = labelled_searcher(copied.take(rows), codes[rows])
    assert landform_map.measure_accuracy(
        labelled_searcher(copied, codes), 1
    ) == landform_map.measure_accuracy(without, 1)


def test_ties_beyond_the_first_list_count_too() -> None:
    one_bit = np.eye(16, dtype=np.uint8)
    codes = pack(np.concatenate([one_bit, np.zeros((1, 16), dtype=np.uint8)]))
    items, _ = archive_of(17)
    items = dataclasses.replace(
        items, labels=(*["cra"] * 12, *["rid"] * 4, None), roles=("archive",) * 17
    )
    searcher = labelled_searcher(items, codes)
    for k in (1, 3):
        found = landform_map.estimate_opened(searcher, searcher, k)
        np.testing.assert_allclose(found.votes.shares[-1], [0.75, 0.25], atol=1e-8)


def test_without_test_tiles_the_accuracy_is_unknown() -> None:
    searcher, _ = mixed()
    roles = tuple("archive" if role == "test" else role for role in searcher.items.roles)
    items = dataclasses.replace(searcher.items, roles=roles)
    assert landform_map.measure_accuracy(labelled_searcher(items, searcher.retriever.codes)) is None


def test_densities_sum_to_the_tiles_within_reach_and_areas_to_their_footprints() -> None:
    searcher, _ = mixed()
    found = landform_map.estimate_opened(searcher, searcher)
    ids = searcher.items.ids
    listed = landform_map.totals(found, ids)
    within = len(found.rows) - found.count(FAR)
    assert sum(one.density for one in listed) == pytest.approx(within)
    assert sum(one.tiles for one in listed) == found.count(SURE)
    assert [one.km2 for one in listed] == [None] * len(found.classes)
    near = [row for row in found.rows if found.states[row] != FAR]
    side = 0.02
    rings = {
        ids[row]: [(x, 0.0), (x + side, 0.0), (x + side, side), (x, side)]
        for row, x in zip(near, np.arange(len(near)) * side, strict=True)
    }
    kilometres = (3396.19 * np.radians(side)) ** 2
    total = sum(one.km2 or 0 for one in landform_map.totals(found, ids, rings))
    assert total == pytest.approx(within * kilometres, rel=1e-4)
    pile = dict.fromkeys(rings, rings[ids[near[0]]])
    total = sum(one.km2 or 0 for one in landform_map.totals(found, ids, pile))
    assert total == pytest.approx(kilometres, rel=1e-4)


def test_distractors_vote_and_are_called_no_landform() -> None:
    searcher, _ = mixed()
    searcher = labelled_searcher(searcher.items, searcher.retriever.codes, ("smo",))
    found = landform_map.estimate_opened(searcher, searcher)
    assert "smo" in found.labels
    smooth = next(
        one for one in landform_map.totals(found, searcher.items.ids) if one.label == "smo"
    )
    assert (smooth.name, smooth.group) == ("No landform (smooth terrain)", "No landform")


@pytest.mark.parametrize(("k", "margin"), [(0, 0.5), (15, -0.1), (15, 1.1), (15, float("nan"))])
def test_settings_that_mean_nothing_are_refused(k: int, margin: float) -> None:
    searcher, _ = mixed()
    with pytest.raises(ConfigError):
        landform_map.estimate_opened(searcher, searcher, k, margin)
    with pytest.raises(ConfigError):
        landform_map.measure_accuracy(searcher, k, margin)


def test_runs_without_open_tiles_or_without_voters_are_refused() -> None:
    items, features = archive_of()
    searcher = labelled_searcher(items, features)
    with pytest.raises(DataError, match="Every tile"):
        landform_map.estimate_opened(searcher, searcher)
    bare = labelled_searcher(dataclasses.replace(items, labels=(None,) * len(items)), features)
    with pytest.raises(DataError, match="can vote"):
        landform_map.estimate_opened(bare, bare)


@pytest.fixture
def home(tmp_path: Path, network: FakeNetwork) -> Home:
    """Two models on one data set, and a folder without labels that both have archived."""
    data = write_dataset(
        tmp_path / "tiles",
        {"train": {"cra": 8, "rid": 8}, "val": {"cra": 2, "rid": 2}, "test": {"cra": 3, "rid": 3}},
    )
    own = write_dataset(tmp_path / "own", 6, start=900)
    home = tmp_path / "home"
    for seed, name in ((1, "one"), (2, "two")):
        config = from_preset(
            "mirs", data=str(data), seed=seed, changes=["training.epochs=2", "training.views=1"]
        )
        training.train(Home(home), training.prepare(Home(home), config, run_id=name))
    index(Home(home), "one", own)
    return Home(home)


def test_the_labels_come_from_where_the_model_comes_from(home: Home) -> None:
    archived = next(one.id for one in runs.list_runs(home) if one.id not in ("one", "two"))
    found = landform_map.estimate(home, archived)
    assert (found.run, found.labelled, len(found.rows)) == (archived, "one", 6)
    assert landform_map.runs_with_same_model(home, archived) == ["one", archived]
    with pytest.raises(RunError, match="do not share a model"):
        landform_map.estimate(home, archived, "two")
    with pytest.raises(DataError, match="can vote"):
        landform_map.estimate(home, archived, archived)
    with pytest.raises(RunError, match="There is no run"):
        landform_map.estimate(home, archived, "three")
    runs.folder(home, "two").model.unlink()
    assert landform_map.runs_with_same_model(home, archived) == ["one", archived]
    runs.delete(home, "one")
    assert landform_map.default_labelled_run(home, archived) == archived
    with pytest.raises(DataError, match="can vote"):
        landform_map.estimate(home, archived)


def test_the_command_line_says_it_is_an_estimate_and_writes_files(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIRS_HOME", str(home))
    archived = next(one.id for one in runs.list_runs(home) if one.id not in ("one", "two"))
    out = tmp_path / "maps" / "strip.gpkg"
    asked = ["landforms", "--run", archived, "--k", "5", "--min-margin", "0.2", "--out", str(out)]
    assert cli.main([*asked, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    found = landform_map.estimate(home, archived, None, 5, 0.2)
    assert {key: answer[key] for key in ("run", "labelled", "k", "tiles", "placed", "out")} == {
        "run": archived, "labelled": "one", "k": 5, "tiles": 6, "placed": 0, "out": str(out),
    }  # fmt: skip
    assert answer["estimated"] == found.count(SURE) and answer["unsure"] == 6 - answer["estimated"]
    assert answer["classes"].keys() == {"cra", "rid"}
    density = sum(one["density"] for one in answer["classes"].values())
    assert density == pytest.approx(6 - answer["out_of_reach"], abs=0.01)
    assert answer["trust"]["n"] == 6 and 0 <= answer["trust"]["coverage"] <= 1
    assert out.is_file()
    assert cli.main(asked) == 0
    said = capsys.readouterr().out
    assert said.startswith("ESTIMATE of 6 unlabelled tiles") and "not an observation" in said
    assert "6 test tiles" in said and "Crater" in said
    assert cli.main([*asked[:3], "--out", str(tmp_path / "map.shp")]) == 2
    assert cli.main([*asked[:3], "--labelled", "two"]) == 2
    errors = capsys.readouterr().err.strip().splitlines()
    assert [line[:5] for line in errors[-2:]] == ["mirs:", "mirs:"]
