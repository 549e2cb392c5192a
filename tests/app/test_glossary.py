"""One word for one thing: the app's texts are held against docs/glossary.md."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GLOSSARY = ROOT / "docs" / "glossary.md"

# What the app must not say (a regular expression), and the term of the glossary to use instead.
BANNED = {
    r"served (run|model)": "default model",
    r"\bgallery\b": "archive",
    r"\bdatabase\b(?!/)": "archive",
    r"\bhash bits\b": "hash code",
    r"\bhash key\b": "hash code",
    r"\bbinary code\b": "hash code",
    r"\b(footprint overlap|overlap of footprints|same ground)\b": "overlapping footprints",
    r"\binvented\b": "synthetic coordinates",
    r"\broles?\b(?!=)": "split",
    r"\bcameras?\b": "instrument",
    r"\bsensors?\b": "instrument",
    r"\bresolution in metres\b": "pixel scale",
    r"\bdataset": "data set",
    r"\bpatch(es)?\b": "tile",
    r"\bwhat is odd\b": "outlier",
    r"\bshared codes\b": "saturated code",
    r"\berrors of the top\b": "top-k error rate",
    r"\bhamming radius\b": "Hamming distance",
    r"\bwhat it finds instead\b": "confusion matrix",
    r"\bt-?sne\b": "projection (UMAP)",
    r"\brecycle bin|\btrash\b": "bin",
}
# This file draws nothing: it holds names of earlier versions, which their links still use.
_EXEMPT = ROOT / "pages" / "shared" / "link.py"
_QUOTED = re.compile(r"\"([^\"\n]*)\"|'([^'\n]*)'|`([^`\n]*)`")


def terms() -> dict[str, str]:
    """The definitions of the glossary by term."""
    lines = GLOSSARY.read_text(encoding="utf-8").splitlines()
    entries = [re.fullmatch(r"- \*\*(.+?)\*\*: (.+)", line) for line in lines if line[:1] == "-"]
    assert all(entries), "an entry of the glossary is not '- **term**: definition'"
    return {entry[1]: entry[2] for entry in entries if entry}


def strings_of(path: Path) -> Iterator[tuple[int, str]]:
    """The string literals of a Python file but its docstrings, with their lines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        is_string = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_string and id(node) not in docstrings:
            yield node.lineno, node.value


def strings_of_script(path: Path) -> Iterator[tuple[int, str]]:
    """The quoted texts of a JavaScript file outside of comments, with their lines."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.lstrip().startswith("//"):
            for match in _QUOTED.finditer(line):
                yield number, next(group for group in match.groups() if group is not None)


def is_text(value: str) -> bool:
    """Whether a person reads a string: it holds a space or begins with a capital; no markup key."""
    visible = re.sub(r"<[^>]*>|:material/\w+:", "", value)
    return bool(re.search(r"[A-Za-z] [A-Za-z]", visible) or re.match(r"[A-Z][a-z]", visible))


def uses(texts: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str, str]]:
    """The banned words in texts that people read: line, text and the preferred term."""
    for line, text in texts:
        visible = re.sub(r"<[^>]*>|:material/\w+:", "", text)
        for pattern, preferred in BANNED.items():
            if is_text(text) and re.search(pattern, visible, re.IGNORECASE):
                yield line, text, preferred


def files() -> list[Path]:
    scripts = (path for path in (ROOT / "pages").rglob("*") if path.suffix in {".py", ".js"})
    return sorted(path for path in scripts if path != _EXEMPT)


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_app_uses_the_words_of_the_glossary(path: Path) -> None:
    texts = strings_of(path) if path.suffix == ".py" else strings_of_script(path)
    assert [f"line {at}: {text!r}: say {term!r}" for at, text, term in uses(texts)] == []


def test_a_banned_word_is_found_and_code_is_not(tmp_path: Path) -> None:
    page = tmp_path / "page.py"
    page.write_text(
        '"""A gallery in a docstring."""\nst.info("Search the gallery")\nkey = "mirs.roles"\n'
        'st.write(f"{count} tiles of the served run")\n'
        'st.selectbox("Role", icon=":material/database:")\n'
    )
    assert [(line, term) for line, _, term in sorted(uses(strings_of(page)))] == [
        (2, "archive"),
        (4, "default model"),
        (5, "split"),
    ]
    script = tmp_path / "page.js"
    script.write_text('// the gallery\nbutton.title = "Open the gallery"\nif (x === "roles") y()\n')
    assert [line for line, _, _ in uses(strings_of_script(script))] == [2]


def test_each_preferred_word_is_defined_in_one_sentence() -> None:
    glossary = terms()
    assert set(BANNED.values()) <= set(glossary)
    for term, definition in glossary.items():
        assert definition[0].isupper() and definition.endswith("."), term
        assert len(re.findall(r"\.(?: |$)", definition)) == 1, term


def test_no_term_is_defined_twice() -> None:
    text = GLOSSARY.read_text(encoding="utf-8")
    assert len(terms()) == len(re.findall(r"^- ", text, re.MULTILINE)) >= 50
