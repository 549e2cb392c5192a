"""bench shift: what is degraded and what is not, and rows that can be compared."""

from pathlib import Path

import numpy as np
import pytest
from fakes import FakeNetwork, stripes, write_dataset

from benchmarks import shift
from mirs_core.errors import ConfigError
from mirs_core.workspace.home import Home

LAYOUT = {
    "train": {"cra": 12, "rid": 12},
    "val": {"cra": 3, "rid": 3},
    "test": {"cra": 3, "rid": 3},
}


@pytest.fixture
def data(tmp_path: Path, network: FakeNetwork) -> Path:
    return write_dataset(tmp_path / "tiles", LAYOUT)


def test_all_but_training_tiles_are_degraded(tmp_path: Path, data: Path) -> None:
    home = Home(tmp_path / "home")
    clean, blurred = (shift._Bench(home, data, name, 0) for name in ("none", "contrast"))
    train = clean.items.rows(["train"])
    others = clean.items.rows(["archive", "val", "test"])
    assert np.array_equal(clean.features[train], blurred.features[train])
    assert (np.abs(clean.features[others] - blurred.features[others]).max(axis=1) > 1e-3).all()
    assert np.array_equal(clean.views, blurred.views)
    again = shift._Bench(home, data, "contrast", 0)
    assert np.array_equal(again.features, blurred.features)


@pytest.mark.parametrize("name", [name for name in shift.SHIFTS if name != "none"])
@pytest.mark.parametrize("colour", [False, True], ids=["grey", "colour"])
def test_a_shift_changes_pixels_and_keeps_their_shape(name: str, colour: bool) -> None:
    image = stripes(1)
    image = np.stack([image] * 3, axis=-1) if colour else image
    degraded = shift.SHIFTS[name](image, np.random.default_rng(0))
    assert degraded.shape == image.shape and degraded.dtype == np.uint8
    assert not np.array_equal(degraded, image)
    if name == "contrast":
        assert np.ptp(degraded) <= 0.31 * np.ptp(image) + 1


def test_rows_are_compared_with_the_reference(tmp_path: Path, data: Path) -> None:
    answer = shift.run(
        Home(tmp_path / "home"), data, 2, ("none", "stripes"), ("mirs-dwt", "means only"),
        ("training.epochs=2",),
    )  # fmt: skip
    assert [row["shift"] for row in answer["rows"]] == ["none", "stripes"]
    for row in answer["rows"]:
        methods = {value["method"]: value for value in row["methods"]}
        assert list(methods) == ["mirs", "mirs-dwt", "means only"]
        assert methods["mirs"]["difference"] is None and row["chosen"] in ("mirs-dwt", "means only")
        gap = methods["mirs-dwt"]["value"] - methods["mirs"]["value"]
        assert methods["mirs-dwt"]["difference"]["value"] == pytest.approx(gap, abs=1e-5)
        best = max(methods[name]["validation"] for name in ("mirs-dwt", "means only"))
        assert methods[row["chosen"]]["validation"] == best


def test_an_unknown_shift_is_refused(tmp_path: Path, data: Path) -> None:
    with pytest.raises(ConfigError, match="no 'fog'"):
        shift.run(Home(tmp_path), data, 1, ("fog",))
