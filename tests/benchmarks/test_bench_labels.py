"""``bench labels`` on a tiny data set: rows are what they say, and no label of the user moves."""

import json
from pathlib import Path

from fakes import FakeNetwork, write_dataset

from benchmarks import labels
from mirs_core.workspace.home import Home


def test_verdicts_are_counted_and_scores_are_of_one_test_split(
    tmp_path: Path, network: FakeNetwork
) -> None:
    counts = {"cra": 16, "rid": 16}
    data = write_dataset(tmp_path / "set", {"train": counts, "val": counts, "test": counts})
    home = Home(tmp_path / "home")
    answer = labels.run(home, data, [0], 0.25, [4])
    rows = {row["order"]: row for row in answer["rows"]}
    assert set(rows) == {
        "correct labels", "review by the baseline", "review by the trained model", "random",
    }  # fmt: skip
    assert rows["correct labels"]["verdicts"] == 12 and rows["random"]["verdicts"] == 4
    for row in answer["rows"]:
        assert 0 <= row["wrong_among_them"] <= row["verdicts"]
        assert row["difference"] is not None, "all are measured on the same archive and queries"
    assert not home.labels.exists() and not home.runs.exists()
    json.dumps(answer, allow_nan=False)
