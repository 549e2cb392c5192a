"""What the documents say is held against the code."""

import re
import shlex
from pathlib import Path

import pytest
from fakes import FakeNetwork, write_dataset

from mirs_core.cli.parser import build_parser
from mirs_core.config.presets import PRESETS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\.venv/bin/python -m mirs_core (.+)$", README, re.MULTILINE)


def test_the_readme_shows_commands() -> None:
    assert len(COMMANDS) >= 8


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_readme_parses(command: str) -> None:
    words = shlex.split(command.split("#")[0].split(">")[0])
    assert build_parser().parse_args(words).command


def test_the_readme_names_both_commands_and_every_preset() -> None:
    assert "make app" in README and "make test" in README
    for preset in PRESETS:
        assert f"`{preset}`" in README, preset


def test_every_link_inside_the_repository_leads_somewhere() -> None:
    for document in ROOT.glob("*.md"):
        text = document.read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", text):
            assert (ROOT / target).exists(), f"{document.name}: {target}"


def test_every_requirement_has_a_reason_and_only_a_lower_bound() -> None:
    for name in ("requirements.txt", "tests/requirements.txt"):
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                assert re.fullmatch(r"[a-z0-9-]+>=[0-9.]+ +# .{8,}", line), line


def test_the_example_of_the_readme_runs(
    tmp_path: Path, network: FakeNetwork, capsys: pytest.CaptureFixture[str]
) -> None:
    found = re.search(r"```python\n(.+?)```", README, re.DOTALL)
    assert found is not None
    example = found.group(1)
    assert len([line for line in example.splitlines() if line.strip()]) <= 10
    layout = {"train": {"cra": 8, "rid": 8, "smo": 8}, "test": {"cra": 2, "rid": 2}}
    data = write_dataset(tmp_path / "tiles", layout)
    image = next((data / "test" / "cra").iterdir())
    example = example.replace('".mirs"', repr(str(tmp_path / "home")))
    example = example.replace('"tiles"', repr(str(data)) + ', changes=["training.epochs=2"]')
    exec(example.replace('"crater.jpg"', repr(str(image))), {})
    lines = capsys.readouterr().out.splitlines()
    assert "value" in lines[0] and len(lines) == 6 and lines[1].startswith("1 ")
