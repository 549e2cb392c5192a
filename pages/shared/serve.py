"""``python -m pages.shared.serve``: the server of the app, with options of ``streamlit run``."""

import sys
from pathlib import Path

_APP = Path(__file__).resolve().parents[2] / "app.py"


def main(options: list[str]) -> None:
    """Serves the app until it is told to stop.

    Until app.py has run once, Streamlit takes the folder ``pages`` for pages of its own, and tells
    the first visitor who comes by the address of a page that there is none. The flag says that it
    has run; a version that has no such flag needs none.
    """
    from streamlit.runtime.pages_manager import PagesManager
    from streamlit.web import cli

    if hasattr(PagesManager, "uses_pages_directory"):
        PagesManager.uses_pages_directory = False
    sys.argv = ["streamlit", "run", str(_APP), *options]
    cli.main()


if __name__ == "__main__":
    main(sys.argv[1:])
