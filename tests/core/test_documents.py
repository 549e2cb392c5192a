"""What the documents say is held against the code."""

import re
import shlex
from pathlib import Path

import pytest

from mirs_core.cli.parser import build_parser
from mirs_core.presets import PRESETS

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
