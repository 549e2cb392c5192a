"""The page that imports a folder: a table is looked at, corrected, and imported as it was seen."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fakes import write_dataset
from streamlit.testing.v1 import AppTest

from mirs_core import jobs
from mirs_core.errors import DataError
from mirs_core.workspace.home import Home

PAGE = "pages/data/data.py"
EVIL = "<img src=x onerror=alert(1)> **b**"


pytestmark = pytest.mark.usefixtures("no_workers", "nothing_cached")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "own", 6)


@pytest.fixture
def opened(tmp_path: Path, own: Path, start: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Opens the form of the folder with a table of this text."""
    monkeypatch.setenv("MIRS_HOME", str(tmp_path / "new"))

    def run(text: str | bytes, name: str = "t.csv") -> AppTest:
        table = tmp_path / name
        table.write_bytes(text if isinstance(text, bytes) else text.encode())
        app: AppTest = start()
        app.query_params["section"] = "folder"
        app.switch_page(PAGE).run()
        app.text_input(key="mirs.folder.path").set_value(str(own)).run()
        app.text_input(key="mirs.folder.table").set_value(str(table)).run()
        assert not app.exception
        return app

    return run


def queued() -> list[jobs.Job]:
    """The jobs of this page; the first page of the app has queued that of the demo."""
    return [job for job in jobs.list_jobs(Home.current()) if job.key.startswith(jobs.DATA)]


def html(app: AppTest) -> str:
    return " ".join(item.proto.body for item in app.get("html"))


def button(app: AppTest, label: str = "Import") -> Any:
    return next(one for one in app.button if one.label == label)


def chooser(app: AppTest, label: str) -> Any:
    return next(one for one in app.selectbox if one.label == label)


def imported(app: AppTest) -> tuple[str, ...]:
    button(app).click().run()
    assert not app.exception
    (job,) = queued()
    return job.args


def test_a_table_is_seen_before_anything_happens(opened: Callable[..., AppTest]) -> None:
    lines = "".join(f"tile_000{n}.png;Dune {n % 2};-4,5;1,5\n" for n in range(5))
    app = opened("\ufeffDatei;Label;Lat;Lon\n" + lines + "gone.png;x;1;2\ntile_0005.png;x;99;2\n")
    said = html(app)
    assert "UTF-8, separated by semicolons · 4 columns" in said
    assert "5 of 7 rows belong to a tile · decimal commas" in said and "1 left out" in said
    assert said.count("data:image/jpeg") >= 6 + 5, "each row beside its tile"
    assert "<td>Dune 1</td><td>-4.5</td><td>1.5</td>" in said
    (warning,) = [w.value for w in app.warning]
    assert "line 8" in warning and "latitude" in warning and "gone.png" in warning
    assert chooser(app, "File").value == "Datei" and chooser(app, "Label").value == "Label"
    assert queued() == []
    args = imported(app)
    assert "--column=path=Datei" in args and any(a.startswith("--table=") for a in args)


def test_what_was_recognised_wrongly_is_corrected(opened: Callable[..., AppTest]) -> None:
    lines = "".join(f"tile_000{n}.png,note {n},dune\n" for n in range(6))
    app = opened("file,label,landform\n" + lines)
    assert "<td>note 0</td>" in html(app)
    chooser(app, "Label").set_value("landform").run()
    assert "<td>dune</td>" in html(app) and "1 label<" in html(app)
    assert "--column=label=landform" in imported(app)


def test_a_landform_is_a_label_and_what_is_not_read_is_named(
    opened: Callable[..., AppTest],
) -> None:
    lines = "".join(f"tile_000{n}.png;dune;seen {n}\n" for n in range(6))
    app = opened("Datei;Landform;Bemerkung\n" + lines)
    assert chooser(app, "Label").value == "Landform" and "<td>dune</td>" in html(app)
    assert any("not read" in c.value and "Bemerkung" in c.value for c in app.caption)


def test_the_encoding_is_corrected(opened: Callable[..., AppTest]) -> None:
    lines = "".join(f"tile_000{n}.png,дюна\n" for n in range(6))
    app = opened(("file,label\n" + lines).encode("cp1251"))
    chooser(app, "Encoding").set_value("cp1251").run()
    assert "<td>дюна</td>" in html(app)
    assert "--encoding=cp1251" in imported(app)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a,b\n1,2\n", "which file a row refers to"),
        ("file\n" + "x.png\n" * 3, "match no file"),
        ('file\n"tile', "never closed"),
        ("", "which file a row refers to"),
    ],
    ids=["no-path", "no-match", "quote", "empty"],
)
def test_a_table_that_cannot_be_imported_is_refused_where_one_is_looking(
    opened: Callable[..., AppTest], text: str, why: str
) -> None:
    app = opened(text)
    assert any(why in error.value.replace("\\", "") for error in app.error)
    assert button(app).disabled


def test_spellings_are_named_where_merging_is_offered(opened: Callable[..., AppTest]) -> None:
    labels = ["Dune Field", "Dune Field", "dune_field", "pit", "pit", "Pit"]
    app = opened("file,label\n" + "".join(f"tile_000{n}.png,{v}\n" for n, v in enumerate(labels)))
    assert app.checkbox(key="mirs.folder.merge").label == "Merge spellings of one label (2 found)"
    told = " ".join(caption.value.replace("\\", "") for caption in app.caption)
    assert "Dune Field (2) + dune_field (1) → Dune Field" in told
    app.checkbox(key="mirs.folder.merge").check().run()
    app.checkbox(key="mirs.folder.split").check().run()
    app.number_input(key="mirs.folder.seed").set_value(5).run()
    args = imported(app)
    assert "--merge-labels" in args and "--split=5" in args and "--split-by-strip" not in args


def test_a_table_of_a_stranger_brings_nothing_in(opened: Callable[..., AppTest]) -> None:
    rows = "".join(f"tile_000{n}.png,{EVIL}\n" for n in range(5))
    app = opened(f"file,label\n{rows}{EVIL},{EVIL}\n")
    assert "<img src=x" not in html(app) and "&lt;img src=x" in html(app)
    assert not any("**b**" in warning.value for warning in app.warning)


def test_what_became_of_the_click_stands_below_the_button(
    opened: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = opened("file,label\ntile_0000.png,dune\n")
    imported(app)
    assert 'role="status">Import own: queued' in html(app)

    def full(*_: Any, **__: Any) -> str:
        raise DataError("The disk is full.")

    monkeypatch.setattr(jobs, "submit_once", full)
    button(app).click().run()
    assert [e.value.replace("\\", "") for e in app.error] == ["The disk is full."]
