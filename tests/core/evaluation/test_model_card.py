"""The model card: what it says, and that nothing in it is more than text."""

import json
import shutil
from pathlib import Path

import pytest

from mirs_core.config import presets
from mirs_core.errors import RunError
from mirs_core.evaluation.model_card import model_card
from mirs_core.workspace import annotations, runs
from mirs_core.workspace.home import Home


@pytest.fixture
def home(small_demo: Home, tmp_path: Path) -> Home:
    return Home(shutil.copytree(small_demo, tmp_path / "home"))


def change(path: Path, **values: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_the_card_says_what_it_is_measured_on_and_what_not(home: Home) -> None:
    card = model_card(home, "demo-mirs")
    run = runs.folder(home, "demo-mirs")
    made, value = run.provenance(), json.loads(run.metrics.read_text())["map_at_64"]["min_r_k"]
    assert "Synthetic: generated tiles" in card and "evaluated on synthetic tiles" in card
    assert made["manifest"] in card and made["archive_id"] in card and "`demo-mirs`" in card
    assert f"| min(R, k) | {value['value']:.3f} | {value['low']:.3f} to {value['high']:.3f}" in card
    assert "(k = 64) of 15 test queries" in card and "divisor" in card
    assert "Encoder weights: EfficientNet-Lite0 (ImageNet), licence Apache-2.0" in card
    assert "To cite for the encoder: Tan and Le 2019" in card
    ((engine, count),) = made["engines"].items()
    assert engine.startswith("onnxruntime ") and f"Features by {engine} ({count})" in card
    assert made["encoder"][:16] in card and made["created"] in card and made["mirs"] in card
    assert card.endswith("\n") and card.count("\n# ") == 0 and card.startswith("# ")


def test_settings_are_shown_beside_the_presets_and_the_defaults(tmp_path: Path) -> None:
    changes = ["head.bits=64"]
    config = presets.from_preset("mirs-dwt", data="/nowhere", changes=changes)
    runs.create(Home(tmp_path), config, run_id="a-run", provenance={"data_name": "d"})
    card = model_card(Home(tmp_path), "a-run")
    assert "| Hash bits | `64` | `128` | `128` |" in card
    assert "`True` | `True` | `False` |" in card and "Margin" not in card
    assert "The run is queued" in card and "Not evaluated" in card


def test_a_preset_of_another_version_is_held_against_the_defaults(tmp_path: Path) -> None:
    config = presets.from_preset("mirs", data="/nowhere", changes=["head.bits=64"])
    run = runs.create(Home(tmp_path), config, run_id="a-run", provenance={})
    change(run.path / "config.json", preset="mirs-1999")
    assert "| Hash bits | `64` | - | `128` |" in model_card(Home(tmp_path), "a-run")


def test_defaults_need_no_table(tmp_path: Path) -> None:
    config = presets.from_preset("mirs", data="/nowhere")
    runs.create(Home(tmp_path), config, run_id="a-run", provenance={})
    assert "All settings are the defaults." in model_card(Home(tmp_path), "a-run")


@pytest.mark.parametrize("preset", ["baseline", "pca-sign"])
def test_models_without_training_are_called_so(tmp_path: Path, preset: str) -> None:
    config = presets.from_preset(preset, data="/nowhere")
    runs.create(Home(tmp_path), config, run_id="a-run", provenance={})
    card = model_card(Home(tmp_path), "a-run")
    assert "trained hash head" not in card


@pytest.mark.parametrize("engines", [None, {}, [], "odd", {"<b>x</b>": "`y`"}])
def test_engines_are_left_out_or_text(home: Home, engines: object) -> None:
    change(home.path / "runs" / "demo-mirs" / "provenance.json", engines=engines)
    card = model_card(home, "demo-mirs")
    assert ("Features by" in card) == (engines == {"<b>x</b>": "`y`"}) and "<b>" not in card


def test_names_and_notes_are_text_and_never_markup(home: Home) -> None:
    evil = "<script>x</script> ![i](http://evil) `a` **b** | c"
    change(home.path / "runs" / "demo-mirs" / "provenance.json", data_title=evil, created=evil)
    annotations.change(home, "demo-mirs", name=evil, tags=["`t`"], notes=f"# {evil}\n\n- {evil}")
    card = model_card(home, "demo-mirs")
    assert "\\<script\\>" in card
    for mark in ("<", "]("):
        assert all(card[i - 1] == "\\" for i in range(len(card)) if card.startswith(mark, i))
    assert "> \\# " in card and "`'t'`" in card
    assert sum(line.startswith("# ") for line in card.splitlines()) == 1


def test_a_data_set_that_is_gone_or_another_has_no_licence(home: Home) -> None:
    assert "Licence of the images: unknown" not in model_card(home, "demo-mirs")
    change(home.path / "runs" / "demo-mirs" / "provenance.json", data_name="other")
    assert "Licence of the images: unknown" in model_card(home, "demo-mirs")


def test_other_data_sets_that_a_run_learnt_from_are_named(home: Home) -> None:
    other = {"data_name": "hills", "data_title": "Hills *far* away"}
    path = home.path / "runs" / "demo-mirs" / "provenance.json"
    change(path, trained_on=other, parent="the-first", imported=True)
    card = model_card(home, "demo-mirs")
    assert "Trained on another data set: `hills`, Hills \\*far\\* away" in card
    assert "`the-first`" in card and "created on another machine" in card


def test_a_run_that_is_not_there_has_no_card(home: Home) -> None:
    with pytest.raises(RunError, match="There is no run"):
        model_card(home, "../demo-mirs")
