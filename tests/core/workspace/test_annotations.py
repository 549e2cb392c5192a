"""Name, tags and notes of a run, beside its read-only folder."""

from pathlib import Path

import pytest

from mirs_core.config import presets
from mirs_core.errors import RunError
from mirs_core.workspace import annotations, runs
from mirs_core.workspace.annotations import Annotation
from mirs_core.workspace.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = presets.from_preset("mirs", data="/nowhere")
    run = runs.create(Home(tmp_path), made, run_id="a-run", provenance={"data_name": "d"})
    run.set_status("done")
    return Home(tmp_path)


def only(home: Home) -> runs.RunSummary:
    (found,) = runs.list_runs(home)
    return found


def test_a_run_without_a_word_keeps_the_name_it_was_made_with(home: Home) -> None:
    assert annotations.read(home, "a-run") == Annotation()
    assert (only(home).name, only(home).tags) == ("a-run", ())


def test_what_is_said_is_shown_and_the_run_itself_stays_as_it_is(home: Home) -> None:
    before = {path.name: path.read_bytes() for path in (home.path / "runs" / "a-run").iterdir()}
    annotations.change(home, "a-run", name="  Craters Ω  ", tags=["good", "Good ", "for poster"])
    annotations.change(home, "a-run", notes="two\r\nlines")
    assert annotations.read(home, "a-run") == Annotation(
        "Craters Ω", ("Good", "for poster"), "two\nlines"
    )
    assert (only(home).name, only(home).tags) == ("Craters Ω", ("Good", "for poster"))
    after = {path.name: path.read_bytes() for path in (home.path / "runs" / "a-run").iterdir()}
    assert after == before


def test_nothing_said_leaves_no_file(home: Home) -> None:
    annotations.change(home, "a-run", name="x")
    annotations.change(home, "a-run", name=" ")
    assert only(home).name == "a-run"
    assert list((home.path / "annotations").iterdir()) == []


@pytest.mark.parametrize(
    "values",
    [
        {"name": "a" * 81},
        {"name": "two\nlines"},
        {"name": "bell\a"},
        {"name": "half \ud800"},
        {"name": "safe\u202egnp.exe"},
        {"tags": ["b" * 33]},
        {"tags": ["a\x00"]},
        {"tags": ["a,b"]},
        {"tags": [f"tag {n}" for n in range(13)]},
        {"notes": "c" * 4001},
        {"notes": "\x1b[31mred"},
    ],
)
def test_too_much_and_control_characters_are_refused(home: Home, values: dict[str, object]) -> None:
    annotations.change(home, "a-run", name="before")
    with pytest.raises(RunError):
        annotations.change(home, "a-run", **values)  # type: ignore[arg-type]
    assert annotations.read(home, "a-run") == Annotation("before")


@pytest.mark.parametrize("run_id", ["other", "../a-run", "", ".."])
def test_only_runs_can_be_spoken_of(home: Home, run_id: str) -> None:
    with pytest.raises(RunError, match="There is no run"):
        annotations.change(home, run_id, name="x")


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "{}", '{"name": 1, "tags": [], "notes": ""}',
     '{"name": "", "tags": 3, "notes": ""}', '{"name": "", "tags": [1], "notes": ""}',
     '{"name": "a\\u0007", "tags": [], "notes": ""}'],
)  # fmt: skip
def test_a_damaged_annotation_hides_no_run(home: Home, text: str) -> None:
    path = home.path / "annotations" / "a-run.json"
    path.parent.mkdir()
    path.write_text(text)
    assert (only(home).state, only(home).name) == ("done", "a-run")
    annotations.change(home, "a-run", name="again")
    assert only(home).name == "again"


def test_a_deleted_run_leaves_no_word_for_the_next_of_its_id(home: Home) -> None:
    annotations.change(home, "a-run", name="x")
    runs.delete(home, "a-run")
    assert list((home.path / "annotations").iterdir()) == []
