"""The order in which labels are reviewed."""

import numpy as np
from hypothesis import given, settings
from searchers import archives, searcher_of

from mirs_core.datasets.items import Items
from mirs_core.hash_space import label_review, neighbourhoods
from mirs_core.retrieval.retriever import Retriever


def space(labels: list[str | None], codes: list[int], roles: list[str]) -> Retriever:
    count = len(labels)
    items = Items(
        ids=tuple(f"{i}.png" for i in range(count)),
        labels=tuple(labels),
        roles=tuple(roles),
        strips=(None,) * count,
        contents=tuple(f"{i:064x}" for i in range(count)),
        latitudes=(None,) * count,
        longitudes=(None,) * count,
    )
    array = np.array([[code] for code in codes], dtype=np.uint8)
    return searcher_of(array, items).retriever


def order(retriever: Retriever) -> list[str]:
    near = neighbourhoods.look(retriever)
    rows = label_review.order(retriever, near).rows
    return retriever.items.ids.take(rows).tolist()


def test_a_wrong_label_comes_first_and_only_it() -> None:
    labels = ["a"] * 12 + ["b"] * 12 + ["b"]
    codes = [0] * 12 + [255] * 12 + [0]
    assert order(space(labels, codes, ["train"] * 25)) == ["24.png"]


def test_tiles_of_other_splits_take_no_part() -> None:
    labels = ["a"] * 12 + ["b"] * 12 + ["b"]
    codes = [0] * 12 + [255] * 12 + [0]
    for role in ("test", "archive"):
        assert order(space(labels, codes, ["train"] * 24 + [role])) == []
    retriever = space(labels, codes, ["train"] * 24 + ["archive"])
    near = neighbourhoods.look(retriever)
    assert label_review.order(retriever, near, ("archive",)).rows.tolist() == [24]


def test_an_undecided_tile_without_a_label_is_asked_about_and_a_clear_one_is_not() -> None:
    labels: list[str | None] = [*["a"] * 5, *["b"] * 5, None, *["a"] * 12, None]
    codes = [0b1] * 5 + [0b10] * 5 + [0] + [0b11110000] * 12 + [0b11110000]
    asked = order(space(labels, codes, ["train"] * len(labels)))
    assert "10.png" in asked and "23.png" not in asked


def test_of_tiles_with_one_code_the_first_comes_before_all_others() -> None:
    labels = ["a"] * 12 + ["b"] * 3 + ["a"] * 12 + ["b"]
    codes = [0] * 15 + [0b111] * 13
    asked = order(space(labels, codes, ["train"] * len(labels)))
    assert set(asked) == {"12.png", "13.png", "14.png", "27.png"}
    assert "27.png" in asked[:2]


def test_the_next_doubts_leave_out_what_is_done() -> None:
    labels = ["a"] * 12 + ["b"] * 2
    retriever = space(labels, [0] * 14, ["train"] * 14)
    near = neighbourhoods.look(retriever)
    review = label_review.order(retriever, near)
    first, second = label_review.doubts(retriever, near, review, most=5)
    assert first.label == "b" and first.votes[0][0] == "a" and 0 < first.score <= 1
    assert label_review.doubts(retriever, near, review, {first.tile}, most=5) == [second]
    assert label_review.doubts(retriever, near, review, {first.tile, second.tile}) == []


@given(archives())
@settings(max_examples=30)
def test_the_order_is_one_of_doubt(archive: tuple[np.ndarray, Items]) -> None:
    codes, items = archive
    retriever = searcher_of(codes, items).retriever
    near = neighbourhoods.look(retriever)
    review = label_review.order(retriever, near)
    assert len(set(review.rows.tolist())) == len(review.rows)
    assert ((review.scores > 0) & (review.scores <= 1)).all()
    for row in review.rows.tolist():
        assert items.roles[row] in label_review.LEARNING
        votes = dict(zip(near.classes, near.votes[row], strict=True))
        total, own = sum(votes.values()), items.labels[row]
        rivals = sorted((v for name, v in votes.items() if name != own), reverse=True)
        if own is not None:
            assert rivals[0] >= votes[own] - 1e-9
        elif len(rivals) > 1:
            assert rivals[0] - rivals[1] <= total / 2 + 1e-9


def test_a_run_without_labels_has_nothing_to_review() -> None:
    assert order(space([None] * 12, [0] * 12, ["train"] * 12)) == []
