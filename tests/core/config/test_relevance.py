"""Settings that do nothing are known, and a change of one is refused."""

import dataclasses

import pytest

from mirs_core.config.presets import PRESETS, from_preset
from mirs_core.config.relevance import _GROUP_RULES, _SETTING_RULES, idle, refuse_idle
from mirs_core.config.settings import RunConfig, settings
from mirs_core.errors import ConfigError

NAMES = [f"{group}.{item.name}" for group, item in settings()]


def test_every_rule_names_a_setting() -> None:
    assert set(_SETTING_RULES) <= set(NAMES)
    assert set(_GROUP_RULES) <= {name.partition(".")[0] for name in NAMES}


@pytest.mark.parametrize("preset", PRESETS)
def test_no_preset_sets_what_does_nothing(preset: str) -> None:
    config = from_preset(preset, data="")
    # The settings of 2021 hold with and without whitening, which takes the place of scaling.
    assert {name for name in PRESETS[preset].changes if idle(config, name)} <= {"head.inputs"}


@pytest.mark.parametrize(
    ("preset", "change", "needed"),
    [
        ("baseline", "loss.margin=0.3", "trained network"),
        ("baseline", "head.bits=64", "hash head"),
        ("pca-sign", "training.epochs=3", "trained network"),
        ("mirs", "whitening.eps=0.5", "whitening.enabled=true"),
        ("mirs-dwt", "whitening.momentum=0.5", "estimator=moving"),
        ("mirs-dwt", "head.inputs=raw", "whitening.enabled=false"),
        ("mirs", "loss.temperature=1", "nt-xent"),
        ("mirs-unsupervised", "loss.margin=0.3", "uses labels"),
        ("mirs", "loss.groups=5", "interclass_weight above 0"),
    ],
)
def test_a_change_that_does_nothing_is_refused(preset: str, change: str, needed: str) -> None:
    with pytest.raises(ConfigError, match=needed):
        refuse_idle(from_preset(preset, data="", changes=[change]), [change])


@pytest.mark.parametrize(
    ("preset", "change"),
    [
        ("pca-sign", "head.bits=64"),
        ("mirs-dwt", "whitening.eps=0.5"),
        ("mirs-best", "loss.margin=0.3"),
        ("baseline", "archive.by_strip=true"),
    ],
)
def test_a_change_that_counts_is_taken(preset: str, change: str) -> None:
    name, _, text = change.partition("=")
    config = from_preset(preset, data="", changes=[change])
    refuse_idle(config, [change])
    group, _, leaf = name.partition(".")
    assert str(getattr(getattr(config, group), leaf)).lower() == text


def test_the_target_of_no_whitening_is_refused() -> None:
    plain = RunConfig()
    with pytest.raises(ConfigError, match=r"needs whitening\.enabled=true"):
        dataclasses.replace(
            plain, whitening=dataclasses.replace(plain.whitening, target="somewhere")
        )
