"""``domains``: what whitening does between two data sets."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mirs_core.cli.console import Console
from mirs_core.errors import ConfigError
from mirs_core.experiments import domains as reports
from mirs_core.files import write_json
from mirs_core.system.tables import number, table
from mirs_core.workspace.home import Home

Answer = tuple[dict[str, Any], str]
_BY = {"": "as encoded", "own": "each domain by its own", "source": "both by the source's"}
_TILES = {"fitted": "its own", "unseen": "others"}


def domains(args: argparse.Namespace, console: Console) -> Answer:
    """The report on two data sets; goes on where an earlier one stopped."""
    home = Home.current()
    data, other = (root.expanduser().resolve() for root in (args.data, args.other))
    report = reports.make(
        home,
        data,
        other,
        seeds=args.seeds,
        presets=[name.strip() for name in args.presets.split(",") if name.strip()],
        encoder=args.encoder or "",
        progress=console.stoppable,
    )
    if args.group is not None:
        values = reports.covariances(home, data, other, report["encoder"])
        report["statistics"]["group"] = _group(report["statistics"], values, args.group)
    if args.out:
        write_json(args.out.expanduser().resolve(), report)
    return report, _text(report)


def _group(found: Mapping[str, Any], values: NDArray[np.float32], group: int) -> dict[str, Any]:
    """The covariances of one group, each with what it is of."""
    if not 0 <= group < found["groups"]:
        raise ConfigError(f"--group is {group}; give 0 to {found['groups'] - 1}.")
    first = group * found["group_size"]
    width = min(found["group_size"], found["features"] - first)
    states = ["none", *(one["key"] for one in found["whitenings"] if not one["why"])]
    return {
        "group": group,
        "channels": [first, first + width],
        "covariances": [
            {
                "whitening": state,
                "tiles": kind,
                "domain": side,
                "values": np.round(one[group, :width, :width].astype(float), 6).tolist(),
            }
            for state, by_kind in zip(states, values, strict=True)
            for kind, by_side in zip(found["kinds"], by_kind, strict=True)
            for side, one in zip(("source", "target"), by_side, strict=True)
        ],
    }


def _text(report: Mapping[str, Any]) -> str:
    source, target = (_name(report[side]) for side in ("source", "target"))
    found = report["statistics"]
    settings = [
        f"{one['key']}: group {one['group_size']}, eps {one['eps']:g}, {one['shrinkage']}"
        + (f" (not here: {one['why']})" if one["why"] else "")
        for one in found["whitenings"]
    ]
    return "\n".join(
        [
            f"Learns from {source}; searches {target}; {report['encoder']},"
            f" {found['features']} features in {found['groups']} groups",
            *settings,
            "",
            _statistics(found["rows"]),
            "",
            f"mAP@64, divisor min(R, k), {report['seeds']} seeds; differences are paired by query",
            "",
            _across(report["across"]),
        ]
    )


def _name(described: Mapping[str, Any]) -> str:
    return f"{described['name']} (synthetic)" if described["synthetic"] else str(described["name"])


def _statistics(rows: Sequence[Mapping[str, Any]]) -> str:
    head = ["whitening", "transform", "tiles", "correlation", "from identity", "up to scale",
            "means apart", "covariances apart"]  # fmt: skip
    return table(
        head,
        [
            [
                row["whitening"],
                _BY[row["transform"]],
                _TILES[row["tiles"]],
                *(
                    f"{number(row['source'][name])} | {number(row['target'][name])}"
                    for name in (
                        "off_diagonal_correlation",
                        "distance_to_identity",
                        "distance_to_scaled_identity",
                    )
                ),
                number(row["mean_gap"]),
                number(row["covariance_gap"]),
            ]
            for row in rows
        ],
    )


def _across(rows: Sequence[Mapping[str, Any]]) -> str:
    head = ["learns from", "searches", "preset", "mAP@64", "95 % interval", "sd", "difference"]
    return table(head, [[row["from"], row["to"], row["preset"], *_figures(row)] for row in rows])


def _figures(row: Mapping[str, Any]) -> list[str]:
    if row["why"]:
        return ["-", "-", "-", f"not here: {row['why']}"]
    gap = row["difference"]
    said = "-"
    if gap:
        none = ", no difference" if gap["low"] <= 0 <= gap["high"] else ""
        said = (
            f"{gap['value']:+.3f} [{gap['low']:+.3f}, {gap['high']:+.3f}] to {gap['against']}{none}"
        )
    interval = f"[{number(row['low'])}, {number(row['high'])}]"
    return [number(row["map_at_64"]), interval, number(row["sd"]), said]
