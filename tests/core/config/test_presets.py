"""Presets: one file each, and every fact about them read from there."""

from typing import Any

import pytest

from mirs_core.config.presets import PRESETS, from_preset, title_of
from mirs_core.config.settings import settings

# Titles and order are what the columns of the app and the tables of reports have always shown.
TITLES = {
    "baseline": "Baseline",
    "baseline-centred": "Baseline, centred",
    "pca-sign": "PCA-sign",
    "mirs-unsupervised": "MIRS, unsupervised",
    "mirs-unsupervised-dwt": "MIRS, unsupervised + DWT",
    "mirs-2021": "MIRS of 2021",
    "mirs-2021-as-coded": "MIRS of 2021, as coded",
    "mirs": "MIRS",
    "mirs-interclass": "MIRS + inter-class",
    "mirs-dwt": "MIRS + DWT",
    "mirs-best": "MIRS, best recipe",
}


def test_titles_and_order() -> None:
    assert {name: spec.title for name, spec in PRESETS.items()} == TITLES
    assert list(PRESETS) == list(TITLES)


def test_a_preset_of_another_version_is_called_by_its_name() -> None:
    assert title_of("mirs-of-tomorrow") == "mirs-of-tomorrow"


@pytest.mark.parametrize("preset", PRESETS)
def test_changes_are_settings_that_differ_from_their_defaults(preset: str) -> None:
    defaults: dict[str, Any] = {f"{group}.{item.name}": item.default for group, item in settings()}
    changes = PRESETS[preset].changes
    assert {name: value for name, value in changes.items() if defaults[name] == value} == {}


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_described_and_extends_one_that_exists(preset: str) -> None:
    spec = PRESETS[preset]
    assert spec.help.endswith(".") and spec.title
    assert spec.variant_of == "" or spec.variant_of in PRESETS


def test_which_presets_whiten_is_read_from_their_configuration() -> None:
    whitened = {name for name in PRESETS if from_preset(name, data="").whitening.enabled}
    assert whitened == {"mirs-dwt", "mirs-unsupervised-dwt", "mirs-2021-as-coded"}


def test_the_app_shows_three_presets_without_being_asked() -> None:
    first = [name for name, spec in PRESETS.items() if spec.shown_first]
    assert first == ["baseline", "mirs", "mirs-dwt"]


def test_no_two_presets_have_the_same_colour_of_their_own() -> None:
    colours = {name: spec.colour for name, spec in PRESETS.items() if spec.colour is not None}
    assert colours == {"baseline": 0, "baseline-centred": 3, "mirs": 1, "mirs-dwt": 2}
