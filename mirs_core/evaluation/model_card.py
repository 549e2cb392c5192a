"""The model card of a run: what it is, what it measured, what it is for, as Markdown."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

from mirs_core.config.differences import differences
from mirs_core.config.presets import PRESETS, from_preset
from mirs_core.config.settings import RunConfig
from mirs_core.datasets.card import Card, read_card
from mirs_core.datasets.items import Items
from mirs_core.encoders.loading import published_spec
from mirs_core.errors import MirsError
from mirs_core.evaluation import scores
from mirs_core.files import read_json
from mirs_core.mars.landforms import describe
from mirs_core.system.tables import code, markdown, number, plain
from mirs_core.workspace import annotations, runs
from mirs_core.workspace.home import Home

_ROLES = {
    "train": "learnt from", "val": "validation, chose the epoch", "archive": "evaluation archive",
    "test": "test queries",
}  # fmt: skip


def model_card(home: Home, run_id: str) -> str:
    """The card of a run as a Markdown document that holds no HTML and loads nothing.

    Raises:
        MirsError: no such run, or its files are damaged.
    """
    run = runs.folder(home, run_id)
    summary, config, made = (
        runs.summary(home, run, runs.served_run(home)), run.config(), run.provenance(),
    )  # fmt: skip
    parts = [
        f"# {plain(summary.name)}",
        _what(home, summary, config, made),
        *_notes(annotations.read(home, run_id)),
        "## Results\n\n" + _results(summary, run),
        "## Data set\n\n" + _data(summary, config, made, run),
        "## Settings\n\n" + _settings(config),
        "## Intended use and limits\n\n" + "\n".join(f"- {line}" for line in _limits(summary)),
        "## Provenance\n\n" + _provenance(summary, made),
    ]
    return "\n\n".join(parts) + "\n"


def _what(home: Home, summary: runs.RunSummary, config: RunConfig, made: dict[str, Any]) -> str:
    if not config.hashes:
        kind = f"A baseline: the encoder's features, compared by {config.archive.distance} distance"
    elif not config.trains:
        kind = f"Hash codes of {config.head.bits} bits from signs of rotated principal axes"
    else:
        kind = f"A trained hash head that turns an image tile into {config.head.bits} bits"
    lines = [
        f"{kind}; it finds similar landforms in an archive of tiles. Made with MIRS Explorer,"
        f" preset {code(config.preset)}.",
        "",
        f"- Encoder: {code(config.encoder.name)}, frozen, fingerprint"
        f" {code(str(made.get('encoder', 'unknown'))[:16])}",
    ]
    if spec := published_spec(config.encoder.name, home):
        lines.append(f"- Encoder weights: {plain(spec.title)}, licence {plain(spec.licence)}")
        lines.append(f"- To cite for the encoder: {plain(spec.citation)}")
    if parent := made.get("parent"):
        lines.append(f"- Archived with the model of run {code(str(parent))}; nothing was trained.")
    if summary.state != "done":
        lines.append(f"- The run is {plain(summary.state)}: this card is not of a finished model.")
    return "\n".join(lines)


def _notes(said: annotations.Annotation) -> list[str]:
    found = []
    if said.tags:
        found.append("Tags: " + ", ".join(code(tag) for tag in said.tags))
    if said.notes:
        # Each line a quoted paragraph of its own, so that none of them starts a list or a heading.
        lines = [f"> {plain(line)}" if line.strip() else ">" for line in said.notes.splitlines()]
        found.append("\n>\n".join(lines))
    return found


def _results(summary: runs.RunSummary, run: runs.RunFolder) -> str:
    if not run.metrics.is_file():
        return "Nothing was measured: there are no labelled test tiles, or no labelled archive."
    found = scores.read_scores(summary, run)
    if not found.queries:
        return "Nothing was measured: no query has a relevant tile in the archive."
    rows = [
        [name, number(one.value), f"{number(one.low)} to {number(one.high)}"]
        for name, one in (("min(R, k)", found.value), ("hits in the top k", found.hits))
    ]
    classes = [
        [plain(f"{label} ({describe(label).name})"), str(n), number(value)]
        for label, (n, value) in found.per_class.items()
    ]
    skipped = ", ".join(f"{n} {plain(why)}" for why, n in found.skipped.items()) or "none"
    return "\n".join([
        f"mAP@64 (k = 64) of {found.queries:,} test queries (skipped: {skipped}) against an archive"
        f" of {found.archive_tiles:,} tiles, {code(str(summary.archive_id))}; a query's own strip"
        f" was {plain(found.strip)}. The interval is the 95 % bootstrap over queries. Figures"
        " compare only with those of the same archive.",
        "",
        markdown(["divisor", "mAP@64", "95 % interval"], rows),
        "",
        markdown(["class", "queries", "mAP@64, min(R, k)"], classes),
    ])  # fmt: skip


def _data(
    summary: runs.RunSummary, config: RunConfig, made: dict[str, Any], run: runs.RunFolder
) -> str:
    card = _card(summary)
    lines = [f"- Name: {code(summary.data)}, {plain(summary.data_title)}"]
    lines.append(
        "- Synthetic: made by a program, no imagery of Mars"
        if summary.synthetic
        else "- Not synthetic"
    )
    lines.append(f"- Digest of the tiles: {code(summary.manifest_digest)}")
    licence = card.licence if card else "unknown"
    lines.append(f"- Licence of the images: {plain(licence)}")
    if card and card.citation:
        lines.append(f"- To cite: {plain(card.citation)}")
    if card and card.metres_per_pixel:
        lines.append(f"- {plain(card.instrument)}, {card.metres_per_pixel:g} m a pixel")
    for key, what in (("trained_on", "Learnt from"), ("whitening_target", "Whitened towards")):
        other = made.get(key)
        if isinstance(other, dict):
            lines.append(
                f"- {what} another data set: {code(str(other.get('data_name')))},"
                f" {plain(str(other.get('data_title')))}"
            )
    if run.items.is_file():
        counts = Counter(Items.from_json(read_json(run.items)).roles)
        said = [f"{counts[role]:,} {words}" for role, words in _ROLES.items() if counts[role]]
        lines.append(f"- Tiles: {', '.join(said)}")
    split = "strips are kept together" if config.archive.by_strip else "tile by tile"
    lines.append(f"- Halving into learnt and archived tiles: seed {config.seed}, {split}")
    return "\n".join(lines)


def _card(summary: runs.RunSummary) -> Card | None:
    """The card of the data set, where it still stands where the run found it."""
    if summary.data_root.is_dir():
        with contextlib.suppress(MirsError):
            card = read_card(summary.data_root)
            return card if card.name == summary.data else None
    return None


def _settings(config: RunConfig) -> str:
    rows = list(_changed(config))
    if not rows:
        return "All settings are the defaults."
    own = any(row[1] != row[2] for row in rows)
    about = "" if own else " No setting was changed from the preset's."
    head = ["setting", "this run", f"preset {config.preset}", "default"]
    return (
        f"Where they differ from the preset's or from the defaults; {code('config.json')} holds"
        f" all of them.{about}\n\n{markdown(head, rows)}"
    )


def _changed(config: RunConfig) -> Iterator[list[str]]:
    """Setting, value, the preset's value and the default, where they are not all the same."""
    default = RunConfig(preset="mirs", data=config.data, seed=config.seed)
    known = config.preset in PRESETS
    preset = from_preset(config.preset, data=config.data, seed=config.seed) if known else None
    for one in differences([config, preset or config, default]):
        if one.name not in ("preset", "archive.data", "whitening.target"):
            own, usual, plainest = (code(str(value)) for value in one.values)
            yield [plain(one.label), own, usual if preset else "-", plainest]


def _limits(summary: runs.RunSummary) -> Iterator[str]:
    yield (
        "For finding tiles that look alike, as a start of a search by people. It does not detect,"
        " map or date anything, and a result is no identification of a landform."
    )
    yield (
        "It knows tiles of the scale, camera and preparation of its data set. On others its order"
        " may mean little; measure it there before you rely on it."
    )
    yield (
        "It always returns the nearest tiles, also where nothing similar is in the archive."
        " Distances are no probabilities."
    )
    if summary.map_at_64 is not None:
        yield (
            "The figures hold for this split of this data set; the interval covers the choice of"
            " queries, not the choice of the seed. Rare classes have few queries."
        )
    if summary.synthetic:
        yield "It was measured on synthetic tiles: nothing is said of real images of Mars."
    yield (
        "Labels, where it learnt from some, are people's judgement, and their habits are in it, as"
        " are those of the images that the encoder was trained on."
    )


def _provenance(summary: runs.RunSummary, made: dict[str, Any]) -> str:
    epochs = made.get("epochs")
    facts = [
        ("Run", code(summary.id)),
        ("Made", plain(summary.created)),
        (
            "MIRS Explorer",
            f"{plain(str(made.get('mirs')))}, commit {code(str(made.get('commit')))}",
        ),
        ("Seed", str(summary.seed)),
    ]
    if epochs:
        facts.append(("Epochs", f"{epochs}, epoch {made.get('best_epoch')} is kept"))
    if made.get("imported"):
        facts.append(("Imported", "from a file, made on another machine"))
    return "\n".join(f"- {name}: {value}" for name, value in facts)
