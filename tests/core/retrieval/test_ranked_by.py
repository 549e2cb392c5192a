"""A score of several examples is called a score, and a distance by its name, wherever it stands."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from searchers import items_of, searcher_of

from mirs_core.api.hits import Hits
from mirs_core.exchange import exports
from mirs_core.exchange.exports import figure
from mirs_core.ranking.codes import hamming
from mirs_core.retrieval.ranked_by import RankedBy, ranked_by
from mirs_core.retrieval.search import Searcher

CODES = np.random.default_rng(0).integers(0, 256, (6, 2), dtype=np.uint8)
FLOATS = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
EXAMPLES = {
    "plain": ((), ()),
    "more": (("1.png",), ()),
    "less": ((), ("2.png",)),
    "both": (("1.png", "3.png"), ("2.png",)),
}


@pytest.fixture(params=["codes", "floats"])
def searcher(request: pytest.FixtureRequest) -> Searcher:
    return searcher_of(CODES if request.param == "codes" else FLOATS, items_of(list("aabbcc")))


@pytest.mark.parametrize("examples", EXAMPLES)
def test_every_place_names_what_it_is_ranked_by(searcher: Searcher, examples: str) -> None:
    more, less = EXAMPLES[examples]
    query = searcher.query_by_id("0.png")
    query = searcher.refined(query, more, less) if more or less else query
    hits = searcher.search(query)
    distance = "Hamming distance" if searcher.unit == "bits" else "Euclidean distance"
    name = "score" if examples != "plain" else distance
    ranked = ranked_by(searcher.unit, query)
    assert ranked.name == name and ranked.order.startswith(name)
    for hit in hits:
        assert ranked.long(hit.distance).lower().startswith(name.lower())
    assert len({text.partition(".")[2] != "" for text in map(ranked.short, _values(hits))}) == 1

    model = exports.ModelResults("Model", searcher, hits, None, query)
    info = exports.ResultsInfo(
        "0.png", "ab", {searcher.summary.id: "Model"}, 9, "d", False, more_like=more, less_like=less
    )
    export = exports.export_of_results([model], info, "0.png")
    files = {one.name: one.write(export) for one in exports.formats_for_tiles(False)}
    tables = {
        "csv": pd.read_csv(io.BytesIO(files["csv"])),
        "geoparquet": pd.read_parquet(io.BytesIO(files["geoparquet"])),
    }
    for kind, table in tables.items():
        assert set(table["ranked_by"]) == {name} and set(table["order"]) == {ranked.order}, kind
        assert set(table["query"]) == {"0.png"} and table["software"].notna().all()
        assert set(table["more_like"].fillna("")) == {" // ".join(more)}
        assert set(table["less_like"].fillna("")) == {" // ".join(less)}
        assert set(table["filters"]) == {"no filters"} and set(table["model"]) == {"Model"}
        _check(table, searcher, hits, name == "score")
    collection = json.loads(files["geojson"])
    assert collection["about"]["ranked_by"] == {searcher.summary.id: ranked.order}
    _check(
        pd.DataFrame([feature["properties"] for feature in collection["features"]]),
        searcher,
        hits,
        name == "score",
    )
    comparison = export.comparison
    assert comparison is not None
    footer = figure._about(comparison)
    assert ranked.order in footer and all(tile in footer for tile in (*more, *less))
    frame = Hits(query, searcher.unit, tuple(hits)).to_frame()
    assert set(frame["ranked_by"]) == {name}


def _values(hits: list) -> list[float]:
    return [hit.distance for hit in hits]


def _check(table: pd.DataFrame, searcher: Searcher, hits: list, is_score: bool) -> None:
    """Distances are from the query itself, by a slow way; scores are what ranked."""
    if is_score:
        assert table["score"].tolist() == pytest.approx(_values(hits))
    else:
        assert table["score"].isna().all()
    codes = searcher.retriever.codes
    rows = [searcher.items.row(hit.id) for hit in hits]
    away = (
        [float(hamming(codes[:1], codes[row : row + 1])[0, 0]) for row in rows]
        if searcher.unit == "bits"
        else [float(np.linalg.norm(codes[0] - codes[row])) for row in rows]
    )
    assert table["distance"].tolist() == pytest.approx(away, rel=1e-4)


def test_the_order_is_said_in_full() -> None:
    assert RankedBy("Hamming distance", 128, 2, 1).order == (
        "score, lowest first: mean Hamming distance to the query and 2 positive examples minus half"
        " the mean distance to 1 negative example"
    )
    assert RankedBy("cosine distance", None, 0, 2).order == (
        "score, lowest first: cosine distance to the query minus half the mean distance to 2"
        " negative examples"
    )
    assert RankedBy("cosine distance", None).long(0.5) == "Cosine distance 0.500"


@pytest.mark.parametrize("length", [3, 60, 250])
def test_names_of_any_length_stay_within_their_place(length: int) -> None:
    """Nothing that the figure writes overlaps anything else, or its edge."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    name = ("N" * (length - 4)) + ".png" if length > 4 else "N" * length
    searcher = searcher_of(CODES, items_of(["W" * length] * 6))
    hits = searcher.search(searcher.query_by_id("0.png"))
    models = [exports.ModelResults("M" * length, searcher, hits, 0.5)] * 2
    drawn: list[Figure] = []
    save = Figure.savefig

    def savefig(self: Figure, *args: object, **options: object) -> None:
        drawn.append(self)
        save(self, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "savefig", savefig)
        figure.comparison_figure(np.zeros((20, 20), np.uint8), name, models, "foot " * 90, "png")
    (picture,) = drawn
    canvas = FigureCanvasAgg(picture)
    canvas.draw()
    renderer = canvas.get_renderer()
    texts = [*picture.texts]
    for axes in picture.axes:
        texts += [axes.xaxis.label, axes.title, axes._left_title]  # type: ignore[attr-defined]
    boxes = [t.get_window_extent(renderer) for t in texts if t.get_text()]
    width, height = canvas.get_width_height()
    for place, box in enumerate(boxes):
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
        for other_box in boxes[place + 1 :]:
            assert not box.overlaps(other_box)
