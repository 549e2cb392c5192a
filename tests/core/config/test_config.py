import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirs_core.config import presets
from mirs_core.config import settings as config
from mirs_core.errors import ConfigError


@pytest.mark.parametrize("preset", presets.PRESETS)
def test_every_preset_survives_json(preset: str) -> None:
    made = presets.from_preset(preset, data="/data/x", seed=3, encoder="e")
    assert config.from_json(json.loads(json.dumps(made.to_json()))) == made


def test_changes_come_on_top_of_the_preset() -> None:
    made = presets.from_preset(
        "mirs-dwt", data="", changes=["whitening.group_size=8", "head.bits=64"]
    )
    assert (made.whitening.enabled, made.whitening.group_size, made.head.bits) == (True, 8, 64)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("head.bits=100", "choose one of 32, 64, 128, 256"),
        ("head.bits=many", "must be a whole number"),
        ("loss.push_weight=-1", "between 0 and 100"),
        ("loss.push_weight=nan", "finite"),
        ("nonsense=1", "the settings are encoder.name"),
        ("head.bits", "not of the form group.field=value"),
        ("whitening.enabled=perhaps", "must be true or false"),
    ],
)
def test_bad_changes_are_explained(change: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        presets.from_preset("mirs", data="", changes=[change])


def test_contradictions_are_refused() -> None:
    with pytest.raises(ConfigError, match="no head"):
        presets.from_preset("baseline", data="", changes=["whitening.enabled=true"])


def test_unknown_presets_and_seeds_are_refused() -> None:
    with pytest.raises(ConfigError, match="choose one of baseline"):
        presets.from_preset("best", data="")
    with pytest.raises(ConfigError, match="seed is -1"):
        presets.from_preset("mirs", data="", seed=-1)


def test_every_setting_explains_itself() -> None:
    for group, item in config.settings():
        assert item.metadata["label"] and item.metadata["help"].endswith("."), (group, item.name)


def damage(value: dict, path: tuple[str, ...], new: object) -> dict:
    head, *rest = path
    return {**value, head: damage(value[head], tuple(rest), new) if rest else new}


@pytest.mark.parametrize(
    ("path", "new"),
    [
        (("schema",), 99),
        (("head", "bits"), "128"),
        (("head", "bits"), 128.0),
        (("head", "extra"), 1),
        (("seed",), True),
        (("data",), None),
        (("training",), []),
        (("surprise",), 1),
    ],
)
def test_damaged_json_is_refused(path: tuple[str, ...], new: object) -> None:
    value = presets.from_preset("mirs", data="x").to_json()
    with pytest.raises(ConfigError):
        config.from_json(damage(value, path, new))


@pytest.mark.parametrize("new", [[1] * 5000, "x" * 5000, 10**3000])
def test_errors_about_settings_are_short_whatever_the_value(new: object) -> None:
    value = presets.from_preset("mirs", data="x").to_json()
    for path in (("head", "bits"), ("quirks", "leaky_statistics"), ("archive", "distance")):
        with pytest.raises(ConfigError) as error:
            config.from_json(damage(value, path, new))
        assert len(str(error.value)) < 400


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_any_other_json_is_refused(value: object) -> None:
    with pytest.raises(ConfigError):
        config.from_json(value)


def test_configurations_cannot_be_changed() -> None:
    made = presets.from_preset("mirs", data="")
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.seed = 1  # type: ignore[misc]


@pytest.mark.parametrize("preset", presets.PRESETS)
def test_the_config_of_a_preset_has_the_keys_that_version_0_2_knows(preset: str) -> None:
    # Version 0.2 opens no run whose config.json has a key that it does not know.
    assert "further" not in presets.from_preset(preset, data="x").to_json()["loss"]


def test_further_loss_terms_are_written_where_they_are_set() -> None:
    config_ = presets.from_preset("mirs", data="x", changes=["loss.further=spread=0.25"])
    assert config_.to_json()["loss"]["further"] == "spread=0.25"
    assert config.from_json(json.loads(json.dumps(config_.to_json()))) == config_


def test_a_run_of_an_older_version_takes_the_defaults_of_newer_settings() -> None:
    made = presets.from_preset("mirs", data="x")
    value = made.to_json()
    del value["loss"]["metric"], value["loss"]["mining"]
    assert config.from_json(value) == made
