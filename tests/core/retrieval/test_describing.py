"""The description nearest to a tile: a bounded search that ends where it is best."""

import dataclasses

import numpy as np
import pytest
from fakes import make_fake_encoder
from searchers import items_of, searcher_of

from mirs_core.datasets.descriptions import FORMS, Description, parse
from mirs_core.encoders.feature_store import encode_one
from mirs_core.hashing.baseline import FloatModel
from mirs_core.hashing.model import HashHead, shared
from mirs_core.ranking import codes
from mirs_core.retrieval import describing
from mirs_core.retrieval.describing import Bank, describe_tile
from mirs_core.retrieval.search import Searcher

TEXTS = ("crater size=300", "crater size=900 sun=E", "ripples wavelength=60", "smooth terrain")


def searcher(baseline: bool) -> Searcher:
    archive = np.zeros((4, 48), np.float32) if baseline else np.zeros((4, 2), np.uint8)
    opened = searcher_of(archive, items_of(["a"] * 4))
    model = FloatModel("euclidean") if baseline else shared(HashHead(48, 16, (8,))).function()
    retriever = dataclasses.replace(opened.retriever, model=model)
    return dataclasses.replace(opened, retriever=retriever, _encoder=make_fake_encoder()[0])


def small_bank(opened: Searcher) -> Bank:
    descriptions = tuple(parse(text) for text in TEXTS)
    features = [encode_one(entry.render(), opened.encoder()) for entry in descriptions]
    return Bank(descriptions, np.stack(features))


@pytest.mark.parametrize("baseline", [False, True], ids=["codes", "features"])
@pytest.mark.parametrize("row", range(len(TEXTS)), ids=TEXTS)
def test_a_tile_of_the_bank_is_described_as_it_was_rendered(baseline: bool, row: int) -> None:
    opened = searcher(baseline)
    bank = small_bank(opened)
    nearest = describe_tile(opened, bank.descriptions[row].render(), bank)
    assert nearest.description == bank.descriptions[row]
    assert nearest.distance == pytest.approx(0, abs=1e-3)


def test_refining_never_ends_farther_away_and_is_bounded() -> None:
    opened = searcher(baseline=False)
    bank, target = small_bank(opened), parse("crater size=620 sun=S incidence=70 seed=9").render()
    nearest = describe_tile(opened, target, bank)
    model = opened.retriever.model
    code = model.encode(encode_one(target, opened.encoder())[None], "target")
    tried = codes.hamming(code, model.encode(bank.features, "target"))[0]
    assert nearest.distance <= tried.min()
    found = encode_one(nearest.description.render(), opened.encoder())[None]
    assert nearest.distance == codes.hamming(code, model.encode(found, "target"))[0, 0]
    assert len(TEXTS) < nearest.tried <= len(TEXTS) + 2 * 5 * 5
    assert describe_tile(opened, target, bank) == nearest


def test_the_bank_holds_every_form_with_values_that_sliders_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Description, "render", lambda self: np.zeros((200, 200), np.uint8))
    bank = describing.bank_of(make_fake_encoder()[0])
    assert {entry.form for entry in bank.descriptions} == {form.name for form in FORMS}
    assert len(bank.descriptions) == len(FORMS) * describing.PER_FORM == len(bank.features)
    for description in bank.descriptions:
        form = next(form for form in FORMS if form.name == description.form)
        for entry in form.parameters:
            steps = (description.values()[entry.name] - entry.low) / entry.step
            assert steps == pytest.approx(round(steps)) or steps * entry.step == pytest.approx(
                entry.high - entry.low
            )
