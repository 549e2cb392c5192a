"""Which runs are shown side by side, in which order, and which ones first."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mirs_core.config.presets import PRESETS
from mirs_core.workspace.runs import RunSummary
from pages.shared.lineup import MOST, choices, data_sets, set_titles, title_of, titles


def run(
    run_id: str,
    preset: str = "mirs",
    data: str = "ctx",
    digest: str = "0123456789",
    state: str = "done",
    served: bool = False,
    title: str = "",
    synthetic: bool = False,
    archive: str | None = None,
) -> RunSummary:
    return RunSummary(
        id=run_id, name=run_id, preset=preset, encoder="", data=data, data_title=title or data,
        data_root=Path("/nowhere"), manifest_digest=digest, seed=0, archive_id=archive, state=state,
        served=served, synthetic=synthetic, map_at_64=None, bits=128, distance="hamming",
        created="",
    )  # fmt: skip


def test_runs_are_grouped_by_the_tiles_that_they_hold() -> None:
    found = [run("a"), run("b", data="hirise"), run("c", digest="9999999999"), run("d")]
    groups = {one.key: [r.id for r in one.runs] for one in data_sets(found)}
    assert groups == {"ctx-012345": ["a", "d"], "hirise-012345": ["b"], "ctx-999999": ["c"]}


@pytest.mark.parametrize(
    "times", [("", "", ""), ("2026-01-01T10:00:01", "2026-01-02T10:00:01", "")]
)
def test_archives_of_one_title_are_told_apart(times: tuple[str, ...]) -> None:
    """Streamlit knows the options of a chooser by their names alone: equal ones become the first.

    A folder that is imported again with other labels is a second archive of the same title.
    """
    digests = ("1111111111", "2222222222", "3333333333")
    runs = [
        replace(run(digest[0], digest=digest), created=created)
        for digest, created in zip(digests, times, strict=True)
    ]
    names = set_titles(data_sets([*runs, run("x", data="hirise")]))
    assert len(set(names.values())) == len(names) == 4
    assert names["hirise-012345"] == "hirise"


@pytest.mark.parametrize("state", ["queued", "running", "failed", "stopped"])
def test_unfinished_runs_are_not_shown(state: str) -> None:
    assert data_sets([run("a", state=state)]) == []
    assert [r.id for r in data_sets([run("a", state=state), run("b")])[0].runs] == ["b"]


def test_no_runs_no_data_sets() -> None:
    assert data_sets([]) == []


def test_the_simplest_model_comes_first_and_the_newest_of_one_preset() -> None:
    presets = ("other", "mirs-dwt", "mirs", "another", "baseline-centred", "baseline", "mirs")
    found = [run(f"{i}-{preset}", preset) for i, preset in enumerate(presets)]
    assert [r.id for r in data_sets(found)[0].runs] == [
        "5-baseline",
        "4-baseline-centred",
        "2-mirs",
        "6-mirs",
        "1-mirs-dwt",
        "3-another",
        "0-other",
    ]


def test_data_sets_stand_by_title_the_served_one_first() -> None:
    found = [run("z", data="z", title="Zeta"), run("a", data="a", title="Alpha")]
    assert [one.title for one in data_sets(found)] == ["Alpha", "Zeta"]
    served = [run("z", data="z", title="Zeta", served=True), found[1]]
    assert [one.title for one in data_sets(served)] == ["Zeta", "Alpha"]


def test_a_data_set_has_the_title_of_its_newest_run() -> None:
    one = data_sets([run("new", title="New", synthetic=True), run("old", "baseline", title="Old")])
    assert (one[0].title, one[0].synthetic) == ("New", True)


def test_first_shown_are_the_newest_baseline_mirs_and_dwt() -> None:
    found = [
        run("dwt", "mirs-dwt"),
        run("new", "mirs"),
        run("old", "mirs"),
        run("centred", "baseline-centred"),
        run("base", "baseline"),
        run("older base", "baseline"),
    ]
    assert data_sets(found)[0].default() == ("base", "new", "dwt")


def test_a_served_run_takes_the_place_of_its_preset() -> None:
    found = [
        run("dwt", "mirs-dwt"),
        run("new", "mirs"),
        run("old", "mirs", served=True),
        run("base", "baseline"),
    ]
    assert data_sets(found)[0].default() == ("base", "old", "dwt")


def test_first_shown_are_runs_that_were_measured_on_the_archive_of_the_served_one() -> None:
    found = [
        run("dwt 1", "mirs-dwt", archive="one"),
        run("base 1", "baseline", archive="one"),
        run("dwt 0", "mirs-dwt", archive="zero"),
        run("mirs 0", "mirs", archive="zero", served=True),
        run("base 0", "baseline", archive="zero"),
    ]
    assert data_sets(found)[0].default() == ("base 0", "mirs 0", "dwt 0")


def test_a_served_run_of_another_preset_stands_first() -> None:
    found = [run("new", "mirs"), run("base", "baseline"), run("x", "baseline-centred", served=True)]
    assert data_sets(found)[0].default() == ("x", "base", "new")


def test_without_the_usual_presets_the_first_runs_are_shown() -> None:
    found = [run(str(i), "baseline-centred") for i in range(MOST + 2)]
    assert data_sets(found)[0].default() == tuple(str(i) for i in range(MOST))


def test_titles_name_the_method() -> None:
    presets = ("baseline", "baseline-centred", "mirs", "mirs-dwt", "mirs-of-tomorrow")
    titles = [title_of(run("a", preset)) for preset in presets]
    assert titles == ["Baseline", "Baseline, centred", "MIRS", "MIRS + DWT", "mirs-of-tomorrow"]


def test_every_preset_has_a_place_and_a_title() -> None:
    models = data_sets([run(preset, preset) for preset in reversed(PRESETS)])[0].runs
    assert [model.preset for model in models] == list(PRESETS)
    assert [title_of(model) for model in models] == [spec.title for spec in PRESETS.values()]


def named(run_id: str, name: str, preset: str = "mirs", seed: int = 0) -> RunSummary:
    return replace(run(run_id, preset), name=name, seed=seed)


def test_an_own_name_heads_the_column_and_stands_first_in_choosers() -> None:
    runs = [
        named("a", "Gullies"), named("b", "b"), named("c", "mirs-dwt on ctx", "mirs-dwt"),
        named("d", "Baseline", "baseline"),
    ]  # fmt: skip
    assert titles(runs) == {"a": "Gullies", "b": "MIRS", "c": "MIRS + DWT", "d": "Baseline"}
    assert choices(runs) == {**titles(runs), "a": "Gullies · MIRS"}


@pytest.mark.parametrize("of", [titles, choices])
def test_equal_names_are_told_apart(of: Any) -> None:
    """Whatever runs have in common, no two have one title, and own names stay in front."""
    names = ["Twice", "Twice", "MIRS", "run-00003", "run-00004", "Twice", "Once"]
    presets = ["mirs", "mirs-dwt", "mirs", "mirs", "mirs", "mirs", "mirs"]
    runs = [
        named(f"run-{place:05d}", name, preset, seed=place)
        for place, (name, preset) in enumerate(zip(names, presets, strict=True))
    ]
    found = of(runs)
    assert len(set(found.values())) == len(runs)
    for one in runs:
        if one.name in ("Twice", "Once"):
            assert found[one.id].startswith(one.name)
    assert found["run-00001"] == "Twice · MIRS + DWT"
