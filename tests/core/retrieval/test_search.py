"""Search against its slow twin, and everything a person may ask of it."""

import dataclasses
import io
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import make_fake_encoder, stripes, write_dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from searchers import archives, distance, items_of, searcher_of

from mirs_core.columns.blocks import Blocks, Layout
from mirs_core.columns.ties import Ties
from mirs_core.config.presets import from_preset
from mirs_core.datasets.items import ROLES, Items
from mirs_core.encoders import run_encoder
from mirs_core.encoders.base import Encoder
from mirs_core.errors import DataError, ImageError, RunError
from mirs_core.evaluation.run_report import evaluate_run
from mirs_core.mars.geography import Region
from mirs_core.pipeline import training
from mirs_core.retrieval.filters import Filters
from mirs_core.retrieval.query import Query
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

Examples = tuple[Sequence[int], Sequence[int]]
LAYOUT = {
    "train": {"cra": 12, "rid": 12, "smo": 12, "oth": 6},
    "val": {"cra": 2, "rid": 2, "smo": 2, "oth": 1},
    "test": {"cra": 4, "rid": 4, "smo": 4, "oth": 2},
}
CARD = {"name": "mars", "title": "Mars", "distractors": ["oth"]}


def passes(items: Items, row: int, query: Query, filters: Filters) -> bool:
    """Whether a row may be found, by asking one thing after the other."""
    if items.contents[row] in (query.examples or {query.content}):
        return False
    if filters.roles is not None and items.roles[row] not in filters.roles:
        return False
    if filters.labels is not None and items.labels[row] not in filters.labels:
        return False
    if filters.strips is not None and items.strips[row] not in filters.strips:
        return False
    latitude = items.latitudes[row]
    if filters.latitudes is not None and (
        latitude is None or not filters.latitudes[0] <= latitude <= filters.latitudes[1]
    ):
        return False
    longitude = items.longitudes[row]
    if filters.region is not None and (
        latitude is None
        or longitude is None
        or not filters.region.south <= latitude <= filters.region.north
        or not (longitude >= filters.region.west or longitude <= filters.region.east)
    ):
        return False
    return not (filters.exclude_strip and query.strip and items.strips[row] == query.strip)


def slow_search(
    searcher: Searcher, query: Query, k: int, filters: Filters, examples: Examples = ((), ())
) -> list[tuple[float, int]]:
    """(distance, row) of the results, by going through all rows one by one."""
    items, codes, found = searcher.items, searcher.retriever.codes, []
    positives, negatives = ([codes[row] for row in rows] for rows in examples)
    for row in range(len(items)):
        if not passes(items, row, query, filters):
            continue
        near = [distance(one, codes[row]) for one in [query.code[0], *positives]]
        far = [distance(one, codes[row]) for one in negatives]
        score = sum(near) / len(near) - (0.5 * sum(far) / len(far) if far else 0)
        if filters.within is None or distance(query.code[0], codes[row]) <= filters.within:
            found.append((score, row))
    return sorted(found)[:k]


def some(values: list[str]) -> st.SearchStrategy[tuple[str, ...] | None]:
    return st.none() | st.sets(st.sampled_from(values)).map(lambda found: tuple(sorted(found)))


FILTERS = st.builds(
    Filters,
    roles=some(list(ROLES)),
    labels=some(["a", "b", "x", "unheard of"]),
    strips=some(["S1", "S2"]),
    latitudes=st.sampled_from([None, (-20.0, 20.0), (10.0, 10.0)]),
    within=st.sampled_from([None, 0.0, 3.0, 40.0]),
    exclude_strip=st.booleans(),
    region=st.sampled_from([None, Region(350, -30, 10, 0), Region(350, -90, 10, 90)]),
)


@given(archives(), st.data())
@settings(max_examples=60, deadline=None)
def test_search_agrees_with_its_slow_twin(
    archive: tuple[np.ndarray, Items], data: st.DataObject
) -> None:
    codes, items = archive
    searcher = searcher_of(codes, items, ("x",))
    for _ in range(3):  # one searcher, several filters: its kept indexes must not be mixed up
        query = searcher.query_by_id(items.ids[data.draw(st.integers(0, len(items) - 1))])
        k = data.draw(st.integers(1, 30))
        wanted = data.draw(FILTERS)
        hits = searcher.search(query, k, wanted)
        expected = slow_search(searcher, query, k, wanted)
        assert [(hit.id, hit.rank) for hit in hits] == [
            (items.ids[row], place + 1) for place, (_, row) in enumerate(expected)
        ]
        assert [hit.distance for hit in hits] == pytest.approx([d for d, _ in expected])
        for hit, (_, row) in zip(hits, expected, strict=True):
            assert (hit.label, hit.role) == (items.labels[row], items.roles[row])
            assert hit.strip == items.strips[row]
        could = [row for row in range(len(items)) if passes(items, row, query, wanted)]
        assert searcher.candidates(query, wanted).tolist() == could


def in_segments(searcher: Searcher, cut: int, rng: np.random.Generator) -> Searcher:
    """The same tiles in an archive of two segments that grew, and its order of ties."""
    codes, items = searcher.retriever.codes, searcher.items
    sizes = (cut, len(codes) - cut)
    layout = Layout(sizes, (np.empty(0, dtype=np.int64),) * 2)
    ties = Ties([np.sort(rng.random(size)) for size in sizes], layout)
    blocks: Any = Blocks([codes[:cut], codes[cut:]], layout)
    retriever = dataclasses.replace(searcher.retriever, codes=blocks, ties=ties)
    assert len(retriever.items) == len(items)
    return dataclasses.replace(searcher, retriever=retriever, _archive=None, _masks={})


@given(archives(), st.data())
@settings(max_examples=60, deadline=None)
def test_an_archive_that_grew_ranks_ties_in_its_own_order(
    archive: tuple[np.ndarray, Items], data: st.DataObject
) -> None:
    codes, items = archive
    whole = searcher_of(codes, items, ("x",))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    grown = in_segments(whole, data.draw(st.integers(0, len(items))), rng)
    ties = grown.retriever.ties
    assert ties is not None
    order = np.argsort(ties.take(np.arange(len(items))), kind="stable")
    # The same archive with its rows in the order of ties, where rows decide.
    sorted_by_ties = searcher_of(codes[order], items.take(order), ("x",))
    row = st.integers(0, len(items) - 1)
    first, also = items.ids[data.draw(row)], [items.ids[data.draw(row)]] * data.draw(row)
    k, wanted = data.draw(st.integers(1, 30)), data.draw(FILTERS)
    queries = [
        searcher.refined(searcher.query_by_id(first), also) for searcher in (grown, sorted_by_ties)
    ]
    one, two = (
        searcher.search(query, k, wanted)
        for searcher, query in zip((grown, sorted_by_ties), queries, strict=True)
    )
    assert one == two
    scores = [
        searcher.average_precision(query, 3)
        for searcher, query in zip((grown, sorted_by_ties), queries, strict=True)
    ]
    assert scores[0] == scores[1]


@given(archives(), st.data())
@settings(max_examples=60, deadline=None)
def test_refined_search_agrees_with_its_slow_twin(
    archive: tuple[np.ndarray, Items], data: st.DataObject
) -> None:
    codes, items = archive
    searcher = searcher_of(codes, items)
    row = st.integers(0, len(items) - 1)
    first, also, against = data.draw(row), *(data.draw(st.lists(row, max_size=3)) for _ in "pn")
    query = searcher.refined(
        searcher.query_by_id(items.ids[first]),
        [items.ids[one] for one in also],
        [items.ids[one] for one in against],
    )
    assert query.refined == bool(also or against)
    assert query.examples == {items.contents[one] for one in (first, *also, *against)}
    k, wanted = data.draw(st.integers(1, 30)), data.draw(FILTERS)
    hits = searcher.search(query, k, wanted)
    expected = slow_search(searcher, query, k, wanted, (also, against))
    scores = [hit.distance for hit in hits]
    assert scores == sorted(scores)
    if codes.dtype == np.uint8:
        assert [hit.id for hit in hits] == [items.ids[row] for _, row in expected]
        assert scores == pytest.approx([score for score, _ in expected])
    elif len(hits) == len(expected):  # of floats, a sum's last digit may decide a threshold
        assert scores == pytest.approx([score for score, _ in expected], abs=1e-4)


def test_an_unknown_example_is_refused() -> None:
    searcher = searcher_of(row_codes(2), items_of(["a", "b"]))
    with pytest.raises(DataError, match="no tile"):
        searcher.refined(searcher.query_by_id("0.png"), ["nowhere.png"])


@given(archives(), st.booleans())
@settings(max_examples=40, deadline=None)
def test_scores_agree_with_their_slow_twin(
    archive: tuple[np.ndarray, Items], exclude: bool
) -> None:
    codes, items = archive
    searcher = searcher_of(codes, items, ("x",))
    for tile in items.ids:
        query = searcher.query_by_id(tile)
        only = Filters(roles=("archive",), exclude_strip=exclude)
        ranked = slow_search(searcher, query, len(items), only)
        relevant = [items.labels[row] == query.label for _, row in ranked]
        score = searcher.average_precision(query, 3, exclude)
        if query.label in (None, "x") or not any(relevant):
            assert score is None
            continue
        precisions = [
            sum(relevant[: rank + 1]) / (rank + 1)
            for rank in range(len(ranked[:3]))
            if relevant[rank]
        ]
        assert score is not None
        assert score.min_r_k == pytest.approx(sum(precisions) / min(3, sum(relevant)))
        assert score.hits == pytest.approx(sum(precisions) / max(1, len(precisions)))
        assert score.relevant_in_archive == sum(relevant)


def row_codes(n: int) -> np.ndarray:
    """Codes (n, 2) with i ones: row j is abs(i - j) bits from row i."""
    return np.packbits(np.tril(np.ones((n, 16), np.uint8), -1), axis=1)


def test_relevance_is_said_where_it_can_be_said() -> None:
    searcher = searcher_of(row_codes(5), items_of(["a", "a", "b", "x", None]), ("x",))

    def flags(tile: str) -> dict[str, bool | None]:
        return {hit.id[0]: hit.relevant for hit in searcher.search(searcher.query_by_id(tile))}

    assert flags("0.png") == {"1": True, "2": False, "3": False, "4": None}
    assert flags("3.png") == {"0": None, "1": None, "2": None, "4": None}
    assert flags("4.png") == {"0": None, "1": None, "2": None, "3": None}
    stranger = Query("own.png", row_codes(5)[:1], "unheard of")
    assert {hit.relevant for hit in searcher.search(stranger)} == {None}
    assert len(searcher.search(stranger)) == 5
    assert searcher.average_precision(stranger) is None


def test_filters_without_a_match_give_an_empty_list() -> None:
    searcher = searcher_of(row_codes(4), items_of(["a", "a", "b", "b"]))
    query = searcher.query_by_id("0.png")
    assert searcher.search(query, filters=Filters(roles=("test",))) == []
    assert searcher.search(query, filters=Filters(roles=())) == []
    assert searcher.search(query, filters=Filters(labels=())) == []
    assert searcher.search(query, filters=Filters(labels=("unheard of",))) == []
    assert [hit.id for hit in searcher.search(query, filters=Filters(labels=("a",)))] == ["1.png"]
    alone = searcher_of(row_codes(1), items_of(["a"]))
    assert alone.search(alone.query_by_id("0.png")) == []
    assert alone.average_precision(alone.query_by_id("0.png")) is None


def test_more_results_than_there_are_tiles() -> None:
    searcher = searcher_of(row_codes(5), items_of(["a"] * 5))
    for k in (4, 5, 6, 10_000):
        assert len(searcher.search(searcher.query_by_id("2.png"), k)) == 4
    assert [hit.id for hit in searcher.search(searcher.query_by_id("2.png"), 3)] == [
        "1.png", "3.png", "0.png",
    ]  # fmt: skip


def test_copies_of_the_query_are_left_out_and_do_not_cost_results() -> None:
    items = dataclasses.replace(
        items_of(["a"] * 8), contents=("c", "c", "c", "3", "4", "5", "6", "7")
    )
    searcher = searcher_of(row_codes(8), items)
    for tile in ("0.png", "1.png", "2.png"):
        hits = searcher.search(searcher.query_by_id(tile), 4)
        assert [hit.id for hit in hits] == ["3.png", "4.png", "5.png", "6.png"]
    score = searcher.average_precision(searcher.query_by_id("0.png"))
    assert score is not None and score.relevant_in_archive == 5


@pytest.mark.parametrize(
    ("role", "says"),
    [("train", "Training tile"), ("val", "Validation tile"), ("test", ""), ("archive", "")],
)
def test_a_caution_for_what_a_hash_model_has_seen(role: str, says: str) -> None:
    items = items_of(["a", "a", "a"], [role, "archive", "archive"])
    for codes in (row_codes(3), np.eye(3, dtype=np.float32)):
        searcher = searcher_of(codes, items)
        score = searcher.average_precision(searcher.query_by_id("0.png"))
        assert score is not None
        if says and codes.dtype == np.uint8:
            assert score.caution is not None and score.caution.startswith(says)
        else:
            assert score.caution is None


def test_whole_distances_are_printed_as_whole_numbers() -> None:
    searcher = searcher_of(row_codes(3), items_of(["a"] * 3))
    first = searcher.search(searcher.query_by_id("0.png"))[0].to_json()
    assert first["distance"] == 1 and isinstance(first["distance"], int)
    assert "relevant" not in first and first["path"] == "/nowhere/1.png"
    halves = searcher_of(np.array([[0], [1.5]], np.float32), items_of(["a"] * 2))
    assert halves.search(halves.query_by_id("0.png"))[0].to_json()["distance"] == 1.5
    assert (searcher.unit, halves.unit) == ("bits", "euclidean")


def test_an_unknown_tile_is_an_expected_error() -> None:
    with pytest.raises(DataError, match="no tile"):
        searcher_of(row_codes(2), items_of(["a", "b"])).query_by_id("9.png")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tiles/ and home/: one run a model, all on the same tiles."""
    root = tmp_path_factory.mktemp("search")
    data = write_dataset(root / "tiles", LAYOUT, card=CARD, strips=9)
    encoder, _ = make_fake_encoder()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_encoder, "load_encoder", lambda name, home: encoder)
        for preset in ("baseline", "baseline-centred", "mirs", "mirs-dwt"):
            hashed = preset.startswith("mirs")
            changes = ["training.epochs=3", "training.views=1", "head.bits=32"] if hashed else []
            config = from_preset(preset, data=str(data), changes=changes)
            run = training.prepare(Home(root / "home"), config, run_id=preset)
            training.train(Home(root / "home"), run)
    return root


@pytest.fixture
def place(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of ``finished`` to change, its encoder patched in."""
    encoder, _ = make_fake_encoder()
    monkeypatch.setattr(run_encoder, "load_encoder", lambda name, home: encoder)
    copied = shutil.copytree(finished, tmp_path / "copied")
    for path in (copied / "home" / "runs").glob("*/config.json"):
        config = json.loads(path.read_text())
        path.write_text(json.dumps({**config, "data": str(copied / "tiles")}))
    return copied


@pytest.mark.parametrize("preset", ["baseline", "baseline-centred", "mirs", "mirs-dwt"])
@pytest.mark.parametrize("exclude_strip", [False, True])
def test_a_score_is_the_one_of_the_evaluation(
    finished: Path, preset: str, exclude_strip: bool
) -> None:
    searcher = Searcher.open(Home(finished / "home"), preset)
    report = evaluate_run(searcher.retriever, exclude_strip=exclude_strip)
    assert report is not None
    by_id = {result.id: result for result in report.results}
    assert len(by_id) == 12 and report.strip == ("excluded" if exclude_strip else "kept")
    for row in searcher.items.rows(["test"]):
        query = searcher.query_by_id(searcher.items.ids[row])
        searcher.search(
            query, 5, Filters(roles=("train",), labels=("rid",))
        )  # what is shown changes nothing
        score = searcher.average_precision(query, exclude_strip=exclude_strip)
        if query.label == "oth":
            assert score is None and query.tile_id not in by_id
            continue
        assert score is not None
        expected = by_id[query.tile_id or ""]
        assert (score.min_r_k, score.hits) == (expected.min_r_k, expected.hits)
    if not exclude_strip:
        written = json.loads(runs.folder(Home(finished / "home"), preset).metrics.read_text())
        assert {name: result.min_r_k for name, result in by_id.items()} == {
            name: result["min_r_k"] for name, result in written["per_query"].items()
        }


def test_the_own_strip_is_left_out_only_if_asked(finished: Path) -> None:
    searcher = Searcher.open(Home(finished / "home"), "mirs")
    query = searcher.query_by_id(searcher.items.ids[0])
    assert query.strip is not None
    kept, without = (
        searcher.search(query, 99, Filters(exclude_strip=flag)) for flag in (False, True)
    )
    own = {hit.id for hit in kept if hit.strip == query.strip}
    assert own and {hit.id for hit in kept} - own == {hit.id for hit in without}


@pytest.mark.parametrize("preset", ["baseline", "mirs-dwt"])
def test_an_own_image_that_is_a_tile_is_recognised(place: Path, preset: str) -> None:
    searcher = Searcher.open(Home(place / "home"), preset)
    for tile in searcher.items.ids:
        data = (place / "tiles" / tile).read_bytes()
        query = searcher.query_by_image(data, "renamed.png")
        assert query == dataclasses.replace(searcher.query_by_id(tile), code=query.code)
        assert np.array_equal(query.code, searcher.query_by_id(tile).code)


@pytest.mark.parametrize("preset", ["baseline", "baseline-centred", "mirs", "mirs-dwt"])
def test_an_own_image_is_encoded_as_the_target_domain(place: Path, preset: str) -> None:
    searcher = Searcher.open(Home(place / "home"), preset)
    for row in searcher.items.rows(["archive", "val", "test"])[:12]:
        with Image.open(place / "tiles" / searcher.items.ids[row]) as image:
            again = io.BytesIO()
            image.save(again, "TIFF")
        query = searcher.query_by_image(again.getvalue(), "own.tif")
        assert (query.tile_id, query.label, query.role) == (None, None, None)
        if preset.startswith("mirs"):
            assert np.array_equal(query.code[0], searcher.retriever.codes[row])
        nearest = searcher.search(query, 1)[0]
        assert nearest.distance == pytest.approx(0, abs=1e-3)
        stored = searcher.retriever.codes[searcher.items.row(nearest.id)]
        assert np.allclose(stored, searcher.retriever.codes[row], atol=1e-4)


def test_an_own_image_from_a_path_keeps_its_name(place: Path) -> None:
    searcher = Searcher.open(Home(place / "home"), "mirs")
    path = place / "мой кратер.png"
    Image.fromarray(stripes(777)).save(path)
    query = searcher.query_by_image(path)
    assert query.name == path.name and len(searcher.search(query, 10)) == 10


@pytest.mark.parametrize(
    "data", [b"", b"no image", b"\x89PNG\r\n\x1a\n" + bytes(40)], ids=["empty", "text", "half"]
)
def test_an_own_file_that_is_no_image_is_refused(place: Path, data: bytes) -> None:
    with pytest.raises(ImageError, match=r"own\.png"):
        Searcher.open(Home(place / "home"), "mirs").query_by_image(data, "own.png")


def test_a_moved_data_folder_does_not_stop_a_search(place: Path) -> None:
    before = Searcher.open(Home(place / "home"), "mirs")
    query = before.query_by_id(before.items.ids[3])
    assert before.image_path(before.items.ids[3]).is_file()
    shutil.move(place / "tiles", place / "moved")
    after = Searcher.open(Home(place / "home"), "mirs")
    assert [hit.id for hit in after.search(query)] == [hit.id for hit in before.search(query)]
    assert after.card.name == "mars"
    own = (place / "moved" / after.items.ids[3]).read_bytes()
    assert after.query_by_image(own).tile_id == after.items.ids[3]
    with pytest.raises(DataError, match="is missing"):
        after.image_path(after.items.ids[3])
    with pytest.raises(DataError, match="no tile"):
        after.image_path("../home/served.json")


def test_other_encoder_weights_are_refused_for_own_images_only(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, network = make_fake_encoder("other weights")

    def replaced(name: str, cache: Path) -> Encoder:
        return other

    monkeypatch.setattr(run_encoder, "load_encoder", replaced)
    searcher = Searcher.open(Home(place / "home"), "mirs")
    assert searcher.search(searcher.query_by_id(searcher.items.ids[0]))
    Image.fromarray(stripes(777)).save(place / "own.png")
    for ask in (searcher.load_encoder, lambda: searcher.query_by_image(place / "own.png")):
        with pytest.raises(RunError, match="made with other weights of"):
            ask()
    assert network.seen == 0


@pytest.mark.parametrize("state", ["queued", "failed"])
def test_an_unfinished_run_cannot_be_opened(place: Path, state: str) -> None:
    runs.folder(Home(place / "home"), "mirs").set_status(state)
    with pytest.raises(RunError, match="only a finished run"):
        Searcher.open(Home(place / "home"), "mirs")
    with pytest.raises(RunError, match="There is no run"):
        Searcher.open(Home(place / "home"), "unheard-of")
