"""A finished run is loaded as it was saved, or refused in one line."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from archives import SEGMENT_FILES, store_as_before
from fakes import fit_tiles
from safetensors.torch import load_file, save_file

from mirs_core.columns import files
from mirs_core.config.presets import from_preset
from mirs_core.datasets.items import Items
from mirs_core.errors import MirsError, RunError
from mirs_core.evaluation.run_report import evaluate_run
from mirs_core.files import sha256
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
    paths = (path for path in run.path.rglob("*") if path.is_file())
    return {str(path.relative_to(run.path)): path.read_bytes() for path in paths}


def restore(home: Home, contents: dict[str, bytes], *, old: bool = False) -> runs.RunFolder:
    """The run whose files these are, with its archive as version 0.3.0 stored it if ``old``."""
    for name, data in contents.items():
        path = home.path / "runs" / "a-run" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    if old:
        store_as_before(home.path / "runs" / "a-run")
    return runs.folder(home, "a-run")


@pytest.mark.parametrize("old", [False, True], ids=["now", "0.3.0"])
@pytest.mark.parametrize("preset", ["baseline", "baseline-centred", "mirs", "mirs-dwt"])
def test_what_was_saved_is_loaded(tmp_path: Path, preset: str, old: bool) -> None:
    run, built = build(Home(tmp_path), preset)
    if old:
        store_as_before(run.path)
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
    return lambda run: np.save(run.old_codes, change(np.load(run.old_codes)))


def header(change: Callable[[dict[str, Any]], object]) -> Damage:
    """Changes items.json in place."""

    def apply(run: runs.RunFolder) -> None:
        value = json.loads(run.old_items.read_text())
        change(value)
        run.old_items.write_text(json.dumps(value))

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


OLD_RUN: dict[str, Damage] = {
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
    "no width": header(lambda v: v.pop("width")),
    "other width": header(lambda v: v.update(width=WIDTH - 1)),
}


def in_segment(name: str) -> str:
    return f"archive/segment-00000/{name}"


def array(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Damage:
    """Replaces an array of the segment; the list of the archive agrees, as a liar's would."""

    def apply(run: runs.RunFolder) -> None:
        path = run.path / in_segment(name)
        np.save(path, change(np.load(path)))
        agree(run)

    return apply


def table(change: Callable[[dict[str, pa.Array]], object]) -> Damage:
    """Changes columns of the segment's table; the list of the archive agrees."""

    def apply(run: runs.RunFolder) -> None:
        path = run.path / in_segment("tiles.arrow")
        batch = files.map_table(path)
        columns = {name: batch.column(column) for name, column in files.NAMES.items()}
        change(columns)
        batch = pa.RecordBatch.from_arrays(list(columns.values()), list(files.NAMES.values()))
        with pa.ipc.new_file(str(path) + ".new", batch.schema) as writer:
            writer.write_batch(batch)
        path.with_name(path.name + ".new").replace(path)
        agree(run)

    return apply


def listed(change: Callable[[dict[str, Any]], object]) -> Damage:
    """Changes the list of the archive."""

    def apply(run: runs.RunFolder) -> None:
        path = run.archive / "archive.json"
        value = json.loads(path.read_text())
        change(value)
        path.write_text(json.dumps(value))

    return apply


def agree(run: runs.RunFolder) -> None:
    """Makes sizes and checksums of the archive's list those of its files."""

    def apply(value: dict[str, Any]) -> None:
        for part in value["segments"]:
            for name in part["files"]:
                data = (run.archive / part["name"] / name).read_bytes()
                part["files"][name] = {"bytes": len(data), "sha256": sha256(data)}

    listed(apply)(run)


def put(columns: dict[str, pa.Array], name: str, value: Any, row: int = 0) -> None:
    """Another value in a column that is no dictionary."""
    values = columns[name].to_pylist()
    values[row] = value
    columns[name] = pa.array(values, type=columns[name].type)


def coded(columns: dict[str, pa.Array], name: str, code: int, valid: bool = True) -> None:
    """A column of words whose first row has ``code``, and is null unless ``valid``."""
    column = columns[name]
    codes = files.values_of(column).copy()
    codes[0] = code
    valid_rows = ~np.asarray(column.is_null())
    valid_rows[0] = valid
    bits = np.packbits(valid_rows, bitorder="little")
    buffers = [pa.py_buffer(bits), pa.py_buffer(codes)]
    indices = pa.Array.from_buffers(column.indices.type, len(codes), buffers)
    columns[name] = pa.DictionaryArray.from_arrays(indices, column.dictionary, safe=False)


def renamed(columns: dict[str, pa.Array], name: str, words: list[str | None]) -> None:
    """A column of words with another dictionary."""
    indices, first = columns[name].indices, columns[name].dictionary.to_pylist()
    dictionary = pa.array([*words, *first[len(words) :]], type=pa.string())
    columns[name] = pa.DictionaryArray.from_arrays(indices, dictionary, safe=False)


def first_swapped(index: np.ndarray) -> np.ndarray:
    return np.concatenate([index[1::-1], index[2:]])


ANY_RUN: dict[str, Damage] = {
    "no list": missing("archive/archive.json"),
    "list is text": text("archive/archive.json"),
    "list is a list": text("archive/archive.json", b"[]"),
    "half of the list": cut("archive/archive.json"),
    **{f"no {name}": missing(in_segment(name)) for name in SEGMENT_FILES},
    **{f"{name} is text": text(in_segment(name)) for name in SEGMENT_FILES},
    **{f"{name} is empty": text(in_segment(name), b"") for name in SEGMENT_FILES},
    **{f"half of {name}": cut(in_segment(name)) for name in SEGMENT_FILES},
    "codes as float64": array("codes.npy", lambda c: c.astype(np.float64)),
    "codes as int8": array("codes.npy", lambda c: c.astype(np.int8)),
    "codes as objects": array("codes.npy", lambda c: c.astype(object)),
    "codes in one dimension": array("codes.npy", lambda c: c.ravel()),
    "a code too few": array("codes.npy", lambda c: c[:-1]),
    "codes too narrow": array("codes.npy", lambda c: c[:, :-1].copy()),
    "an index too short": array("id_index.npy", lambda i: i[:-1]),
    "an index of another type": array("id_index.npy", lambda i: i.astype(np.int64)),
    "ids out of order": array("id_index.npy", first_swapped),
    "contents out of order": array("content_index.npy", first_swapped),
    "an id that is missing": table(lambda c: put(c, "ids", None)),
    "an id that leads out": table(lambda c: put(c, "ids", "../../x.png")),
    "an id that leads to the root": table(lambda c: put(c, "ids", "/etc/x.png")),
    "an id in the middle that leads out": table(lambda c: put(c, "ids", "a/../x.png", 30)),
    "an id of another tile": table(lambda c: put(c, "ids", "tile 31.png")),
    "a content of another tile": table(lambda c: put(c, "contents", "content 31")),
    "a missing content": table(lambda c: put(c, "contents", None)),
    "ids as numbers": table(lambda c: c.update(ids=pa.array(range(N)))),
    "labels as text": table(lambda c: c.update(labels=c["ids"])),
    "latitudes as text": table(lambda c: c.update(latitudes=c["ids"])),
    "a label out of range": table(lambda c: coded(c, "labels", 100)),
    "a negative label": table(lambda c: coded(c, "labels", -2)),
    "a label that is null below only": table(lambda c: coded(c, "labels", -1)),
    "a label that is null above only": table(lambda c: coded(c, "labels", 0, valid=False)),
    "a missing role": table(lambda c: coded(c, "roles", -1, valid=False)),
    "an unknown role": table(lambda c: renamed(c, "roles", ["chief"])),
    "an unknown kind of place": table(lambda c: renamed(c, "places", ["home"])),
    "a class listed twice": table(lambda c: renamed(c, "labels", ["a", "a"])),
    "a class without a name": table(lambda c: renamed(c, "labels", [None])),
    "count of another archive": listed(lambda v: v.update(count=N + 1)),
    "a count too few": listed(lambda v: v.update(count=N - 1)),
    "no count": listed(lambda v: v.pop("count")),
    "a count that is true": listed(lambda v: v.update(count=True)),
    "another format": listed(lambda v: v.update(format="x")),
    "a later version": listed(lambda v: v.update(version=2)),
    "other width": listed(lambda v: v.update(width=v["width"] - 1)),
    "other type": listed(lambda v: v.update(dtype="int64")),
    "no segments": listed(lambda v: v.update(segments=[])),
    "a segment twice": listed(lambda v: v["segments"].append(v["segments"][0])),
    "a segment elsewhere": listed(lambda v: v["segments"][0].update(name="../archive")),
    "other rows": listed(lambda v: v["segments"][0].update(rows=N - 1)),
    "a file more": listed(lambda v: v["segments"][0]["files"].update(x={})),
    "no places among ties": listed(lambda v: v["segments"][0].update(spread=None)),
    "places beyond the end": listed(lambda v: v["segments"][0].update(spread=[1, N])),
    "removed tiles without their list": listed(
        lambda v: v.update(removed={"bytes": 1, "sha256": "0" * 64})
    ),
    "another model": listed(lambda v: v.update(model="0" * 64)),
    "no status": missing("status.json"),
    "distractors that are no list": listed(lambda v: v.update(distractors=3)),
    "no distractors": listed(lambda v: v.pop("distractors")),
    "a distractor that is a number": listed(lambda v: v.update(distractors=[1])),
}


@pytest.mark.parametrize("damage", [*ANY_RUN, *(f"0.3.0: {name}" for name in OLD_RUN)])
@pytest.mark.parametrize("kind", ["hash", "float"])
def test_damaged_runs_are_refused(
    tmp_path: Path, request: pytest.FixtureRequest, kind: str, damage: str
) -> None:
    old = damage.startswith("0.3.0: ")
    run = restore(Home(tmp_path), request.getfixturevalue(f"{kind}_files"), old=old)
    retriever.load(run)
    (OLD_RUN[damage[7:]] if old else ANY_RUN[damage])(run)
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
}


@pytest.mark.parametrize("damage", FLOAT_RUN)
def test_a_baseline_that_does_not_fit_is_refused(
    tmp_path: Path, float_files: dict[str, bytes], damage: str
) -> None:
    run = restore(Home(tmp_path), float_files)
    apply, says = FLOAT_RUN[damage]
    apply(run)
    agree(run)
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
