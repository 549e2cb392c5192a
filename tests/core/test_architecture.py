"""The order of the house: an import may only point down, and importing the package stays cheap."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

LAYERS: list[set[str]] = [
    # words
    {
        "errors",
        "progress",
        "files",
        "processes",
        "devices",
        "provenance",
        "config",
        "relevance",
        "differences",
        "presets",
    }
    | {"landforms", "observations", "tables", "geography", "nomenclature"},
    # mathematics
    {"codes", "metrics", "refine", "mining", "whitening", "losses", "clusters", "density"}
    | {"covariances", "votes"},
    # parts
    {
        "data",
        "encoders",
        "model",
        "baseline",
        "pca_sign",
        "objective",
        "items",
        "filters",
        "near_duplicates",
        "footprints",
        "checkpoints",
        "basemap",
    },
    # procedures
    {"features", "training", "archive", "projection"},
    # records
    {"runs", "evaluation", "retriever", "lineup", "diagnostics", "neighbourhoods", "standings"}
    | {"code_clusters", "code_bits", "overlaps", "spread"}
    | {"annotations", "collected", "bin", "epochs", "transfer", "model_card", "run_comparison"}
    | {"fetching", "known_data"},
    # recipe
    {"pipeline", "sources", "encoding", "fitting", "assembly", "finetuning"}
    | {
        "estimate",
        "sweeps",
        "indexing",
        "importing",
        "growing",
        "interchange",
        "preview",
        "queries",
        "search",
        "exports",
        "mapping",
        "landform_map",
        "attention",
        "similarity",
        "latency",
        "comparison",
        "preparing",
        "demo",
        "reproduction",
        "strips",
        "domains",
    },
    {"jobs"},
    {"bench"},
    {"cli"},
    {"worker"},
]
WORDS_OF_SETTINGS = {"config", "presets", "relevance", "differences"}
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}


def modules() -> list[Path]:
    return sorted((ROOT / "mirs_core").rglob("*.py"))


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def place_of(path: Path) -> str:
    return path.relative_to(ROOT / "mirs_core").parts[0].removesuffix(".py")


def test_every_module_has_a_layer() -> None:
    places = {place_of(path) for path in modules()} - {"__init__", "__main__"}
    assert places == set(LEVEL)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    own = place_of(path)
    if own in {"__init__", "__main__"}:
        return
    for name in imports_of(path):
        if name.startswith("mirs_core."):
            other = name.split(".")[1]
            if other in LEVEL and other != own:
                assert LEVEL[other] <= LEVEL[own], f"{own} imports {other}, which stands above it"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_the_library_knows_no_streamlit(path: Path) -> None:
    assert not any(name.split(".")[0] in {"streamlit", "pages"} for name in imports_of(path))


def test_config_is_unpacked_above_the_procedures_only() -> None:
    for path in modules():
        if LEVEL.get(place_of(path), 99) <= 3 and place_of(path) not in WORDS_OF_SETTINGS:
            assert not any(n.startswith("mirs_core.config") for n in imports_of(path)), path


def test_no_script_stands_directly_in_pages() -> None:
    assert [path.name for path in (ROOT / "pages").glob("*.py")] == ["__init__.py"]


def test_importing_the_package_is_cheap() -> None:
    code = (
        "import sys, mirs_core, mirs_core.config, mirs_core.errors;"
        "print([m for m in ('torch', 'faiss', 'umap', 'streamlit') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.strip() == "[]"
