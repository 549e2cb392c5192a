"""What a training will take, before it starts."""

from pathlib import Path

import pytest
from fakes import FakeNetwork, make_fake_encoder, write_dataset

from mirs_core import encoding, estimate, pipeline
from mirs_core.config import RunConfig
from mirs_core.devices import devices
from mirs_core.errors import DataError
from mirs_core.presets import from_preset

LAYOUT = {
    "train": {"cra": 8, "rid": 8, "smo": 8},
    "val": {"cra": 2, "rid": 2, "smo": 2},
    "test": {"cra": 3, "rid": 3, "smo": 3},
}
TILES, LEARNT = 39, 12


@pytest.fixture
def home(tmp_path: Path, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch) -> Path:
    encoder, _ = make_fake_encoder()
    monkeypatch.setattr(encoding, "load_encoder", lambda name, home: encoder)
    return tmp_path / "home"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "tiles", LAYOUT)


def made(data: Path, preset: str = "mirs", views: int = 4, epochs: int = 6) -> RunConfig:
    changes = [f"training.views={views}", f"training.epochs={epochs}"]
    return from_preset(preset, data=str(data), changes=changes)


def test_what_is_encoded_is_not_counted_again(home: Path, data: Path) -> None:
    before = estimate.estimate(home, made(data))
    assert (before.tiles, before.to_encode) == (LEARNT, TILES + 3 * LEARNT)
    assert before.ready_views == 0 and before.encoding > 0 and not before.measured
    pipeline.prepare_and_train(home, made(data, "baseline"))
    assert estimate.estimate(home, made(data)).to_encode == 3 * LEARNT
    pipeline.prepare_and_train(home, made(data, views=2))
    after = estimate.estimate(home, made(data))
    assert (after.to_encode, after.ready_views) == (2 * LEARNT, 2)
    assert after.measured and 0 < after.training < 60
    pipeline.prepare_and_train(home, made(data))
    whole = estimate.estimate(home, made(data))
    assert (whole.to_encode, whole.encoding, whole.ready_views) == (0, 0, 4)


def test_twice_the_epochs_take_twice_as_long(home: Path, data: Path) -> None:
    one, two = (estimate.estimate(home, made(data, epochs=n)) for n in (10, 20))
    assert two.training == pytest.approx(2 * one.training) and one.training > 0
    assert estimate.estimate(home, made(data, "baseline")).training == 0
    more = estimate.estimate(home, made(data, views=8))
    assert more.memory > one.memory > 500_000_000


def test_what_cannot_be_trained_is_said(home: Path, data: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError):
        estimate.estimate(home, made(tmp_path / "empty"))


def test_the_cpu_is_always_there() -> None:
    assert devices()[-1].lane == "cpu"
