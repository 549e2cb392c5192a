"""The wheel: what a person gets who has no checkout of the repository."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("setuptools")

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("mirs_core", "pages", "assets", ".streamlit", "benchmarks", "tests")
FILES = (
    "app.py", "setup.py", "pyproject.toml", "README.md", "LICENSE", "requirements.txt",
    "requirements-timm.txt", "requirements-ray.txt",
)  # fmt: skip
BUILD = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a copy of the checkout, as ``pip install .`` builds it."""
    copy, out = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("wheel")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, copy / name)
    for name in FILES:
        shutil.copy(ROOT / name, copy / name)
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(out)], cwd=copy, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    (path,) = out.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked wheel, which is what an installation puts into site-packages."""
    folder = tmp_path_factory.mktemp("site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def mirs(installed: Path, cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mirs_core", *words], cwd=cwd, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(installed)}, check=False,
    )  # fmt: skip


def test_the_wheel_holds_library_and_app_and_nothing_else(installed: Path) -> None:
    top = {path.name for path in installed.iterdir()}
    assert {name for name in top if not name.endswith(".dist-info")} == {"mirs_core"}
    app = installed / "mirs_core" / "_app"
    assert {path.name for path in app.iterdir()} == {"app.py", "pages", "assets", ".streamlit"}
    for name in (".streamlit/config.toml", "assets/mark.svg", "pages/shared/theme.css"):
        assert (app / name).read_bytes() == (ROOT / name).read_bytes()
    assert not [*installed.rglob("__pycache__"), *installed.rglob("test_*.py")]


@pytest.mark.parametrize("folder", ["pages", "mirs_core", "assets/vendor", "assets/mars"])
def test_no_file_is_forgotten(installed: Path, folder: str) -> None:
    def files(root: Path) -> set[str]:
        paths = (path for path in root.rglob("*") if path.is_file() and "_app" not in path.parts)
        return {p.relative_to(root).as_posix() for p in paths if p.suffix != ".pyc"}

    root = installed if folder == "mirs_core" else installed / "mirs_core" / "_app"
    if folder == "mirs_core":
        assert files(root / folder) >= files(ROOT / folder)
        return
    built = {path.relative_to(root / folder).as_posix() for path in (root / folder).rglob("*")}
    assert built >= files(ROOT / folder)


def test_the_wheel_brings_the_command_and_the_extras(installed: Path) -> None:
    (info,) = installed.glob("*.dist-info")
    assert "mirs = mirs_core.__main__:main" in (info / "entry_points.txt").read_text()
    about = (info / "METADATA").read_text()
    assert [line for line in about.splitlines() if line.startswith("Provides-Extra")] == [
        "Provides-Extra: timm", "Provides-Extra: ray", "Provides-Extra: dev",
    ]  # fmt: skip
    assert 'Requires-Dist: timm>=1.0.15; extra == "timm"' in about


def test_an_installation_finds_its_own_app(installed: Path, tmp_path: Path) -> None:
    # Anybody may have a folder named pages.
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "__init__.py").write_text("raise AssertionError('the wrong pages')")
    code = (
        "from mirs_core.cli import app, checkout\n"
        "folder = checkout.app_folder(); checkout.make_importable(folder)\n"
        "import pages.shared.serve as serve; print(folder); print(serve._APP)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(installed)}, check=False,
    )  # fmt: skip
    app = installed / "mirs_core" / "_app"
    assert done.stdout.split() == [str(app), str(app / "app.py")], done.stderr


def test_benchmarks_need_a_checkout(installed: Path, tmp_path: Path) -> None:
    done = mirs(installed, tmp_path, "bench", "query", "--repeat", "3")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("mirs: ") and "checkout" in done.stderr
    assert done.stderr.count("\n") == 1
