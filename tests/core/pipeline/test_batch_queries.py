"""Many queries from ids, collections and folders into a table: as single searches, or nothing."""

import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from fakes import FakeNetwork, make_fake_encoder, stripes, write_dataset
from PIL import Image

from mirs_core import Workspace, cli
from mirs_core.encoders import run_encoder
from mirs_core.errors import ConfigError, DataError, StoppedError
from mirs_core.exchange import hit_tables
from mirs_core.exchange.hit_tables import COLUMNS, HitTable, to_bytes, write_hits
from mirs_core.jobs.kind import Work
from mirs_core.jobs.kinds import search as many
from mirs_core.landform_map import open_panel
from mirs_core.pipeline import batch_queries
from mirs_core.retrieval import batch
from mirs_core.retrieval.batch import BatchSearch
from mirs_core.retrieval.filters import Filters
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import collections
from mirs_core.workspace.collections import CollectedTile
from mirs_core.workspace.home import Home

LAYOUT = {"train": {"cra": 8, "rid": 8, "oth": 4}, "val": {"cra": 2, "rid": 2}, "test": {"cra": 4}}
K = 5


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, str]:
    """A home folder with one run, of a set with strips and a distractor."""
    folder = tmp_path_factory.mktemp("batch")
    card = {"name": "mars", "title": "Mars", "distractors": ["oth"]}
    data = write_dataset(folder / "tiles", LAYOUT, strips=3, card=card)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_encoder, "load_encoder", lambda name, home: make_fake_encoder()[0])
        workspace = Workspace(folder / "home")
        changes = ["training.epochs=2", "training.views=1"]
        run = workspace.train("mirs-dwt", data, name="small", changes=changes).run
    return workspace.home, run


@pytest.fixture
def home(trained: tuple[Home, str], network: FakeNetwork, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("MIRS_HOME", str(trained[0]))
    # More blocks than one, of different sizes.
    monkeypatch.setattr(batch_queries, "BLOCK", 7)
    return trained[0]


@pytest.fixture
def searcher(trained: tuple[Home, str], home: Home) -> Searcher:
    return Searcher.open(home, trained[1])


def folder_of_images(searcher: Searcher, root: Path) -> Path:
    """Images of one's own, copies of archived tiles, a strip, a damaged file, in sub-folders."""
    (root / "näher").mkdir(parents=True)
    for number in range(9):
        Image.fromarray(stripes(900 + number)).save(root / "näher" / f"own {number}.png")
    for row in (0, 5, 9):
        shutil.copy(searcher.root / searcher.items.ids[row], root / f"copy_{row}.png")
    Image.fromarray(np.tile(stripes(7), (9, 1))).save(root / "strip.png")
    (root / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n no more")
    return root


def check_against_single_searches(
    frame: pd.DataFrame, searcher: Searcher, root: Path | None, filters: Filters
) -> None:
    for name, part in frame.groupby("query", sort=False):
        query = (
            searcher.query_by_id(str(name))
            if root is None
            else searcher.query_by_image(root / str(name))
        )
        hits = searcher.search(query, K, filters)
        assert part["id"].tolist() == [hit.id for hit in hits]
        assert part["rank"].tolist() == [hit.rank for hit in hits]
        assert part["distance"].tolist() == [hit.distance for hit in hits]
        relevant = [None if pd.isna(value) else bool(value) for value in part["relevant"]]
        assert relevant == [hit.relevant for hit in hits]
        assert part["label"].replace({np.nan: None}).tolist() == [hit.label for hit in hits]
        assert part["query_tile"].replace({np.nan: None}).tolist() == [query.tile_id] * len(hits)


@pytest.mark.parametrize(
    "filters",
    [Filters(), Filters(roles=("archive", "train"), exclude_strip=True)],
    ids=["all", "few"],
)
def test_a_folder_is_searched_as_its_images_one_by_one(
    searcher: Searcher, tmp_path: Path, filters: Filters
) -> None:
    root = folder_of_images(searcher, tmp_path / "mine")
    queries = batch_queries.of_folder(searcher.home, searcher, root)
    assert queries.count == 12 and str(root) in queries.source
    assert [note.split(":")[1].strip() for note in queries.notes] == ["strip.png.", "broken.png."]
    table = HitTable(BatchSearch(searcher, K, filters), queries.source, "small")
    written = write_hits(tmp_path / "h.parquet", table, queries.blocks, queries.count)
    frame = pd.read_parquet(tmp_path / "h.parquet")
    assert (written.queries, written.pairs, written.empty) == (12, len(frame), 0)
    assert frame["query"].nunique() == 12 and frame["query_tile"].dropna().nunique() == 3
    check_against_single_searches(frame, searcher, root, filters)


def test_ids_are_searched_by_their_stored_codes(
    searcher: Searcher, network: FakeNetwork, tmp_path: Path
) -> None:
    ids = list(searcher.items.ids)
    seen = network.seen
    queries = batch_queries.of_ids(searcher, [*ids, ids[3]])
    assert queries.count == len(ids) and "1 repeated" in queries.notes[0]
    table = HitTable(BatchSearch(searcher, K), queries.source, "small", open_panel(searcher))
    write_hits(tmp_path / "h.csv", table, queries.blocks, queries.count)
    frame = pd.read_csv(tmp_path / "h.csv")
    assert tuple(frame.columns) == COLUMNS and network.seen == seen
    assert frame["query"].drop_duplicates().tolist() == ids
    check_against_single_searches(frame, searcher, None, Filters())
    assert frame["most_likely"].isna().all()  # Every query has a label of its own.


def test_unknown_ids_are_refused_with_their_number(searcher: Searcher) -> None:
    with pytest.raises(DataError, match=r"4 of 5 ids are no tiles of run .*: a, b, c and 1 more"):
        batch_queries.of_ids(searcher, ["a", "b", "c", "d", searcher.items.ids[0]])
    with pytest.raises(DataError, match="no queries"):
        batch_queries.of_ids(searcher, [])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ids.txt", "b/ü 1.png\n\n  a.png \r\n"),
        ("ids.csv", "name,ID\nx,b/ü 1.png\ny,a.png\n"),
        ("ids.csv", "\ufeffid;label\nb/ü 1.png;cra\n\na.png;\n"),
    ],
    ids=["lines", "commas", "semicolons"],
)
def test_lists_of_ids_are_read_as_people_write_them(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    assert batch_queries.read_ids(tmp_path / name) == ["b/ü 1.png", "a.png"]


def test_a_list_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ids.csv").write_text("path\na.png\n")
    for path, says in ((tmp_path / "ids.csv", "no column id"), (tmp_path / "no.txt", "read")):
        with pytest.raises(DataError, match=says):
            batch_queries.read_ids(path)


def test_a_collection_is_searched_by_id_or_content(searcher: Searcher) -> None:
    home, items = searcher.home, searcher.items
    made = collections.create(home, "Gullies", "mars", "Mars", False)
    tiles = [
        CollectedTile(items.ids[4], items.contents[4]),
        CollectedTile("moved.png", items.contents[2]),
        CollectedTile(items.ids[2], items.contents[2]),
        CollectedTile("gone.png", "0" * 64),
    ]
    collections.add(home, made.id, tiles)
    for name in (made.id, "Gullies"):
        queries = batch_queries.of_collection(searcher, name)
        (block,) = queries.blocks
        assert block.rows.tolist() == [4, 2] and block.names == [items.ids[4], items.ids[2]]
        assert "1 of 4 tiles" in queries.notes[0]
    collections.create(home, "Gullies", "mars", "Mars", False)
    with pytest.raises(DataError, match="2 collections are called 'Gullies'"):
        batch_queries.of_collection(searcher, "Gullies")
    with pytest.raises(DataError, match="There is no collection 'x'"):
        batch_queries.of_collection(searcher, "x")
    for collection in collections.list_all(home):
        collections.delete(home, collection.id)


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
@pytest.mark.parametrize("reached", [("Looking at the images", 0), ("Searching", 7)], ids=str)
def test_a_stop_leaves_no_file_and_no_half_of_one(
    searcher: Searcher, tmp_path: Path, suffix: str, reached: tuple[str, int]
) -> None:
    """At any stage: also after the first block of queries was written."""
    root = folder_of_images(searcher, tmp_path / "mine")
    out = tmp_path / "out" / f"h{suffix}"
    is_there = False

    def progress(stage: str, done: int, total: int) -> None:
        nonlocal is_there
        is_there = is_there or (stage == reached[0] and done >= reached[1])

    spec = many.Search(run=searcher.summary.id, images=root, out=out)
    with pytest.raises(StoppedError):
        many.run(searcher.home, spec, Work(progress=progress, should_stop=lambda: is_there))
    assert not out.parent.exists() or not list(out.parent.iterdir())


def test_the_table_says_what_it_is(searcher: Searcher, tmp_path: Path) -> None:
    ids = list(searcher.items.ids[:9])
    queries = batch_queries.of_ids(searcher, ids, "my ids")
    table = HitTable(BatchSearch(searcher, 2, Filters(within=40.0)), queries.source, "small")
    data = to_bytes(table, queries.blocks, queries.count, ".parquet")
    about = json.loads(pq.read_schema(io.BytesIO(data)).metadata[hit_tables.KEY])
    assert about["queries"] == "my ids" and about["models"] == {searcher.summary.id: "small"}
    assert about["filters"] == "at most 40 bits" and about["k"] == 2
    assert about["ranked_by"] == "Hamming distance" and about["ranked_by"] in about["order"]
    assert about["software"].startswith("MIRS Explorer")
    with pytest.raises(ConfigError, match=r"must end with \.parquet or \.csv"):
        write_hits(tmp_path / "h.xlsx", table, iter(()), 0)


def test_names_that_spreadsheets_would_compute_stay_names(
    searcher: Searcher, tmp_path: Path
) -> None:
    root = tmp_path / "mine"
    root.mkdir()
    Image.fromarray(stripes(901)).save(root / "=1+1,\n.png")
    Image.fromarray(stripes(902)).save(root / "ü.png")
    queries = batch_queries.of_folder(searcher.home, searcher, root)
    table = HitTable(BatchSearch(searcher, 1), queries.source, "small")
    data = to_bytes(table, queries.blocks, queries.count, ".csv")
    assert data.startswith(b"\xef\xbb\xbf") and data.count(b"\xef\xbb\xbf") == 1
    frame = pd.read_csv(io.BytesIO(data))
    assert frame["query"].tolist() == ["'=1+1,\n.png", "ü.png"]


def test_unlabelled_queries_have_a_verdict_in_the_table(searcher: Searcher, tmp_path: Path) -> None:
    root = folder_of_images(searcher, tmp_path / "mine")
    answer = many.run(
        searcher.home,
        many.Search(run=searcher.summary.id, images=root, out=tmp_path / "h.parquet", k=2),
        Work(),
    )
    assert answer["queries"] == 12 and answer["results"] == 24 and len(answer["notes"]) == 2
    frame = pd.read_parquet(tmp_path / "h.parquet")
    own = frame[frame["query_tile"].isna()]
    assert own["most_likely"].notna().all() and (own["voters"] == 15).all()
    assert frame[frame["query_tile"].notna()]["most_likely"].isna().all()


def test_the_command_line_writes_the_table(
    searcher: Searcher, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, run = folder_of_images(searcher, tmp_path / "mine"), searcher.summary.id
    out = tmp_path / "hits.parquet"

    def mirs(*words: object) -> tuple[int, str, str]:
        code = cli.main(["search", "--run", run, *map(str, words), "--quiet"])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    code, text, _ = mirs("--images", root, "--out", out, "--k", 3, "--split", "train")
    assert code == 0 and "12 queries" in text and "no tiles: strip.png" in text
    assert set(pd.read_parquet(out)["split"]) == {"train"}
    code, text, _ = mirs("--images", root, "--out", out, "--k", 3, "--json")
    answer: dict[str, Any] = json.loads(text)
    assert answer["queries"] == 12 and answer["out"] == str(out)
    for words, says in (
        (("--images", root), "--out"),
        (("--images", root, "--out", out, "--k", 0), "at least 1"),
        (("--images", root, "--out", out, "--class", "dune"), "there are: cra, oth, rid"),
        (("--images", tmp_path / "none", "--out", out), "none"),
        (("--image", root / "copy_0.png", "--out", out), "--out"),
    ):
        out.unlink(missing_ok=True)
        code, text, error = mirs(*words)
        assert code == 2 and says in error and error.count("\n") == 1 and not out.exists()
    with pytest.raises(SystemExit):
        mirs("--images", root, "--image", root / "copy_0.png")


def test_a_single_search_takes_the_same_filters(
    searcher: Searcher, capsys: pytest.CaptureFixture[str]
) -> None:
    tile = str(searcher.root / searcher.items.ids[0])
    words = ["search", "--run", searcher.summary.id, "--image", tile, "--json", "--quiet"]
    assert cli.main([*words, "--class", "rid", "--split", "train", "--split", "val"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert {hit["label"] for hit in answer["results"]} == {"rid"}
    assert answer["filters"] == "splits: train val; landforms: rid"
    assert batch.BLOCK == 64
