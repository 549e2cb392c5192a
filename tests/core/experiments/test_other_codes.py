"""Features stored as vector databases store them: sizes, order, and who may teach them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import FakeNetwork, write_dataset

from mirs_core import cli
from mirs_core.config.presets import from_preset
from mirs_core.experiments import other_codes as module
from mirs_core.experiments.other_codes import STORAGES, IndexArchive, other_codes
from mirs_core.workspace.home import Home

LAYOUT = {"train": {"cra": 12, "rid": 12}, "test": {"cra": 3, "rid": 3}}


def vectors(n: int, width: int = 160, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).normal(size=(n, width)).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("name", "size"), [("float16", 320), ("int8", 160), ("rabitq", 24), ("pq16x8", 16)]
)
def test_what_is_stored_and_in_which_order_it_comes_back(name: str, size: int) -> None:
    (storage,) = (storage for storage in STORAGES if storage.name == name)
    train, archive, queries = vectors(300), vectors(60, seed=1), vectors(5, seed=2)
    stored = IndexArchive(storage.index(160), train, archive)
    assert len(stored) == 60
    assert stored.nbytes == pytest.approx(60 * size, rel=0.1)
    distances, rows = stored.search(queries, 60)
    assert (np.diff(distances, axis=1) >= 0).all()
    assert [sorted(row) for row in rows.tolist()] == [list(range(60))] * 5
    # It ranks like the vectors themselves, the better the more bytes there are.
    exact = np.argsort(-(queries @ archive.T), axis=1)
    top = [len(set(a[:10]) & set(b[:10])) for a, b in zip(rows, exact, strict=True)]
    assert np.mean(top) >= {"float16": 9.9, "int8": 9, "rabitq": 3, "pq16x8": 2}[name]


@pytest.fixture
def data(tmp_path: Path, network: FakeNetwork) -> Path:
    return write_dataset(tmp_path / "tiles", LAYOUT)


def test_rows_have_quality_bytes_and_time_or_say_why_not(tmp_path: Path, data: Path) -> None:
    rows = {row["codes"]: row for row in other_codes(Home(tmp_path / "home"), data, range(2))}
    assert list(rows) == [storage.name for storage in STORAGES]
    assert 0 <= rows["int8"]["value"] <= 1 and rows["int8"]["sd"] is not None
    assert rows["int8"]["bytes_per_tile"] == 48 and rows["float16"]["bytes_per_tile"] == 96
    assert rows["float16"]["query_ms"] > 0
    # There are fewer tiles than centroids.
    assert "at least 256 tiles" in rows["pq16x8"]["why"] and "value" not in rows["pq16x8"]


def test_no_test_tile_teaches(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taught: list[int] = []

    class Spy(IndexArchive):
        def __init__(self, index: Any, train: np.ndarray, archive: np.ndarray) -> None:
            taught.append(len(train))
            super().__init__(index, train, archive)

    monkeypatch.setattr(module, "IndexArchive", Spy)
    home = Home(tmp_path / "home")
    other_codes(home, data, range(1))
    from mirs_core.pipeline.sources import gather

    items = gather(home, from_preset("baseline", data=str(data))).items
    assert set(taught) == {len(items.rows(["train", "archive"]))}


def test_the_command_line_shows_them_beside_the_presets(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MIRS_HOME", str(tmp_path / "home"))
    words = ["compare", "--data", str(data), "--seeds", "1", "--presets", "baseline,pca-sign"]
    assert cli.main([*words, "--other-codes"]) == 0
    shown = capsys.readouterr().out
    assert (
        "int8 features" in shown and "bytes a tile" in shown and "not measured: it learns" in shown
    )
