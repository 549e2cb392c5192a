"""Puts the app into the wheel; everything else about the package stands in pyproject.toml.

The repository keeps app.py, pages, assets and .streamlit at its top level. In a wheel they stand
together in ``mirs_core/_app``, so that no package named ``pages`` is installed for everybody.
"""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

_APP = "mirs_core/_app"
_PATTERNS = (
    "app.py",
    ".streamlit/config.toml",
    "assets/*.svg",
    "assets/*/**/*",
    "pages/**/*",
)
# Compiled files of the checkout are no part of the app.
_LEFT_OUT = {"__pycache__"}


class BuildWithApp(build_py):
    """Copies the files of the app as data of the library."""

    def _get_data_files(self) -> list[tuple[str, str, str, list[str]]]:
        names = {
            path.as_posix()
            for pattern in _PATTERNS
            for path in Path().glob(pattern)
            if path.is_file() and not _LEFT_OUT & set(path.parts)
        }
        target = str(Path(self.build_lib) / _APP)
        return [*super()._get_data_files(), ("mirs_core", ".", target, sorted(names))]


setup(cmdclass={"build_py": BuildWithApp})
