"""The command line imports a verb when it is used, and nothing heavy for light ones."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mirs_core.cli.parser import _VERBS, build_parser

ROOT = Path(__file__).resolve().parents[3]
HEAVY = ("torch", "faiss", "umap", "scipy", "sklearn", "pandas", "rasterio", "streamlit")


@pytest.mark.parametrize("words", ["--help", "runs list", "jobs list", "runs --help", "train -h"])
def test_light_verbs_load_no_heavy_library(words: str, tmp_path: Path) -> None:
    code = (
        "import sys; from mirs_core.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        f"print('loaded', [m for m in {HEAVY} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words.split()], capture_output=True, text=True, cwd=ROOT,
        env={**os.environ, "MIRS_HOME": str(tmp_path)}, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "loaded []"


@pytest.mark.parametrize("word", [word for word, _, _ in _VERBS])
def test_every_verb_has_a_module_and_help(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        build_parser().parse_args([word, "--help"])
    assert end.value.code == 0 and f"usage: mirs {word}" in capsys.readouterr().out


def test_an_error_gets_the_option_of_the_setting_it_names() -> None:
    from mirs_core.cli.flags import with_flags

    text, args = "loss.push_weight must not be negative.", argparse.Namespace(changes=[])
    assert with_flags(text, args).endswith("(--set loss.push_weight=...)")
    assert with_flags(text, argparse.Namespace()) == text
    assert with_flags("a.file is missing.", args) == "a.file is missing."
