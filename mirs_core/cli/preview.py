"""``preview``: a short training, to be watched."""

import argparse
from pathlib import Path
from typing import Any

from mirs_core.cli.console import Console
from mirs_core.config import presets
from mirs_core.errors import RunError
from mirs_core.files import write_json
from mirs_core.pipeline import preview as previews
from mirs_core.system.tables import number, table
from mirs_core.workspace.home import Home


def preview(args: argparse.Namespace, console: Console) -> tuple[dict[str, Any], str]:
    """Trains a head for a few epochs and writes what is to be seen, a few times a second."""
    config = presets.from_preset(
        args.preset,
        data=str(args.data.expanduser().resolve()),
        seed=args.seed,
        encoder=args.encoder,
        changes=[*args.changes, f"training.epochs={args.epochs}"],
    )
    found = previews.preview(
        Home.current(),
        config,
        _writer(args.out),
        query=args.query,
        progress=console.progress,
        should_stop=console.should_stop,
    )
    return found, _text(found)


def _writer(out: Path | None) -> Any:
    if out is not None and not out.parent.is_dir():
        raise RunError(f"There is no folder {out.parent}; choose another --out.")
    return lambda view: None if out is None else write_json(out, view)


def _text(found: dict[str, Any]) -> str:
    last, look = found["lines"][-1], found["look"]
    total = sum(last["gradients"].values()) or 1.0
    rows = [
        [name, f"{found['weights'][name]:g}", f"{value:.4f}",
         f"{last['gradients'][name] / total:.0%}"]
        for name, value in last["terms"].items()
    ]  # fmt: skip
    return "\n".join(
        [
            table(["term", "weight", "value", "share of the gradient"], rows),
            "",
            f"validation mAP@64  {number(last['map_at_64'])}",
            f"|h - 0.5|          {look['from_half']:.3f} (0.5: every value is 0 or 1)",
            f"sd of ones         {look['ones_sd']:.2f} bits",
            f"distinct codes     {look['distinct']:.0%}",
        ]
    )
