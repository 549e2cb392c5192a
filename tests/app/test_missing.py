"""What a link names in vain is said at the top of the page."""

from typing import Any

from mirs_core.retrieval.search import Searcher
from mirs_core.workspace.home import Home
from pages.shared import state


def warnings(app: Any) -> str:
    return " ".join(warning.value.replace("\\", "") for warning in app.warning)


def test_what_is_gone_is_named_until_the_state_changes(home: Home, start: Any) -> None:
    tiles = Searcher.open(home, "demo-mirs").items.ids
    app = start(
        tile=tiles[5], models="demo-mirs,gone-run", plus=f"{tiles[6]}//lost/a.png",
        minus="lost/b.png", k="1000",
    )  # fmt: skip
    assert not app.exception
    text = warnings(app)
    for words in ("gone-run", "lost/a.png", "lost/b.png", "k=1000"):
        assert words in text
    assert app.session_state[state.PLUS] == [tiles[6]]
    assert app.session_state[state.MODELS] == ["demo-mirs"]
    app.run()
    assert warnings(app) == text
    app.slider(key=state.K).set_value(12).run()
    assert warnings(app) == ""


def test_a_tile_that_is_gone_is_named(home: Home, start: Any) -> None:
    text = warnings(start(tile="test/cra/lost.jpg", models="gone-run"))
    assert "test/cra/lost.jpg" in text and "gone-run" in text
    assert "lost-set" in warnings(start(tile="test/cra/lost.jpg", data="lost-set"))


def test_runs_that_are_gone_are_named(home: Home, start: Any) -> None:
    app = start(runs="demo-mirs,gone-run")
    app.switch_page("pages/runs/runs.py").run()
    app.query_params["runs"] = "demo-mirs,gone-run"
    app.run()
    assert "Runs of this link are not on this computer: gone-run." in warnings(app)
    assert app.session_state[state.RUNS] == ["demo-mirs"]
