"""A preview: a short training to watch."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirs_core.config.presets import PRESETS
from mirs_core.errors import RunError
from mirs_core.files import write_json
from mirs_core.jobs.kind import PREVIEW, Answer, JobSpec, Kind, Work, option
from mirs_core.workspace.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview(JobSpec):
    """Train for a few epochs and write the state of the codes a few times a second."""

    data: Path = option(metavar="DIR", help="a data set")
    preset: str = option("mirs", metavar="NAME", help=", ".join(PRESETS))
    encoder: str | None = option(None, metavar="NAME", help="overrides the preset's encoder")
    seed: int = option(0, metavar="N")
    epochs: int = option(30, metavar="N")
    query: str = option("", metavar="TILE", help="follow the hits of this tile")
    out: Path | None = option(
        None, metavar="FILE", help="JSON file that is updated during the training"
    )
    changes: tuple[str, ...] = option(
        (), flag="--set", metavar="GROUP.FIELD=VALUE", help="change a setting of the preset"
    )


def run(home: Home, spec: Preview, work: Work) -> Answer:
    """Trains a head for a few epochs.

    Raises:
        MirsError: the data set or a setting does not allow it.
    """
    from mirs_core.config import presets
    from mirs_core.pipeline import preview

    config = presets.from_preset(
        spec.preset,
        data=str(spec.data.expanduser().resolve()),
        seed=spec.seed,
        encoder=spec.encoder,
        changes=[*spec.changes, f"training.epochs={spec.epochs}"],
    )
    out = spec.out
    if out is not None and not out.parent.is_dir():
        raise RunError(f"There is no folder {out.parent} for the output file; choose another.")

    def write(view: Mapping[str, Any]) -> None:
        if out is not None:
            write_json(out, view)

    return preview.preview(
        home, config, write, query=spec.query, progress=work.progress, should_stop=work.should_stop
    )


SPEC = Kind(
    name="preview",
    order=30,
    words=("preview",),
    help="train for a few epochs and look at the codes",
    spec=Preview,
    run=run,
    title=lambda spec: "Preview",
    lane=PREVIEW,
)
