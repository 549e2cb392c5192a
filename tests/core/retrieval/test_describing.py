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
from mirs_core.retrieval.describing import Bank, bank_of_descriptions, describe_tile, look
from mirs_core.retrieval.search import Searcher

TEXTS = ("crater size=300", "crater size=900 sun=E", "ripples wavelength=60", "smooth terrain")


def searcher(baseline: bool) -> Searcher:
    archive = np.zeros((4, 48), np.float32) if baseline else np.zeros((4, 2), np.uint8)
    opened = searcher_of(archive, items_of(["a"] * 4))
    model = FloatModel("euclidean") if baseline else shared(HashHead(48, 16, (8,))).function()
    retriever = dataclasses.replace(opened.retriever, model=model)
    return dataclasses.replace(opened, retriever=retriever, _encoder=make_fake_encoder()[0])


def small_bank(opened: Searcher) -> Bank:
    return bank_of_descriptions([parse(text) for text in TEXTS], opened.encoder())


@pytest.mark.parametrize("baseline", [False, True], ids=["codes", "features"])
@pytest.mark.parametrize("row", range(len(TEXTS)), ids=TEXTS)
def test_a_tile_of_the_bank_is_described_as_it_was_rendered(baseline: bool, row: int) -> None:
    opened = searcher(baseline)
    bank = small_bank(opened)
    nearest = describe_tile(opened, bank.descriptions[row].render(), bank)
    assert nearest.description == bank.descriptions[row]
    assert nearest.distance == pytest.approx(0, abs=1e-3)


def test_refining_ends_no_farther_away_than_what_is_tied_and_is_bounded() -> None:
    opened = searcher(baseline=False)
    bank, target = small_bank(opened), parse("crater size=620 sun=S incidence=70 seed=9").render()
    nearest = describe_tile(opened, target, bank)
    model = opened.retriever.model
    code = model.encode(encode_one(target, opened.encoder())[None], "target")
    tried = codes.hamming(code, model.encode(bank.features, "target"))[0]
    assert nearest.distance <= tried.min() + 0.1 * np.median(tried)
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


def test_looks_tell_sizes_light_and_wavelengths_apart() -> None:
    def unlike(one: str, other: str) -> float:
        return float(2 - look(parse(one).render()) @ look(parse(other).render()))

    crater = "crater size=700 sun=W incidence=60"
    same = unlike(crater, crater + " seed=4")
    assert unlike(crater, crater) == pytest.approx(0, abs=1e-4)
    assert same < unlike(crater, "crater size=700 sun=E incidence=60 seed=4")
    assert same < unlike(crater, "crater size=250 sun=W incidence=60 seed=4")
    ripples = "ripples wavelength=60 trend=30"
    same = unlike(ripples, ripples + " seed=4")
    assert same < unlike(ripples, "ripples wavelength=60 trend=120 seed=4")
    assert same < unlike(ripples, "ripples wavelength=110 trend=30 seed=4")
