"""A session that only searches loads neither PyTorch nor what draws and trains.

The server has imported what its first page needs before anybody opens it.
"""

import subprocess
import sys
from pathlib import Path

from mirs_core.workspace.home import Home

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "torchvision", "umap", "numba", "sklearn", "scipy", "matplotlib", "geopandas")

_SESSION = """
import sys
from pathlib import Path
from streamlit.testing.v1 import AppTest
from pages.shared import serve
serve.prepare(lambda: True)
before = set(sys.modules)
app = AppTest.from_file(sys.argv[1], default_timeout=120).run()
assert not app.exception, app.exception
first = [name for name in sys.modules if name not in before and name.startswith("pages.")]
print("imported by the first page", first, "pandas" in before)
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace.home import Home
searcher = Searcher.open(Home.current(), "demo-mirs")
tile = searcher.image_path(searcher.items.ids[0])
searcher.search(searcher.query_by_image(tile.read_bytes() + b"0", "own"))
print("loaded", [name for name in sys.argv[2].split() if name in sys.modules])
"""


def test_searching_loads_no_heavy_library(home: Home) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _SESSION, str(ROOT / "app.py"), " ".join(HEAVY)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["imported by the first page [] True", "loaded []"]
