"""The order of the house: imports point down, nothing goes in circles, importing stays cheap."""

import ast
import subprocess
import sys
from collections.abc import Iterator
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
Function = ast.FunctionDef | ast.AsyncFunctionDef
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


LINES_OF_A_FUNCTION, PARAMETERS, LINES_OF_A_FILE = 60, 8, 300

VAGUE_NAMES = {
    "asked", "found", "given", "kept", "known", "made", "one", "said", "shown", "taken", "told",
    "wanted",
}  # fmt: skip
"""Names that say nothing about what they hold."""


def functions(tree: ast.AST) -> Iterator[tuple[str, Function, bool]]:
    """Every function with its dotted name, and whether it is a class's constructor."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            for name, function, constructor in functions(node):
                yield f"{node.name}.{name}", function, constructor
        else:
            yield from functions(node)
        if isinstance(node, Function):
            yield node.name, node, isinstance(tree, ast.ClassDef) and node.name == "__init__"


def parameters(function: Function) -> int:
    """The number of parameters, without ``self`` and ``cls``."""
    arguments = function.args
    names = [a.arg for a in arguments.posonlyargs + arguments.args + arguments.kwonlyargs]
    stars = [arguments.vararg, arguments.kwarg]
    return len([n for n in names if n not in ("self", "cls")]) + sum(s is not None for s in stars)


def too_large(module: str, source: str) -> dict[str, tuple[int, int]]:
    """The functions over the limits, with their lines and parameters."""
    large = {}
    for name, function, constructor in functions(ast.parse(source)):
        lines = (function.end_lineno or 0) - function.lineno + 1
        count = 0 if constructor else parameters(function)
        if lines > LINES_OF_A_FUNCTION or count > PARAMETERS:
            large[f"{module}.{name}"] = (lines, count)
    return large


def vague_names(source: str) -> list[str]:
    """The vague names that a source assigns or takes as parameters."""
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append(node.id)
        elif isinstance(node, ast.arg):
            names.append(node.arg)
    return [name for name in names if name in VAGUE_NAMES]


def test_no_function_is_long_or_takes_many_parameters() -> None:
    for module, path in MODULES.items():
        for name, (lines, count) in too_large(module, path.read_text(encoding="utf-8")).items():
            assert lines <= LINES_OF_A_FUNCTION, f"{name} has {lines} lines"
            assert count <= PARAMETERS, f"{name} takes {count} parameters"


def test_no_file_is_long() -> None:
    for module, path in MODULES.items():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= LINES_OF_A_FILE, f"{module} has {lines} lines"


def test_no_name_is_vague() -> None:
    for module, path in MODULES.items():
        assert vague_names(path.read_text(encoding="utf-8")) == [], module


def test_the_limits_see_what_they_look_for() -> None:
    many = ", ".join(f"a{number}" for number in range(9))
    long = "def long():\n" + "    pass\n" * 60
    assert too_large("m", long) == {"m.long": (61, 0)}
    assert too_large("m", f"class A:\n    def f(self, {many}): ...\n") == {"m.A.f": (1, 9)}
    assert too_large("m", f"class A:\n    def __init__(self, {many}): ...\n") == {}
    assert too_large("m", f"if True:\n    def f({many}): ...\n") == {"m.f": (1, 9)}
    assert vague_names("found = 1\nfor one in []: pass\ndef f(told): print(made)") == [
        "found", "one", "told"
    ]  # fmt: skip
