"""Deeper features and codes of several views, from the configuration to the search."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeNetwork, archive_of, fit_tiles, make_fake_encoder, stripes, write_dataset
from PIL import Image

from mirs_core.config import settings as configs
from mirs_core.config.presets import PRESETS, from_preset
from mirs_core.datasets.images import read_image
from mirs_core.datasets.views import view_of
from mirs_core.encoders import run_encoder
from mirs_core.encoders.feature_store import encode_one
from mirs_core.encoders.layers import with_inner_block
from mirs_core.errors import ConfigError
from mirs_core.hashing.model import HashModel
from mirs_core.pipeline import training
from mirs_core.pipeline.estimate import estimate
from mirs_core.pipeline.growing import add
from mirs_core.pipeline.indexing import index, index_all
from mirs_core.retrieval.retriever import load, save_model
from mirs_core.retrieval.search import Searcher
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

LAYOUT = {"train": {"cra": 8, "rid": 8}, "val": {"cra": 2, "rid": 2}, "test": {"cra": 3, "rid": 3}}
TILES, HALF = 26, 8
VIEWS = 4


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "tiles", LAYOUT)


@pytest.fixture
def home(tmp_path: Path, network: FakeNetwork) -> Home:
    return Home(tmp_path / "home")


def config_of(data: Path, *changes: str) -> configs.RunConfig:
    plan = ["training.epochs=1", "training.views=2", "loss.order_weight=0", "codes.views=1"]
    return from_preset("mirs-best", data=str(data), changes=[*plan, *changes])


def trained(home: Home, data: Path, *changes: str) -> str:
    return training.prepare_and_train(home, config_of(data, *changes)).run


def test_archived_codes_are_those_of_the_mean_over_views(home: Home, data: Path) -> None:
    run = trained(home, data, f"codes.views={VIEWS}")
    retriever = load(runs.folder(home, run))
    encoder = with_inner_block(make_fake_encoder()[0])
    for row, (tile, role) in enumerate(
        zip(retriever.items.ids, retriever.items.roles, strict=True)
    ):
        image = read_image(data / tile)
        each = [encode_one(view_of(image, view), encoder) for view in range(VIEWS)]
        code = retriever.model.encode(  # type: ignore[call-arg]
            np.concatenate(each)[None], "source" if role == "train" else "target"
        )
        assert np.array_equal(retriever.codes[row], code[0]), tile


def test_a_turned_query_finds_its_tile(home: Home, data: Path, tmp_path: Path) -> None:
    searcher = Searcher.open(home, trained(home, data, f"codes.views={VIEWS}"))
    for row in searcher.items.rows(["test"])[:3]:
        pixels = read_image(data / searcher.items.ids[row])
        Image.fromarray(np.ascontiguousarray(np.rot90(pixels))).save(tmp_path / "turned.png")
        query = searcher.query_by_image(tmp_path / "turned.png")
        assert query.tile_id is None
        assert np.array_equal(query.code[0], searcher.retriever.codes[row])


def test_views_are_encoded_once_and_the_estimate_counts_them(
    home: Home, data: Path, network: FakeNetwork
) -> None:
    config = config_of(data, f"codes.views={VIEWS}")
    assert estimate(home, config).to_encode == VIEWS * TILES
    training.prepare_and_train(home, config)
    assert network.seen == VIEWS * TILES
    assert estimate(home, config).to_encode == 0
    eight = config_of(data, f"codes.views={VIEWS}", "training.views=8")
    assert estimate(home, eight).to_encode == 4 * HALF
    training.prepare_and_train(home, eight)
    assert network.seen == VIEWS * TILES + 4 * HALF


def test_an_archive_of_ones_own_folder_and_what_is_added_have_as_many_views(
    home: Home, data: Path, tmp_path: Path, network: FakeNetwork
) -> None:
    turned, plain = trained(home, data, f"codes.views={VIEWS}"), trained(home, data)
    own = write_dataset(tmp_path / "own", 5, start=500)
    network.seen = 0
    archived = index_all(home, [turned, plain], own)
    # Each kind of features is encoded for itself.
    assert network.seen == 5 * (VIEWS + 1)
    assert [run.config().codes.views for run in archived] == [VIEWS, 1]
    Image.fromarray(stripes(900)).save(own / "more.png")
    grown = add(home, archived[0].id)
    searcher = Searcher.open(home, grown.run.id)
    row = searcher.items.row("more.png")
    encoder = with_inner_block(make_fake_encoder()[0])
    features = encode_one(stripes(900), encoder.turned(VIEWS))
    code = searcher.retriever.model.encode(features[None], "target")  # type: ignore[call-arg]
    assert np.array_equal(searcher.retriever.codes[row], code[0])
    again = Searcher.open(home, index(home, turned, own).id)
    assert np.array_equal(again.retriever.codes[again.items.row("more.png")], code[0])


def test_a_head_is_the_same_whatever_the_views_of_its_codes(home: Home, data: Path) -> None:
    one, several = (
        runs.folder(home, trained(home, data, f"codes.views={views}")) for views in (1, VIEWS)
    )
    assert one.model.read_bytes() == several.model.read_bytes()


@pytest.mark.parametrize("whiten", [False, True])
def test_only_the_training_half_scales_the_parts(tmp_path: Path, whiten: bool) -> None:
    items, features = archive_of()
    features[:, 16:] *= 50
    config = from_preset(
        "mirs-dwt" if whiten else "mirs",
        data="",
        changes=["training.epochs=2", "features.layers=inner", "training.views=1"],
    )

    def model_of(changed: np.ndarray, parts: tuple[int, ...] = (16, 8)) -> bytes:
        model = fit_tiles(config, changed, items, parts=parts).model
        save_model(tmp_path / "model", model)
        return (tmp_path / "model").read_bytes()

    first = model_of(features)
    assert model_of(features) == first != model_of(features, ())
    for role in ("test", "archive", "train"):
        changed = features.copy()
        changed[items.rows([role])] += 3
        is_read = role == "train" or (role == "archive" and whiten)
        assert (model_of(changed) != first) == is_read


def test_parts_reach_the_head_with_equal_variance() -> None:
    items, features = archive_of()
    features[:, 16:] *= 50
    config = from_preset("mirs", data="", changes=["training.epochs=1", "features.layers=inner"])
    model = fit_tiles(config, features, items, parts=(16, 8)).model
    assert isinstance(model, HashModel)
    import torch

    rows = items.rows(["train"])
    inputs = model.transforms["source"](torch.from_numpy(features[rows])).numpy()
    totals = [inputs[:, part].var(axis=0).sum() for part in (slice(0, 16), slice(16, 24))]
    assert totals[0] == pytest.approx(totals[1], rel=1e-4)
    assert inputs.var(axis=0).mean() == pytest.approx(1, rel=1e-4)


@pytest.mark.parametrize(
    ("preset", "change", "why"),
    [
        ("baseline", "codes.views=4", "no bits to decide"),
        ("baseline", "features.layers=inner", "needs a trained head"),
        ("pca-sign", "features.layers=inner", "needs a trained head"),
        ("mirs-2021-as-coded", "features.layers=inner", "estimator=exact"),
    ],
)
def test_what_does_not_go_together_is_refused(preset: str, change: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        from_preset(preset, data="", changes=[change])


def test_a_configuration_of_an_older_version_has_one_view_and_the_last_layer() -> None:
    value = json.loads(json.dumps(from_preset("mirs", data="x").to_json()))
    assert not {"features", "codes"} & set(value)
    config = configs.from_json(value)
    assert (config.features.layers, config.codes.views) == ("last", 1)
    changes = ["codes.views=8", "features.layers=inner"]
    both = from_preset("mirs", data="x", changes=changes)
    assert configs.from_json(json.loads(json.dumps(both.to_json()))) == both


def test_the_encoder_of_a_run_knows_its_views(home: Home, data: Path) -> None:
    run = runs.folder(home, trained(home, data, "codes.views=8"))
    encoder = run_encoder.encoder_of(home, run)
    assert (encoder.views, encoder.width) == (8, 8 * (48 + 2 * 3))
    assert dataclasses.asdict(run.config().codes) == {"views": 8}
    assert PRESETS["mirs"].changes == {}
