import json

import numpy as np
import pytest

from mirs_core.datasets.items import Items
from mirs_core.errors import DataError, RunError


def items() -> Items:
    return Items(
        ids=("a/1.jpg", "b/2.jpg", "c/3.jpg"),
        labels=("cra", None, "rid"),
        roles=("train", "archive", "test"),
        strips=(None, "SYN_1", None),
        contents=("x", "y", "z"),
        latitudes=(None, 20.5, None),
        longitudes=(None, 288.0, None),
    )


def test_items_survive_json() -> None:
    assert Items.from_json(json.loads(json.dumps(items().to_json()))) == items()


def test_rows_by_role_and_by_id() -> None:
    np.testing.assert_array_equal(items().rows(["test", "train"]), [0, 2])
    assert items().row("b/2.jpg") == 1
    with pytest.raises(DataError, match="There is no tile"):
        items().row("nope")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("ids", ["../x.jpg", "b", "c"]),
        ("ids", ["a", "/etc/x.jpg", "c"]),
        ("ids", [1, 2, 3]),
        ("ids", ["\ud800", "b", "c"]),
        ("labels", ["\ud800", None, "c"]),
        ("roles", ["train", "king", "test"]),
        ("labels", None),
        ("ids", ["a"]),
        ("ids", ["a", "\ud800", "c"]),
        ("labels", [None, "\udfff", "c"]),
    ],
)
def test_damaged_columns_are_refused(column: str, value: object) -> None:
    with pytest.raises(RunError):
        Items.from_json({**items().to_json(), column: value})


def test_rows_of_tiles_are_in_their_order_and_minus_one_for_strangers() -> None:
    assert items().rows_of(["c/3.jpg", "x.jpg", "a/1.jpg", "c/3.jpg"]).tolist() == [2, -1, 0, 2]
    assert items().rows_of([]).tolist() == []
