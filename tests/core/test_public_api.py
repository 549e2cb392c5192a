"""The front door: what ``mirs_core`` promises, what it loads, and where it is documented."""

import ast
import inspect
import re
import subprocess
import sys

import pytest
from import_graph import ROOT, imported_names, sources

import mirs_core

FRONT_DOOR = ROOT / "mirs_core" / "__init__.py"
HEAVY = ("torch", "faiss", "umap", "streamlit", "pandas", "sklearn", "matplotlib")


@pytest.mark.parametrize("name", mirs_core.__all__)
def test_every_public_name_can_be_imported_and_has_a_docstring(name: str) -> None:
    value = getattr(mirs_core, name)
    if name == "__version__":
        assert re.fullmatch(r"\d+\.\d+\.\d+", value)
        return
    text = inspect.getdoc(value)
    # A dataclass without a docstring of its own has one made of its signature.
    assert text and len(text) > 20 and not text.startswith(f"{name}("), name


@pytest.mark.parametrize("name", sorted(set(mirs_core.__all__) - {"__version__"}))
def test_every_public_method_has_a_docstring(name: str) -> None:
    value = getattr(mirs_core, name)
    members = vars(value).items() if inspect.isclass(value) else ()
    for member, attribute in members:
        if not member.startswith("_") and (
            callable(attribute) or isinstance(attribute, property | classmethod | staticmethod)
        ):
            assert inspect.getdoc(getattr(value, member)), f"{name}.{member}"


def test_all_is_the_table_and_what_type_checkers_see() -> None:
    tree = ast.parse(FRONT_DOOR.read_text(encoding="utf-8"))
    seen = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mirs_core")
        for alias in node.names
    }
    assert set(mirs_core._MODULES) == seen == set(mirs_core.__all__) - {"__version__"}
    assert set(mirs_core.__all__) <= set(dir(mirs_core))


@pytest.mark.parametrize("name", sorted(mirs_core._MODULES))
def test_a_public_name_is_defined_where_the_table_says(name: str) -> None:
    assert getattr(mirs_core, name).__module__ == f"mirs_core.{mirs_core._MODULES[name]}"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Robot'"):
        _ = mirs_core.Robot


def test_submodules_can_still_be_imported_from_the_package() -> None:
    code = "from mirs_core import progress, errors; print(progress.silent('', 0, 0))"
    assert _output(code) == "None"


def _output(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    return done.stdout.strip()


def test_importing_the_package_loads_nothing_heavy() -> None:
    loaded = f"print([m for m in {HEAVY} if m in sys.modules])"
    assert _output(f"import sys, mirs_core; {loaded}") == "[]"
    assert _output(f"import sys; from mirs_core import MirsError, RunConfig; {loaded}") == "[]"


def test_no_room_goes_through_the_front_door() -> None:
    for name, path in sources().items():
        if name.startswith("mirs_core."):
            through = {n for n in imported_names(path) if n in _public()}
            assert not through, f"{name} imports {through}"


def _public() -> set[str]:
    return {f"mirs_core.{name}" for name in mirs_core._MODULES}


def test_the_reference_page_documents_every_public_name() -> None:
    page = ROOT / "docs" / "api.md"
    if not page.exists():
        pytest.skip("there is no docs/api.md")
    text = page.read_text(encoding="utf-8")
    documented = set(re.findall(r"^#+ `([A-Za-z_]+)", text, re.MULTILINE))
    assert documented == set(mirs_core.__all__) - {"__version__"}
