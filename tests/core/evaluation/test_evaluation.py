"""The evaluation against a slow twin that follows the protocol sentence by sentence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirs_core.errors import RunError
from mirs_core.evaluation.protocol import evaluate, rankings
from mirs_core.evaluation.tile_columns import TileColumns
from mirs_core.ranking.archive import FloatArchive, HashArchive
from mirs_core.ranking.metrics import average_precision, hits_over_ties, tie_bounds


def facts(
    labels: list[str | None], prefix: str, strips: list[str | None] | None = None
) -> TileColumns:
    ids = [f"{prefix}{i}" for i in range(len(labels))]
    return TileColumns(ids, labels, [f"content-{i}" for i in ids], strips or [None] * len(labels))


def slow_ap(
    code: np.ndarray,
    label: str,
    content: str,
    strip: str | None,
    archive: np.ndarray,
    known: TileColumns,
    k: int,
    exclude_strip: bool,
) -> tuple[float, float] | None:
    """AP@k with the divisors min(R, k) and hits, with Python loops."""
    rows = []
    for row in range(len(archive)):
        if known.contents[row] == content:
            continue
        if exclude_strip and strip is not None and known.strips[row] == strip:
            continue
        distance = sum(int(a ^ b).bit_count() for a, b in zip(code, archive[row], strict=True))
        rows.append((distance, row))
    relevant = [known.labels[row] == label for _, row in sorted(rows)]
    total = sum(relevant)
    if total == 0:
        return None
    found, precisions = 0, 0.0
    for rank, hit in enumerate(relevant[:k], start=1):
        if hit:
            found += 1
            precisions += found / rank
    return precisions / min(total, k), precisions / found if found else 0.0


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_evaluation_agrees_with_its_slow_twin(data: st.DataObject) -> None:
    seed, n, q = data.draw(st.tuples(st.integers(0, 999), st.integers(1, 30), st.integers(1, 6)))
    k, exclude = data.draw(st.tuples(st.sampled_from([1, 3, 64]), st.booleans()))
    rng = np.random.default_rng(seed)
    names: list[str | None] = ["a", "b", "c", "other", None]
    strips: list[str | None] = ["s", "t", None]
    archive, codes = (rng.integers(0, 4, (size, 2), dtype=np.uint8) for size in (n, q))
    known = facts(
        [names[i] for i in rng.integers(0, 5, n)], "n", [strips[i] for i in rng.integers(0, 3, n)]
    )
    asked = facts(
        [names[i] for i in rng.integers(0, 5, q)], "q", [strips[i] for i in rng.integers(0, 3, q)]
    )
    asked.contents[0] = known.contents[0]  # type: ignore[index]
    report = evaluate(
        HashArchive(archive), known, codes, asked, distractors=["other"], k=k, exclude_strip=exclude
    )
    by_id, skipped = {result.id: result for result in report.results}, 0
    for i, label in enumerate(asked.labels):
        wanted = None
        if label is not None and label != "other":
            wanted = slow_ap(
                codes[i], label, asked.contents[i], asked.strips[i], archive, known, k, exclude
            )
        if wanted is None:
            skipped += 1
            assert asked.ids[i] not in by_id
            continue
        result = by_id[asked.ids[i]]
        assert (result.min_r_k, result.hits) == pytest.approx(wanted)
        assert result.worst - 1e-12 <= result.min_r_k <= result.best + 1e-12
    assert sum(report.skipped.values()) == skipped


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_nearest_alone_measure_what_the_whole_ranking_does(data: st.DataObject) -> None:
    """Equal to the last bit, with ties that cross the end of the list."""
    seed, n, k = data.draw(
        st.tuples(st.integers(0, 999), st.integers(2, 300), st.sampled_from([1, 5, 64]))
    )
    exclude, levels = data.draw(st.booleans()), data.draw(st.sampled_from([2, 4, 256]))
    rng = np.random.default_rng(seed)
    floats = data.draw(st.booleans())
    archive, codes = (rng.integers(0, levels, (size, 2)).astype(np.uint8) for size in (n, 4))
    names: list[str | None] = ["a", "b", None]
    strips: list[str | None] = ["s", "t", None]
    known = facts(
        [names[i] for i in rng.integers(0, 3, n)], "n", [strips[i] for i in rng.integers(0, 3, n)]
    )
    asked = facts(["a", "b", "a", "b"], "q", ["s", "t", None, "s"])
    asked.contents[0] = known.contents[n // 2]  # type: ignore[index]
    index: HashArchive | FloatArchive = HashArchive(archive)
    if floats:
        archive, codes = archive.astype(np.float32), codes.astype(np.float32)
        index = FloatArchive(archive, "euclidean")
    report = evaluate(index, known, codes, asked, k=k, exclude_strip=exclude)
    expected, skipped = {}, 0
    for ranking in rankings(index, known, codes, asked, exclude_strip=exclude):
        if isinstance(ranking, str):
            skipped += 1
            continue
        relevant = ranking.relevant
        total, ties = np.array([relevant.sum()]), tie_bounds(ranking.distances, relevant, k)
        rng = np.random.default_rng(0)
        expected[asked.ids[ranking.query]] = (
            float(average_precision(relevant[None, :k], total, k, "min_r_k")[0]),
            float(average_precision(relevant[None, :k], total, k, "hits")[0]),
            ties.best,
            ties.expected,
            ties.worst,
            hits_over_ties(ranking.distances, relevant, k, rng=rng),
        )
    names_of_values = ("min_r_k", "hits", "best", "expected", "worst", "hits_expected")
    assert expected == {
        result.id: tuple(getattr(result, name) for name in names_of_values)
        for result in report.results
    }
    assert sum(report.skipped.values()) == skipped


def test_a_float_archive_is_measured_the_same_way() -> None:
    archive = np.array([[0.0, 0.0], [3.0, 0.0], [1.0, 0.0]], dtype=np.float32)
    report = evaluate(
        FloatArchive(archive, "euclidean"),
        facts(["a", "a", "b"], "n"),
        np.array([[0.1, 0.0]], dtype=np.float32),
        facts(["a"], "q"),
    )
    assert report.results[0].min_r_k == pytest.approx((1 + 2 / 3) / 2)
    assert report.archive_bytes == archive.nbytes


def test_every_skipped_query_has_a_reason() -> None:
    codes = np.zeros((4, 1), dtype=np.uint8)
    report = evaluate(
        HashArchive(np.zeros((2, 1), dtype=np.uint8)),
        facts(["a", "other"], "n"),
        codes,
        facts(["a", "other", None, "z"], "q"),
        distractors=["other"],
    )
    assert [result.id for result in report.results] == ["q0"]
    assert report.skipped == {"distractor": 1, "without a label": 1, "class not in the archive": 1}


def test_strips_that_are_not_known_are_said_to_be_unknown() -> None:
    archive, codes = np.zeros((2, 1), dtype=np.uint8), np.zeros((1, 1), dtype=np.uint8)
    index, known = HashArchive(archive), facts(["a", "a"], "n", ["s", "t"])
    whole = evaluate(index, known, codes, facts(["a"], "q", ["s"]), exclude_strip=True)
    partly = evaluate(index, known, codes, facts(["a"], "q", [None]), exclude_strip=True)
    kept = evaluate(index, known, codes, facts(["a"], "q", ["s"]))
    assert [report.strip for report in (whole, partly, kept)] == ["excluded", "unknown", "kept"]


def test_codes_and_items_must_agree() -> None:
    with pytest.raises(RunError, match="different numbers of codes and of items"):
        evaluate(
            HashArchive(np.zeros((2, 1), dtype=np.uint8)),
            facts(["a"], "n"),
            np.zeros((1, 1), dtype=np.uint8),
            facts(["a"], "q"),
        )


def test_the_report_is_plain_json_with_the_agreed_keys() -> None:
    rng = np.random.default_rng(0)
    archive, codes = (rng.integers(0, 255, (size, 2), dtype=np.uint8) for size in (20, 9))
    report = evaluate(
        HashArchive(archive), facts(["a", "b"] * 10, "n"), codes, facts(["a", "b", "a"] * 3, "q")
    )
    value = report.to_json()
    assert value["n_queries"] == 9 and value["n_archive"] == 20 and value["k"] == 64
    assert set(value["map_at_64"]) == {"min_r_k", "hits"}
    main = value["map_at_64"]["min_r_k"]
    assert main["low"] <= main["value"] <= main["high"]
    assert set(value["ties"]) == {"best", "expected", "worst"}
    assert {label: entry["n"] for label, entry in value["per_class"].items()} == {"a": 6, "b": 3}
