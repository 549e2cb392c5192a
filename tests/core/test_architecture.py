"""The order of the house: imports point down, nothing goes in circles, importing stays cheap."""

import subprocess
import sys
from pathlib import Path

import pytest
from import_graph import (
    ORDER,
    ROOT,
    circles,
    graph_of_files,
    graph_of_rooms,
    imported_names,
    room_of,
    sources,
    upward,
)

MODULES = sources()
BELOW_CONFIGURATION = ORDER[: ORDER.index("mirs_core.encoders")]
LOOSE = {"errors", "files", "progress"}


def library() -> list[str]:
    return [name for name in MODULES if name.startswith("mirs_core")]


def test_every_file_stands_in_a_room_that_the_order_names() -> None:
    rooms = {room for name in MODULES if (room := room_of(name)) is not None}
    assert rooms == set(ORDER)


def test_no_loose_modules_but_the_ground_floor() -> None:
    loose = {path.stem for path in (ROOT / "mirs_core").glob("*.py")}
    assert loose - {"__init__", "__main__"} == LOOSE


def test_every_room_says_what_lives_there() -> None:
    for room in ORDER:
        path = MODULES[room]
        if room.startswith("mirs_core.") and path.name == "__init__.py":
            assert path.read_text(encoding="utf-8").startswith('"""'), room


def test_imports_point_down() -> None:
    assert upward(graph_of_files()) == []


def test_no_two_files_import_each_other_on_any_way_round() -> None:
    assert circles(graph_of_files()) == []


def test_no_circle_between_rooms() -> None:
    assert circles(graph_of_rooms(graph_of_files())) == []


def test_the_checks_see_what_they_look_for() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []
    low, high = "mirs_core.ranking.codes", "mirs_core.cli.runs"
    assert upward({low: {high}, high: {low}}) == [f"{low} imports {high}"]


@pytest.mark.parametrize("name", library())
def test_the_library_knows_no_streamlit(name: str) -> None:
    names = {imported.split(".")[0] for imported in imported_names(MODULES[name])}
    assert not names & {"streamlit", "pages"}


def test_config_is_unpacked_above_the_procedures_only() -> None:
    for name in library():
        room = room_of(name)
        if room in BELOW_CONFIGURATION and room not in ("mirs_core.config", "mirs_core.workspace"):
            imported = imported_names(MODULES[name])
            assert not any(n.startswith("mirs_core.config") for n in imported), name


def test_no_script_stands_directly_in_pages() -> None:
    assert [path.name for path in (ROOT / "pages").glob("*.py")] == ["__init__.py"]


def test_importing_the_package_is_cheap() -> None:
    code = (
        "import sys, mirs_core, mirs_core.config.settings, mirs_core.errors;"
        "print([m for m in ('torch', 'faiss', 'umap', 'streamlit') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.strip() == "[]"


def test_tests_mirror_the_rooms() -> None:
    rooms = {room.partition(".")[2] for room in ORDER if room.startswith("mirs_core.")} - LOOSE
    folders = {path.name for path in Path(__file__).parent.iterdir() if path.is_dir()}
    assert {name for name in folders if not name.startswith("_")} == rooms
