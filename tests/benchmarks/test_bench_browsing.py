"""The browsing check: a preset against itself, and a class of one code."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeNetwork, write_dataset

from benchmarks import browsing
from mirs_core.experiments import comparison
from mirs_core.retrieval.retriever import Retriever
from mirs_core.workspace.home import Home

LAYOUT = {
    "train": {"cra": 44, "rid": 44},
    "val": {"cra": 2, "rid": 2},
    "test": {"cra": 4, "rid": 4},
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "tiles", LAYOUT)


def test_a_preset_is_no_worse_than_itself(tmp_path: Path, data: Path, network: FakeNetwork) -> None:
    answer = browsing.run(Home(tmp_path), data, "pca-sign", against="pca-sign", seeds=2)
    assert answer["tau_difference"] == {"value": 0, "low": 0, "high": 0}
    assert answer["least_distinct_share"] == answer["least_distinct_share_against"] > 0.5
    assert answer["browsable"] and 0 < answer["tau"] <= 1


def test_a_class_of_one_code_cannot_be_browsed(
    tmp_path: Path, data: Path, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = browsing.load

    def collapsed(run: object) -> Retriever:
        model = load(run)  # type: ignore[arg-type]
        if model.codes.dtype != np.uint8:
            return model
        codes = np.array(model.codes)
        codes[model.items.labels.mask(["cra"])] = 0
        return dataclasses.replace(model, codes=codes)

    monkeypatch.setattr(browsing, "load", collapsed)
    answer = browsing.run(Home(tmp_path), data, "pca-sign", against="pca-sign", seeds=1)
    assert answer["least_distinct_class"] == "cra" and not answer["browsable"]
    assert answer["least_distinct_share"] == pytest.approx(1 / 22, abs=1e-4)


def test_finished_runs_are_used_again(
    tmp_path: Path, data: Path, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = browsing.run(Home(tmp_path), data, "pca-sign", against="pca-sign", seeds=1)

    def refuse(*args: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(comparison.training, "prepare_and_train", refuse)
    assert browsing.run(Home(tmp_path), data, "pca-sign", against="pca-sign", seeds=1) == first
