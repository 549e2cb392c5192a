"""The server of the app: what ``mirs app`` starts, with the options of ``streamlit run``."""

import importlib
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

_APP = Path(__file__).resolve().parents[2] / "app.py"
_PATIENCE, _PAUSE = 60.0, 0.05
FIRST_PAGE = (
    "pages.shared.navigation",
    "pages.shared.session_files",
    "pages.shared.sidebar",
    "pages.shared.theme",
    "pages.shared.tile_watch",
    "pages.parts.opening",
    "pages.parts.picker",
    "pages.search.collections_view",
    "pages.search.many_queries",
    "pages.search.own_image",
    "pages.search.query_panel",
    "pages.search.results",
    "pages.search.tile_details",
    # Streamlit imports it to see whether what a component is sent is a table.
    "pandas",
)
"""What the page that opens first imports."""


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
    threading.Thread(target=prepare, daemon=True).start()
    sys.argv = ["streamlit", "run", str(_APP), *options]
    cli.main()


def prepare(is_running: Callable[[], bool] | None = None) -> None:
    """Imports what the first page needs as soon as the server runs, while a browser is starting.

    An import that fails is left to the page, which says so.
    """
    from streamlit import delta_generator, runtime

    is_running = is_running or runtime.exists
    late = time.monotonic() + _PATIENCE
    while not is_running() and time.monotonic() < late:
        time.sleep(_PAUSE)
    if hasattr(delta_generator, "_use_warning_has_been_displayed"):
        # The warning is for scripts that are run without a server, and finding out whether this is
        # one reads the source of every module.
        delta_generator._use_warning_has_been_displayed = True
    for name in FIRST_PAGE:
        try:
            importlib.import_module(name)
        except Exception:
            return


if __name__ == "__main__":
    main(sys.argv[1:])
