"""``bench scale`` on archives of a few thousand tiles: what it reports is what it says."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from fakes import FakeNetwork
from hashing_homes import hashing_home

from benchmarks.scale import bench, figure, making, measuring, rivals, timing
from mirs_core.cli import main
from mirs_core.columns.blocks import Blocks
from mirs_core.ranking.archive import HashArchive
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace.home import Home

COUNT = 3000
ALWAYS = (
    "n", "open_s", "rss_gb", "query_s", "pass_s", "filtered_s", "ap_s", "append_s",
    "queries_64_s", "export_s", "numpy_s", "faiss_s",
)  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, network: FakeNetwork) -> Home:
    """A home folder whose default model was trained on synthetic tiles."""
    return hashing_home(tmp_path / "home")


@pytest.fixture
def searcher(home: Home, tmp_path: Path) -> Searcher:
    """An archive of synthetic tiles."""
    run = making.make(home, None, tmp_path / "large", COUNT)
    return Searcher.open(Home(tmp_path / "large"), run.id)


def test_a_row_has_every_figure_and_nothing_is_left_behind(home: Home, tmp_path: Path) -> None:
    before = sorted(home.path.iterdir())
    answer = bench.run(home, [COUNT])
    assert sorted(home.path.iterdir()) == before
    (row,) = answer["rows"]
    assert row["n"] == COUNT and row["exact"] is True
    assert all(row[name] > 0 for name in ALWAYS)
    assert row["rss_gb"] >= row["own_gb"] > 0
    assert row["query_over_pass"] == pytest.approx(row["query_s"] / row["pass_s"], rel=1e-3)
    json.dumps(answer, allow_nan=False)
    table = bench.text(answer)
    assert table.startswith("| tiles | 3,000 |") and "| one pass | " in table


def test_an_evaluation_is_measured_where_it_is_wanted(
    searcher: Searcher, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "_alone", lambda measure, folder, name: measure(folder, name))
    for name in ("measuring", "rivals"):
        monkeypatch.setattr(getattr(bench, name), "measure", lambda folder, name: {"query_s": 1.0})
    answer = bench.run(home, [COUNT], None, searcher.home.path, evaluate=20)
    (row,) = answer["rows"]
    assert row["evaluate_queries"] == 20
    assert row["evaluate_s"] > 0 and row["evaluate_cpu_s"] > 0 and row["evaluate_gb"] > 0
    assert "| evaluation, CPU | " in bench.text(answer)
    plain = bench.text(bench.run(home, [COUNT], None, searcher.home.path))
    assert "evaluation" not in plain and "| query | 1 s |" in plain


def test_archives_of_a_folder_are_kept_and_used_again(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "_alone", lambda measure, folder, name: {"run": name})
    first = bench.run(home, [1000, 2000], folder=tmp_path / "kept")
    again = bench.run(home, [1000], folder=tmp_path / "kept")
    assert first["rows"][0]["make_s"] > 0 and again["rows"][0]["make_s"] is None
    assert [row["run"] for row in first["rows"]] == ["scale-1000", "scale-2000"]
    assert again["rows"][0]["run"] == "scale-1000"


def test_an_answer_has_every_column_of_every_hit(searcher: Searcher) -> None:
    query = searcher.query_by_id(searcher.items.ids[5])
    rows = measuring.answer(searcher, query)
    hits = searcher.search(query, measuring.K)
    assert len(rows) == measuring.K
    columns = searcher.items.columns()
    for ((distance, row), *values), hit in zip(rows, hits, strict=True):
        assert (distance, values[0]) == (hit.distance, hit.id)
        assert values == [column[row] for column in columns.values()]


def test_a_search_with_other_ties_is_not_called_exact(searcher: Searcher) -> None:
    archive, codes = searcher.full_archive(), Blocks.of(np.asarray(searcher.retriever.codes))
    assert isinstance(archive, HashArchive)
    code = codes[17]
    assert measuring._is_exact(archive, codes, code)
    distances, rows = archive.search(code[None], measuring.K)
    tied = int(np.flatnonzero(np.diff(distances[0]) == 0)[0])
    rows[0, [tied, tied + 1]] = rows[0, [tied + 1, tied]]
    swapped = SimpleNamespace(search=lambda queries, k: (distances, rows))
    assert not measuring._is_exact(swapped, codes, code)  # type: ignore[arg-type]


def test_the_filter_passes_one_per_cent_of_a_sphere(searcher: Searcher) -> None:
    rng = np.random.default_rng(0)
    latitudes = np.degrees(np.arcsin(rng.uniform(-1, 1, 100_000)))
    assert (np.abs(latitudes) <= measuring._BAND).mean() == pytest.approx(0.01, rel=0.1)


def test_appending_leaves_the_archive_and_its_home_alone(searcher: Searcher) -> None:
    run = searcher.home.runs / searcher.summary.id
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    entries = sorted(searcher.home.path.iterdir())
    assert measuring.append(searcher.home, searcher.summary.id, 10) > 0
    assert before == {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert entries == sorted(searcher.home.path.iterdir())


def test_numpy_and_faiss_answer_the_same_query(searcher: Searcher) -> None:
    codes = np.asarray(searcher.retriever.codes)
    rows = rivals.by_numpy(codes, codes[3])
    _, expected = HashArchive(codes).search(codes[3:4], measuring.K)
    assert np.array_equal(rows, expected[0])
    assert all(value > 0 for value in rivals.by_faiss(codes, codes[:100]).values())


def test_recall_of_usearch_counts_ties_as_right() -> None:
    pytest.importorskip("usearch")
    same = np.zeros((500, 16), dtype=np.uint8)
    assert rivals.by_usearch(same, same[:5])["usearch_recall"] == 1.0


def test_the_best_of_several_are_minima_of_acts_done_in_turn() -> None:
    order: list[str] = []
    first, second = timing.best(
        lambda: order.append("a"), lambda: order.append("b"), budget=0, least=4
    )
    assert order == ["a", "b"] * 4 and first >= 0 and second >= 0


def test_a_pass_reads_every_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    total = 0

    def count(words: np.ndarray) -> None:  # type: ignore[type-arg]
        nonlocal total
        total += words.nbytes

    monkeypatch.setattr(timing.np, "bitwise_xor", SimpleNamespace(reduce=count))  # type: ignore[attr-defined]
    arrays = [np.zeros((n, 12), dtype=np.uint8) for n in (1, 2, 7)]
    timing.one_pass(arrays)
    assert total == 120
    timing.pass_of_both(arrays)
    assert total == 240


def test_the_figure_has_a_line_for_each_time(tmp_path: Path) -> None:
    rows = [{"n": n, "query_s": n / 1e9, "pass_s": n / 2e9, "numpy_s": None} for n in (1000, 9000)]
    figure.draw({"rows": rows}, tmp_path / "a.svg")
    figure.draw({"rows": rows}, tmp_path / "b.svg")
    drawing = (tmp_path / "a.svg").read_bytes()
    assert drawing == (tmp_path / "b.svg").read_bytes() and b"<svg" in drawing


@pytest.mark.parametrize(
    "words",
    [
        ["--n", "10"],
        ["--n", "1000", "--thumbnails"],
        ["--n", "1000", "--make", "x", "--figure", "y.svg"],
        ["--n", "1000", "--make", "x", "--evaluate", "10"],
        ["--n", "1000", "--evaluate", "-1"],
    ],
)
def test_what_cannot_be_done_is_refused(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRS_HOME", str(tmp_path / "home"))
    assert main(["bench", "scale", *words]) == 2
    assert not (tmp_path / "home").exists()
