"""Workspaces from Python: train, open, search, evaluate, index, import."""

import io
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeNetwork, write_dataset
from PIL import Image

from mirs_core import (
    ConfigError,
    DataError,
    Filters,
    Hits,
    ImageError,
    OpenRun,
    Outcome,
    RunConfig,
    RunError,
    Workspace,
    from_preset,
)
from mirs_core.api.images import encoded
from mirs_core.datasets.images import read_image
from mirs_core.encoders import run_encoder
from mirs_core.workspace import annotations

LAYOUT = {"train": {"cra": 8, "rid": 8, "smo": 8}, "test": {"cra": 2, "rid": 2}}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Outcome, Path]:
    """A workspace with one run, and its data set."""
    from fakes import make_fake_encoder

    folder = tmp_path_factory.mktemp("api")
    data = write_dataset(folder / "tiles", LAYOUT, strips=3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_encoder, "load_encoder", lambda name, home: make_fake_encoder()[0])
        workspace = Workspace(folder / "home")
        outcome = workspace.train("mirs", data, name="small", changes=["training.epochs=2"])
    return workspace, outcome, data


@pytest.fixture
def run(trained: tuple[Workspace, Outcome, Path], network: FakeNetwork) -> OpenRun:
    return trained[0].open(trained[1])


def test_the_home_folder_is_the_one_in_use_or_an_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MIRS_HOME", str(tmp_path / "there"))
    assert Workspace().home.path == tmp_path / "there"
    assert Workspace("here").home.path == tmp_path / "here"
    assert list(Workspace("here").runs()) == [] and not (tmp_path / "here").exists()


def test_runs_are_records_and_a_table(trained: tuple[Workspace, Outcome, Path]) -> None:
    workspace, outcome, _ = trained
    runs = workspace.runs()
    assert [summary.id for summary in runs if summary.name == "small"] == [outcome.run]
    frame = runs.to_frame()
    assert len(frame) == len(runs) and frame.set_index("id").loc[outcome.run, "preset"] == "mirs"
    assert "<table" in runs._repr_html_() and runs[:1][0] == runs[0]


def test_a_run_is_opened_by_id_name_or_object(trained: tuple[Workspace, Outcome, Path]) -> None:
    workspace, outcome, _ = trained
    summary = workspace.open(outcome.run).summary
    for reference in (outcome.run, outcome, summary, workspace.open(outcome)):
        assert workspace.open(reference).id == outcome.run
    assert workspace.open("small").id == outcome.run
    with pytest.raises(RunError, match="There is no run 'nothing'"):
        workspace.open("nothing")


def test_a_name_of_two_runs_is_refused(
    trained: tuple[Workspace, Outcome, Path], network: FakeNetwork
) -> None:
    workspace, outcome, data = trained
    second = workspace.index(outcome, data, name="twice")
    third = workspace.index(outcome, data, name="other")
    assert workspace.open("twice").id == second.id
    annotations.change(workspace.home, third.id, name="twice")
    with pytest.raises(RunError, match="2 runs are named 'twice'") as error:
        workspace.open("twice")
    assert second.id in str(error.value) and third.id in str(error.value)


def test_a_configuration_is_trained_as_it_is(tmp_path: Path, network: FakeNetwork) -> None:
    data = write_dataset(tmp_path / "tiles", LAYOUT)
    workspace = Workspace(tmp_path / "home")
    config = from_preset("baseline", data=str(data), seed=3)
    outcome = workspace.train(config)
    assert (outcome.preset, outcome.seed) == ("baseline", 3)
    run = workspace.open(outcome)
    assert isinstance(run.config, RunConfig) and run.config == config
    assert run.codes.dtype == np.float32 and run.unit == "euclidean"
    assert np.array_equal(run.codes, run.features())
    with pytest.raises(ConfigError, match="apply to presets"):
        workspace.train(config, seed=1)
    with pytest.raises(ConfigError, match="needs data"):
        workspace.train("baseline")


def test_relative_folders_become_absolute(
    tmp_path: Path, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dataset(tmp_path / "tiles", LAYOUT)
    monkeypatch.chdir(tmp_path)
    workspace = Workspace("home")
    outcome = workspace.train("baseline", "tiles")
    assert workspace.open(outcome).config.data == str(tmp_path / "tiles")
    assert workspace.index(outcome, "tiles").data_root == tmp_path / "tiles"
    assert workspace.import_folder("tiles").manifest.root == tmp_path / "tiles"


def test_every_form_of_an_image_gives_the_same_query(
    run: OpenRun, trained: tuple[Workspace, Outcome, Path], tmp_path: Path
) -> None:
    tile = run.items.ids[0]
    file = trained[2] / tile
    pixels = read_image(file)
    # Not byte by byte the archived file, so that it is encoded.
    Image.fromarray(pixels).convert("L").save(tmp_path / "own.png", compress_level=1)
    own = run.query(tmp_path / "own.png")
    forms = (
        str(tmp_path / "own.png"),
        (tmp_path / "own.png").read_bytes(),
        pixels,
        Image.fromarray(pixels),
        Image.open(tmp_path / "own.png"),
    )
    assert own.tile_id is None
    for form in forms:
        assert np.array_equal(run.query(form).code, own.code)
    assert run.query(tile).tile_id == run.query(file).tile_id == tile
    assert run.query(own) is own


def test_pixels_survive_the_way_into_a_file() -> None:
    rng = np.random.default_rng(0)
    grey, colour = (rng.integers(0, 256, shape, np.uint8) for shape in ((40, 50), (40, 50, 3)))
    deep, real = rng.integers(0, 4096, (40, 50), np.uint16), rng.normal(size=(40, 50))
    assert np.array_equal(read_image(encoded(grey)), grey)
    assert np.array_equal(read_image(encoded(colour)), colour)
    for array in (deep, real):
        stretched = read_image(encoded(array)).astype(float)
        assert stretched.max() == 255 and np.corrcoef(stretched.flat, array.flat)[0, 1] > 0.98
    for form in ("RGBA", "P", "CMYK", "F"):
        assert read_image(encoded(Image.fromarray(grey).convert(form))).shape[:2] == (40, 50)
    assert np.array_equal(read_image(encoded(grey[..., None])), grey)
    assert set(np.unique(read_image(encoded(grey > 99)))) == {0, 255}
    opaque = np.full((40, 50, 1), 255, np.uint8)
    assert np.array_equal(read_image(encoded(np.dstack([colour, opaque]))), colour)
    assert np.array_equal(read_image(encoded(np.dstack([grey, opaque]))), grey)
    with pytest.raises(ImageError, match="is not an image"):
        encoded(np.zeros((3, 40, 50), np.uint8))
    with pytest.raises(ImageError, match="cannot be read as an image"):
        encoded(np.zeros((40, 50, 3), np.float64))


def test_what_is_no_query_is_refused(run: OpenRun) -> None:
    with pytest.raises(DataError, match="neither a tile"):
        run.search("nowhere.jpg")
    with pytest.raises(DataError, match="cannot be a query"):
        run.search(3)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="at least 1"):
        run.search(run.items.ids[0], k=0)


def test_a_strip_is_no_query_unless_its_square_is_wanted(run: OpenRun) -> None:
    strip = np.random.default_rng(3).integers(0, 255, (400, 60), np.uint8)
    for form in (strip, Image.fromarray(strip), encoded(strip)):
        with pytest.raises(DataError, match="not a tile"):
            run.search(form)
        square = run.query(strip[170:230])
        assert np.array_equal(run.query(form, whole=True).code, square.code)


def test_an_unlabelled_query_has_a_verdict_and_a_labelled_one_none(run: OpenRun) -> None:
    assert run.verdict(run.items.ids[0]) is None
    noise = np.random.default_rng(3).integers(0, 255, (60, 60), np.uint8)
    verdict = run.verdict(noise)
    assert verdict is not None and verdict == run.verdict(Image.fromarray(noise))
    assert verdict.label in {"cra", "rid", "smo"} and verdict.k == 15
    assert verdict.in_words().startswith("most likely ")


def test_hits_are_those_of_the_searcher(run: OpenRun) -> None:
    tile = run.items.ids[0]
    filters = Filters(roles=("archive",))
    hits = run.search(tile, k=5, filters=filters)
    assert list(hits) == run.searcher.search(run.searcher.query_by_id(tile), 5, filters)
    assert len(hits) == 5 and hits.query.tile_id == tile and tile not in hits.ids
    assert [hit.rank for hit in hits] == [1, 2, 3, 4, 5]
    assert isinstance(hits[:2], Hits) and hits[:2].ids == hits.ids[:2]
    assert hits[-1].rank == 5 and hits.unit == "bits"


def test_hits_become_a_table(run: OpenRun) -> None:
    hits = run.search(run.items.ids[0], k=4)
    frame = hits.to_frame()
    assert frame.index.name == "rank" and list(frame.index) == [1, 2, 3, 4]
    assert list(frame["id"]) == list(hits.ids)
    assert list(frame["distance"]) == [hit.distance for hit in hits]
    assert list(hits[:0].to_frame().columns) == list(frame.columns)


def test_hits_show_their_tiles_in_a_notebook(run: OpenRun) -> None:
    hits = run.search(run.items.ids[0], k=3)
    page = hits._repr_html_()
    assert page.count("data:image/jpeg;base64,") == 3
    for hit in hits:
        assert f"<b>{hit.rank}</b> {hit.label}" in page and f"{hit.distance:.0f} bits" in page
    assert "3 for" in repr(hits)


def test_a_tile_that_is_gone_shows_as_missing_and_names_are_escaped(run: OpenRun) -> None:
    from dataclasses import replace

    hits = run.search(run.items.ids[0], k=1)
    gone = replace(hits[0], path="/nowhere/x.png", label="<b>&")
    page = Hits(hits.query, hits.unit, (gone,))._repr_html_()
    assert "no image" in page and "&lt;b&gt;&amp;" in page and "base64" not in page


def test_a_tile_that_changed_is_marked(run: OpenRun) -> None:
    hits = run.search(run.items.ids[0], k=3)
    assert {run.file_state(tile) for tile in hits.ids} == {"current"}
    assert "changed" not in hits._repr_html_()
    path = Path(hits[1].path)
    data = path.read_bytes()
    try:
        path.write_bytes(data + bytes(1))
        assert [run.file_state(tile) for tile in hits.ids] == ["current", "changed", "current"]
        assert hits._repr_html_().count("changed since it was archived") == 1
        assert "changed since" not in hits[2:]._repr_html_()
        assert hits[1:]._repr_html_().count("changed since it was archived") == 1
        path.unlink()
        assert run.file_state(hits[1].id) == "missing"
    finally:
        path.write_bytes(data)


def test_only_the_first_tiles_are_embedded(run: OpenRun) -> None:
    hits = run.search(run.items.ids[0], k=1)
    page = Hits(hits.query, hits.unit, hits.hits * 70)._repr_html_()
    assert page.count("base64") == 64 and "and 6 more" in page


def test_the_archive_as_arrays_and_tables(run: OpenRun) -> None:
    tiles = run.tiles()
    assert run.codes.dtype == np.uint8 and run.codes.shape == (len(tiles), 16)
    assert tuple(tiles["id"]) == run.items.ids and len(run) == len(tiles)
    assert run.features().shape == (len(tiles), FakeNetwork.dim)
    assert run.metadata(run.items.ids[0]).metres_per_pixel is None


def test_examples_explanations_and_average_precision(run: OpenRun) -> None:
    first, second, third = run.items.ids[:3]
    query = run.refine(first, positives=[second], negatives=[third])
    assert not {first, second, third} & set(run.search(query).ids)
    assert run.explain(first, second).distance == run.explain(second, first).distance
    test = run.items.ids[run.items.rows(["test"])[0]]
    score = run.average_precision(test)
    assert score is not None and 0 <= score.min_r_k <= 1
    buffer = io.BytesIO()
    Image.fromarray(np.full((40, 40), 9, np.uint8)).save(buffer, "PNG")
    assert run.average_precision(buffer.getvalue()) is None


def test_evaluation_is_that_of_the_training(
    run: OpenRun, trained: tuple[Workspace, Outcome, Path], tmp_path: Path
) -> None:
    workspace, outcome, data = trained
    report = workspace.evaluate(outcome)
    assert outcome.metrics is not None
    assert report.to_json()["map_at_64"] == outcome.metrics["map_at_64"]
    assert report.map_at_k.to_json() == outcome.metrics["map_at_64"]["min_r_k"]
    assert report.map_at_k_hits.to_json() == outcome.metrics["map_at_64"]["hits"]
    frame = report.to_frame()
    assert frame["min_r_k"].mean() == pytest.approx(report.map_at_k.value)
    assert workspace.evaluate("small", queries=data).to_json() == report.to_json()
    assert workspace.evaluate(outcome, exclude_strip=True).strip == "excluded"
    loose = write_dataset(tmp_path / "loose", 12)
    with pytest.raises(DataError, match="nothing to measure"):
        workspace.evaluate(workspace.index(outcome, loose))


def test_a_submitted_job_waits_in_the_queue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mirs_core.jobs import queue
    from mirs_core.jobs.kinds.train import Train

    lanes: list[str] = []
    monkeypatch.setattr(queue, "tend", lambda home, lane: lanes.append(lane))
    workspace = Workspace(tmp_path / "home")
    job_id = workspace.submit(Train(data=tmp_path / "tiles", preset="baseline"))
    (job,) = workspace.jobs()
    assert job.id == job_id and job.state == "queued" and len(lanes) == 1
    assert list(workspace.jobs().to_frame()["id"]) == [job_id]


def test_an_imported_folder_is_a_data_set(
    tmp_path: Path, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dataset(tmp_path / "one", 3)
    write_dataset(tmp_path / "two", 3, start=10)
    workspace = Workspace(tmp_path / "home")
    workspace.import_folder(tmp_path / "one")
    copy = workspace.import_folder(tmp_path / "one", copy=True)
    workspace.import_folder(tmp_path / "two", into=copy.manifest.root)
    sizes = {known.root: known.tiles for known in workspace.datasets()}
    assert sizes == {tmp_path / "one": 3, copy.manifest.root: 6}
    assert set(workspace.datasets().to_frame()["tiles"]) == {3, 6}
    with pytest.raises(ConfigError, match="not both"):
        workspace.import_folder(tmp_path / "two", copy=True, into=copy.manifest.root)
