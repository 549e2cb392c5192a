"""What of a session is here: data set, models and tiles, found by their digests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mirs_core.errors import MirsError
from mirs_core.exchange.sessions.session import ModelMark, Session
from mirs_core.exchange.sessions.writing import mark_of_model
from mirs_core.retrieval import retriever
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from mirs_core.workspace.runs import RunSummary


@dataclass(frozen=True, slots=True)
class Findings:
    """What of a session is here.

    Attributes:
        data_runs: ids of the runs here that archive its data set, newest first.
        models: the id of the run here for each model that is, by its run where it was saved.
        tiles: the id here of each tile that is, by its id where it was saved.
        missing: what is not here, each in a sentence that says what helps.
    """

    data_runs: tuple[str, ...]
    models: Mapping[str, str] = field(default_factory=dict)
    tiles: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The fields as the command line prints them."""
        return {
            "data_set_is_here": bool(self.data_runs),
            "models": dict(self.models),
            "tiles": dict(self.tiles),
            "missing": list(self.missing),
        }


def match(home: Home, session: Session) -> Findings:
    """Looks for the data set, the models and the tiles of a session.

    A model is here if a run has the same model file and archives the same tiles; of several, the
    one of the same id, or else the newest of the same preset, is taken. A tile is here if the
    archive has its id, or its content under another id.
    """
    usable = [run for run in runs.list_runs(home) if run.usable]
    marks = {run.id: mark for run in usable if (mark := _mark(home, run)) is not None}
    own: list[RunSummary] = []
    missing: list[str] = [f"Not in the file, too large: {name}." for name in session.left_out]
    if session.data is not None:
        own = [run for run in usable if run.manifest_digest == session.data.manifest]
        if not own:
            missing.append(_no_data_set(session, usable))
    models: dict[str, str] = {}
    for model in session.models:
        same = [run for run in own if _is(marks.get(run.id), model)]
        same.sort(key=lambda run: (run.id != model.run, run.preset != model.preset))
        if same:
            models[model.run] = same[0].id
        else:
            elsewhere = [run.id for run in usable if _is(marks.get(run.id), model)]
            missing.append(_no_model(model, elsewhere if own else []))
    archives = [*models.values(), *(run.id for run in own)]
    tiles, lost = _tiles(home, session, archives)
    return Findings(tuple(run.id for run in own), models, tiles, (*missing, *lost))


def _mark(home: Home, run: RunSummary) -> ModelMark | None:
    """The mark of a run's model; None if it cannot be read."""
    try:
        return mark_of_model(home, run)
    except MirsError:
        return None


def _is(mark: ModelMark | None, model: ModelMark) -> bool:
    return mark is not None and mark.identity == model.identity


def _no_data_set(session: Session, usable: list[RunSummary]) -> str:
    data = session.data
    assert data is not None
    namesakes = any(run.data == data.name for run in usable)
    hint = " The one of that name here has other tiles." if namesakes else ""
    return (
        f"The data set {data.title} is not archived on this computer.{hint} Query tiles, examples"
        " and filters are not restored without it."
    )


def _no_model(model: ModelMark, elsewhere: list[str]) -> str:
    name = model.name if model.name == model.run else f"{model.name} ({model.run})"
    if elsewhere:
        return (
            f"The model {name} is here, but has not archived this data set; archive it with: mirs"
            f" index --run {elsewhere[0]} --data DIR"
        )
    return (
        f"The model {name} (preset {model.preset}, SHA-256 {model.sha256[:12]}) is not here; import"
        " the exported run on the Runs page, or with: mirs runs import FILE"
    )


def _tiles(home: Home, session: Session, archives: list[str]) -> tuple[dict[str, str], list[str]]:
    items = None
    for run_id in archives:
        try:
            items = retriever.load(runs.folder(home, run_id)).items
            break
        except MirsError:
            continue
    if items is None:
        return {}, []
    here: dict[str, str] = {}
    missing = []
    for tile, content in session.tiles.items():
        copies = items.rows_with_contents([content])
        if items.has(tile):
            here[tile] = tile
            if items.contents[items.row(tile)] != content:
                missing.append(f"The tile {tile} has another picture here than in the session.")
        elif len(copies):
            here[tile] = items.ids[copies[0]]
        else:
            missing.append(f"The tile {tile} is not in the archive.")
    return here, missing
