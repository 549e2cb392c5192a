"""Text files of people: their encoding, and the line of what is no text."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mirs_core.errors import DataError
from mirs_core.system import text_files
from mirs_core.system.text_files import encoding_of, lines_of

_texts = st.text(st.sampled_from("ab\r\n\u00e4\u20ac \U0001f311"), max_size=40)


def slow_line(text: str, index: int) -> int:
    """The number of the line at an index, by the rules of Python's own reader."""
    before = text[:index].replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n") + 1


@settings(deadline=None)
@example(before="aaaaaaaaaaa\r\r\n", after="", codec="utf-8")
@given(before=_texts, after=_texts, codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_nul_is_refused_with_its_line_wherever_it_stands(
    before: str, after: str, codec: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("nul") / "t.txt"
    # Enough plain letters that zero bytes do not look like UTF-16.
    text = "plain text\n" * 3 + before + "\0" + after
    path.write_bytes(text.encode(codec))
    line = slow_line(text, text.index("\0"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_files, "_CHUNK", 3)
        with pytest.raises(DataError, match=f"line {line}: NUL"):
            encoding_of(path)


@settings(deadline=None)
@given(text=_texts, codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_lines_are_what_was_written(
    text: str, codec: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("lines") / "t.txt"
    path.write_bytes(text.encode(codec))
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = plain.split("\n")
    assert lines_of(path) == (lines[:-1] if lines[-1] == "" else lines)


@pytest.mark.parametrize(
    ("data", "codec", "example"),
    [
        (b"", "utf-8", ""),
        (b"plain", "utf-8", ""),
        ("Fl\u00e4che".encode(), "utf-8", ""),
        ("a Fl\u00e4che b".encode("cp1252"), "cp1252", "Fl\u00e4che"),
        ("\u20ac 5".encode("cp1252"), "cp1252", "\u20ac"),
        ("file\nFl\u00e4che".encode("utf-16-le"), "utf-16-le", ""),
        ("file\nFl\u00e4che".encode("utf-16-be"), "utf-16-be", ""),
    ],
)
def test_the_encoding_is_recognised(data: bytes, codec: str, example: str, tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_bytes(data)
    encoding = encoding_of(tmp_path / "t.txt")
    assert (encoding.codec, encoding.example) == (codec, example)


def test_damaged_utf_8_is_not_taken_for_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_bytes("\u00e4\n\u00f6\r\n\u00fc\r".encode() + b"\xff\n")
    with pytest.raises(DataError, match=r"line 4: .*partly UTF-8"):
        encoding_of(tmp_path / "t.txt")
