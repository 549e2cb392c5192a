"""Custom Streamlit components, each a folder with its Python, JavaScript and CSS."""

from pathlib import Path

_HERE = Path(__file__).parent


def source_of(*names: str) -> str:
    """The concatenated text of files below this folder, as a component expects it."""
    return "\n".join((_HERE / name).read_text(encoding="utf-8") for name in names)
