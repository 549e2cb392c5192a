"""The report on two data sets: its figures, what it reads, keeps and does not do twice."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import reference
from fakes import FakeNetwork, make_fake_encoder, write_dataset

from mirs_core import cli
from mirs_core.config.presets import from_preset
from mirs_core.datasets import scanning
from mirs_core.encoders import run_encoder
from mirs_core.errors import ConfigError, DataError, RunError, StoppedError
from mirs_core.experiments import comparison, domains
from mirs_core.experiments.domains import across, statistics
from mirs_core.experiments.domains.covariances import Moments
from mirs_core.experiments.domains.statistics import Domain
from mirs_core.experiments.reproduction.plan import Recipe
from mirs_core.pipeline import encoding, training
from mirs_core.progress import stoppable
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home

HERE = {
    "train": {"cra": 10, "rid": 10}, "val": {"cra": 2, "rid": 2}, "test": {"cra": 2, "rid": 2},
}  # fmt: skip
THERE = {"train": {"dune": 8, "spider": 8}, "test": {"dune": 2, "spider": 2}}
SHORT = ("training.epochs=2", "training.views=1")
PRESETS = ("baseline-centred", "mirs", "mirs-dwt")


@pytest.fixture
def home(tmp_path: Path, network: FakeNetwork) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "here", HERE)


@pytest.fixture
def there(tmp_path: Path) -> Path:
    card = {"name": "there", "title": "There", "synthetic": True}
    return write_dataset(tmp_path / "there", THERE, start=700, card=card)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Heads learn for two epochs."""

    def recipe(preset: str, changes: tuple[str, ...]) -> Recipe:
        return Recipe(preset, changes if preset.startswith("base") else (*changes, *SHORT))

    monkeypatch.setattr(across, "Recipe", recipe)


def made(home: Home, here: Path, there: Path, **options: Any) -> dict[str, Any]:
    return domains.make(
        home, here, there, **{"seeds": 2, "presets": PRESETS, "encoder": "fake", **options}
    )


def correlated(n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(n, 40)) @ rng.normal(size=(40, 40)) / 9 + rng.normal(size=40)
    return mixed.astype(np.float32)


@pytest.fixture(scope="module")
def pair() -> tuple[Domain, Domain]:
    """Two domains of 40 features: a group of 32 and one of 8."""
    return (
        Domain(correlated(60, 0), correlated(30, 1)),
        Domain(correlated(50, 2), correlated(20, 3)),
    )


@pytest.mark.parametrize("tiles", ["fitted", "unseen"])
@pytest.mark.parametrize("transform", ["own", "source"])
@pytest.mark.parametrize("key", ["mirs-dwt", "2021"])
def test_figures_are_those_of_features_whitened_by_loops(
    pair: tuple[Domain, Domain], key: str, transform: str, tiles: str
) -> None:
    found = statistics.measure(*pair)
    (row,) = (
        one
        for one in found.summary["rows"]
        if (one["whitening"], one["transform"], one["tiles"]) == (key, transform, tiles)
    )
    white = statistics.whitenings()[key]
    by = pair if transform == "own" else (pair[0], pair[0])
    a, b = (
        Moments.of(
            np.array(
                reference.whitened(
                    fitted.fitted.tolist(), getattr(one, tiles).tolist(),
                    white.group_size, white.eps, white.shrinkage,
                )
            ),
            32,
        )
        for fitted, one in zip(by, pair, strict=True)
    )  # fmt: skip
    for name in ("mean_gap", "covariance_gap"):
        assert row[name] == pytest.approx(getattr(statistics, name)(a, b), rel=2e-3, abs=2e-3)
    for side, one in (("source", a), ("target", b)):
        for name in ("off_diagonal_correlation", "distance_to_identity"):
            assert row[side][name] == pytest.approx(getattr(statistics, name)(one), rel=2e-3)
    if transform == "own":
        place = [one["key"] for one in found.summary["whitenings"]].index(key) + 1
        kind = found.summary["kinds"].index(tiles)
        for side, one in enumerate((a, b)):
            shown = found.covariances[place, kind, side]
            np.testing.assert_allclose(shown, one.covariances, rtol=2e-3, atol=2e-3)


def test_features_as_encoded_are_measured_as_they_are(pair: tuple[Domain, Domain]) -> None:
    found = statistics.measure(*pair)
    first = found.summary["rows"][0]
    assert (first["whitening"], first["tiles"]) == ("none", "fitted")
    a, b = (Moments.of(one.fitted, 32) for one in pair)
    assert first["mean_gap"] == pytest.approx(statistics.mean_gap(a, b), abs=1e-6)
    np.testing.assert_allclose(found.covariances[0, 0, 1], b.covariances, rtol=1e-5, atol=1e-6)
    assert (found.summary["groups"], found.covariances.shape) == (2, (3, 2, 2, 2, 32, 32))


def test_the_transforms_are_those_that_a_training_takes(
    home: Home, here: Path, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the model that learns from one set and searches the other, at the same seed."""
    from mirs_core.retrieval.retriever import load

    used: list[Any] = []
    real = statistics.whitening
    monkeypatch.setattr(statistics, "whitening", lambda *a: used.append(real(*a)) or used[-1])
    made(home, here, there, presets=("baseline",), seeds=1)
    config = from_preset("mirs-dwt", data=str(here), changes=[*SHORT, f"archive.data={there}"])
    run = runs.folder(home, training.prepare_and_train(home, config).run)
    model = load(run).model.state()
    for transform, side in zip(used[:2], ("source", "target"), strict=True):
        np.testing.assert_array_equal(model[f"{side}.blocks"], transform.blocks.numpy())
        np.testing.assert_array_equal(model[f"{side}.mean"], transform.mean.numpy())


def test_statistics_read_no_label(home: Home, here: Path, there: Path) -> None:
    labelled = made(home, here, there, presets=("baseline",), seeds=1)["statistics"]
    encoder = run_encoder.encoder_for(home, from_preset("mirs", data=""))
    both = []
    for root in (here, there):
        manifest = scanning.scan_cached(home, root)
        items = scanning.order_tiles(manifest, 0, by_strip=False)
        features = encoding.extract_items(home, manifest, items, encoder, lambda *a: None)
        bare = type(items)(**{**_columns(items), "labels": (None,) * len(items)})
        both.append((bare, features))
    found = statistics.measure(Domain.source(*both[0]), Domain.target(*both[1]))
    assert found.summary == labelled


def _columns(items: Any) -> dict[str, Any]:
    return {name: tuple(values) for name, values in items.to_json().items()}


def test_rows_across_are_what_the_runs_measure(home: Home, here: Path, there: Path) -> None:
    report = made(home, here, there)
    rows = {(row["from"], row["to"], row["preset"]): row for row in report["across"]}
    assert len(rows) == 2 * len(PRESETS) and report["seeds"] == 2
    averages = {}
    for learnt, searched, names in (
        (here, there, ("here", "there")),
        (there, here, ("there", "here")),
    ):
        for preset in PRESETS:
            by_seed = {}
            for seed in range(2):
                extra = () if preset.startswith("base") else SHORT
                config = from_preset(
                    preset, data=str(learnt), seed=seed, encoder="fake",
                    changes=[*extra, f"archive.data={searched}"],
                )  # fmt: skip
                run = runs.folder(home, training.prepare_and_train(home, config).run)
                by_seed[seed] = json.loads(run.metrics.read_text())
            row = rows[*names, preset]
            values = [one["map_at_64"]["min_r_k"]["value"] for one in by_seed.values()]
            assert row["map_at_64"] == pytest.approx(np.mean(values), abs=1e-6)
            assert row["sd"] == pytest.approx(np.std(values, ddof=1), abs=1e-6)
            assert row["low"] <= row["map_at_64"] <= row["high"]
            averages[names, preset] = comparison.seed_average(by_seed, "min_r_k")
        plain = averages[names, "mirs"]
        for preset in ("baseline-centred", "mirs-dwt"):
            own = averages[names, preset]
            gap = rows[*names, preset]["difference"]
            assert gap["against"] == "mirs"
            expected = np.mean([own[query] - plain[query] for query in plain])
            assert gap["value"] == pytest.approx(expected, abs=1e-6)
        assert rows[*names, "mirs"]["difference"] is None


@pytest.mark.parametrize(
    ("preset", "presets", "expected"),
    [
        ("mirs-dwt", ("mirs", "mirs-dwt"), "mirs"),
        ("mirs-unsupervised-dwt", ("mirs", "mirs-unsupervised", "mirs-unsupervised-dwt"),
         "mirs-unsupervised"),
        ("mirs-unsupervised-dwt", ("mirs", "mirs-unsupervised-dwt"), "mirs"),
        ("baseline", ("baseline", "mirs"), "mirs"),
        ("mirs", ("baseline", "mirs"), ""),
        ("baseline", ("baseline", "mirs-dwt"), ""),
        ("mirs-dwt", ("baseline", "mirs-dwt"), "baseline"),
    ],
)  # fmt: skip
def test_a_preset_is_compared_with_its_plain_form(
    preset: str, presets: tuple[str, ...], expected: str
) -> None:
    assert across.reference_of(preset, presets) == expected


def test_a_second_call_measures_nothing_anew_and_no_run_stays(
    home: Home, here: Path, there: Path, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = made(home, here, there)
    assert runs.list_runs(home) == []
    monkeypatch.setattr(training, "prepare", _never)
    seen = network.seen
    second = made(home, here, there)
    assert network.seen == seen
    assert {**first, "created": ""} == {**second, "created": ""}


def _never(*args: Any, **options: Any) -> None:
    raise AssertionError("trained again")


def test_a_cell_is_of_the_tiles_of_both_data_sets(home: Home, here: Path, there: Path) -> None:
    made(home, here, there, presets=("baseline",), seeds=1)
    cells = home.path / "domains" / "cells"
    assert len(list(cells.iterdir())) == 2
    write_dataset(there, {"test": {"dune": 1}}, start=990)
    made(home, here, there, presets=("baseline",), seeds=1)
    assert len(list(cells.iterdir())) == 4


def test_it_can_be_stopped_and_goes_on(home: Home, here: Path, there: Path) -> None:
    stages: list[str] = []

    def watch(stage: str, done: int, total: int) -> None:
        stages.append(stage)
        assert 0 <= done <= total

    with pytest.raises(StoppedError):
        made(home, here, there, progress=stoppable(watch, lambda: len(set(stages)) > 12))
    kept = len(list((home.path / "domains" / "cells").iterdir()))
    assert 0 < kept < 12 and runs.list_runs(home) == []
    assert domains.find(home, here, there, "fake") is None
    made(home, here, there, progress=watch)
    assert stages[-1] == "Across data sets"


def test_the_report_is_kept_for_the_app(home: Home, here: Path, there: Path) -> None:
    assert domains.find(home, here, there, "fake") is None
    report = made(home, here, there, presets=("baseline",), seeds=1)
    assert domains.find(home, here, there, "fake") == report
    assert domains.find(home, there, here, "fake") is None
    assert domains.find(home, here, there) is None
    assert domains.covariances(home, here, there, "fake").shape == (3, 2, 2, 2, 32, 32)
    assert report["source"]["name"] == "here" and not report["source"]["synthetic"]
    assert report["target"]["synthetic"] and report["target"]["tiles"] == 20


@pytest.mark.parametrize("text", ["[]", '{"schema": 2}', "x"])
def test_a_damaged_report_says_so(home: Home, here: Path, there: Path, text: str) -> None:
    path = domains.path_of(home, here, there)
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(RunError):
        domains.find(home, here, there)


def test_damaged_covariances_say_so(home: Home, here: Path, there: Path) -> None:
    path = domains.path_of(home, here, there).with_suffix(".npy")
    path.parent.mkdir(parents=True)
    with pytest.raises(RunError):
        domains.covariances(home, here, there)
    for array in (np.zeros((2, 2), np.float32), np.full((1, 1, 2, 1, 2, 2), np.nan, np.float32)):
        np.save(path, array)
        with pytest.raises(RunError):
            domains.covariances(home, here, there)


def test_what_cannot_be_measured_says_why_and_stops_nothing(
    home: Home, here: Path, tmp_path: Path
) -> None:
    bare = write_dataset(tmp_path / "bare", 12, start=300)
    report = made(home, here, bare, presets=("baseline", "mirs"), seeds=1)
    whys = {(row["from"], row["preset"]): row["why"] for row in report["across"]}
    assert "nothing to compare" in whys["here", "baseline"]
    assert "labels" in whys["bare", "mirs"] and whys["bare", "baseline"] == ""
    rows = [row for row in report["across"] if row["why"]]
    assert all(row["map_at_64"] is None and row["difference"] is None for row in rows)
    assert {row["tiles"] for row in report["statistics"]["rows"]} == {"fitted"}


@pytest.mark.parametrize("options", [{"seeds": 0}, {"presets": ()}, {"presets": ("x",)}])
def test_words_without_sense_are_refused(
    home: Home, here: Path, there: Path, options: dict[str, Any]
) -> None:
    with pytest.raises(ConfigError):
        made(home, here, there, **options)
    assert not (home.path / "domains").exists()


def test_one_data_set_is_no_second_domain(home: Home, here: Path) -> None:
    with pytest.raises(DataError, match="both source and target"):
        made(home, here, here)


def test_a_whitening_that_cannot_be_had_is_left_out(pair: tuple[Domain, Domain]) -> None:
    still = np.ones((30, 40), np.float32)
    still[:, :32] = correlated(30, 4)[:, :32]
    found = statistics.measure(Domain(still, still[:0]), pair[1])
    (mirs, old) = found.summary["whitenings"]
    assert mirs["why"] == "" and "cannot be whitened" in old["why"]
    assert found.covariances.shape[0] == 2
    with pytest.raises(DataError, match="two"):
        statistics.measure(Domain(still[:1], still), pair[1])


@pytest.fixture
def command(home: Home, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    monkeypatch.setenv("MIRS_HOME", str(home))
    encoder, _ = make_fake_encoder()
    monkeypatch.setattr(run_encoder, "load_encoder", lambda name, home: encoder)
    return lambda *words: cli.main(["domains", "--quiet", *(str(word) for word in words)])


def test_the_command_prints_and_writes_the_report(
    command: Callable[..., int], here: Path, there: Path, tmp_path: Path, home: Home,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    words = ("--data", here, "--other", there, "--seeds", 1, "--presets", "baseline,mirs,mirs-dwt")
    assert command(*words, "--json", "--out", tmp_path / "out.json") == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert json.loads((tmp_path / "out.json").read_text()) == report
    assert domains.find(home, here, there) == report
    assert command(*words) == 0
    text = capsys.readouterr().out
    assert "Trained on here; searches there (synthetic)" in text
    assert "each domain by its own" in text and "95 % interval" in text
    assert command(*words, "--json", "--group", 1) == 0
    group = json.loads(capsys.readouterr().out.splitlines()[-1])["statistics"]["group"]
    assert group["channels"] == [32, 48] and len(group["covariances"]) == 3 * 2 * 2
    kept = domains.covariances(home, here, there)
    for place, one in enumerate(group["covariances"]):
        state, kind, side = place // 4, place // 2 % 2, place % 2
        assert one["whitening"] == ("none", "mirs-dwt", "2021")[state]
        assert (one["tiles"], one["domain"]) == (
            ("fitted", "unseen")[kind], ("source", "target")[side],
        )  # fmt: skip
        np.testing.assert_allclose(
            one["values"], kept[state, kind, side, 1, :16, :16], rtol=1e-3, atol=1e-6
        )
    assert command(*words, "--group", 2) == 2
    assert "0 to 1" in capsys.readouterr().err
    assert command("--data", here, "--other", here) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
