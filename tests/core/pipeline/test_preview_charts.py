"""What the charts of a preview show."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from mirs_core.pipeline import preview_charts
from mirs_core.pipeline.preview import code_statistics
from mirs_core.pipeline.preview_charts import Curve, Term


def test_a_preview_is_read_from_its_first_epoch_on(tmp_path: Path) -> None:
    path = tmp_path / "preview.json"
    assert preview_charts.read(path) is None
    for text in ("", "[1]", '{"lines": []}', "{"):
        path.write_text(text)
        assert preview_charts.read(path) is None
    view = {"lines": [{"epoch": 1}]}
    path.write_text(json.dumps(view))
    assert preview_charts.read(path) == view


def test_validation_keeps_epochs_without_a_score() -> None:
    lines = [{"epoch": 1, "map_at_64": 0.25}, {"epoch": 2, "map_at_64": None}]
    assert preview_charts.validation(lines) == Curve((1, 2), (0.25, None))


def test_code_curves_are_those_of_the_codes() -> None:
    soft = np.full((2, 8), 0.01, np.float32)
    soft[0, 1:3], soft[1, 2] = 0.9, 0.8
    curves = preview_charts.code_curves(asdict(code_statistics(soft)))
    assert curves.ones == Curve(tuple(range(9)), (0, 0.5, 0.5, 0, 0, 0, 0, 0, 0))
    assert curves.bits == Curve(tuple(range(1, 9)), (0, 0, 0, 0, 0, 0, 0.5, 1))
    assert curves.soft.x == pytest.approx([0.025 + 0.05 * place for place in range(20)])
    assert sum(y or 0 for y in curves.soft.y) == pytest.approx(1) and curves.soft.y[0] == 13 / 16


def test_shares_of_the_gradient_sum_to_one() -> None:
    line = {"terms": {"triplet": 0.5, "entropy": 2.0}, "gradients": {"triplet": 3.0, "entropy": 1}}
    view = {"lines": [{"terms": {}, "gradients": {}}, line], "weights": {"entropy": 0.1}}
    assert preview_charts.terms(view) == [
        Term("triplet", 1.0, 0.5, 0.75),
        Term("entropy", 0.1, 2.0, 0.25),
    ]


def test_terms_without_gradients_have_no_share() -> None:
    view = {"lines": [{"terms": {"triplet": 0.5}, "gradients": {}}], "weights": {}}
    assert preview_charts.terms(view) == [Term("triplet", 1.0, 0.5, 0.0)]


def test_the_default_model_is_compared_at_the_same_epoch() -> None:
    served = {"curve": [[1, 0.2], [5, 0.6], [90, 0.9]], "map_at_64": 0.9}
    curve, score = preview_charts.reference(served, 30)
    assert curve == Curve((1, 5, 90), (0.2, 0.6, 0.9)) and score == 0.6
    assert preview_charts.reference(served, 0)[1] is None
    assert preview_charts.reference({}, 30) == (Curve((), ()), None)
