"""The page of the data sets, without a browser."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from archives import store_as_before
from fakes import write_dataset
from published import Published, domars, published
from streamlit.testing.v1 import AppTest

from mirs_core import jobs
from mirs_core.datasets import download
from mirs_core.datasets.stored_items import read_items
from mirs_core.jobs.kinds.data_prepare import Prepare
from mirs_core.pipeline import demo
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from pages.parts import job_card
from pages.shared import access

PAGE = "pages/data/data.py"
EVIL = "<script>alert(1)</script> ![i](http://x) **b**"
Open = Callable[..., AppTest]


pytestmark = pytest.mark.usefixtures("no_workers", "nothing_cached")


@pytest.fixture
def opened(home: Home, start: Any) -> Open:
    """Opens the page as a new session, on one of its parts."""

    def run(section: str = "here") -> AppTest:
        app: AppTest = start()
        app.query_params["section"] = section
        app.switch_page(PAGE).run()
        assert not app.exception
        return app

    return run


@pytest.fixture
def record(monkeypatch: pytest.MonkeyPatch) -> Iterator[Published]:
    """A record on this machine in place of the published one."""
    with published() as here:
        here.body = domars()
        monkeypatch.setattr(download, "DATA_SETS", {"domars16k": here.source(citation=EVIL)})
        yield here


def html(app: AppTest) -> str:
    return " ".join(item.proto.body for item in app.get("html"))


def press(app: AppTest, label: str) -> AppTest:
    button = next(one for one in app.button if one.label == label)
    button.click().run()
    assert not app.exception
    return app


def unfolded(app: AppTest) -> AppTest:
    """The page with the tray of jobs open, which is folded where all of them ended before."""
    app.button(key="mirs.queue.fold").click().run()
    assert not app.exception
    return app


def queued(home: Home) -> list[tuple[str, ...]]:
    return [job.args for job in jobs.list_jobs(home)]


def test_what_is_here_can_be_opened(opened: Open, home: Home) -> None:
    app = opened()
    assert "Synthetic Mars" in html(app) and "synthetic, not real imagery" in html(app)
    assert "180 tiles" in html(app) and "data set of the default model" in html(app)
    links = [link.proto.query_string for link in app.get("page_link") if link.proto.label == "Open"]
    assert links and links[0].startswith("data=synthetic-mars-")
    assert app.query_params["section"] == "here"


def test_licence_citation_and_size_come_before_a_download(
    opened: Open, home: Home, record: Published
) -> None:
    app = opened("published")
    press(app, "Download")
    said = html(app)
    assert "CC-BY-4.0" in said and "data.zip" in said and "GB needed" in said
    assert "<script>" not in said and "&lt;script&gt;" in said
    assert queued(home) == [] and record.asked == []
    press(app, "Download and train")
    folder = str(home.path / "data" / "domars16k")
    assert queued(home) == [("data", "prepare", "domars16k", folder, "--yes")]
    press(app, "Download")
    press(app, "Download only")
    assert len(queued(home)) == 1, "one job a data set"


def test_a_record_that_cannot_be_had_is_said_in_a_line(
    opened: Open, home: Home, record: Published
) -> None:
    record.record_status += [503] * 20
    app = press(opened("published"), "Download")
    assert [error.value for error in app.error] and "503" in app.error[0].value
    assert not any(one.label == "Download and train" for one in app.button)


def test_a_full_disk_is_seen_before_the_download(
    opened: Open, home: Home, record: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pages.data import published_sets

    monkeypatch.setattr(published_sets, "needed_space", lambda file: 10**18)
    app = press(opened("published"), "Download")
    assert "Not enough free space" in app.error[0].value
    assert all(one.disabled for one in app.button if one.label.startswith("Download "))


def test_a_folder_is_looked_at_and_imported(opened: Open, home: Home, tmp_path: Path) -> None:
    tiles = write_dataset(tmp_path / "my tiles", 5)
    (tiles / "notes.txt").write_text("a")
    app = opened("folder")
    app.text_input(key="mirs.folder.path").set_value(str(tiles)).run()
    assert any("1 file is not an image" in caption.value for caption in app.caption)
    assert "5 images" in html(app) and html(app).count("data:image/jpeg") >= 5
    app.text_input(key="mirs.folder.name").set_value("Mine").run()
    app.text_input(key="mirs.folder.licence").set_value("CC0").run()
    press(app, "Import")
    (args,) = queued(home)
    assert args[:3] == ("data", "import", str(tiles)) and "--copy" not in args
    assert {"--name=Mine", "--licence=CC0", "--archive=demo-mirs"} <= set(args)
    # What follows is a choice.
    app.radio(key="mirs.folder.then").set_value("Import only").run()
    assert not app.exception


def test_folders_that_are_none_are_refused(opened: Open, tmp_path: Path) -> None:
    for typed in (str(tmp_path / "nowhere"), "/etc/passwd", "a\0b"):
        app = opened("folder")
        app.text_input(key="mirs.folder.path").set_value(typed).run()
        assert not app.exception and "No such folder" in app.error[0].value
    (tmp_path / "empty").mkdir()
    app = opened("folder")
    app.text_input(key="mirs.folder.path").set_value(str(tmp_path / "empty")).run()
    assert "contains no images" in app.warning[0].value


def test_strangers_bring_nothing_in(
    opened: Open, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "is_private", lambda: False)
    for section in ("published", "folder", "strip"):
        app = opened(section)
        assert "is disabled" in app.info[0].value and not app.text_input
    (home.path / "demo.json").unlink(missing_ok=True)
    monkeypatch.setattr(demo, "is_complete", lambda home: False)
    submitted = jobs.submit_once(home, Prepare(name="/secret/set"), EVIL, key=f"{jobs.DATA}-x")
    app = opened("here")
    assert submitted and "&lt;script&gt;" in html(app)
    assert {button.key for button in app.button} == {"mirs-keys", "mirs.queue.fold"}
    assert str(home) not in html(app) and "/secret" not in html(app)


def test_two_folders_of_one_name_are_two_jobs_and_a_second_click_is_none(
    opened: Open, home: Home, tmp_path: Path
) -> None:
    for place in ("here", "there", "there"):
        folder = tmp_path / place / EVIL.replace("/", ":") / "tiles"
        if not folder.exists():
            write_dataset(folder, 1)
        app = opened("folder")
        app.text_input(key="mirs.folder.path").set_value(str(folder)).run()
        press(app, "Import")
    folders = [args[2] for args in queued(home)]
    assert sorted(Path(one).parts[-3] for one in folders) == ["here", "there"]


def test_names_of_folders_and_rasters_are_no_markdown(
    opened: Open, home: Home, tmp_path: Path
) -> None:
    name = "![i](http:evil) **b**"
    write_dataset(tmp_path / "own" / name, 1)
    app = opened("folder")
    app.text_input(key="mirs.folder.path").set_value(str(tmp_path / "own")).run()
    assert not app.checkbox, "one folder is no choice of classes"
    write_dataset(tmp_path / "own" / "other", 1, start=9)
    app = opened("folder")
    app.text_input(key="mirs.folder.path").set_value(str(tmp_path / "own")).run()
    box = app.checkbox(key="mirs.folder.classes")
    assert box.proto.help.startswith("\\!\\[i\\]")
    path = raster(tmp_path / f"{name}.tif")
    app = opened("strip")
    app.text_input(key="mirs.strip.path").set_value(str(path)).run()
    captions = [one.caption for image in app.get("image") for one in image.proto.imgs]
    assert captions and captions[0].startswith("\\!\\[i\\]")


def test_merging_of_labels_is_offered_where_there_can_be_labels(
    opened: Open, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    specs: list[Any] = []
    monkeypatch.setattr(jobs, "submit_once", lambda home, spec, *args, **more: specs.append(spec))
    write_dataset(tmp_path / "own", 1)
    app = opened("folder")
    app.text_input(key="mirs.folder.path").set_value(str(tmp_path / "own")).run()
    assert not app.checkbox
    table = tmp_path / "t.csv"
    table.write_text("file,label\ntile_0000.png,dune\n")
    app.text_input(key="mirs.folder.table").set_value(str(table)).run()
    app.checkbox(key="mirs.folder.merge").check().run()
    next(button for button in app.button if button.label == "Import").click().run()
    assert specs[0].merge_labels and specs[0].table == table


def test_how_a_table_was_read_is_said(opened: Open) -> None:
    job = SimpleNamespace(
        key=f"{jobs.DATA}-x", result={"table": {"described": "UTF-16, separated by tabs"}}
    )
    assert job_card._remarks(job) == ["Table read as: UTF-16, separated by tabs"]  # type: ignore[arg-type]


def test_what_an_import_could_not_place_is_said(opened: Open, home: Home) -> None:
    from fakes import write_job

    folder = home.path / "jobs" / "job-20260101-000000-abcdef"
    write_job(folder, key=f"{jobs.DATA}-x", title="Import")
    (folder / "ended.json").write_text(json.dumps({"state": "done", "seconds": 2.0}))
    (folder / "process.json").write_text(json.dumps({"pid": 1, "started": 0}))
    result = {
        "unmatched": [EVIL], "unmatched_rows": 1, "notes": ["Look twice."], "warnings": 5,
        "unreadable": [{"path": "bad.png", "why": "x"}, 3],
    }  # fmt: skip
    (folder / "result.json").write_text(json.dumps(result))
    said = [one.value for one in unfolded(opened()).caption]
    assert "Look twice." in said and "Files left out\\: 2 \\(bad.png\\)" in said
    (rows,) = [one for one in said if "Rows of the table" in one]
    assert "without a file\\: 1" in rows and "<script>" not in rows


def test_a_job_that_made_archives_leads_to_them(opened: Open, home: Home) -> None:
    from fakes import write_job

    folder = home.path / "jobs" / "job-20260101-000000-abcdef"
    write_job(folder, key=f"{jobs.DATA}-x", title=EVIL)
    (folder / "ended.json").write_text(json.dumps({"state": "done", "seconds": 2.0}))
    (folder / "process.json").write_text(json.dumps({"pid": 1, "started": 0}))
    (folder / "result.json").write_text(json.dumps({"runs": ["demo-mirs", 5]}))
    app = unfolded(opened())
    assert "<script>" not in html(app)
    links = [link.proto for link in app.get("page_link") if link.proto.label == "Open in Explore"]
    assert [link.query_string for link in links] == ["models=demo-mirs"]


def test_a_machine_without_anything_can_bring_data_in(
    start: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRS_HOME", str(tmp_path / "new"))
    app: AppTest = start()
    app.switch_page(PAGE).run()
    assert not app.exception and "No data sets yet" in app.info[0].value
    press(app, "Build the demo")
    assert runs.list_runs(Home(tmp_path / "new")) == []
    assert ("demo",) in queued(Home(tmp_path / "new"))


def raster(path: Path, crs: str | None = "IAU_2015:49910", turn: float = 0.0) -> Path:
    """A GeoTIFF of 700 x 500 pixels of 6 m, turned by an angle."""
    import numpy as np
    import rasterio
    from rasterio.crs import CRS
    from rasterio.transform import from_origin

    values = np.random.default_rng(0).integers(1, 255, (500, 700), dtype=np.uint8)
    about: dict[str, Any] = {"crs": CRS.from_user_input(crs)} if crs else {}
    with rasterio.open(
        path, "w", driver="GTiff", width=700, height=500, count=1, dtype="uint8",
        transform=from_origin(4_500_000, 1_000_000, 6, 6) @ rasterio.Affine.rotation(turn), **about,
    ) as made:  # fmt: skip
        made.write(values, 1)
    return path


def test_a_strip_is_looked_at_and_cut(opened: Open, home: Home, tmp_path: Path) -> None:
    path = raster(tmp_path / "a strip.tif")
    app = opened("strip")
    app.text_input(key="mirs.strip.path").set_value(str(path)).run()
    assert not app.exception and not app.error
    # 700 x 500 pixels of 6 m hold 3 x 2 squares of 1,200 m.
    assert "700 x 500 px" in html(app) and "6 tiles of 200 px, 1,200 m across" in html(app)
    app.select_slider(key="mirs.strip.overlap").set_value(50).run()
    assert "24 tiles of" in html(app)
    press(app, "Cut into tiles")
    (args,) = queued(home)
    assert args[:4] == ("data", "tile", str(path), f"--out={home.path / 'data' / 'a-strip'}")
    assert {"--metres=1200.0", "--stride=100", "--archive=demo-mirs"} <= set(args)
    assert "--virtual" not in args


def test_tiles_can_stay_in_the_raster(opened: Open, home: Home, tmp_path: Path) -> None:
    app = opened("strip")
    app.text_input(key="mirs.strip.path").set_value(str(raster(tmp_path / "S.tif"))).run()
    box = app.checkbox(key="mirs.strip.virtual")
    assert box.label == "Keep tiles in the raster (no image files)" and not box.value
    assert any("The tiles will be saved" in one.value for one in app.caption)
    box.check().run()
    assert any("The list of tiles will be saved" in one.value for one in app.caption)
    press(app, "Cut into tiles")
    (args,) = queued(home)
    assert "--virtual" in args


def test_what_is_peculiar_about_a_strip_is_said_and_can_be_overruled(
    opened: Open, home: Home, tmp_path: Path
) -> None:
    path = raster(tmp_path / "ESP_012345_1000_RED.tif", "IAU_2015:49912", turn=10)
    app = opened("strip")
    app.text_input(key="mirs.strip.path").set_value(str(path)).run()
    assert not app.exception and not app.error
    told = " ".join(note.value for note in app.info)
    assert "rotated; it was warped" in told and "taken as planetographic" in told
    assert "tells 80.0° S" in app.warning[0].value
    assert next(one for one in app.button if one.label == "Cut into tiles").disabled
    app.checkbox(key="mirs.strip.ignore_name").check().run()
    app.segmented_control(key="mirs.strip.latitude").set_value("planetocentric").run()
    press(app, "Cut into tiles")
    (args,) = queued(home)
    assert {"--latitude=planetocentric", "--ignore-name"} <= set(args)


def test_rasters_that_are_not_of_mars_are_refused_in_a_line(opened: Open, tmp_path: Path) -> None:
    for crs, word in ((None, "no coordinate system"), ("EPSG:32633", "not Mars")):
        path = raster(tmp_path / f"{crs}.tif".replace(":", ""), crs)
        app = opened("strip")
        app.text_input(key="mirs.strip.path").set_value(str(path)).run()
        assert not app.exception and word in app.error[0].value
        assert not any(one.label == "Cut into tiles" for one in app.button)


def test_an_archive_is_changed_by_jobs(opened: Open, home: Home, tmp_path: Path) -> None:
    from mirs_core.workspace import collections
    from mirs_core.workspace.collections import CollectedTile

    app = opened()
    app.session_state["mirs.archive.folder"] = str(tmp_path)
    press(app, "Edit or export archive")
    archive = app.selectbox[-1].value
    press(app, "Check files")
    assert queued(home) == [("archive", "check", f"--run={archive}")]
    press(app, "Edit or export archive")
    assert not [button for button in app.button if button.label == "Compact"]
    store_as_before(home.runs / archive)
    press(press(app, "Edit or export archive"), "Compact")
    assert ("archive", "compact", f"--run={archive}") in queued(home)
    press(app, "Edit or export archive")
    press(app, "Add tiles")
    assert ("archive", "add", f"--run={archive}", f"--data={tmp_path}") in queued(home)
    items = read_items(runs.folder(home, archive)).to_json()
    tiles = [CollectedTile(tile, "x") for tile in items["ids"][:2]]
    made = collections.create(home, "Out", "any", "Any", True)
    collections.add(home, made.id, [*tiles, CollectedTile("gone.jpg", "x")])
    press(press(app, "Edit or export archive"), "Remove 2")
    wanted = tuple(f"--tile={kept.id}" for kept in tiles)
    assert ("archive", "remove", f"--run={archive}", *wanted) in queued(home)
