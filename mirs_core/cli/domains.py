"""``domains``: what whitening does between two data sets."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from mirs_core.cli import kind_verbs
from mirs_core.jobs.kind import Answer
from mirs_core.jobs.kinds import domains
from mirs_core.system.tables import number, table

_BY = {"": "as encoded", "own": "each domain by its own", "source": "both by the source's"}
_TILES = {"fitted": "its own", "unseen": "others"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb ``domains``."""
    kind_verbs.complete(parser, domains.SPEC, _text)


def _text(spec: domains.Domains, report: Answer) -> str:
    source, target = (_name(report[side]) for side in ("source", "target"))
    statistics = report["statistics"]
    settings = [
        f"{w['key']}: group {w['group_size']}, eps {w['eps']:g}, {w['shrinkage']}"
        + (f" (not possible here: {w['why']})" if w["why"] else "")
        for w in statistics["whitenings"]
    ]
    return "\n".join(
        [
            f"Trained on {source}; searches {target}; {report['encoder']},"
            f" {statistics['features']} features in {statistics['groups']} groups",
            *settings,
            "",
            _statistics(statistics["rows"]),
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
    head = ["trained on", "searches", "preset", "mAP@64", "95 % interval", "sd", "difference"]
    return table(head, [[row["from"], row["to"], row["preset"], *_figures(row)] for row in rows])


def _figures(row: Mapping[str, Any]) -> list[str]:
    if row["why"]:
        return ["-", "-", "-", f"not possible here: {row['why']}"]
    gap = row["difference"]
    text = "-"
    if gap:
        none = ", no difference" if gap["low"] <= 0 <= gap["high"] else ""
        text = (
            f"{gap['value']:+.3f} [{gap['low']:+.3f}, {gap['high']:+.3f}] to {gap['against']}{none}"
        )
    interval = f"[{number(row['low'])}, {number(row['high'])}]"
    return [number(row["map_at_64"]), interval, number(row["sd"]), text]
