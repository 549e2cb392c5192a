"""Where what is not part of the library is: the app, and the benchmarks of a checkout."""

import sys
from pathlib import Path

_LIBRARY = Path(__file__).resolve().parents[1]


def app_folder() -> Path | None:
    """The folder of app.py: the repository in a checkout, ``mirs_core/_app`` in an installation."""
    for folder in (_LIBRARY.parent, _LIBRARY / "_app"):
        if (folder / "app.py").is_file() and (folder / "pages").is_dir():
            return folder
    return None


def benchmarks_folder() -> Path | None:
    """The folder that holds ``benchmarks``; None outside of a checkout."""
    return _LIBRARY.parent if (_LIBRARY.parent / "benchmarks" / "verbs.py").is_file() else None


def make_importable(folder: Path) -> None:
    """Lets packages in ``folder`` be imported, before others of the same name."""
    if sys.path[:1] != [str(folder)]:
        sys.path.insert(0, str(folder))
