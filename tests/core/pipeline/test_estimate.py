"""What a training will take, before it starts."""

import json
import os
from pathlib import Path

import pytest
from fakes import FakeNetwork, make_fake_encoder, write_dataset

from mirs_core.config.presets import from_preset
from mirs_core.config.settings import RunConfig
from mirs_core.encoders import run_encoder
from mirs_core.errors import DataError
from mirs_core.pipeline import estimate, sources, training
from mirs_core.system.devices import devices
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

LAYOUT = {
    "train": {"cra": 8, "rid": 8, "smo": 8},
    "val": {"cra": 2, "rid": 2, "smo": 2},
    "test": {"cra": 3, "rid": 3, "smo": 3},
}
TILES, LEARNT = 39, 12


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> FakeNetwork:
    """The network of the encoder that trainings use here; it counts what it encodes."""
    encoder, network = make_fake_encoder()
    monkeypatch.setattr(run_encoder, "load_encoder", lambda name, home: encoder)
    return network


@pytest.fixture
def home(tmp_path: Path, seen: FakeNetwork) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "tiles", LAYOUT)


def made(data: Path, preset: str = "mirs", views: int = 4, epochs: int = 6) -> RunConfig:
    changes = [f"training.views={views}", f"training.epochs={epochs}"]
    return from_preset(preset, data=str(data), changes=changes)


def test_what_is_encoded_is_not_counted_again(home: Home, data: Path) -> None:
    before = estimate.estimate(home, made(data))
    assert (before.tiles, before.to_encode) == (LEARNT, TILES + 3 * LEARNT)
    assert before.ready_views == 0 and before.encoding > 0 and not before.measured
    training.prepare_and_train(home, made(data, "baseline"))
    assert estimate.estimate(home, made(data)).to_encode == 3 * LEARNT
    training.prepare_and_train(home, made(data, views=2))
    after = estimate.estimate(home, made(data))
    assert (after.to_encode, after.ready_views) == (2 * LEARNT, 2)
    assert after.measured and 0 < after.training < 60
    training.prepare_and_train(home, made(data))
    whole = estimate.estimate(home, made(data))
    assert (whole.to_encode, whole.encoding, whole.ready_views) == (0, 0, 4)


def test_twice_the_epochs_take_twice_as_long(home: Home, data: Path) -> None:
    one, two = (estimate.estimate(home, made(data, epochs=n)) for n in (10, 20))
    assert two.training == pytest.approx(2 * one.training) and one.training > 0
    assert estimate.estimate(home, made(data, "baseline")).training == 0
    more = estimate.estimate(home, made(data, views=8))
    assert more.memory > one.memory > 500_000_000


@pytest.mark.parametrize(
    ("preset", "changes", "elsewhere"),
    [
        ("baseline", [], ""),
        ("pca-sign", [], ""),
        ("mirs", [], ""),
        ("mirs", [], "archive.data"),
        ("mirs-dwt", [], "whitening.target"),
        ("mirs-unsupervised", [], ""),
        ("mirs-unsupervised", ["training.selection=loss"], ""),
    ],
)
def test_it_counts_what_a_training_encodes(
    home: Home, data: Path, tmp_path: Path, seen: FakeNetwork,
    preset: str, changes: list[str], elsewhere: str,
) -> None:  # fmt: skip
    if preset not in ("baseline", "pca-sign"):
        changes = [*changes, "training.views=2", "training.epochs=1"]
    if elsewhere:
        other = write_dataset(tmp_path / "other", LAYOUT, start=500)
        changes = [*changes, f"{elsewhere}={other}"]
    config = from_preset(preset, data=str(data), changes=changes)
    expected = estimate.estimate(home, config).to_encode
    training.prepare_and_train(home, config)
    assert seen.seen == expected > 0
    assert estimate.estimate(home, config).to_encode == 0


def keep_epochs(home: Home, name: str, preset: str, seconds: float, at: int) -> None:
    """A run of ``LEARNT`` tiles, each of whose epochs took ``seconds``."""
    run = runs.create(home, from_preset(preset, data="x"), run_id=name, provenance={})
    for _ in range(6):
        run.append_progress({"seconds": seconds})
    made = {**run.provenance(), "learnt_tiles": LEARNT}
    (run.path / "provenance.json").write_text(json.dumps(made))
    os.utime(run.progress, (at, at))


def test_earlier_runs_tell_how_long_an_epoch_takes(home: Home, data: Path) -> None:
    keep_epochs(home, "one", "mirs", 3.0, at=1)
    assert estimate.estimate(home, made(data, epochs=10)).training == pytest.approx(30)
    keep_epochs(home, "two", "mirs-dwt", 7.0, at=2)
    keep_epochs(home, "damaged", "mirs", 9.0, at=3)
    (home.path / "runs" / "damaged" / "provenance.json").write_text("[]")
    assert estimate.estimate(home, made(data, epochs=10)).training == pytest.approx(30)
    assert estimate.estimate(home, made(data, "mirs-dwt", epochs=10)).training == pytest.approx(70)
    for number in range(20):
        keep_epochs(home, f"new-{number}", "mirs-best", 5.0, at=10 + number)
    assert estimate.estimate(home, made(data, epochs=10)).training == pytest.approx(50)


def test_a_network_is_as_fast_whatever_it_was_tuned_on(
    home: Home, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder, _ = make_fake_encoder()
    monkeypatch.setattr(run_encoder, "load_encoder", lambda name, home: encoder)
    other = estimate.estimate(home, made(data))
    encoder.name, encoder.architecture = "enc-of-mine", "efficientnet-lite0"
    tuned = estimate.estimate(home, made(data))
    assert tuned.to_encode == other.to_encode
    assert tuned.encoding < other.encoding and tuned.memory < other.memory


def test_an_encoder_that_knows_the_answers_is_refused_before_the_start(
    home: Home, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiles = sources.gather(home, made(data)).items.contents_of(["test"])
    monkeypatch.setattr(sources, "labels_seen", lambda home, name: frozenset(tiles))
    with pytest.raises(DataError, match="was trained on the labels"):
        estimate.estimate(home, made(data))


def test_what_cannot_be_trained_is_said(home: Home, data: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError):
        estimate.estimate(home, made(tmp_path / "empty"))


def test_the_cpu_is_always_there() -> None:
    assert devices()[-1].lane == "cpu"
