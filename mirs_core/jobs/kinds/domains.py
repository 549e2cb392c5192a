"""The measurement of whitening between two data sets."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirs_core.config.presets import PRESETS
from mirs_core.errors import ConfigError
from mirs_core.files import sha256, write_json
from mirs_core.jobs.kind import Answer, JobSpec, Kind, Work, option
from mirs_core.workspace.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class Domains(JobSpec):
    """Measure what whitening does between the data sets ``data`` and ``other``."""

    data: Path = option(metavar="DIR", help="source: the data set that models are trained on")
    other: Path = option(metavar="DIR", help="target: the data set that is searched")
    seeds: int = option(5, metavar="N")
    presets: str = option("", metavar="NAMES", help=f"comma-separated, of {', '.join(PRESETS)}")
    encoder: str | None = option(None, metavar="NAME")
    group: int | None = option(
        None, metavar="N", help="include the covariances of this group of channels"
    )
    out: Path | None = option(None, metavar="FILE", help="also write the report to this JSON file")


def run(home: Home, spec: Domains, work: Work) -> Answer:
    """The report on two data sets; continues where an earlier one ended.

    Raises:
        MirsError: a data set or a preset does not allow it.
    """
    from mirs_core.experiments import domains

    data, other = (root.expanduser().resolve() for root in (spec.data, spec.other))
    presets = spec.presets.split(",") if spec.presets else domains.USUAL
    report: dict[str, Any] = domains.make(
        home,
        data,
        other,
        seeds=spec.seeds,
        presets=[name.strip() for name in presets if name.strip()],
        encoder=spec.encoder or "",
        progress=work.stoppable,
    )
    if spec.group is not None:
        values = domains.covariances(home, data, other, report["encoder"])
        report["statistics"]["group"] = _group(report["statistics"], values, spec.group)
    if spec.out is not None:
        write_json(spec.out.expanduser().resolve(), report)
    return report


def _group(statistics: dict[str, Any], values: Any, group: int) -> dict[str, Any]:
    """The covariances of one group of channels, each with its whitening, tiles and domain."""
    import numpy as np

    if not 0 <= group < statistics["groups"]:
        raise ConfigError(f"There is no group {group}; choose 0 to {statistics['groups'] - 1}.")
    first = group * statistics["group_size"]
    width = min(statistics["group_size"], statistics["features"] - first)
    states = ["none", *(w["key"] for w in statistics["whitenings"] if not w["why"])]
    return {
        "group": group,
        "channels": [first, first + width],
        "covariances": [
            {
                "whitening": state,
                "tiles": kind,
                "domain": side,
                "values": np.round(matrix[group, :width, :width].astype(float), 6).tolist(),
            }
            for state, by_kind in zip(states, values, strict=True)
            for kind, by_side in zip(statistics["kinds"], by_kind, strict=True)
            for side, matrix in zip(("source", "target"), by_side, strict=True)
        ],
    }


def _key(spec: Domains) -> str:
    return f"domains-{sha256(f'{spec.data}|{spec.other}'.encode())[:16]}"


SPEC = Kind(
    name="domains",
    order=60,
    words=("domains",),
    help="measure the effect of whitening between two data sets",
    spec=Domains,
    run=run,
    title=lambda spec: f"Domains: {spec.data.name} and {spec.other.name}",
    key=_key,
)
