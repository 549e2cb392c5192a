"""Synthetic archives: finished runs like any other, with codes as real ones have them."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeNetwork
from hashing_homes import hashing_home

from benchmarks.scale import comparing, making
from benchmarks.scale.clusters import Clusters
from mirs_core.datasets.manifest import scan
from mirs_core.datasets.stored_items import read_archive
from mirs_core.errors import RunError
from mirs_core.ranking.codes import hamming, pack
from mirs_core.retrieval.retriever import Retriever
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

COUNT = 900


@pytest.fixture
def home(tmp_path: Path, network: FakeNetwork) -> Home:
    """A home folder whose default model was trained on synthetic tiles."""
    return hashing_home(tmp_path / "home")


def test_the_home_folder_answers_queries_by_tile_and_by_image(home: Home, tmp_path: Path) -> None:
    run = making.make(home, None, tmp_path / "large", COUNT, thumbnails=True)
    large = Home(tmp_path / "large")
    assert runs.served_run(large) == run.id
    assert runs.summary(large, run, None).synthetic
    searcher = Searcher.open(large, run.id)
    assert len(searcher.items) == COUNT
    tile = searcher.items.ids[7]
    hits = searcher.search(searcher.query_by_id(tile), k=COUNT)
    assert len(hits) == COUNT - 1
    uploaded = searcher.query_by_image(searcher.root / tile)
    assert uploaded.tile_id == tile


def test_a_scan_reads_the_same_tiles(home: Home, tmp_path: Path) -> None:
    run = making.make(home, None, tmp_path / "large", COUNT, thumbnails=True)
    items = read_archive(run, thorough=True).items
    manifest = scan(Path(run.config().data))
    assert not manifest.unreadable and not manifest.duplicates and manifest.card.synthetic
    roles = {"database": "archive"}
    expected = {
        t.id: (t.content, t.label, t.strip, roles.get(t.split, t.split), t.place)
        for t in manifest.tiles
    }
    columns = items.contents, items.labels, items.strips, items.roles, items.places
    assert dict(zip(items.ids, zip(*columns, strict=True), strict=True)) == expected


def test_columns_are_skewed_and_partly_unknown(home: Home, tmp_path: Path) -> None:
    items = read_archive(making.make(home, None, tmp_path / "large", 20_000)).items
    classes, strips = items.labels.counts(), items.strips.counts()
    assert classes["cra"] != classes["rid"] and 0.1 < classes[None] / len(items) < 0.3
    assert max(strips.values()) > 3 * min(strips.values()) and sum(strips.values()) == len(items)
    assert set(items.roles.counts()) == {"archive", "train", "val", "test"}
    assert items.latitudes.between(-90, 90).all() and items.longitudes.between(0, 360).all()
    for strip in list(strips)[:5]:
        rows = items.strips.rows_with(strip)
        assert np.ptp(np.asarray(items.latitudes.take(rows), dtype=float)) < 5
    assert len(set(items.ids)) == len(set(items.contents)) == len(items)
    assert items.contents[3] == hashlib.sha256(items.ids[3].encode()).hexdigest()


def test_archives_are_the_same_every_time(home: Home, tmp_path: Path) -> None:
    first, again = (read_archive(making.make(home, None, tmp_path / n, COUNT)) for n in "ab")
    assert np.array_equal(first.codes, again.codes) and first.items == again.items


def test_tiles_that_are_drawn_in_several_steps_are_different(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "_STEP", 100)
    run = making.make(home, None, tmp_path / "large", COUNT, thumbnails=True)
    items = read_archive(run, thorough=True).items
    assert len(items) == len(set(items.ids)) == len(set(items.contents)) == COUNT
    searcher = Searcher.open(Home(tmp_path / "large"), run.id)
    assert searcher.query_by_image(searcher.root / items.ids[850]).tile_id == items.ids[850]


def test_codes_are_near_their_centres_as_neighbours_are() -> None:
    rng = np.random.default_rng(5)
    ends = rng.integers(0, 2, (4, 64))
    labels = np.repeat(np.arange(4), 50)
    loose = rng.random((200, 64)) < np.where(np.arange(64) < 16, 0.3, 0)
    codes = pack((ends[labels] ^ loose).astype(np.uint8))
    clusters = Clusters.of(codes, labels, ("a", "b", "c", "d"))
    drawn, centres = clusters.draw(4000, rng)
    flipped = np.unpackbits(drawn, axis=1) != clusters.bits[centres]
    assert flipped[:, 16:].mean() < 0.01 < 0.03 < flipped[:, :16].mean()
    nearest = hamming(drawn, codes).argmin(axis=1)
    assert (labels[nearest] == labels[centres]).mean() > 0.99
    shares = np.sort(np.bincount(labels[centres]) / 4000)[::-1]
    assert np.allclose(shares, np.array([12, 6, 4, 3]) / 25, atol=0.04)


def test_pictures_of_real_tiles_are_refused(tmp_path: Path, network: FakeNetwork) -> None:
    home = hashing_home(tmp_path / "home", synthetic=False)
    with pytest.raises(RunError, match="not synthetic"):
        making.make(home, None, tmp_path / "large", COUNT, thumbnails=True)
    assert not (tmp_path / "large").exists()


def test_a_baseline_and_an_archive_that_exists_are_refused(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    making.make(home, None, tmp_path / "large", COUNT)
    with pytest.raises(RunError, match="already a run"):
        making.make(home, None, tmp_path / "large", COUNT)
    load = making.retriever.load

    def floats(run: runs.RunFolder) -> Retriever:
        loaded = load(run)
        return Retriever(loaded.model, loaded.codes.astype(np.float32), loaded.items)

    monkeypatch.setattr(making.retriever, "load", floats)
    with pytest.raises(RunError, match="no hash codes"):
        making.make(home, None, tmp_path / "other", COUNT)


def test_of_a_large_run_some_tiles_are_centres(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = Home(tmp_path / "large")
    run = making.make(home, None, large.path, COUNT)
    monkeypatch.setattr(making, "_MOST_CENTRES", 40)
    clusters, paths = making.clusters_of(large, run)
    assert len(clusters.bits) == len(paths) == 40
    items = read_archive(run).items
    rows = items.rows_of([path.relative_to(large.data / run.id).as_posix() for path in paths])
    assert (np.diff(rows) > 0).all()
    assert [clusters.names[place] for place in clusters.labels] == list(items.labels.take(rows))
    assert making.make(large, run.id, tmp_path / "larger", 1000).id == "scale-1000"
    assert comparing.compare(large, run.id)["tiles"] == 40


def test_synthetic_codes_are_compared_with_those_of_the_run(home: Home) -> None:
    run_id = runs.served_run(home)
    assert run_id is not None
    answer = comparing.compare(home, run_id)
    real, synthetic = answer["codes"].values()
    assert answer["tiles"] == 48 and list(real) == list(synthetic)
    codes = np.asarray(Searcher.open(home, run_id).retriever.codes)
    away = hamming(codes, codes)
    assert real["distinct"][-1] == len(np.unique(codes, axis=0))
    assert real["pairs_p1_p5_p25_p50_p75_p99"][3] == round(np.median(away[np.triu_indices(48, 1)]))
    assert real["nearest_p50_p75_p90_p99"][0] == round(np.median(np.sort(away, axis=1)[:, 1]))
    assert "| distinct |" in comparing.text(answer)


def test_spread_tells_collapsed_codes_from_random_ones() -> None:
    rng = np.random.default_rng(0)
    random = comparing.spread(rng.integers(0, 256, (200, 16), dtype=np.uint8), rng)
    same = comparing.spread(np.zeros((200, 16), dtype=np.uint8), rng)
    assert random["distinct"] == [25, 50, 100, 200] and same["distinct"] == [1, 1, 1, 1]
    assert 60 <= random["pairs_p1_p5_p25_p50_p75_p99"][3] <= 68
    assert set(same["tenth_p10_p50_p90"]) == {0}
