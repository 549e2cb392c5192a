"""In which settings configurations differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mirs_core.config.settings import RunConfig, settings


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting and its value in each of the compared configurations, in their order."""

    name: str
    label: str
    values: tuple[Any, ...]


def differences(configs: Sequence[RunConfig]) -> list[Difference]:
    """The settings whose values are not the same in all ``configs``, in the order of the form.

    Preset, data set and seed count as settings; values are as the configurations hold them.
    """
    compared = [
        Difference("preset", "Preset", tuple(config.preset for config in configs)),
        Difference("data", "Data set", tuple(config.data for config in configs)),
        Difference("seed", "Seed", tuple(config.seed for config in configs)),
    ]
    for group, item in settings():
        values = tuple(getattr(getattr(config, group), item.name) for config in configs)
        compared.append(Difference(f"{group}.{item.name}", item.metadata["label"], values))
    return [difference for difference in compared if len(set(difference.values)) > 1]
