"""The diagnostics against slow twins, on small archives with many ties."""

import json
import math
from collections import Counter

import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from mirs_core.datasets.items import Items
from mirs_core.errors import DataError
from mirs_core.evaluation import diagnostics
from mirs_core.evaluation.diagnostics import diagnose, sampling
from mirs_core.hashing.baseline import FloatModel
from mirs_core.hashing.model import HashModel
from mirs_core.ranking import metrics
from mirs_core.retrieval.retriever import Retriever

LABELS: tuple[str | None, ...] = ("a", "b", "c", "other", None)


class Hashing(HashModel):
    """A stand-in: nothing here encodes."""

    def __init__(self) -> None:
        pass


def items(labels: list[str | None], roles: list[str], contents: list[str] | None = None) -> Items:
    count, nothing = len(labels), (None,) * len(labels)
    return Items(
        ids=tuple(f"t{i}" for i in range(count)),
        labels=tuple(labels),
        roles=tuple(roles),
        strips=nothing,
        contents=tuple(contents or [f"content-{i}" for i in range(count)]),
        latitudes=nothing,
        longitudes=nothing,
    )


@st.composite
def retrievers(draw: st.DrawFn) -> Retriever:
    """An archive and queries of 16-bit codes, few of them different, with one copied tile."""
    rng = np.random.default_rng(draw(st.integers(0, 9999)))
    count = draw(st.integers(2, 40))
    roles = [("archive", "test", "train")[i] for i in rng.choice(3, count, p=[0.6, 0.3, 0.1])]
    labels = [LABELS[i] for i in rng.integers(0, len(LABELS), count)]
    contents = [f"content-{i}" for i in range(count)]
    contents[0] = contents[-1]
    codes = rng.integers(0, 3, (count, 2), dtype=np.uint8)
    return Retriever(Hashing(), codes, items(labels, roles, contents), ("other",))


def slow_rankings(found: Retriever) -> list[tuple[list[float], list[str | None], str, str]]:
    """Distances, labels, own label and id of every query that is measured."""
    own, bits = found.items, np.unpackbits(found.codes, axis=1).tolist()
    archive = [i for i, role in enumerate(own.roles) if role == "archive"]
    measured = []
    for query, role in enumerate(own.roles):
        label = own.labels[query]
        if role != "test" or not label or label in found.distractors:
            continue
        ranked = sorted(
            (reference.hamming([bits[query]], [bits[row]])[0][0], place, row)
            for place, row in enumerate(archive)
            if own.contents[row] != own.contents[query]
        )
        if any(own.labels[row] == label for _, _, row in ranked):
            distances = [float(distance) for distance, _, _ in ranked]
            labels = [own.labels[row] for _, _, row in ranked]
            measured.append((distances, labels, label, own.ids[query]))
    return measured


@settings(max_examples=60, deadline=None)
@given(found=retrievers(), k=st.sampled_from([1, 3, 64]))
def test_ranks_and_classes_are_those_of_the_slow_twins(found: Retriever, k: int) -> None:
    twin = [(distances, labels, own) for distances, labels, own, _ in slow_rankings(found)]
    result = diagnose(found, k)
    if not twin:
        assert result.precision is result.recall is result.confusion is result.distances is None
        return
    assert result.precision and result.recall and result.confusion
    expected = [reference.precision_at(twin, rank) for rank in range(1, k + 1)]
    np.testing.assert_allclose(result.precision.mean, expected)
    for percent in (0, 1, 29, 50, 57, 100):
        value = reference.interpolated_precision(twin, percent)
        assert result.recall.mean[percent] == pytest.approx(value)
    table = result.confusion
    assert table.n == tuple(n for _, n in sorted(Counter(own for _, _, own in twin).items()))
    np.testing.assert_allclose(table.shares.sum(axis=1), 1)
    for row, query in zip(table.shares, table.queries, strict=True):
        for share, label in zip(row, table.results, strict=True):
            assert share == pytest.approx(reference.confusion(twin, query, label, k))


@settings(max_examples=40, deadline=None)
@given(found=retrievers())
def test_distances_are_counted_within_and_between_classes(found: Retriever) -> None:
    within, between = [], []
    for distances, labels, own, _ in slow_rankings(found):
        within += [d for d, label in zip(distances, labels, strict=True) if label == own]
        between += [
            d for d, label in zip(distances, labels, strict=True) if label not in (own, None)
        ]
    result = diagnose(found).distances
    if not within:
        assert result is None
        return
    assert result is not None and len(result.within) == 17
    counted = Counter(within)
    np.testing.assert_allclose(result.within, [counted[d] / len(within) for d in range(17)])
    assert result.within.sum() == pytest.approx(1)
    if between:
        assert result.between.sum() == pytest.approx(1)
        assert result.overlap == pytest.approx(reference.nearer(within, between))
    else:
        assert math.isnan(result.overlap) and not result.between.any()


@given(
    values=hnp.arrays(
        np.float64, st.tuples(st.integers(1, 9), st.integers(1, 4)), elements=st.floats(0, 1)
    )
)
@settings(max_examples=25, deadline=None)
def test_the_band_is_the_interval_of_every_column(values: NDArray[np.float64]) -> None:
    low, high = diagnostics.bootstrap_band(values)
    for column, ends in zip(values.T, zip(low, high, strict=True), strict=True):
        interval = metrics.bootstrap_interval(column)
        assert ends == pytest.approx((interval.low, interval.high), abs=1e-12)


@given(
    bits=hnp.arrays(
        np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 6)), elements=st.integers(0, 1)
    )
)
@settings(deadline=None)
def test_bits_are_those_of_the_slow_twin(bits: NDArray[np.uint8]) -> None:
    found, width, rows = diagnostics.bit_statistics(bits), bits.shape[1], bits.tolist()
    np.testing.assert_allclose(
        found.balance, [sum(column) / len(bits) for column in bits.T.tolist()]
    )
    twin = [[reference.correlation(rows, i, j) for j in range(width)] for i in range(width)]
    np.testing.assert_allclose(found.correlation, twin, atol=1e-9)
    live = [i for i in range(width) if 0 < sum(row[i] for row in rows) < len(rows)]
    assert found.dead == width - len(live)
    squares = sum(twin[i][j] ** 2 for i in live for j in live)
    assert found.effective == pytest.approx(len(live) ** 2 / squares if live else 0)
    assert found.effective <= len(live) + 1e-9


def test_independent_bits_all_count_and_equal_bits_count_once() -> None:
    every = np.array([[i >> b & 1 for b in range(4)] for i in range(16)], np.uint8)
    assert diagnostics.bit_statistics(every).effective == pytest.approx(4)
    same = np.repeat(every[:, :1], 5, axis=1)
    assert diagnostics.bit_statistics(same).effective == pytest.approx(1)


@given(
    codes=hnp.arrays(
        np.uint8, st.tuples(st.integers(1, 60), st.just(1)), elements=st.integers(0, 3)
    ),
    seed=st.integers(0, 99),
)
@settings(deadline=None)
def test_code_use_is_what_a_counter_says(codes: NDArray[np.uint8], seed: int) -> None:
    chosen = np.random.default_rng(seed).integers(0, 3, len(codes))
    labels = [("a", "b", None)[i] for i in chosen]
    ids = [f"t{i}" for i in range(len(codes))]
    found = diagnostics.code_use(codes, labels, ids)
    counted = Counter(codes[:, 0].tolist())
    assert (found.tiles, found.distinct) == (len(codes), len(counted))
    sizes = sorted((size for size in counted.values() if size > 1), reverse=True)
    assert [group.size for group in found.collisions] == sizes
    for group in found.collisions:
        assert len({codes[ids.index(tile), 0] for tile in group.ids}) == 1
        assert sum(n for _, n in group.classes) == group.size == len(group.ids)
    big = {label for label in ("a", "b") if labels.count(label) >= diagnostics.BROWSABLE}
    assert {one.label for one in found.classes} == big
    for one in found.classes:
        used = {code for code, label in zip(codes[:, 0], labels, strict=True) if label == one.label}
        assert (one.tiles, one.distinct) == (labels.count(one.label), len(used))
        assert 0 < one.share <= 1
    ones = [int(code).bit_count() for code in codes[:, 0]]
    assert found.ones == pytest.approx(sum(ones) / len(ones))


@settings(max_examples=40, deadline=None)
@given(found=retrievers(), seed=st.integers(0, 99))
def test_rank_agreement_is_kendalls_tau(found: Retriever, seed: int) -> None:
    own = found.items
    features = np.random.default_rng(seed).normal(size=(len(own), 3)).astype(np.float32)
    archive = own.rows(["archive"])
    taus = diagnostics.rank_agreement(found, features)
    assert sorted(taus) == sorted(tile for *_, tile in slow_rankings(found))
    for tile, tau in taus.items():
        query = own.row(tile)
        kin = [
            row
            for row in archive
            if own.labels[row] == own.labels[query] and own.contents[row] != own.contents[query]
        ]
        centred = features - features[archive].mean(axis=0)
        unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
        bits = np.unpackbits(found.codes, axis=1)
        ours = [float((bits[query] != bits[row]).sum()) for row in kin]
        theirs = [float(1 - unit[query] @ unit[row]) for row in kin]
        twin = reference.kendall_tau_b(ours, theirs) if len(kin) > 1 else math.nan
        assert math.isnan(twin) if tau is None else tau == pytest.approx(twin)


def test_a_float_run_has_no_bits_but_all_the_rest() -> None:
    known = items(["a", "b", "a", "b"], ["archive", "archive", "test", "test"])
    codes = np.array([[0, 0], [3, 4], [0, 1], [3, 3]], np.float32)
    found = diagnose(Retriever(FloatModel("euclidean"), codes, known))
    assert found.bits is None and found.use is None and found.unit == "euclidean"
    assert found.distances and found.distances.overlap == 1
    assert found.confusion and found.confusion.shares.tolist() == [[1, 0], [0, 1]]


def test_a_run_without_labels_has_bits_and_codes_only() -> None:
    codes = np.array([[1], [1], [2]], np.uint8)
    found = diagnose(Retriever(Hashing(), codes, items([None] * 3, ["archive"] * 3)))
    assert found.precision is None and found.use and found.use.distinct == 2
    assert found.use.collisions[0].classes == ((None, 2),) and found.bits


def test_a_run_without_archive_has_nothing() -> None:
    found = diagnose(Retriever(Hashing(), np.zeros((1, 1), np.uint8), items(["a"], ["test"])))
    assert found.use is None and found.precision is None
    assert (
        found.bits is None
        and diagnostics.rank_agreement(
            Retriever(Hashing(), np.zeros((1, 1), np.uint8), items(["a"], ["test"])),
            np.zeros((1, 2), np.float32),
        )
        == {}
    )


@settings(max_examples=20, deadline=None)
@given(found=retrievers())
def test_the_figures_are_plain_json(found: Retriever) -> None:
    value = json.loads(json.dumps(diagnose(found).to_json(), allow_nan=False))
    assert value["k"] == 64 and set(value) >= {"precision", "confusion", "bits", "use"}


@settings(max_examples=20, deadline=None)
@given(found=retrievers())
def test_curve_rows_are_the_points_of_the_curves(found: Retriever) -> None:
    report = diagnose(found)
    rows = report.curve_rows()
    curves = {"precision_at_k": report.precision, "precision_by_recall": report.recall}
    for name, curve in curves.items():
        points = [row for row in rows if row["curve"] == name]
        assert len(points) == (len(curve.x) if curve else 0)
        for place, row in enumerate(points):
            assert curve and row["x"] == curve.x[place] and row["mean"] == curve.mean[place]
            assert row["low"] == curve.low[place] and row["high"] == curve.high[place]


def test_the_largest_confusions_come_first_and_leave_out_the_diagonal() -> None:
    table = diagnostics.Confusion(
        ("a", "b"), ("a", "b", None), np.array([[0.5, 0.1, 0.4], [0.2, 0.8, 0]]), (1, 1)
    )
    found = diagnostics.largest_confusions(table, 2)
    assert found == [("a", None, 0.4), ("b", "a", 0.2)]


def test_features_are_put_in_the_order_of_other_items() -> None:
    base = Retriever(
        FloatModel("euclidean"),
        np.array([[1.0], [2.0], [3.0]], np.float32),
        items(["a"] * 3, ["archive"] * 3),
    )
    own = Items(*(column[::-1] for column in (getattr(base.items, name) for name in (
        "ids", "labels", "roles", "strips", "contents", "latitudes", "longitudes"
    ))))  # fmt: skip
    assert diagnostics.features_for(own, base).ravel().tolist() == [3, 2, 1]
    few = Retriever(base.model, base.codes[:1], items(["a"], ["archive"]))
    with pytest.raises(DataError):
        diagnostics.features_for(own, few)


def test_large_runs_are_sampled_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    labels = [("a", "b", None)[n] for n in rng.integers(0, 3, 200)]
    run = Retriever(
        Hashing(), rng.integers(0, 256, (200, 2), np.uint8),
        items(labels, ["archive"] * 150 + ["test"] * 50),
    )  # fmt: skip
    whole = diagnose(run)
    assert whole.sampling.is_whole and diagnostics.sampled(run) is run
    for name, value in {"MOST_PAIRS": 1, "TILES": 60, "_MOST": 50, "_SEARCHED": 10**9}.items():
        monkeypatch.setattr(sampling, name, value)
    report = diagnose(run)
    said = report.sampling
    assert (said.queries, said.of_queries, said.tiles, said.of_tiles) == (50, 50, 60, 150)
    assert not said.is_whole and said.codes == said.bits == 150
    # All queries, and the nearest of the whole archive: the same figures.
    assert whole.precision and report.precision and whole.confusion and report.confusion
    np.testing.assert_array_equal(report.precision.mean, whole.precision.mean)
    np.testing.assert_array_equal(report.confusion.shares, whole.confusion.shares)
    assert report.confusion.results == whole.confusion.results and report.use == whole.use
    assert (
        report.recall and whole.recall and not np.array_equal(report.recall.mean, whole.recall.mean)
    )
    monkeypatch.setattr(sampling, "_MOST", 20)
    assert diagnose(run).sampling.queries == 20
    part = diagnostics.sampled(run)
    assert len(part.items) == 80 and part.items.roles.count("test") == 20
    for row in range(80):
        np.testing.assert_array_equal(
            part.codes[row], run.codes[run.items.row(part.items.ids[row])]
        )
    monkeypatch.setattr(sampling, "CODES", 30)
    assert diagnose(run).use.tiles == 30  # type: ignore[union-attr]
