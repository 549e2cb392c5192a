"""The presets, one file each, and the configurations that are made from them."""

from collections.abc import Iterable
from typing import Any

from mirs_core.config.differences import differences
from mirs_core.config.fields import parse_change
from mirs_core.config.preset import Preset
from mirs_core.config.settings import GROUPS, RunConfig, settings
from mirs_core.errors import ConfigError
from mirs_core.system.specs import specs_in

PRESETS = specs_in("mirs_core.config.presets", Preset)
"""Every preset by name, from the simplest method to the most elaborate."""


def title_of(preset: str) -> str:
    """What people call a preset; one of another version is called by its name."""
    return PRESETS[preset].title if preset in PRESETS else preset


def changes_of(config: RunConfig) -> list[str]:
    """The changes (``group.field=value``) that make ``config`` from its preset.

    ``from_preset`` with them gives the same configuration.
    """
    preset = from_preset(config.preset, data=config.data, seed=config.seed)
    return [f"{d.name}={_text(d.values[1])}" for d in differences([preset, config])]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def from_preset(
    preset: str,
    *,
    data: str,
    seed: int = 0,
    encoder: str | None = None,
    changes: Iterable[str] = (),
) -> RunConfig:
    """The configuration of ``preset`` with ``changes`` (``group.field=value``) on top.

    Raises:
        ConfigError: unknown preset or setting, or a value that its field does not allow.
    """
    if preset not in PRESETS:
        raise ConfigError(f"There is no preset {preset!r}; choose one of {', '.join(PRESETS)}.")
    values = dict(PRESETS[preset].changes)
    if encoder is not None:
        values["encoder.name"] = encoder
    fields = {f"{group}.{item.name}": item for group, item in settings()}
    values.update(parse_change(change, fields, "group.field=value") for change in changes)
    groups: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        group, _, leaf = name.partition(".")
        groups.setdefault(group, {})[leaf] = value
    built = {group: GROUPS[group](**leaves) for group, leaves in groups.items()}
    return RunConfig(preset=preset, data=data, seed=seed, **built)
