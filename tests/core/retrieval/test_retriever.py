"""A finished run is loaded as it was saved, or refused in one line."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fakes import fit_tiles
from safetensors.torch import load_file, save_file

from mirs_core.config.presets import from_preset
from mirs_core.datasets.items import Items
from mirs_core.errors import MirsError, RunError
from mirs_core.evaluation.run_report import evaluate_run
from mirs_core.hashing.hash_function import HashFunction
from mirs_core.ranking.codes import hamming
from mirs_core.retrieval import retriever
from mirs_core.retrieval.retriever import Retriever
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

WIDTH, N = 16, 60
ROLES = ("train", "archive", "val", "test")


def known(n: int = N) -> Items:
    """Items with every role; every fifth has no label."""
    return Items(
        ids=tuple(f"tile {i}.png" for i in range(n)),
        labels=tuple(("a", "b", "c", "d", None)[i % 5] for i in range(n)),
        roles=tuple(ROLES[i // 5 % 4] for i in range(n)),
        strips=tuple(None if i % 2 else f"P0{i % 7}" for i in range(n)),
        contents=tuple(f"content {i}" for i in range(n)),
        latitudes=tuple(None if i % 2 else i / 7 for i in range(n)),
        longitudes=tuple(None if i % 2 else float(i) for i in range(n)),
    )


def features(n: int = N) -> np.ndarray:
    """Features whose archive differs from the training tiles in mean and spread."""
    rng = np.random.default_rng(0)
    drawn = rng.normal(size=(n, WIDTH)).astype(np.float32)
    drawn[known(n).rows(["archive", "val", "test"])] *= 3
    drawn[known(n).rows(["archive", "val", "test"])] += 1
    return drawn


def labelled(items: Items) -> Items:
    """The same items with a label for each training tile, as a labelled data set has them."""
    return dataclasses.replace(items, labels=tuple(label or "e" for label in items.labels))


def build(home: Home, preset: str = "mirs-dwt", bits: int = 64) -> tuple[runs.RunFolder, Retriever]:
    """A finished run of ``preset`` and the retriever that was saved in it."""
    changes = []
    if preset.startswith("mirs"):
        changes = ["training.epochs=2", f"head.bits={bits}"]
    if preset == "mirs-dwt":
        changes.append("whitening.group_size=8")
    config = from_preset(preset, data="/nowhere", changes=changes)
    model = fit_tiles(config, features(), labelled(known())).model
    built = Retriever.build(model, features(), known(), ("d",))
    run = runs.create(home, config, provenance={"data_name": "d"})
    built.save(run)
    run.set_status("done")
    return run, built


@pytest.fixture(scope="module")
def hash_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return files_of(build(Home(tmp_path_factory.mktemp("hash")))[0])


@pytest.fixture(scope="module")
def float_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return files_of(build(Home(tmp_path_factory.mktemp("float")), "baseline-centred")[0])


def files_of(run: runs.RunFolder) -> dict[str, bytes]:
    files = (path for path in run.path.rglob("*") if path.is_file())
    return {str(path.relative_to(run.path)): path.read_bytes() for path in files}


def restore(home: Home, files: dict[str, bytes]) -> runs.RunFolder:
    for name, data in files.items():
        path = home.path / "runs" / "a-run" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return runs.folder(home, "a-run")


@pytest.mark.parametrize("preset", ["baseline", "baseline-centred", "mirs", "mirs-dwt"])
def test_what_was_saved_is_loaded(tmp_path: Path, preset: str) -> None:
    run, built = build(Home(tmp_path), preset)
    loaded = retriever.load(run)
    assert loaded.items == built.items and loaded.distractors == ("d",)
    assert loaded.codes.dtype == built.codes.dtype
    assert np.array_equal(loaded.codes, built.codes)
    for domain in ("source", "target"):
        before, after = (retriever.encode(one.model, features(), domain) for one in (built, loaded))
        assert np.array_equal(before, after)
    first, second = evaluate_run(built), evaluate_run(loaded)
    assert first is not None and first == second


def test_training_tiles_pass_the_source_transform_and_all_others_the_target(
    tmp_path: Path,
) -> None:
    _, built = build(Home(tmp_path))
    source, target = (
        retriever.encode(built.model, features(), domain) for domain in ("source", "target")
    )
    assert (source != target).any(axis=1).all()
    for row, role in enumerate(built.items.roles):
        expected = source if role == "train" else target
        assert np.array_equal(built.codes[row], expected[row]), role


def test_the_transforms_are_not_mixed_up_in_the_file(tmp_path: Path) -> None:
    run, built = build(Home(tmp_path))
    loaded = retriever.load(run).model
    assert isinstance(loaded, HashFunction) and isinstance(built.model, HashFunction)
    for domain in ("source", "target"):
        assert np.array_equal(loaded.transforms[domain].mean, built.model.transforms[domain].mean)
    train = features()[built.items.rows(["train"])]
    assert np.allclose(loaded.transforms["source"].mean, train.mean(axis=0), atol=1e-5)
    assert not np.allclose(loaded.transforms["target"].mean, train.mean(axis=0), atol=1e-2)


def test_the_archive_ranks_all_rows_or_those_that_are_named(tmp_path: Path) -> None:
    _, built = build(Home(tmp_path))
    assert len(built.archive()) == N
    rows = built.items.rows(["archive"])
    distances, places = built.archive(rows).search(built.codes[:1], len(rows))
    expected = hamming(built.codes[:1], built.codes[rows])[0]
    order = np.argsort(expected, kind="stable")
    assert np.array_equal(places[0], order) and np.array_equal(distances[0], expected[order])


def test_without_labels_on_either_side_there_is_nothing_to_measure(tmp_path: Path) -> None:
    _, built = build(Home(tmp_path))
    assert evaluate_run(built) is not None
    for role in ("archive", "test"):
        labels = np.array(built.items.labels, dtype=object)
        labels[built.items.rows([role])] = None
        bare = dataclasses.replace(built.items, labels=tuple(labels.tolist()))
        assert evaluate_run(dataclasses.replace(built, items=bare)) is None


def test_only_the_archive_is_searched_and_only_test_is_queried(tmp_path: Path) -> None:
    _, built = build(Home(tmp_path))
    report = evaluate_run(built)
    assert report is not None
    assert report.n_archive == len(built.items.rows(["archive"])) == 15
    assert report.archive_bytes == 15 * 64 // 8
    asked = {built.items.ids[row] for row in built.items.rows(["test"])}
    assert {result.id for result in report.results} < asked
    assert report.skipped == {"distractor": 3, "without a label": 3}


Damage = Callable[[runs.RunFolder], None]


def codes(change: Callable[[np.ndarray], np.ndarray]) -> Damage:
    """Replaces the codes by ``change(codes)``."""
    return lambda run: np.save(run.codes, change(np.load(run.codes)))


def header(change: Callable[[dict[str, Any]], object]) -> Damage:
    """Changes items.json in place."""

    def apply(run: runs.RunFolder) -> None:
        value = json.loads(run.items.read_text())
        change(value)
        run.items.write_text(json.dumps(value))

    return apply


def tensors(change: Callable[[dict[str, torch.Tensor]], object]) -> Damage:
    """Changes model.safetensors in place."""

    def apply(run: runs.RunFolder) -> None:
        state = load_file(run.model)
        change(state)
        save_file(state, run.model)

    return apply


def configured(group: str, name: str, value: Any) -> Damage:
    """Changes one setting in config.json."""

    def apply(run: runs.RunFolder) -> None:
        path = run.path / "config.json"
        config = json.loads(path.read_text())
        config[group][name] = value
        path.write_text(json.dumps(config))

    return apply


def missing(name: str) -> Damage:
    return lambda run: (run.path / name).unlink()


def text(name: str, content: bytes = b"no") -> Damage:
    return lambda run: (run.path / name).write_bytes(content) and None


def cut(name: str) -> Damage:
    """Leaves the first half of a file, as a full disk would."""

    def apply(run: runs.RunFolder) -> None:
        data = (run.path / name).read_bytes()
        (run.path / name).write_bytes(data[: len(data) // 2])

    return apply


ANY_RUN: dict[str, Damage] = {
    "no model": missing("model.safetensors"),
    "no codes": missing("archive/codes.npy"),
    "no items": missing("archive/items.json"),
    "no status": missing("status.json"),
    "model is text": text("model.safetensors"),
    "model is empty": text("model.safetensors", b""),
    "codes are text": text("archive/codes.npy"),
    "codes are empty": text("archive/codes.npy", b""),
    "items are text": text("archive/items.json"),
    "items are a list": text("archive/items.json", b"[]"),
    "config is text": text("config.json"),
    "half a model": cut("model.safetensors"),
    "half of the codes": cut("archive/codes.npy"),
    "half of the items": cut("archive/items.json"),
    "codes as float64": codes(lambda c: c.astype(np.float64)),
    "codes as int8": codes(lambda c: c.astype(np.int8)),
    "codes in one dimension": codes(lambda c: c.ravel()),
    "codes in three dimensions": codes(lambda c: c[None]),
    "a code too few": codes(lambda c: c[:-1]),
    "a code too many": codes(lambda c: np.concatenate([c, c[:1]])),
    "codes too narrow": codes(lambda c: c[:, :-1].copy()),
    "codes too wide": codes(lambda c: np.concatenate([c, c[:, :1]], axis=1)),
    "codes as objects": codes(lambda c: c.astype(object)),
    "count of another archive": header(lambda v: v.update(count=N + 1)),
    "no count": header(lambda v: v.pop("count")),
    "no column of labels": header(lambda v: v.pop("labels")),
    "a label that is a number": header(lambda v: v["labels"].__setitem__(0, 3)),
    "an id too few": header(lambda v: v["ids"].pop()),
    "an unknown role": header(lambda v: v["roles"].__setitem__(0, "chief")),
    "distractors that are no list": header(lambda v: v.update(distractors="smo")),
    "no distractors": header(lambda v: v.pop("distractors")),
    "a distractor that is a number": header(lambda v: v.update(distractors=[1])),
}


@pytest.mark.parametrize("damage", ANY_RUN)
@pytest.mark.parametrize("kind", ["hash", "float"])
def test_damaged_runs_are_refused(
    tmp_path: Path, request: pytest.FixtureRequest, kind: str, damage: str
) -> None:
    run = restore(Home(tmp_path), request.getfixturevalue(f"{kind}_files"))
    retriever.load(run)
    ANY_RUN[damage](run)
    with pytest.raises(MirsError) as caught:
        retriever.load(run)
    assert "\n" not in str(caught.value) and str(caught.value).endswith((".", "list"))


HASH_RUN: dict[str, tuple[Damage, str]] = {
    "other bits": (configured("head", "bits", 128), "has 64 bits but config.json has 128"),
    "a baseline's model": (
        configured("archive", "distance", "cosine"),
        "the baselines have no head",
    ),
    "a layer less": (tensors(lambda s: s.pop("head.layers.1.weight")), "damaged"),
    "no transform": (tensors(lambda s: s.pop("target.mean")), "damaged"),
    "not a number": (tensors(lambda s: s["source.blocks"].fill_(torch.nan)), "not finite"),
    "a tensor more": (tensors(lambda s: s.update(extra=torch.zeros(1))), "unknown tensors"),
    "other precision": (
        tensors(lambda s: s.update({"target.mean": s["target.mean"].double()})),
        "not float32",
    ),
    "a transform of another width": (
        tensors(lambda s: s.update({"source.mean": s["source.mean"][:-1].clone()})),
        "does not fit 16 features",
    ),
}


@pytest.mark.parametrize("damage", HASH_RUN)
def test_a_hash_model_that_does_not_fit_is_refused(
    tmp_path: Path, hash_files: dict[str, bytes], damage: str
) -> None:
    run = restore(Home(tmp_path), hash_files)
    apply, says = HASH_RUN[damage]
    apply(run)
    with pytest.raises(MirsError, match=says):
        retriever.load(run)


FLOAT_RUN: dict[str, tuple[Damage, str]] = {
    "another distance": (configured("archive", "distance", "euclidean"), "does not fit"),
    "a hash run's model": (configured("archive", "distance", "hamming"), "damaged"),
    "no mean": (tensors(lambda s: s.clear()), "does not fit"),
    "a mean of two dimensions": (
        tensors(lambda s: s.update(mean=s["mean"][None].clone())),
        "does not fit",
    ),
    "not a number": (tensors(lambda s: s["mean"].fill_(torch.inf)), "not finite"),
    "a shorter mean": (tensors(lambda s: s.update(mean=s["mean"][:-1].clone())), "match its codes"),
    "no width": (header(lambda v: v.pop("width")), "do not match its items"),
    "other width": (header(lambda v: v.update(width=WIDTH - 1)), "do not match its items"),
}


@pytest.mark.parametrize("damage", FLOAT_RUN)
def test_a_baseline_that_does_not_fit_is_refused(
    tmp_path: Path, float_files: dict[str, bytes], damage: str
) -> None:
    run = restore(Home(tmp_path), float_files)
    apply, says = FLOAT_RUN[damage]
    apply(run)
    with pytest.raises(MirsError, match=says):
        retriever.load(run)


@pytest.mark.parametrize("state", ["queued", "running", "failed", "stopped"])
def test_only_a_finished_run_is_loaded(
    tmp_path: Path, hash_files: dict[str, bytes], state: str
) -> None:
    run = restore(Home(tmp_path), hash_files)
    run.set_status(state)
    with pytest.raises(RunError, match=f"is {state}; only a finished run"):
        retriever.load(run)


def test_a_model_never_comes_through_pickle(tmp_path: Path, float_files: dict[str, bytes]) -> None:
    run = restore(Home(tmp_path), float_files)
    torch.save({"mean": torch.zeros(WIDTH)}, run.model)
    with pytest.raises(RunError, match="damaged"):
        retriever.load(run)
