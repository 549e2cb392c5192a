"""From measured cells to a report: plain JSON that the app, Markdown and figures are made from."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from mirs_core.experiments.comparison import difference, over_seeds
from mirs_core.experiments.reproduction.plan import Recipe, Row, Table
from mirs_core.system import tables

SCHEMA = 1

Cells = Mapping[Recipe, Mapping[int, Mapping[str, Any]]]
"""Measurements of each recipe by seed."""

_RESULTS = (
    ("map", "mAP@64", "map"),
    ("sd", "sd over seeds", "map"),
    ("interval", "95 % interval", "interval"),
    ("hits", "divisor hits", "map"),
    ("difference", "difference", "difference"),
    ("published", "published", "map"),
)
_COSTS = (
    ("epoch", "an epoch", "seconds"),
    ("training", "training", "seconds"),
    ("query", "a query", "seconds"),
    ("archive", "archive", "bytes"),
    ("tiles", "archived tiles", "count"),
    ("published", "published", "text"),
)


def table_json(
    table: Table, cells: Cells, seeds: Sequence[int], failed: Mapping[Recipe, str]
) -> dict[str, Any]:
    """A table with what is known of each row: done, waiting for cells, or not possible here.

    Args:
        failed: why a recipe can't be carried out.
    """
    columns = _COSTS if table.costs else _RESULTS
    base = _complete(cells, table.rows[table.reference].recipe, seeds)
    return {
        "key": table.key,
        "title": table.title,
        "note": table.note,
        "published_source": table.source,
        "columns": [{"key": key, "title": title, "kind": kind} for key, title, kind in columns],
        "rows": [
            _row(table, number, cells, seeds, base, failed) for number in range(len(table.rows))
        ],
    }


def _complete(
    cells: Cells, recipe: Recipe, seeds: Sequence[int]
) -> dict[int, Mapping[str, Any]] | None:
    by_seed = cells.get(recipe, {})
    return {seed: by_seed[seed] for seed in seeds} if all(s in by_seed for s in seeds) else None


def _row(
    table: Table,
    number: int,
    cells: Cells,
    seeds: Sequence[int],
    base: dict[int, Mapping[str, Any]] | None,
    failed: Mapping[Recipe, str],
) -> dict[str, Any]:
    row = table.rows[number]
    published = row.published_text if table.costs else row.published
    about = {"label": row.label, "published": published or None, "why": ""}
    by_seed = _complete(cells, row.recipe, seeds)
    if by_seed is None and row.recipe in failed:
        return {**about, "state": "not here", "why": failed[row.recipe]}
    if by_seed is None:
        count = len(cells.get(row.recipe, {}))
        return {**about, "state": "waiting", "why": f"{count} of {len(seeds)} seeds"}
    if table.costs:
        return {**about, "state": "done", **_cost(by_seed)}
    return {**about, "state": "done", **_result(row, table, by_seed, base)}


def _result(
    row: Row,
    table: Table,
    by_seed: Mapping[int, Mapping[str, Any]],
    base: Mapping[int, Mapping[str, Any]] | None,
) -> dict[str, Any]:
    figures = over_seeds(by_seed).to_json()
    paired = None
    if base is not None and row is not table.rows[table.reference]:
        paired = difference(by_seed, base).to_json()
    return {
        "map": figures["value"],
        "sd": figures["sd"],
        "interval": [figures["low"], figures["high"]],
        "hits": figures["hits"],
        "difference": paired,
        "seeds": {
            str(seed): value["map_at_64"]["min_r_k"]["value"] for seed, value in by_seed.items()
        },
    }


def _cost(by_seed: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    values = list(by_seed.values())
    epochs = [value["epoch_seconds"] for value in values if value["epoch_seconds"] is not None]
    return {
        "epoch": median(epochs) if epochs else None,
        "training": median(value["seconds"]["training"] for value in values),
        "query": median(value["query_seconds"] for value in values),
        "archive": median(value["archive_bytes"] for value in values),
        "tiles": median(value["n_archive"] for value in values),
    }


def markdown(report: Mapping[str, Any]) -> str:
    """The report as Markdown, one table after the other."""
    lines = [f"# MIRS on {report['title']}", ""]
    if report["synthetic"]:
        lines += ["**Synthetic tiles, not real imagery.**", ""]
    lines += [
        f"{report['seeds']} seeds, encoder `{report['encoder']}`, mAP@64 with divisor min(R, k)."
        f" Made by `{report['command']}`.",
        "",
        *(f"- {note}" for note in report["notes"]),
    ]
    for table in report["tables"]:
        lines += ["", f"## {table['title']}", "", table["note"], "", _grid(table)]
        lines += ["", f"Published: {table['published_source']}"]
    return "\n".join(lines) + "\n"


def _grid(table: Mapping[str, Any]) -> str:
    columns, rows = table["columns"], []
    for row in table["rows"]:
        if row["state"] == "done":
            cells = [said(row.get(column["key"]), column["kind"]) for column in columns]
        else:
            blank = ["-"] * (len(columns) - 2)
            published = said(row.get("published"), columns[-1]["kind"])
            cells = [f"{row['state']}: {row['why']}", *blank, published]
        rows.append([row["label"], *cells])
    return tables.markdown(["", *(column["title"] for column in columns)], rows)


def said(value: Any, kind: str) -> str:
    """A value as text, formatted by its kind; "-" if there is none."""
    if value is None:
        return "-"
    if kind == "map":
        return f"{value:.3f}"
    if kind == "interval":
        return f"[{value[0]:.3f}, {value[1]:.3f}]"
    if kind == "difference":
        interval = f"{value['value']:+.3f} [{value['low']:+.3f}, {value['high']:+.3f}]"
        sd = value.get("seed_sd")
        return interval if sd is None else f"{interval}, sd over seeds {sd:.3f}"
    if kind == "seconds":
        return f"{value:.3g} s"
    if kind in ("bytes", "count"):
        return f"{value:,.0f}" + (" B" if kind == "bytes" else "")
    return str(value)
