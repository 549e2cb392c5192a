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
DOCS = {path.name: path.read_text("utf-8") for path in (ROOT / "docs").glob("*.md")}
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
CALL = r"(?:\.venv/bin/python -m mirs_core|(?:\.venv/bin/)?mirs) ([a-z].*)"


def commands(text: str) -> list[str]:
    """The commands in the code blocks of a document, and those quoted in its text with options."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    quoted = re.findall(r"`([^`]+)`", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))
    lines += [" ".join(words.split()) for words in quoted if "--" in words or " bench " in words]
    return [match.group(1) for line in lines if (match := re.fullmatch(CALL, line))]


COMMANDS = commands(README)
ALL_COMMANDS = sorted({c for path in DOCUMENTS for c in commands(path.read_text("utf-8"))})


def test_the_readme_shows_commands() -> None:
    assert len(COMMANDS) >= 8
    assert len(ALL_COMMANDS) >= 45


@pytest.mark.parametrize("command", ALL_COMMANDS)
def test_every_command_of_the_documents_parses(command: str) -> None:
    words = shlex.split(command.split("#")[0].split(">")[0])
    if words[0] == "app" and "app" not in build_parser().format_help():
        pytest.skip("this checkout has no command for the app")
    if words[-1] != "--help":
        assert build_parser().parse_args(words).command


PRODUCTS = DOCS["products.md"]
# The programs of others on the page of products, each with words that must follow it.
OTHERS = {
    "gdalwarp": "-t", "gdal_translate": "", "gdal_edit.py": "-a_nodata", "gdalbuildvrt": "",
    "gunzip": "", "unzip": "", "mroctx2isis": "from= to=", "spiceinit": "from=",
    "ctxcal": "from= to=", "ctxevenodd": "from= to=", "cam2map": "from= to=",
    "mocproc": "from= to=",
}  # fmt: skip


def test_the_commands_of_other_programs_are_whole() -> None:
    blocks = re.findall(r"^```\n(.*?)^```", PRODUCTS, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    lines += re.findall(r"`((?:gdal|gunzip|unzip)[^`]* [^`]*)`", PRODUCTS)
    calls = [shlex.split(line) for line in lines if not line.startswith("mirs ")]
    assert {words[0] for words in calls} == set(OTHERS)
    for words in calls:
        assert all(
            any(word.startswith(start) for word in words[1:]) for start in OTHERS[words[0]].split()
        ), words
        if words[0] in ("gdalwarp", "gdal_translate") and len(words) > 5:
            assert words[-2] != words[-1], words


def test_each_command_of_a_workflow_takes_what_an_earlier_one_wrote() -> None:
    workflows = 0
    for block in re.findall(r"^```\n(.*?)^```", PRODUCTS, re.MULTILINE | re.DOTALL):
        calls = [shlex.split(line) for line in block.splitlines()]
        if calls[0][0] == "mirs":
            continue
        workflows += 1
        written = {calls[0][-1].removeprefix("to=").removesuffix(".gz")}
        for words in calls[1:]:
            source = words[3] if words[0] == "mirs" else words[-2]
            sources = [word[5:] for word in words if word.startswith("from=")] or [source]
            assert set(sources) <= written, words
            written.add(words[-1].removeprefix("to="))
    assert workflows >= 4


def test_every_coordinate_system_of_the_products_exists() -> None:
    from pyproj import CRS

    codes = set(re.findall(r"IAU_2015:\d+", PRODUCTS))
    names = {code: CRS.from_user_input(code).name for code in codes}
    assert len(names) >= 3 and all(
        name.startswith("Mars (2015) - Sphere") for name in names.values()
    )


def test_the_documents_name_both_commands_and_every_preset() -> None:
    assert "make app" in README and "make test" in README
    for preset in PRESETS:
        assert f"`{preset}`" in DOCS["command-line.md"], preset


def test_every_link_inside_the_repository_leads_somewhere() -> None:
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", text):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def anchors(text: str) -> set[str]:
    """The anchors of a document: its headings in the form of a link, and those set by hand."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    links = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return links | set(re.findall(r'<a id="([^"]+)"', text))


def test_every_link_to_a_section_finds_it() -> None:
    links = 0
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for target, anchor in re.findall(r"\]\((?!https?:|mailto:)([^)#]*)#([^)]+)\)", text):
            page = document.parent / target if target else document
            if page.suffix == ".md":
                links += 1
                assert anchor in anchors(page.read_text("utf-8")), f"{document.name}: {anchor}"
    assert links >= 5


def test_every_page_of_the_docs_is_in_their_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "index.md" or f"({page.name})" in index, page.name


def test_every_requirement_has_a_reason_and_only_a_lower_bound() -> None:
    for name in ("requirements.txt", "tests/requirements.txt"):
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                assert re.fullmatch(r"[a-z0-9-]+>=[0-9.]+ +# .{8,}", line), line


def test_the_example_of_the_readme_runs(
    tmp_path: Path, network: FakeNetwork, capsys: pytest.CaptureFixture[str]
) -> None:
    match = re.search(r"```python\n(.+?)```", README, re.DOTALL)
    assert match is not None
    example = match.group(1)
    assert len([line for line in example.splitlines() if line.strip()]) <= 10
    layout = {"train": {"cra": 8, "rid": 8, "smo": 8}, "test": {"cra": 2, "rid": 2}}
    data = write_dataset(tmp_path / "tiles", layout)
    image = next((data / "test" / "cra").iterdir())
    example = example.replace('".mirs"', repr(str(tmp_path / "home")))
    example = example.replace('"tiles"', repr(str(data)) + ', changes=["training.epochs=2"]')
    exec(example.replace('"crater.jpg"', repr(str(image))), {})
    lines = capsys.readouterr().out.splitlines()
    assert "value" in lines[0] and len(lines) == 6 and lines[1].startswith("1 ")
