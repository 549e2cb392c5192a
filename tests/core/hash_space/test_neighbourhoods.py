"""Odd tiles, found by looking at each tile by itself."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from searchers import archives, distance, searcher_of

from mirs_core.datasets.items import Items
from mirs_core.hash_space import groups, neighbourhoods
from mirs_core.retrieval.filters import Filters


@given(archives())
@settings(max_examples=40, deadline=None)
def test_neighbourhoods_agree_with_looking_at_each_pair(
    archive: tuple[np.ndarray, Items],
) -> None:
    codes, items = archive
    near = neighbourhoods.look(searcher_of(codes, items).retriever)
    assert near.classes == tuple(sorted({label for label in items.labels if label}))
    reach = np.zeros(len(codes))
    for row in range(len(codes)):
        others = [o for o in range(len(codes)) if items.contents[o] != items.contents[row]]
        away = {o: round(distance(codes[row], codes[o]), 4) for o in others}
        expected = sorted(others, key=lambda o: (away[o], o))[:10]
        assert near.sharing[row] == sum((code == codes[row]).all() for code in codes)
        if not expected:
            assert np.isnan(near.mean_distances[row]) and (near.rows[row] == -1).all()
            continue
        mean = np.mean([away[o] for o in expected])
        assert np.isclose(near.mean_distances[row], mean, atol=1e-3)
        if codes.dtype != np.uint8:
            continue
        assert [int(o) for o in near.rows[row] if o >= 0] == expected
        last, votes = away[expected[-1]], Counter[str | None]()
        nearer = [o for o in others if away[o] < last]
        tied = [o for o in others if away[o] == last]
        for o in others:
            share = (len(expected) - len(nearer)) / len(tied)
            chance = 1.0 if o in nearer else share if o in tied else 0.0
            votes[items.labels[o]] += chance  # type: ignore[assignment]
            reach[o] += chance
        told = [votes[label] for label in near.classes]
        assert np.allclose(near.votes[row], told)
        known, label = sum(told), items.labels[row]
        purity = near.purity(items.labels)[row]
        assert np.isclose(purity, votes[label] / known) if label and known else np.isnan(purity)
    if codes.dtype == np.uint8:
        assert np.allclose(near.reach, reach)


@given(archives())
@settings(max_examples=40, deadline=None)
def test_errors_of_the_top_agree_with_ranking_each_tile(
    archive: tuple[np.ndarray, Items],
) -> None:
    codes, items = archive
    searcher = searcher_of(codes, items)
    found = neighbourhoods.top_k_error_rates(searcher.retriever, 3)
    for row, label in enumerate(items.labels):
        query = searcher.query_by_id(items.ids[row])
        hits = searcher.search(query, 3, Filters(roles=("archive",)))
        known = [hit.label for hit in hits if hit.label]
        if label is None or not known:
            assert np.isnan(found[row])
        else:
            assert found[row] == sum(one != label for one in known) / len(known)


def test_ties_make_no_hubs() -> None:
    found = space(["a"] * 400, [7] * 400)
    near = neighbourhoods.look(found)
    assert np.allclose(near.reach, 10) and neighbourhoods.hubs(near) == []


def space(labels: list[str], values: list[int]) -> neighbourhoods.Retriever:
    codes = np.array([[value, 0] for value in values], np.uint8)
    names = tuple(f"{i}.png" for i in range(len(labels)))
    none = (None,) * len(labels)
    roles = ("archive",) * len(labels)
    return searcher_of(codes, Items(names, tuple(labels), roles, none, names, none, none)).retriever


def test_a_wrong_label_is_suspected_and_only_that() -> None:
    found = space(["a"] * 12 + ["b"] * 12 + ["b"], [0] * 12 + [255] * 12 + [0])
    near = neighbourhoods.look(found)
    (suspect,) = neighbourhoods.suspects(found, near)
    assert (
        suspect.row,
        suspect.label,
        suspect.neighbour_label,
        suspect.neighbour_count,
        suspect.own_count,
    ) == (24, "b", "a", 10, 0)
    assert suspect.mean_distance == 0


def test_a_tile_in_the_midst_of_all_is_a_hub() -> None:
    # Sixty codes of two ones each: two bits from the empty code, most four from each other.
    rng = np.random.default_rng(0)
    ones = [rng.choice(64, 2, replace=False) for _ in range(60)]
    pairs = [np.packbits(np.isin(np.arange(64), two)) for two in ones]
    codes = np.array([np.zeros(8, np.uint8), *pairs])
    names = tuple(f"{i}.png" for i in range(61))
    none = (None,) * 61
    items = Items(names, none, ("archive",) * 61, none, names, none, none)
    near = neighbourhoods.look(searcher_of(codes, items).retriever)
    (first, *_) = neighbourhoods.hubs(near)
    assert first.row == 0 and first.count == 60.0


def test_codes_of_several_tiles_are_listed_by_size() -> None:
    found = space(["a", "a", "b", "b", "b", "c"], [1, 1, 1, 2, 2, 3])
    listed = groups.shared_codes(found)
    assert [one.rows.tolist() for one in listed] == [[0, 1, 2], [3, 4]]
    assert [(one.label, one.same) for one in listed] == [("a", 2), ("b", 2)]


@pytest.mark.parametrize("floats", [False, True])
def test_ties_that_go_on_beyond_the_nearest_count_as_among_all(
    floats: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 3, (150, 2))
    labels = tuple(rng.choice(np.array(["a", "b", "c", None], dtype=object), 150))
    names = tuple(f"{i}.png" for i in range(150))
    contents = tuple(f"content {i % 140}" for i in range(150))
    none = (None,) * 150
    items = Items(names, labels, ("archive",) * 150, none, contents, none, none)
    run = searcher_of(codes.astype(np.float32 if floats else np.uint8), items).retriever
    monkeypatch.setattr(neighbourhoods, "_TIED", 150)
    whole = neighbourhoods.look(run)
    monkeypatch.setattr(neighbourhoods, "_TIED", 0)
    cut = neighbourhoods.look(run)
    assert (cut.rows == whole.rows).all()
    for name in ("votes", "reach", "mean_distances", "sharing"):
        assert np.allclose(getattr(cut, name), getattr(whole, name)), name
