"""Fine-tuning: what may be read, that it learns, that it can be interrupted, that it is safe."""

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fakes import permuted, write_dataset
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from mirs_core.datasets import scanning
from mirs_core.datasets.items import Items
from mirs_core.encoders import fine_tuning, loading
from mirs_core.encoders.architecture import Architecture
from mirs_core.encoders.base import Encoder, freeze
from mirs_core.encoders.fine_tuned_store import labels_seen, list_encoders
from mirs_core.encoders.fine_tuning import (
    augmentation,
    configure,
    fine_tune,
    loop,
    objectives,
    prepared,
    resume,
)
from mirs_core.encoders.fine_tuning.checkpoint import Checkpoint
from mirs_core.encoders.fine_tuning.objectives import class_groups
from mirs_core.encoders.fine_tuning.tile_store import TileStore
from mirs_core.encoders.loading import load_encoder
from mirs_core.encoders.spec import EncoderSpec
from mirs_core.errors import ConfigError, DataError, EncoderError, RunError, StoppedError
from mirs_core.system.processes import this_process
from mirs_core.workspace.home import Home

LAYOUT = {
    "train": {"cra": 12, "rid": 12, "smo": 12},
    "val": {"cra": 4, "rid": 4, "smo": 4},
    "test": {"cra": 2, "rid": 2, "smo": 2},
}


class Tiny(nn.Module):
    """Two small convolutions with a batch norm: features (B, 8)."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 6, 8, stride=8), nn.BatchNorm2d(6), nn.ReLU(), nn.Conv2d(6, 8, 4, stride=4)
        )

    def forward(self, batch: Tensor) -> Tensor:
        return self.body(batch).mean((2, 3))


def tiny_architecture() -> Architecture:
    levels = (127.0, 127.0, 127.0)
    return Architecture("tiny", 8, levels, levels, blank=Tiny, freeze=freeze)


def tiny_encoder() -> Encoder:
    def fill(network: nn.Module) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(3)
            network.load_state_dict(Tiny().state_dict())

    return tiny_architecture().encoder("tiny", "f" * 64, fill)


def install(set_attribute: Callable[[Any, str, Any], None]) -> None:
    """Adds "tiny" to the encoders."""
    spec = EncoderSpec(
        name="tiny",
        order=99,
        title="Tiny",
        help="For tests.",
        citation="",
        licence="CC0",
        weights="none",
        architecture=tiny_architecture,
        load=lambda home: tiny_encoder(),
    )
    set_attribute(loading, "ENCODERS", {**loading.ENCODERS, "tiny": spec})


def write_classes(root: Path, layout: Any = LAYOUT) -> Path:
    """A data set whose classes differ in brightness, so that a tiny network can learn them."""
    write_dataset(root, layout)
    for path in root.rglob("*.png"):
        level = {"cra": 40, "rid": 120, "smo": 200}.get(path.parent.name, 90)
        pixels = np.asarray(Image.open(path)).astype(int) // 8 + level
        Image.fromarray(pixels.astype(np.uint8)).save(path)
    return root


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    install(monkeypatch.setattr)
    return write_classes(tmp_path / "data")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def quick(objective: str = "classifier", **changes: Any) -> fine_tuning.FineTuneConfig:
    defaults = {"encoder": "tiny", "epochs": 3, "batch_size": 8, "learning_rate": 1e-2}
    return configure(objective, **{**defaults, **changes})


def weights_of(home: Home, encoder_id: str) -> bytes:
    return (home.path / "encoders" / encoder_id / "weights.safetensors").read_bytes()


def record_of(home: Home, encoder_id: str) -> dict[str, Any]:
    path = home.path / "encoders" / encoder_id / "encoder.json"
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return record


def one_batch(encoder: Encoder) -> Tensor:
    rng = np.random.default_rng(0)
    tiles = rng.integers(0, 256, (3, 224, 224), dtype=np.uint8)
    return encoder.encode(torch.stack([encoder.transform(tile) for tile in tiles]))


@pytest.mark.parametrize("objective", fine_tuning.OBJECTIVES)
def test_a_fine_tuned_encoder_is_an_encoder(objective: str, data: Path, home: Home) -> None:
    made = fine_tune(home, data, quick(objective), name="Mine")
    folder = home.path / "encoders" / made.encoder
    assert made.encoder.startswith(f"enc-{objective}-data-s0-")
    assert sorted(path.name for path in folder.iterdir()) == [
        "encoder.json",
        "progress.jsonl",
        "request.json",
        "status.json",
        "weights.safetensors",
    ]
    record = record_of(home, made.encoder)
    assert (record["name"], record["base"], record["architecture"]) == ("Mine", "tiny", "tiny")
    lines = [json.loads(line) for line in (folder / "progress.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert lines[made.best_epoch - 1]["validation"] == record["validation"] == made.validation

    encoder = load_encoder(made.encoder, home)
    assert encoder.name == made.encoder and encoder.dim == 8
    assert encoder.fingerprint == record["fingerprint"] != tiny_encoder().fingerprint
    assert not torch.allclose(one_batch(encoder), one_batch(tiny_encoder()), atol=1e-3)
    network = Tiny().eval()
    network.load_state_dict(load_file(folder / "weights.safetensors"))
    assert list_encoders(home)[0].state == "done"
    answer = made.to_json()
    assert answer["from"] == "tiny" and answer["data"] == "data" and answer["epochs"] == 3
    json.dumps(answer, allow_nan=False)


def test_it_learns_the_classes(data: Path, home: Home) -> None:
    made = fine_tune(home, data, quick(epochs=12))
    assert made.validation["accuracy"] >= 0.9
    found = fine_tune(home, data, quick("triplet", epochs=12))
    assert found.validation["map_at_64"] > 0.9


def test_simclr_lowers_its_loss(data: Path, home: Home) -> None:
    made = fine_tune(home, data, quick("simclr", epochs=8, batch_size=16, learning_rate=1e-3))
    text = (home.path / "encoders" / made.encoder / "progress.jsonl").read_text()
    losses = [json.loads(line)["validation"]["nt_xent"] for line in text.splitlines()]
    assert min(losses) == losses[made.best_epoch - 1] < losses[0]


def test_equal_settings_give_equal_encoders(data: Path, home: Home) -> None:
    state = torch.random.get_rng_state()
    first, again = (fine_tune(home, data, quick()) for _ in range(2))
    assert weights_of(home, first.encoder) == weights_of(home, again.encoder)
    one, other = (load_encoder(made.encoder, home) for made in (first, again))
    assert one.fingerprint == other.fingerprint
    changed = fine_tune(home, data, quick(learning_rate=2e-2))
    assert weights_of(home, changed.encoder) != weights_of(home, first.encoder)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_chain_of_fine_tunings_remembers_all_labels(data: Path, home: Home) -> None:
    first = fine_tune(home, data, quick())
    second = fine_tune(home, data, quick("simclr", encoder=first.encoder, epochs=1))
    assert labels_seen(home, second.encoder) == labels_seen(home, first.encoder) != frozenset()
    assert record_of(home, second.encoder)["architecture"] == "tiny"
    assert loading.published_spec(second.encoder, home) is loading.ENCODERS["tiny"]
    assert load_encoder(second.encoder, home).dim == 8
    with pytest.raises(DataError, match="has seen labels"):
        fine_tune(home, data, quick(encoder=first.encoder, seed=1))


# What may be read


def items_of(data: Path, home: Home, seed: int = 0) -> Items:
    return scanning.order_tiles(scanning.scan_cached(home, data), seed, False)


def test_labels_seen_are_those_of_training_half_and_validation(data: Path, home: Home) -> None:
    made = fine_tune(home, data, quick(epochs=1))
    items = items_of(data, home)
    learnt = {items.contents[row] for row in items.rows(["train", "val"])}
    assert labels_seen(home, made.encoder) == learnt
    assert not learnt & {items.contents[row] for row in items.rows(["archive", "test"])}
    record = record_of(home, made.encoder)
    assert set(record["tiles"]) == {items.contents[row] for row in items.rows(["train"])}
    blind = fine_tune(home, data, quick("simclr", epochs=1))
    assert labels_seen(home, blind.encoder) == frozenset()
    assert record_of(home, blind.encoder)["tiles"] == record["tiles"]
    assert labels_seen(home, "efficientnet-lite0") == frozenset()


@pytest.mark.parametrize("objective", fine_tuning.OBJECTIVES)
def test_labels_that_may_not_be_read_change_no_bit(
    objective: str, data: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = fine_tune(home, data, quick(objective, epochs=2))
    roles = ("archive", "test", "train", "val") if objective == "simclr" else ("archive", "test")
    order = scanning.order_tiles
    swapped: list[bool] = []

    def shuffled(*args: Any) -> Items:
        items = order(*args)
        swapped.append(permuted(items, roles).labels != items.labels)
        return permuted(items, roles)

    monkeypatch.setattr(scanning, "order_tiles", shuffled)
    again = fine_tune(home, data, quick(objective, epochs=2))
    assert swapped == [True]
    assert weights_of(home, again.encoder) == weights_of(home, first.encoder)


@pytest.mark.parametrize("objective", ["classifier", "triplet"])
def test_training_labels_do_change_it(
    objective: str, data: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = fine_tune(home, data, quick(objective, epochs=1))
    order = scanning.order_tiles
    monkeypatch.setattr(scanning, "order_tiles", lambda *a: permuted(order(*a), ("train",)))
    again = fine_tune(home, data, quick(objective, epochs=1))
    assert weights_of(home, again.encoder) != weights_of(home, first.encoder)


def make_items(rows: list[tuple[str, str | None, str]]) -> Items:
    n = len(rows)
    return Items(
        ids=tuple(f"{i}.png" for i in range(n)),
        labels=tuple(label for _, label, _ in rows),
        roles=tuple(role for role, _, _ in rows),
        strips=(None,) * n,
        contents=tuple(content for _, _, content in rows),
        latitudes=(None,) * n,
        longitudes=(None,) * n,
    )


def test_copies_across_the_split_are_left_out() -> None:
    items = make_items(
        [
            ("train", "cra", "a"),
            ("train", "rid", "b"),
            ("train", "rid", "in the archive"),
            ("train", None, "c"),
            ("val", "cra", "a"),
            ("val", "rid", "d"),
            ("val", "rid", "in test"),
            ("val", "new", "e"),
            ("val", "cra", "f"),
            ("archive", "cra", "in the archive"),
            ("test", "cra", "in test"),
        ]
    )
    chosen = prepared.select(items, True, ["cra"])
    assert chosen.train.tolist() == [0, 1] and chosen.val.tolist() == [5]
    assert chosen.labels_of == ("a", "b", "d") and chosen.classes == 2
    assert chosen.numbers.tolist() == [0, 1, -1, -1, -1, 1, -1, -1, -1, -1, -1]
    blind = prepared.select(items, False)
    assert blind.train.tolist() == [0, 1, 3] and blind.val.tolist() == [5, 7, 8]
    assert blind.labels_of == () and set(blind.numbers.tolist()) == {-1}


def test_too_little_to_learn_from_is_refused(data: Path, home: Home, tmp_path: Path) -> None:
    single = write_classes(tmp_path / "single", {"train": {"cra": 8}})
    with pytest.raises(DataError, match=r"two classes.*simclr"):
        fine_tune(home, single, quick())
    assert not (home.path / "encoders").exists()
    assert fine_tune(home, single, quick("simclr", epochs=1)).best_epoch == 1
    with pytest.raises(DataError, match="fewer than two tiles"):
        fine_tune(home, write_classes(tmp_path / "flat", 5), quick("simclr"))  # type: ignore[arg-type]


def test_without_validation_the_last_epoch_is_kept(
    data: Path, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    select = prepared.select
    nothing = np.array([], dtype=np.int64)
    monkeypatch.setattr(prepared, "select", lambda *a: dataclasses.replace(select(*a), val=nothing))
    made = fine_tune(home, data, quick())
    assert made.best_epoch == 3 and made.validation == {}


# Interruptions


class Interrupter:
    """Says stop at the n-th batch."""

    def __init__(self, batches: int) -> None:
        self.left = batches

    def __call__(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize("objective", fine_tuning.OBJECTIVES)
def test_an_interrupted_one_ends_in_the_same_bits(objective: str, data: Path, home: Home) -> None:
    config = quick(objective, epochs=4, freeze_statistics=False)
    whole = fine_tune(home, data, config)
    with pytest.raises(StoppedError, match="can be resumed; its id is enc-") as caught:
        fine_tune(home, data, config, should_stop=Interrupter(8))
    stopped = str(caught.value).split()[-1]
    assert list_encoders(home)[0].state in {"stopped", "done"}
    assert {one.id: one.state for one in list_encoders(home)}[stopped] == "stopped"
    with pytest.raises(EncoderError, match=f"{stopped} is not finished; resume"):
        load_encoder(stopped, home)
    with pytest.raises(EncoderError, match="not finished"):
        labels_seen(home, stopped)
    with pytest.raises(StoppedError, match="stopped"):
        resume(home, stopped, should_stop=Interrupter(4))
    made = resume(home, stopped)
    assert weights_of(home, stopped) == weights_of(home, whole.encoder)
    assert made.validation == whole.validation and made.best_epoch == whole.best_epoch
    text = (home.path / "encoders" / stopped / "progress.jsonl").read_text()
    assert [json.loads(line)["epoch"] for line in text.splitlines()] == [1, 2, 3, 4]
    with pytest.raises(RunError, match="done already"):
        resume(home, stopped)


def test_one_stopped_at_once_starts_from_the_beginning(data: Path, home: Home) -> None:
    with pytest.raises(StoppedError, match="can be resumed"):
        fine_tune(home, data, quick(), should_stop=lambda: True)
    (stopped,) = (one.id for one in list_encoders(home))
    resume(home, stopped)
    whole = fine_tune(home, data, quick())
    assert weights_of(home, stopped) == weights_of(home, whole.encoder)


KILLED = """
import os, sys
sys.path[:0] = {paths!r}
import test_finetuning as t
from pathlib import Path
from mirs_core.workspace.home import Home
from mirs_core.encoders.fine_tuning import fine_tune
from mirs_core.encoders.fine_tuning import prepared
t.install(setattr)
if {late!r}:
    prepared.write_json = lambda path, value: (
        os.kill(os.getpid(), 9) if path.name == "encoder.json" else prepared.replace_file(
            path, lambda handle: handle.write(__import__("json").dumps(value).encode())))
    stop = lambda: False
else:
    calls = iter(range(99))
    stop = lambda: next(calls) == 7 and os.kill(os.getpid(), 9)
fine_tune(Home(Path({home!r})), Path({data!r}), t.quick(), should_stop=stop)
"""


@pytest.mark.parametrize("late", [False, True])
def test_a_killed_one_can_be_resumed(late: bool, data: Path, home: Home) -> None:
    here = Path(__file__).parent
    paths = [str(here), str(here.parents[1]), str(here.parents[2])]
    code = KILLED.format(paths=paths, late=late, home=str(home), data=str(data))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == -9, done.stderr
    (killed,) = list_encoders(home)
    assert (killed.state, killed.error) == ("failed", "The process ended with no error message.")
    with pytest.raises(EncoderError, match="not finished"):
        load_encoder(killed.id, home)
    resume(home, killed.id)
    whole = fine_tune(home, data, quick())
    assert weights_of(home, killed.id) == weights_of(home, whole.encoder)


def test_what_changed_since_is_not_resumed(
    data: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StoppedError):
        fine_tune(home, data, quick(), should_stop=Interrupter(5))
    (stopped,) = (one.id for one in list_encoders(home))
    other = tiny_encoder()
    other.fingerprint = "0" * 64
    with monkeypatch.context() as patch:
        patch.setattr(prepared, "load_encoder", lambda name, home: other)
        with pytest.raises(RunError, match="other weights of tiny"):
            resume(home, stopped)
    next(data.glob("train/cra/*.png")).unlink()
    with pytest.raises(DataError, match="changed since"):
        resume(home, stopped)
    assert list_encoders(home)[0].state == "stopped"


def test_one_that_runs_is_not_resumed(data: Path, home: Home) -> None:
    from mirs_core.workspace.runs import RunFolder

    with pytest.raises(StoppedError):
        fine_tune(home, data, quick(), should_stop=lambda: True)
    (stopped,) = (one.id for one in list_encoders(home))
    RunFolder(home.path / "encoders" / stopped).set_status("running")
    with pytest.raises(RunError, match="is being trained"):
        resume(home, stopped)


def test_a_damaged_checkpoint_is_named(data: Path, home: Home) -> None:
    with pytest.raises(StoppedError):
        fine_tune(home, data, quick(), should_stop=Interrupter(5))
    (stopped,) = (one.id for one in list_encoders(home))
    path = home.path / "encoders" / stopped / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(RunError, match=r"checkpoint\.safetensors is damaged"):
        resume(home, stopped)
    save_file({"network/a": torch.zeros(1)}, path)
    with pytest.raises(RunError, match="damaged"):
        resume(home, stopped)
    Checkpoint({"a": torch.zeros(1)}, {}, {}).save(path)
    with pytest.raises(RunError, match="does not fit its network"):
        resume(home, stopped)


def test_a_failure_before_the_first_epoch_leaves_nothing(
    data: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = scanning.scan_cached

    def and_change(*args: Any) -> Any:
        manifest = scan(*args)
        next(data.glob("val/cra/*.png")).write_bytes(b"changed")
        return manifest

    monkeypatch.setattr(scanning, "scan_cached", and_change)
    with pytest.raises(DataError, match="was changed"):
        fine_tune(home, data, quick())
    assert list_encoders(home) == []


def test_a_training_that_diverges_says_so(data: Path, home: Home) -> None:
    class Broken(objectives.Classifier):
        def loss(self, outputs: objectives.Outputs, rows: Tensor) -> Tensor:
            return super().loss(outputs, rows) * float("nan")

    kinds = dict(objectives.KINDS)
    objectives.KINDS["classifier"] = Broken
    try:
        with pytest.raises(RunError, match=r"diverged in epoch 1.*learning rate"):
            fine_tune(home, data, quick())
    finally:
        objectives.KINDS.update(kinds)
    assert list_encoders(home) == []


# Hostile and half-written folders


@pytest.fixture
def done(data: Path, home: Home) -> Path:
    """The folder of a finished fine-tuned encoder."""
    return home.path / "encoders" / fine_tune(home, data, quick(epochs=1)).encoder


@pytest.mark.parametrize("name", ["../home", "..", "a/b", "", ".hidden", "enc-none", "C:\\x"])
def test_an_id_cannot_lead_elsewhere(name: str, done: Path, home: Home) -> None:
    with pytest.raises(EncoderError, match="no encoder"):
        load_encoder(name, home)
    with pytest.raises(EncoderError, match="no fine-tuned encoder"):
        resume(home, name)
    assert labels_seen(home, name) == frozenset()


def test_damaged_weights_are_refused(done: Path, home: Home) -> None:
    weights = done / "weights.safetensors"
    whole = weights.read_bytes()
    flipped = bytearray(whole)
    flipped[-1] ^= 1
    for bad in (whole[:-8], bytes(flipped), b"", b"pickle"):
        weights.write_bytes(bad)
        with pytest.raises(EncoderError, match=r"weights\.safetensors is damaged"):
            load_encoder(done.name, home)
    weights.unlink()
    with pytest.raises(EncoderError, match="cannot be read"):
        load_encoder(done.name, home)


def forge(done: Path, state: dict[str, Tensor] | bytes) -> None:
    """Replaces the weights and makes the record agree with them."""
    from mirs_core.encoders.weights import fingerprint, sha256_of

    weights = done / "weights.safetensors"
    if isinstance(state, bytes):
        weights.write_bytes(state)
    else:
        save_file(state, weights)
    change(
        done,
        sha256=sha256_of(weights),
        fingerprint=fingerprint(weights, "fine-tuned", "tiny"),
    )


def change(done: Path, **values: Any) -> None:
    record = json.loads((done / "encoder.json").read_text())
    (done / "encoder.json").write_text(json.dumps({**record, **values}))


def test_forged_weights_are_refused(done: Path, home: Home) -> None:
    batch = torch.zeros(1, 3, 224, 224)
    state = load_file(done / "weights.safetensors")
    forge(done, {**state, "body.0.bias": torch.zeros(7)})
    with pytest.raises(EncoderError, match="does not fit its network"):
        load_encoder(done.name, home).encode(batch)
    forge(done, {**state, "body.0.bias": torch.full((6,), float("nan"))})
    with pytest.raises(EncoderError, match="not finite"):
        load_encoder(done.name, home).encode(batch)
    forge(done, b"\x80\x04pickle")
    with pytest.raises(EncoderError, match="damaged"):
        load_encoder(done.name, home).encode(batch)


@pytest.mark.parametrize(
    "values",
    [
        {"id": "enc-other"},
        {"architecture": 5},
        {"schema": 2},
        {"labels_of": None},
        {"labels_of": [1]},
        {"labels_of": "abc"},
        {"best_epoch": "1"},
        {"sha256": "0" * 64},
        {"architecture": "resnet"},
    ],
)
def test_a_tampered_record_is_refused(values: dict[str, Any], done: Path, home: Home) -> None:
    change(done, **values)
    with pytest.raises(EncoderError):
        load_encoder(done.name, home)
    if set(values) & {"labels_of", "id", "schema"}:
        with pytest.raises(EncoderError):
            labels_seen(home, done.name)


def test_a_damaged_one_is_listed_as_failed(done: Path, home: Home) -> None:
    for text in ("{", "[]", "null", '{"schema": 1}'):
        (done / "encoder.json").write_text(text)
        (listed,) = list_encoders(home)
        assert listed.state == "failed" and listed.error
        with pytest.raises(EncoderError, match=r"damaged|schema"):
            load_encoder(done.name, home)
    (done / "encoder.json").unlink()
    (done / "request.json").write_text("{")
    assert list_encoders(home)[0].state == "failed"
    with pytest.raises(RunError):
        resume(home, done.name)
    (done / "request.json").write_text('{"schema": 1, "data": "/nowhere", "settings": {"a": 1}}')
    with pytest.raises(ConfigError, match="another version"):
        resume(home, done.name)
    (done / "request.json").unlink()
    assert list_encoders(home) == []
    with pytest.raises(EncoderError, match="no encoder"):
        load_encoder(done.name, home)


def test_an_encoder_without_a_trainable_form_says_so(
    data: Path, home: Home, fake_encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepared, "load_encoder", lambda name, home: fake_encoder)
    with pytest.raises(EncoderError, match="cannot be fine-tuned"):
        fine_tune(home, data, quick())
    assert list_encoders(home) == []


# Parts


def test_settings_are_checked() -> None:
    for wrong in ({"epochs": 0}, {"learning_rate": float("nan")}, {"schedule": "x"}, {"seed": -1}):
        with pytest.raises(ConfigError):
            quick(**wrong)
    with pytest.raises(ConfigError, match="objective"):
        configure("regression")
    assert fine_tuning.parse_changes(["crop=0.5", "by_strip=true"]) == {
        "crop": 0.5,
        "by_strip": True,
    }
    for wrong_word, message in (
        ("crop", "'crop' is not of the form FIELD=VALUE"),
        ("unknown=1", "There is no setting 'unknown'; the settings are objective"),
        ("epochs=many", "epochs is 'many'; it must be a whole number"),
        ("by_strip=yes", "by_strip is 'yes'; it must be true or false"),
    ):
        with pytest.raises(ConfigError, match=message):
            fine_tuning.parse_changes([wrong_word])


def test_settings_survive_json() -> None:
    from mirs_core.encoders.fine_tuning.settings import from_json

    config = quick("simclr", noise=3.0)
    assert from_json(json.loads(json.dumps(config.to_json()))) == config


def test_class_groups_hold_every_tile_and_one_class_each() -> None:
    labels = np.array([0] * 9 + [1] * 3 + [2])
    groups = class_groups(labels, 4, torch.Generator().manual_seed(0))
    assert all(len(set(labels[group.numpy()])) == 1 for group in groups)
    assert set(torch.cat(groups).tolist()) == set(range(13))
    assert sorted(map(len, groups)) == [1, 3, 4, 4, 4]


def test_a_triplet_batch_holds_triplets() -> None:
    labels = np.repeat(np.arange(15), 16).astype(np.int64)
    store = TileStore(Path(), [""] * 240, [""] * 240, memory=0)
    material = objectives.Material(store, store, labels, labels, 15)
    made = objectives.Triplet(quick("triplet", batch_size=32), material)
    batches = made.batches(torch.Generator().manual_seed(1))
    assert sorted(torch.cat(list(batches)).tolist()) == list(range(240))
    for batch in batches:
        counts = np.bincount(labels[batch.numpy()])
        assert (counts > 1).any() and (counts > 0).sum() >= 2 and len(batch) <= 32


def test_every_batch_is_nearly_as_large() -> None:
    store = TileStore(Path(), [""] * 33, [""] * 33, memory=0)
    none = np.zeros(33, dtype=np.int64)
    made = objectives.Classifier(
        quick(batch_size=16), objectives.Material(store, store, none, none, 1)
    )
    assert sorted(map(len, made.batches(torch.Generator()))) == [11, 11, 11]


def test_tiles_are_the_same_from_memory_and_from_disk(data: Path, home: Home) -> None:
    items = items_of(data, home)
    few, steps = items.rows(["val"])[:3], []
    paths, contents = ([column[row] for row in few] for column in (items.paths, items.contents))
    kept = TileStore(data, paths, contents, lambda *step: steps.append(step))
    read = TileStore(data, paths, contents, memory=0)
    assert torch.equal(kept.batch([2, 0]), read.batch([2, 0]))
    assert kept.batch([0]).shape == (1, 3, 224, 224) and kept.batch([0]).dtype == torch.uint8
    assert steps[-1] == ("Reading tiles", 3, 3)
    encoder = tiny_encoder()
    pixels = np.asarray(Image.open(data / paths[0]))
    assert torch.allclose(encoder.standardise(kept.batch([0]))[0], encoder.transform(pixels))


def test_turns_are_the_eight_views_of_a_tile() -> None:
    from mirs_core.datasets.views import view_of

    tile = np.arange(16, dtype=np.uint8).reshape(4, 4)
    torch.manual_seed(0)
    made = augmentation.turned(torch.from_numpy(tile).float().expand(64, 3, 4, 4))
    views = {view_of(tile, view).tobytes() for view in range(8)}
    assert {one[0].numpy().astype(np.uint8).tobytes() for one in made} == views


def test_views_keep_the_range_and_the_mean() -> None:
    torch.manual_seed(0)
    pixels = torch.rand(200, 3, 16, 16) * 100 + 80
    for change_of in (
        lambda x: augmentation.jittered(x, 0.2),
        lambda x: augmentation.noisy(x, 5.0),
        lambda x: augmentation.cropped(x, 0.3),
    ):
        made = change_of(pixels)
        assert made.shape == pixels.shape and made.min() >= 0 and made.max() <= 255
        assert abs(made.mean() - pixels.mean()) < 3
        assert not torch.equal(made, pixels)
    assert torch.equal(augmentation.jittered(pixels, 0.0), pixels)


def test_a_crop_is_a_part_of_the_tile() -> None:
    torch.manual_seed(0)
    ramp = torch.arange(64.0).expand(1, 1, 64, 64).expand(300, 3, 64, 64)
    made = augmentation.cropped(ramp, 0.3)
    widths = (made[:, 0, 0, -1] - made[:, 0, 0, 0]) / 63
    assert widths.min() > 0.3**0.5 - 0.03 and widths.max() <= 1.0
    assert widths.square().mean() == pytest.approx(0.65, abs=0.05)
    assert torch.allclose(augmentation.cropped(ramp, 1.0), ramp, atol=1e-3)


def test_frozen_statistics_stay(data: Path, home: Home) -> None:
    base = tiny_encoder().trainable().state_dict()
    made = fine_tune(home, data, quick(epochs=1))
    state = load_file(home.path / "encoders" / made.encoder / "weights.safetensors")
    assert torch.equal(state["body.1.running_mean"], base["body.1.running_mean"])
    assert not torch.equal(state["body.1.weight"], base["body.1.weight"])
    live = fine_tune(home, data, quick(epochs=1, freeze_statistics=False))
    state = load_file(home.path / "encoders" / live.encoder / "weights.safetensors")
    assert not torch.equal(state["body.1.running_mean"], base["body.1.running_mean"])


def test_the_encoder_learns_slower_than_the_new_layers(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mirs_core.encoders.fine_tuning.distributed import World

    store = TileStore(Path(), [""] * 2, [""] * 2, memory=0)
    labels = np.array([0, 1])
    config = quick(epochs=2, learning_rate=1e-3)
    objective = objectives.Classifier(config, objectives.Material(store, store, labels, labels, 2))
    made = loop._Loop(config, tiny_encoder(), objective, World(0, 1, torch.device("cpu")))
    made._set_rate(0, 40)
    assert [g["lr"] for g in made.optimiser.param_groups] == pytest.approx([2.5e-4, 2.5e-3])
    made._set_rate(20, 40)
    assert made.optimiser.param_groups[0]["lr"] == pytest.approx(5e-4)


# Several processes

TWO = """
import os, sys
sys.path[:0] = {paths!r}
import hashlib
import test_finetuning as t
from pathlib import Path
from mirs_core.workspace.home import Home
from mirs_core.encoders.fine_tuning import checkpoint, fine_tune, loop
from mirs_core.encoders.fine_tuning import prepared
t.install(setattr)
run, rank = loop._Loop.run, os.environ["RANK"]
def watched(self, *args):
    made = run(self, *args)
    for part, state in (("last", self.joined.state_dict()), ("best", made.weights)):
        digest = hashlib.sha256()
        for name in sorted(state):
            digest.update(state[name].contiguous().numpy().tobytes())
        Path({home!r}, part + rank).write_text(digest.hexdigest())
    return made
loop._Loop.run = watched
write = prepared.write_json
def counted(path, value):
    with Path({home!r}, "writes" + rank).open("a") as handle:
        handle.write(path.name + " ")
    write(path, value)
prepared.write_json = counted
settings = t.quick({objective!r}, epochs=2, **{changes!r})
made = fine_tune(Home(Path({home!r})), Path({data!r}), settings)
Path({home!r}, "id" + rank).write_text(made.encoder)
# Threads of gloo's can abort a process that is at its very end, when all is written.
os._exit(0)
"""


@pytest.mark.parametrize(
    ("objective", "changes"), [("classifier", {"freeze_statistics": False}), ("simclr", {})]
)
def test_two_processes_train_one_encoder(
    objective: str, changes: dict[str, Any], data: Path, home: Home, tmp_path: Path
) -> None:
    here = Path(__file__).parent
    paths = [str(here), str(here.parents[1]), str(here.parents[2])]
    script = tmp_path / "two.py"
    script.write_text(
        TWO.format(
            paths=paths, home=str(home), data=str(data), objective=objective, changes=changes
        )
    )
    home.path.mkdir()
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    done = subprocess.run(
        [*torchrun, "--nproc-per-node=2", str(script)],
        capture_output=True,
        text=True,
        timeout=180,
        env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
    )
    assert done.returncode == 0, done.stderr[-3000:]

    def said(name: str) -> str:
        return (home.path / name).read_text()

    assert said("last0") == said("last1") and said("best0") == said("best1")
    assert said("id0") == said("id1")
    assert said("writes0").split() == ["request.json", "encoder.json"]
    assert not (home.path / "writes1").exists()
    (listed,) = list_encoders(home)
    assert listed.id == said("id0") and listed.state == "done" and listed.epochs == 2
    assert load_encoder(listed.id, home).dim == 8


def test_the_command_starts_several_processes_and_only_the_first_reports(tmp_path: Path) -> None:
    data = write_classes(tmp_path / "data", {"train": {"cra": 6, "rid": 6}, "test": {"cra": 2}})
    home, folder = tmp_path / "home", tmp_path / "job"
    folder.mkdir()
    (folder / "job.json").write_text("{}")
    done = subprocess.run(
        [sys.executable, "-m", "mirs_core", "train-encoder", f"--data={data}", "--epochs=1",
         "--batch-size=4", "--processes=2", "--json"],
        capture_output=True, text=True, timeout=300, cwd=Path(__file__).parents[3],
        env={**os.environ, "MIRS_HOME": str(home), "MIRS_JOB": str(folder),
             "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    answer = json.loads(done.stdout.splitlines()[-1])
    (listed,) = list_encoders(Home(home))
    assert (answer["encoder"], answer["epochs"]) == (listed.id, 1)
    assert listed.state == "done"
    assert json.loads((folder / "ended.json").read_text())["state"] == "done"
    assert json.loads((folder / "progress.json").read_text())["stage"]


def test_processes_whose_starter_was_killed_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not fine_tuning.starter_is_gone()
    monkeypatch.setenv("MIRS_STARTED_BY", json.dumps(this_process()))
    assert not fine_tuning.starter_is_gone()
    monkeypatch.setenv("MIRS_STARTED_BY", json.dumps({**this_process(), "started": 1}))
    assert fine_tuning.starter_is_gone()
    monkeypatch.setenv("MIRS_STARTED_BY", "no json")
    assert fine_tuning.starter_is_gone()


@pytest.mark.parametrize("number", [0, -1, 65])
def test_a_senseless_number_of_processes_is_refused(number: int, home: Home) -> None:
    with pytest.raises(ConfigError, match="processes is not possible"):
        fine_tuning.resume_on(home, "enc-x", number)


def test_world_size_by_hand_is_refused(
    data: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(RunError, match="torchrun"):
        fine_tune(home, data, quick())
    monkeypatch.setenv("WORLD_SIZE", "two")
    with pytest.raises(RunError, match="torchrun"):
        fine_tune(home, data, quick())


# The command line


def words(text: str) -> Any:
    import argparse

    from mirs_core.cli import train_encoder as commands

    parser = argparse.ArgumentParser()
    commands.add_arguments(parser)
    return parser.parse_args(text.split())


def run_words(args: Any, console: Any) -> Any:
    return args.command(args, console)


def test_the_command_line_trains_resumes_and_lists(
    data: Path, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mirs_core.cli import encoders
    from mirs_core.cli.console import Console

    monkeypatch.setenv("MIRS_HOME", str(home))
    console = Console(lambda stage, done, total: None, quiet=True)
    args = words(
        f"--data {data} --objective triplet --from tiny --seed 2 --epochs 1 --batch-size 8"
        " --learning-rate 0.01 --name Mine --set margin=0.3"
    )
    answer, text = args.command(args, console)
    assert list(answer) == [
        "encoder",
        "objective",
        "from",
        "data",
        "seed",
        "epochs",
        "best_epoch",
        "validation",
        "seconds",
    ]
    assert (answer["objective"], answer["from"], answer["seed"]) == ("triplet", "tiny", 2)
    assert answer["encoder"] in text and "map_at_64" in text
    record = record_of(home, answer["encoder"])
    assert record["settings"]["margin"] == 0.3 and record["name"] == "Mine"
    listed, table = encoders.list_all(args, console)
    assert [one["encoder"] for one in listed] == [answer["encoder"]] and answer["encoder"] in table
    with pytest.raises(ConfigError, match="give no others"):
        run_words(words("--resume enc-x --epochs 3"), console)
    with pytest.raises(RunError, match="done already"):
        run_words(words(f"--resume {answer['encoder']}"), console)
    with pytest.raises(EncoderError, match="no fine-tuned encoder"):
        run_words(words("--resume ../x"), console)
    assert words(f"--data {data}").objective is None


def test_the_help_of_the_command_line_lists_every_setting(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from mirs_core import cli

    with pytest.raises(SystemExit):
        cli.main(["train-encoder", "--help"])
    shown = capsys.readouterr().out
    assert "margin=0.2" in shown
    assert all(f"  {item.name}={item.default}  " in shown for item in fine_tuning.settings())


# The real network


def test_lite0_is_fine_tuned_and_rebuilt(tmp_path: Path, home: Home) -> None:
    root = write_classes(
        tmp_path / "data", {"train": {"cra": 8, "smo": 8}, "val": {"cra": 1, "smo": 1}}
    )
    made = fine_tune(home, root, configure("classifier", epochs=1, batch_size=4))
    encoder = load_encoder(made.encoder, home)
    assert (encoder.dim, encoder.architecture) == (1280, "efficientnet-lite0")
    unfused = encoder.trainable().eval()
    rng = np.random.default_rng(1)
    tiles = [rng.integers(0, 256, (224, 224), dtype=np.uint8) for _ in range(2)]
    batch = torch.stack([encoder.transform(tile) for tile in tiles])
    with torch.inference_mode():
        expected = unfused(batch)
    features = encoder.encode(batch)
    assert torch.allclose(features, expected, atol=1e-4)
    plain = load_encoder("efficientnet-lite0", home).encode(batch)
    assert not torch.allclose(features, plain, atol=1e-2)
    assert not features.requires_grad
