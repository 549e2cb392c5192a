"""The model card of a run as Markdown: model, results, data, settings, intended use."""

import contextlib
from collections.abc import Iterator
from typing import Any

from mirs_core.config.differences import differences
from mirs_core.config.presets import PRESETS, from_preset
from mirs_core.config.settings import RunConfig
from mirs_core.datasets.card import Card, read_card
from mirs_core.datasets.stored_items import read_items
from mirs_core.encoders.loading import published_spec
from mirs_core.errors import MirsError
from mirs_core.evaluation import scores
from mirs_core.mars.landforms import describe
from mirs_core.system.tables import code, markdown, number, plain
from mirs_core.workspace import annotations, runs
from mirs_core.workspace.home import Home

_ROLES = {
    "train": "training", "val": "validation (choice of the epoch)", "archive": "evaluation archive",
    "test": "test queries",
}  # fmt: skip


def model_card(home: Home, run_id: str) -> str:
    """The card of a run as a Markdown document without HTML or external resources.

    Raises:
        MirsError: there is no such run, or its files are damaged.
    """
    run = runs.folder(home, run_id)
    summary = runs.summary(home, run, runs.served_run(home))
    config, provenance = run.config(), run.provenance()
    parts = [
        f"# {plain(summary.name)}",
        _model(home, summary, config, provenance),
        *_notes(annotations.read(home, run_id)),
        "## Results\n\n" + _results(summary, run),
        "## Data set\n\n" + _data(summary, config, provenance, run),
        "## Settings\n\n" + _settings(config),
        "## Intended use and limits\n\n" + "\n".join(f"- {line}" for line in _limits(summary)),
        "## Provenance\n\n" + _provenance(summary, provenance),
    ]
    return "\n\n".join(parts) + "\n"


def _model(
    home: Home, summary: runs.RunSummary, config: RunConfig, provenance: dict[str, Any]
) -> str:
    if not config.hashes:
        kind = f"A baseline: the encoder's features, compared by {config.archive.distance} distance"
    elif not config.trains:
        kind = f"Hash codes of {config.head.bits} bits from signs of rotated principal axes"
    else:
        kind = f"A trained hash head that maps an image tile to {config.head.bits} bits"
    lines = [
        f"{kind}; it finds similar landforms in an archive of tiles. Made with MIRS Explorer,"
        f" preset {code(config.preset)}.",
        "",
        f"- Encoder: {code(config.encoder.name)}, frozen, fingerprint"
        f" {code(str(provenance.get('encoder', 'unknown'))[:16])}",
    ]
    if config.features.layers == "inner":
        lines.append(
            "- Features: averages of the last maps, mean and standard deviation of an inner block"
        )
    if config.codes.views > 1:
        lines.append(
            f"- Codes: each bit by the mean over {config.codes.views} turns and mirror images"
        )
    if isinstance(engines := provenance.get("engines"), dict) and engines:
        counts = [f"{plain(str(name))} ({plain(str(n))})" for name, n in engines.items()]
        lines.append(f"- Features by {', '.join(counts)}")
    if spec := published_spec(config.encoder.name, home):
        lines.append(f"- Encoder weights: {plain(spec.title)}, licence {plain(spec.licence)}")
        lines.append(f"- To cite for the encoder: {plain(spec.citation)}")
    if parent := provenance.get("parent"):
        lines.append(f"- Archived with the model of run {code(str(parent))}; nothing was trained.")
    if summary.state != "done":
        lines.append(f"- The run is {plain(summary.state)}: this card is not of a finished model.")
    return "\n".join(lines)


def _notes(annotation: annotations.Annotation) -> list[str]:
    paragraphs = []
    if annotation.tags:
        paragraphs.append("Tags: " + ", ".join(code(tag) for tag in annotation.tags))
    if annotation.notes:
        # Each line is a quoted paragraph, so that none of them starts a list or a heading.
        lines = [
            f"> {plain(line)}" if line.strip() else ">" for line in annotation.notes.splitlines()
        ]
        paragraphs.append("\n>\n".join(lines))
    return paragraphs


def _results(summary: runs.RunSummary, run: runs.RunFolder) -> str:
    if not run.metrics.is_file():
        return "Not evaluated: there are no labelled test tiles, or no labelled archive."
    result = scores.read_scores(summary, run)
    if not result.queries:
        return "Not evaluated: no query has a relevant tile in the archive."
    rows = [
        [divisor, number(score.value), f"{number(score.low)} to {number(score.high)}"]
        for divisor, score in (
            ("min(R, k)", result.value),
            ("hits in the top k", result.hits),
        )
    ]
    classes = [
        [plain(f"{label} ({describe(label).name})"), str(n), number(value)]
        for label, (n, value) in result.per_class.items()
    ]
    skipped = ", ".join(f"{n} {plain(why)}" for why, n in result.skipped.items()) or "none"
    return "\n".join([
        f"mAP@64 (k = 64) of {result.queries:,} test queries (skipped: {skipped}) against an"
        f" archive of {result.archive_tiles:,} tiles, {code(str(summary.archive_id))}; a query's"
        f" own strip was {plain(result.strip)}. The interval is the 95 % bootstrap over queries."
        " Scores are comparable only with those on the same archive.",
        "",
        markdown(["divisor", "mAP@64", "95 % interval"], rows),
        "",
        markdown(["class", "queries", "mAP@64, min(R, k)"], classes),
    ])  # fmt: skip


def _data(
    summary: runs.RunSummary, config: RunConfig, provenance: dict[str, Any], run: runs.RunFolder
) -> str:
    card = _card(summary)
    lines = [f"- Name: {code(summary.data)}, {plain(summary.data_title)}"]
    lines.append(
        "- Synthetic: generated tiles, not imagery of Mars"
        if summary.synthetic
        else "- Not synthetic"
    )
    lines.append(f"- Digest of the tiles: {code(summary.manifest_digest)}")
    licence = card.licence if card else "unknown"
    lines.append(f"- Licence of the images: {plain(licence)}")
    if card and card.citation:
        lines.append(f"- To cite: {plain(card.citation)}")
    if card and card.metres_per_pixel:
        lines.append(f"- {plain(card.instrument)}, {card.metres_per_pixel:g} m per pixel")
    for key, what in (("trained_on", "Trained on"), ("whitening_target", "Whitening target:")):
        data_set = provenance.get(key)
        if isinstance(data_set, dict):
            lines.append(
                f"- {what} another data set: {code(str(data_set.get('data_name')))},"
                f" {plain(str(data_set.get('data_title')))}"
            )
    if run.archive.is_dir():
        counts = read_items(run).roles.counts()
        parts = [f"{counts[role]:,} {words}" for role, words in _ROLES.items() if role in counts]
        lines.append(f"- Tiles: {', '.join(parts)}")
    if isinstance(copies := provenance.get("copies_left_out"), int) and copies:
        lines.append(f"- Training tiles left out as copies of archive or test tiles: {copies:,}")
    split = "strips are kept together" if config.archive.by_strip else "tile by tile"
    lines.append(f"- Split into training and archive tiles: seed {config.seed}, {split}")
    return "\n".join(lines)


def _card(summary: runs.RunSummary) -> Card | None:
    """The card of the data set, if it is still in the folder that the run used."""
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
    about = "" if own else " No setting differs from the preset."
    head = ["setting", "this run", f"preset {config.preset}", "default"]
    return (
        f"Settings that differ from the preset or from the defaults; {code('config.json')} has"
        f" all of them.{about}\n\n{markdown(head, rows)}"
    )


def _changed(config: RunConfig) -> Iterator[list[str]]:
    """Setting, value, the preset's value and the default, where they differ."""
    default = RunConfig(preset="mirs", data=config.data, seed=config.seed)
    has_preset = config.preset in PRESETS
    preset = from_preset(config.preset, data=config.data, seed=config.seed) if has_preset else None
    for setting in differences([config, preset or config, default]):
        if setting.name not in ("preset", "archive.data", "whitening.target"):
            own, of_preset, of_default = (code(str(value)) for value in setting.values)
            yield [plain(setting.label), own, of_preset if preset else "-", of_default]


def _limits(summary: runs.RunSummary) -> Iterator[str]:
    yield (
        "For finding similar tiles as a starting point for visual inspection. It does not detect,"
        " map or date landforms, and a result is not an identification."
    )
    yield (
        "It applies to tiles of the pixel scale, instrument and processing of its data set. On"
        " others its ranking may be meaningless; evaluate it there before relying on it."
    )
    yield (
        "It always returns the nearest tiles, even if the archive contains nothing similar."
        " Distances are not probabilities."
    )
    if summary.map_at_64 is not None:
        yield (
            "The scores are for this split of this data set; the interval reflects the choice of"
            " queries, not of the seed. Rare classes have few queries."
        )
    if summary.synthetic:
        yield "It was evaluated on synthetic tiles; the scores do not apply to real images of Mars."
    yield (
        "If it was trained with labels, these are human judgements, and the model inherits their"
        " biases, as well as those of the images that the encoder was trained on."
    )


def _provenance(summary: runs.RunSummary, provenance: dict[str, Any]) -> str:
    epochs = provenance.get("epochs")
    rows = [
        ("Run", code(summary.id)),
        ("Created", plain(summary.created)),
        (
            "MIRS Explorer",
            f"{plain(str(provenance.get('mirs')))}, commit {code(str(provenance.get('commit')))}",
        ),
        ("Seed", str(summary.seed)),
    ]
    if epochs:
        rows.append(("Epochs", f"{epochs}, epoch {provenance.get('best_epoch')} was kept"))
    if provenance.get("imported"):
        rows.append(("Imported", "from a file created on another machine"))
    return "\n".join(f"- {name}: {value}" for name, value in rows)
