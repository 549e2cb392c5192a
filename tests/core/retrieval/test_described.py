"""Queries by description: one code for several renderings, alike for hash codes and baselines."""

import dataclasses
import io

import numpy as np
import pytest
from fakes import make_fake_encoder
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from searchers import items_of, searcher_of

from mirs_core.api.open_run import OpenRun
from mirs_core.datasets.descriptions import parse
from mirs_core.encoders.feature_store import encode_one
from mirs_core.hashing.baseline import FloatModel
from mirs_core.hashing.model import HashHead, shared
from mirs_core.retrieval.described import RENDERINGS, majority, png, query_by_description


def slow_majority(codes: np.ndarray) -> list[int]:
    rows = [[int(bit) for byte in row for bit in f"{byte:08b}"] for row in codes]
    return [int(sum(column) * 2 >= len(rows)) for column in zip(*rows, strict=True)]


@given(st.lists(st.lists(st.integers(0, 255), min_size=2, max_size=2), min_size=1, max_size=9))
def test_majority_agrees_with_its_slow_twin(rows: list[list[int]]) -> None:
    codes = np.array(rows, np.uint8)
    answer = majority(codes)
    assert answer.shape == (1, 2) and answer.dtype == np.uint8
    assert np.unpackbits(answer[0]).tolist() == slow_majority(codes)


def test_of_one_rendering_the_majority_is_its_own_code() -> None:
    code = np.array([[3, 250]], np.uint8)
    assert np.array_equal(majority(code), code)


@pytest.mark.parametrize("baseline", [False, True], ids=["codes", "features"])
def test_the_query_is_what_several_renderings_agree_on(baseline: bool) -> None:
    encoder, _ = make_fake_encoder()
    archive = np.zeros((4, 48), np.float32) if baseline else np.zeros((4, 2), np.uint8)
    searcher = searcher_of(archive, items_of(["a"] * 4))
    model = FloatModel("euclidean") if baseline else shared(HashHead(48, 16, (8,))).function()
    retriever = dataclasses.replace(searcher.retriever, model=model)
    searcher = dataclasses.replace(searcher, retriever=retriever, _encoder=encoder)
    description = parse("crater size=500 sun=W")
    query = query_by_description(searcher, description)
    tiles = [variant.render() for variant in description.variants(RENDERINGS)]
    features = np.stack([encode_one(tile, encoder) for tile in tiles])
    if baseline:
        assert np.allclose(query.code, features.mean(axis=0), atol=1e-5)
    else:
        expected = slow_majority(model.encode(features, "target"))
        assert np.unpackbits(query.code[0]).tolist() == expected
    assert query.code.shape == archive[:1].shape and query.code.dtype == archive.dtype
    assert query.name == "crater size=500m sun=270 (synthetic)"
    assert query.label is None and query.tile_id is None
    assert query.content != query_by_description(searcher, parse("ripples"), 1).content


def test_the_png_has_the_same_pixels_and_says_that_they_are_synthetic() -> None:
    tile = parse("mounds").render()
    with Image.open(io.BytesIO(png(tile))) as image:
        assert np.array_equal(np.asarray(image), tile)
        assert "Synthetic" in image.text["Comment"]


def test_a_description_is_a_query_in_python() -> None:
    searcher = searcher_of(np.zeros((4, 2), np.uint8), items_of(["a"] * 4))
    model = shared(HashHead(48, 16, (8,))).function()
    retriever = dataclasses.replace(searcher.retriever, model=model)
    searcher = dataclasses.replace(searcher, retriever=retriever, _encoder=make_fake_encoder()[0])
    description = parse("mounds density=40")
    query = OpenRun(searcher).query(description)
    assert np.array_equal(query.code, query_by_description(searcher, description).code)
    assert len(OpenRun(searcher).search(description, k=3)) == 3
