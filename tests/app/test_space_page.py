"""The page Hash space, without a browser."""

import base64
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import write_job
from PIL import Image
from streamlit.testing.v1 import AppTest

from mirs_core import jobs
from mirs_core.files import write_json
from mirs_core.hash_space import code_clusters, samples, space_maps
from mirs_core.jobs.kinds.project import Project
from mirs_core.ranking.codes import hamming
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace.home import Home
from pages.components.sending.sending import is_row, rows_of
from pages.components.space_map.space_map import _positions
from pages.shared import state
from pages.space import drawn as drawn_tiles
from pages.space import maps

PAGE = "pages/space/space.py"


@pytest.fixture
def mapped(home: Home) -> Home:
    """The home folder with projections of two runs."""
    for run in ("demo-mirs", "demo-baseline"):
        space_maps.project(home, run)
    return home


@dataclass
class Drawn:
    """What the page last passed to the projections and their hover cards."""

    sides: list[Any] = field(default_factory=list)
    colouring: Any = None
    content: Any = None
    callbacks: dict[str, Any] = field(default_factory=dict)
    card_of: Any = None


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Drawn:
    drawn = Drawn()

    def space_map(key: str, content: Any, **callbacks: Any) -> None:
        drawn.sides, drawn.colouring = list(content.sides), content.colouring
        drawn.content, drawn.callbacks = content, callbacks

    def hover_cards(key: str, subject: str, count: int, card_of: Any) -> None:
        drawn.card_of = card_of

    monkeypatch.setattr(maps, "space_map", space_map)
    monkeypatch.setattr(maps, "hover_cards", hover_cards)
    return drawn


@pytest.fixture
def opened(mapped: Path, start: Any, drawn: Drawn) -> AppTest:
    app = start(models="demo-baseline,demo-mirs")
    app.switch_page(PAGE).run()
    return app


def html_of(app: AppTest) -> str:
    return " ".join(one.proto.body for one in app.get("html"))


def test_the_real_component_draws(mapped: Path, start: Any) -> None:
    app = start(models="demo-baseline,demo-mirs")
    app.switch_page(PAGE).run()
    assert not app.exception and not app.error


def test_two_projections_of_the_same_tiles_are_drawn_side_by_side(
    drawn: Drawn, opened: AppTest, home: Home
) -> None:
    assert not opened.exception and not opened.error
    assert "preserves neighbourhoods" in " ".join(one.value for one in opened.caption)
    items = Searcher.open(home, "demo-baseline").items
    assert [len(side.points) for side in drawn.sides] == [len(items)] * 2
    assert all("Trustworthiness" in side.note for side in drawn.sides)
    query = items.row(opened.session_state[state.TILE])
    assert drawn.content.query == query
    for side, run in zip(drawn.sides, ("demo-baseline", "demo-mirs"), strict=True):
        searcher = Searcher.open(home, run)
        hits = searcher.search(searcher.query_by_id(items.ids[query]), state.K_DEFAULT)
        assert [items.ids[row] for row in side.hits] == [hit.id for hit in hits]


def test_every_colour_mode_gives_each_point_a_colour(drawn: Drawn, opened: AppTest) -> None:
    modes = opened.selectbox(key=state.COLOUR).options
    assert {
        "Landform class",
        "Landform group",
        "Split",
        "Cluster",
        "Purity",
        "Top-k error rate",
    } <= set(modes)
    for mode in modes:
        opened.selectbox(key=state.COLOUR).set_value(mode).run()
        assert not opened.exception, mode
        assert drawn.colouring.id == mode
        for side in drawn.sides:
            assert len(side.codes) == len(side.points)
            assert side.codes.max() < len(drawn.colouring.palette)
        if drawn.colouring.names:
            counts = np.bincount(drawn.sides[0].codes, minlength=len(drawn.colouring.names))
            assert counts.tolist() == list(drawn.colouring.counts)


def test_a_hover_card_gives_the_distance_in_each_space(
    drawn: Drawn, opened: AppTest, home: Home
) -> None:
    searcher = Searcher.open(home, "demo-mirs")
    codes, query = searcher.retriever.codes, searcher.items.row(opened.session_state[state.TILE])
    bits = int(hamming(codes[query : query + 1], codes[4:5])[0, 0])
    card = drawn.card_of(4)
    assert any(f"Hamming distance {bits} of " in line for line in card.lines)
    assert card.picture.startswith("data:image/") and card.row == 4


def test_filters_grey_points_and_narrow_the_selection(
    drawn: Drawn, opened: AppTest, home: Home
) -> None:
    items = Searcher.open(home, "demo-mirs").items
    wanted = next(label for label in items.labels if label)
    opened.session_state[state.CHOSEN] = list(items.ids)
    opened.session_state[state.CLASSES] = [wanted]
    opened.run()
    of_class = [label == wanted for label in items.labels]
    assert drawn.content.passing.tolist() == of_class
    assert f"{sum(of_class)} selected tiles" in html_of(opened)
    assert {items.labels[row] for row in drawn.sides[1].hits} == {wanted}


def test_the_selection_is_drawn_for_every_model(drawn: Drawn, opened: AppTest, home: Home) -> None:
    ids = Searcher.open(home, "demo-mirs").items.ids
    assert drawn.content.chosen is None
    opened.session_state[state.CHOSEN] = [ids[7], ids[2], "gone.jpg"]
    opened.run()
    assert drawn.content.chosen.tolist() == [2, 7]


def test_the_users_image_is_placed_among_its_nearest_tiles(drawn: Drawn, opened: AppTest) -> None:
    out = BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)).save(out, "PNG")
    count = len(drawn.sides[0].points)
    opened.session_state["mirs.query"] = state.Upload("mine.png", out.getvalue())
    opened.run()
    assert not opened.exception
    assert drawn.content.query == count
    assert drawn.colouring.names[-1] == "Your image"
    for side in drawn.sides:
        assert len(side.points) == count + 1 == len(side.codes)
        near = side.points[list(side.hits[:5])]
        low, high = near.min(axis=0) - 1e-6, near.max(axis=0) + 1e-6
        assert ((side.points[-1] >= low) & (side.points[-1] <= high)).all()


def test_selected_tiles_are_listed_and_become_examples(opened: AppTest, home: Home) -> None:
    names = Searcher.open(home, "demo-mirs").items.ids
    opened.session_state[state.CHOSEN] = [names[3], names[5], names[8], "gone.jpg"]
    opened.run()
    assert not opened.exception and "3 selected tiles" in html_of(opened)
    next(one for one in opened.button if one.label == "Use as positives").click().run()
    assert opened.session_state[state.TILE] == names[3]
    assert opened.session_state[state.PLUS] == [names[5], names[8]]
    next(one for one in opened.button if one.label == "Clear selection").click().run()
    assert opened.session_state[state.CHOSEN] == []


def test_each_list_of_outliers_draws(opened: AppTest) -> None:
    for kind in (
        "Clusters",
        "Hubs",
        "Saturated codes",
        "Overlapping footprints",
        "Suspected labels",
    ):
        opened.pills(key="mirs.space.outliers").set_value(kind).run()
        assert not opened.exception


def test_very_many_tiles_are_drawn_as_a_sample_that_holds_the_query(
    mapped: Home, start: Any, drawn: Drawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawn_tiles, "FIRST_POINTS", 100)
    app = start(models="demo-baseline,demo-mirs")
    app.switch_page(PAGE).run()
    assert not app.exception and not app.error
    items = Searcher.open(mapped, "demo-baseline").items
    rows = [app.session_state[state.TILE]]
    for run in ("demo-baseline", "demo-mirs"):
        searcher = Searcher.open(mapped, run)
        hits = searcher.search(searcher.query_by_id(rows[0]), state.K_DEFAULT)
        rows.extend(hit.id for hit in hits)
    side = drawn.sides[0]
    assert side.steady == 100 < len(side.points) <= 100 + len(set(rows))
    assert f"100 of {len(items):,} tiles drawn" in side.note
    assert sum(drawn.colouring.counts) == len(items)
    points = space_maps.read(mapped, "demo-baseline").points  # type: ignore[union-attr]
    by_place = {tuple(point): items.ids[row] for row, point in enumerate(points.tolist())}
    names = [by_place[tuple(point)] for point in side.points.tolist()]
    assert names[drawn.content.query] == rows[0]
    assert [names[point] for point in side.hits] == rows[1 : 1 + state.K_DEFAULT]
    assert set(rows) <= set(names)
    assert drawn.card_of(5).lines[-1] == names[5].rpartition("/")[2]
    assert drawn.card_of(5).row == 5
    app.segmented_control(key=state.POINTS).set_value(len(items)).run()
    assert not app.exception and not app.error
    whole = drawn.sides[0]
    assert whole.points.tolist() == points.tolist() and "drawn" not in whole.note
    assert whole.id != side.id and items.ids[drawn.content.query] == rows[0]


def test_large_runs_say_what_they_sampled(
    mapped: Home, start: Any, drawn: Drawn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "LIMIT", 100)
    monkeypatch.setattr(samples, "SIZE", 90)
    monkeypatch.setattr(code_clusters, "FITTED", 80)
    app = start(models="demo-mirs")
    app.switch_page(PAGE).run()
    count = len(Searcher.open(mapped, "demo-mirs").items)

    def captions() -> str:
        assert not app.exception and not app.error
        return " ".join(one.value for one in app.caption)

    for kind in ("Suspected labels", "Hubs"):
        app.pills(key="mirs.space.outliers").set_value(kind).run()
        assert f"Random sample: 90 of {count:,} tiles. Neighbours are those" in captions()
    app.pills(key="mirs.space.outliers").set_value("Saturated codes").run()
    assert "Neighbours are those" not in captions()
    app.pills(key="mirs.space.outliers").set_value("Clusters").run()
    assert f"Centres fitted to a random sample: 80 of {count:,} tiles" in captions()
    app.selectbox(key=state.COLOUR).set_value("Purity").run()
    assert f"90 of {count:,} sampled" in drawn.colouring.title
    assert (drawn.sides[0].codes == len(drawn.colouring.palette) - 1).sum() >= count - 90
    app.selectbox(key=state.COLOUR).set_value("Tiles sharing its code").run()
    assert "sampled" not in drawn.colouring.title
    app.selectbox(key=state.COLOUR).set_value("Inter-class group").run()
    assert f"Groups of a random sample: 90 of {count:,} tiles" in captions()
    assert dict(zip(drawn.colouring.names, drawn.colouring.counts, strict=True))["None"] >= (
        count - 90
    )


def test_a_large_selection_is_paged(opened: AppTest, home: Home) -> None:
    ids = list(Searcher.open(home, "demo-mirs").items.ids)
    opened.session_state[state.CHOSEN] = ids
    opened.run()
    assert not opened.exception
    assert f"120 a page; collections and exports include all {len(ids):,}." in [
        one.value for one in opened.caption
    ]


def test_positions_are_sent_in_two_bytes_and_missing_ones_marked() -> None:
    points = np.array([[-1, 1], [0, 0.5], [np.nan, np.nan], [1, -1]], np.float32)
    x, y = _positions(points).astype(float)
    assert x[2] == y[2] == 65535
    back = np.column_stack([x, y])[[0, 1, 3]] / 32767 - 1
    assert np.abs(back - points[[0, 1, 3]] * 0.94).max() < 2e-5


def test_values_from_the_browser_are_checked() -> None:
    def sent(*rows: int) -> str:
        return base64.b64encode(np.array(rows, "<u4").tobytes()).decode()

    found = rows_of(sent(4, 2, 2), 5)
    assert found is not None and found.tolist() == [2, 4]
    for wrong in (sent(5), "A", "AAA=", "!!!!", None, 7, [1], sent(*range(5)) * 9):
        assert rows_of(wrong, 5) is None
    assert [is_row(one, 5) for one in (0, 4, 5, -1, True, 1.0, "1")] == [True] * 2 + [False] * 5


def test_a_missing_projection_is_computed_once(home: Home, start: Any) -> None:
    app = start(models="demo-mirs")
    app.switch_page(PAGE).run()
    app.run()
    assert not app.exception
    asked = [job for job in jobs.list_jobs(home) if job.key == "map-demo-mirs"]
    assert [job.spec for job in asked] == [Project(run="demo-mirs")]
    if asked[0].active:
        jobs.stop(home, asked[0].id)


def test_a_failed_projection_is_only_retried_on_request(home: Home, start: Any) -> None:
    folder = home.path / "jobs" / "job-1"
    write_job(folder, key="map-demo-mirs")
    write_json(folder / "ended.json", {"state": "failed", "error": "No room.", "seconds": 1})
    for _ in range(2):
        app = start(models="demo-mirs")
        app.switch_page(PAGE).run()
        assert not app.exception and [one.value for one in app.error] == ["No room."]
    assert len(jobs.list_jobs(home)) == 1
    next(one for one in app.button if one.label == "Try again").click().run()
    assert len(jobs.list_jobs(home)) == 2
