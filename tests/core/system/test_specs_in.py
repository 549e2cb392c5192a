"""Specs are read from the files of a package, in their order."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from mirs_core.system.specs import specs_in


@dataclass(frozen=True)
class Shape:
    name: str
    order: int = 0


Package = Callable[..., str]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    """Writes a package with one file a name, whose text may say anything."""

    def write(name: str, **files: str) -> str:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "__init__.py").write_text("")
        for module, text in files.items():
            (folder / f"{module}.py").write_text(text)
        monkeypatch.syspath_prepend(str(tmp_path))
        return name

    return write


def spec(name: str, order: int = 0) -> str:
    return f"from test_specs_in import Shape\nSPEC = Shape({name!r}, {order})\n"


def test_specs_come_in_their_order_and_helpers_are_left_out(package: Package) -> None:
    name = package(
        "shapes",
        a=spec("round", 2),
        b=spec("flat", 1),
        c=spec("arched", 2),
        _helper="raise OSError",
    )
    assert list(specs_in(name, Shape)) == ["flat", "arched", "round"]
    assert specs_in(name, Shape)["flat"] == Shape("flat", 1)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a": "SPEC = 3"}, "needs a SPEC of type Shape"),
        ({"a": ""}, "needs a SPEC"),
        ({"a": spec("round"), "b": spec("round")}, "two specs named 'round'"),
    ],
)
def test_a_file_without_a_spec_is_a_mistake(
    files: dict[str, str], message: str, package: Package
) -> None:
    name = package(f"wrong{abs(hash(message)) % 10**6}", **files)
    with pytest.raises(TypeError, match=message):
        specs_in(name, Shape)
