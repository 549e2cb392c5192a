"""The import graph of the code, read from its syntax trees: files, rooms, and circles among them.

``python tests/import_graph.py`` prints the rooms in their order with the arrows between them.
"""

import ast
import functools
import statistics
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

ORDER = (
    "mirs_core.errors",
    "mirs_core.progress",
    "mirs_core.files",
    "mirs_core.system",
    "mirs_core.config",
    "mirs_core.mars",
    "mirs_core.workspace",
    "mirs_core.columns",
    "mirs_core.datasets",
    "mirs_core.ranking",
    "mirs_core.hashing",
    "mirs_core.encoders",
    "mirs_core.retrieval",
    "mirs_core.evaluation",
    "mirs_core.pipeline",
    "mirs_core.experiments",
    "mirs_core.hash_space",
    "mirs_core.landform_map",
    "mirs_core.exchange",
    "mirs_core.jobs",
    "mirs_core.api",
    "mirs_core.cli",
    "pages.components",
    "pages.shared",
    "pages.parts",
    "pages.search",
    "pages.space",
    "pages.map",
    "pages.evaluate",
    "pages.train",
    "pages.runs",
    "pages.data",
    "pages.review",
    "app",
    "benchmarks",
)
"""The rooms from the ground up: a file may import from its own room and from those before it."""

Graph = dict[str, set[str]]


def sources() -> dict[str, Path]:
    """Every module of the library, the app and the benchmarks, by its dotted name."""
    paths = [ROOT / "app.py"]
    for folder in ("mirs_core", "pages", "benchmarks"):
        paths += sorted((ROOT / folder).rglob("*.py"))
    return {_name(path): path for path in paths}


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_names(path: Path) -> set[str]:
    """Dotted names that a file imports, on whatever line; ``from a import b`` gives a and a.b."""
    names: set[str] = set()
    for node in _imports(path):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif node.module:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@functools.cache
def _imports(path: Path) -> tuple[ast.Import | ast.ImportFrom, ...]:
    """The import statements of a file; parsed once, because every pair of files is looked at."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return tuple(n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom))


def graph_of_files() -> Graph:
    """Which module imports which; ``from a import b`` leads to a.b where that is a module."""
    modules = sources()
    graph: Graph = {}
    for name, path in modules.items():
        # The front door loads nothing by itself: what it names for type checkers are no imports.
        names = set() if name == "mirs_core" else imported_names(path)
        # ``from package import module`` needs the module, not all that the package re-exports.
        through = {n.rpartition(".")[0] for n in names if n in modules} - {
            m for m in modules if _takes_more_than_modules(path, m, modules)
        }
        graph[name] = {n for n in names if n in modules and n not in through} - {name}
    return graph


def _takes_more_than_modules(path: Path, package: str, modules: Mapping[str, Path]) -> bool:
    for node in _imports(path):
        if isinstance(node, ast.Import) and any(a.name == package for a in node.names):
            return True
        if isinstance(node, ast.ImportFrom) and node.module == package:
            taken = {f"{package}.{alias.name}" for alias in node.names}
            if taken - set(modules):
                return True
    return False


def room_of(module: str) -> str | None:
    """The room that a module stands in; None for the packages' own front doors."""
    if module in ("mirs_core", "mirs_core.__main__", "pages"):
        return None
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] in ("mirs_core", "pages") else parts[0]


def graph_of_rooms(files: Mapping[str, Iterable[str]]) -> Graph:
    """Which room imports from which other one."""
    rooms: Graph = {}
    for module, imported in files.items():
        if (room := room_of(module)) is None:
            continue
        others = {other for name in imported if (other := room_of(name)) not in (None, room)}
        rooms.setdefault(room, set()).update(o for o in others if o)
    return rooms


def upward(files: Mapping[str, Iterable[str]]) -> list[str]:
    """Imports that lead up, or to a room that the order does not name."""
    place = {room: number for number, room in enumerate(ORDER)}
    wrong = []
    for module, imported in sorted(files.items()):
        room = room_of(module)
        for name in sorted(imported):
            other = room_of(name)
            if room is None or other is None or room == other:
                continue
            if place.get(other, len(ORDER)) >= place.get(room, -1):
                wrong.append(f"{module} imports {name}")
    return wrong


def circles(graph: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Groups of modules that reach each other (Tarjan's strongly connected components)."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []

    def visit(module: str) -> None:
        number[module] = lowest[module] = len(number)
        stack.append(module)
        for other in graph.get(module, ()):
            if other not in number:
                visit(other)
                lowest[module] = min(lowest[module], lowest[other])
            elif other in stack:
                lowest[module] = min(lowest[module], number[other])
        if lowest[module] == number[module]:
            place = stack.index(module)
            group = stack[place:]
            del stack[place:]
            if len(group) > 1:
                groups.append(sorted(group))

    for module in graph:
        if module not in number:
            visit(module)
    return groups


def main() -> None:
    """Prints the rooms with their arrows, and how long files are."""
    files = graph_of_files()
    rooms = graph_of_rooms(files)
    for room in ORDER:
        arrows = ", ".join(o.removeprefix("mirs_core.") for o in ORDER if o in rooms.get(room, ()))
        print(f"{room:26} -> {arrows or '-'}")
    lengths = {m: len(p.read_text(encoding="utf-8").splitlines()) for m, p in sources().items()}
    counts = [n for m, n in lengths.items() if not sources()[m].name.startswith("__init__")]
    longest = max(lengths, key=lambda module: lengths[module])
    print(f"\n{len(rooms)} rooms, {sum(map(len, rooms.values()))} arrows between them")
    print(f"{len(upward(files))} imports lead up, {len(circles(files))} circles")
    print(f"{len(counts)} files, median {statistics.median(counts):.0f} lines, longest {longest}:"
          f" {lengths[longest]}")  # fmt: skip
    for line in [*upward(files), *map(str, circles(files))]:
        print("!", line)


if __name__ == "__main__":
    main()
