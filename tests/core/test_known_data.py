"""The data sets that can be chosen without a path."""

from pathlib import Path

import pytest
from fakes import FakeNetwork, write_dataset

from mirs_core import pipeline, runs
from mirs_core.known_data import KnownData, known_data
from mirs_core.presets import from_preset

LAYOUT = {"train": {"cra": 4, "rid": 4}}


@pytest.fixture
def home(tmp_path: Path, network: FakeNetwork) -> Path:
    return tmp_path / "home"


def known(home: Path) -> list[KnownData]:
    return known_data(home, runs.list_runs(home))


def test_those_of_runs_come_first_and_each_once(home: Path, tmp_path: Path) -> None:
    card = {"title": "A title", "synthetic": True}
    own = write_dataset(home / "data" / "b-own", LAYOUT, card=card)
    write_dataset(home / "data" / "a-loose", LAYOUT)
    far = write_dataset(tmp_path / "far", LAYOUT)
    for root in (far, own, own):
        pipeline.prepare_and_train(home, from_preset("baseline", data=str(root)))
    found = known(home)
    assert [one.root.name for one in found] in (
        ["far", "b-own", "a-loose"], ["b-own", "far", "a-loose"],
    )  # fmt: skip
    titled = {one.root.name: (one.title, one.synthetic) for one in found}
    assert titled == {"far": ("far", False), "b-own": ("A title", True),
                      "a-loose": ("a-loose", False)}  # fmt: skip
    far.rename(tmp_path / "moved")
    assert "far" not in {one.root.name for one in known(home)}


def test_what_is_no_data_set_is_left_out(home: Path) -> None:
    assert known(home) == []
    folder = home / "data"
    write_dataset(folder / ".hidden", LAYOUT)
    (folder / "file").write_text("x")
    (folder / "damaged").mkdir()
    (folder / "damaged" / "dataset.json").write_text("{")
    assert known(home) == []
