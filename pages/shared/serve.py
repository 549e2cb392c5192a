"""The server of the app: what ``mirs app`` starts, with the options of ``streamlit run``."""

import sys
from pathlib import Path

_APP = Path(__file__).resolve().parents[2] / "app.py"


def main(options: list[str]) -> None:
    """Serves the app until the process is stopped.

    Until app.py has run once, Streamlit takes the folder ``pages`` for its own multipage folder and
    tells the first visitor of a page's address that there is no such page. The flag says that
    app.py defines the pages itself; versions without the flag do not need it.
    """
    from streamlit.runtime.pages_manager import PagesManager
    from streamlit.web import cli

    if hasattr(PagesManager, "uses_pages_directory"):
        PagesManager.uses_pages_directory = False
    sys.argv = ["streamlit", "run", str(_APP), *options]
    cli.main()


if __name__ == "__main__":
    main(sys.argv[1:])
