"""Importing a folder of images as a data set."""

import math
from dataclasses import dataclass
from pathlib import Path

from mirs_core.errors import ConfigError
from mirs_core.jobs.kind import Answer, JobSpec, Kind, Work, option
from mirs_core.jobs.kinds import _following
from mirs_core.workspace.home import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class Import(JobSpec):
    """Import a folder: in place, as a copy in the home folder, or into another data set."""

    folder: Path = option(metavar="DIR", positional=True)
    copy: bool = option(False, help="copy the tiles into the home folder", one_of="where")
    to: Path | None = option(
        None, metavar="DATASET_DIR", help="add them to this data set", one_of="where"
    )
    table: Path | None = option(
        None,
        metavar="FILE",
        help="table (CSV or .xlsx) with label, split and coordinates of each tile",
    )
    column: tuple[str, ...] = option(
        (), metavar="COLUMN=HEADER",
        help="which column of the table holds path, label, latitude, ...; repeatable",
    )  # fmt: skip
    separator: str = option("", metavar="WORD", help="comma, semicolon, tab or bar")
    encoding: str = option("", metavar="NAME", help="encoding of the table, such as cp1252")
    sheet: str = option("", metavar="NAME", help="sheet of a workbook")
    strict: bool = option(False, help="refuse the table if one of its rows cannot be used")
    labels_from_folders: bool = option(False, help="the folders in DIR are classes")
    merge_labels: bool = option(
        False, help="labels that differ only in case, blanks, underscores or hyphens are one class"
    )
    split: int | None = option(
        None, metavar="SEED",
        help="set a fifth of each class aside as test tiles and a tenth for validation",
    )  # fmt: skip
    split_by_strip: bool = option(False, help="with --split: keep the tiles of a strip together")
    name: str | None = option(None, metavar="TEXT", help="short name for lists and files")
    title: str | None = option(None, metavar="TEXT", help="one-line title")
    instrument: str | None = option(None, metavar="TEXT", help="the instrument, such as CTX")
    metres_per_pixel: float | None = option(None, metavar="N", help="pixel scale")
    licence: str | None = option(None, metavar="TEXT", help="licence of the images")
    citation: str | None = option(None, metavar="TEXT", help="how to cite them")
    credit: str | None = option(None, metavar="TEXT", help="credit line of each tile")
    source: str | None = option(None, metavar="TEXT", help="source of each tile")
    synthetic: bool = option(False, help="the images are synthetic")
    archive: tuple[str, ...] = option((), metavar="RUN", help=_following.ARCHIVE)
    prepare: bool = option(False, help=_following.PREPARE)


def run(home: Home, spec: Import, work: Work) -> Answer:
    """Imports a folder.

    Raises:
        MirsError: there are no tiles in it, the table is wrong, or a model cannot archive.
    """
    from mirs_core.datasets import importing

    _refuse_idle(spec)
    _following.check(home, spec.archive)
    facts = importing.FolderDescription(
        table=spec.table,
        layout=importing.TableLayout.of_words(
            spec.separator, spec.encoding, spec.sheet, spec.column
        ),
        strict=spec.strict,
        split_seed=spec.split,
        split_by_strip=spec.split_by_strip,
        from_folders=spec.labels_from_folders,
        merge_labels=spec.merge_labels,
        name=spec.name,
        title=spec.title,
        instrument=spec.instrument,
        metres_per_pixel=spec.metres_per_pixel,
        licence=spec.licence,
        citation=spec.citation,
        credit=spec.credit,
        source=spec.source,
        synthetic=spec.synthetic,
    )
    if spec.to is not None:
        outcome = importing.import_into(home, spec.folder, spec.to, facts, work.stoppable)
    elif spec.copy:
        outcome = importing.import_copy(home, spec.folder, facts, work.stoppable)
    else:
        outcome = importing.import_in_place(home, spec.folder, facts, work.stoppable)
    answer = outcome.to_json()
    answer["runs"] = _following.follow(home, Path(answer["dir"]), spec.archive, spec.prepare, work)
    return answer


def _refuse_idle(spec: Import) -> None:
    """Refuses options that would do nothing, and numbers that are none.

    Raises:
        ConfigError: there is one.
    """
    of_table = ("column", "separator", "encoding", "sheet", "strict")
    idle = [name for name in of_table if getattr(spec, name)] if spec.table is None else []
    if idle:
        raise ConfigError(f"--{idle[0]} is about a table, and none is named; add --table FILE.")
    if spec.split_by_strip and spec.split is None:
        raise ConfigError("--split-by-strip is about a new split; add --split SEED.")
    scale = spec.metres_per_pixel
    if scale is not None and not 0 < scale < math.inf:
        raise ConfigError(f"--metres-per-pixel is {scale}; state a number above 0.")


SPEC = Kind(
    name="data-import",
    order=140,
    words=("data", "import"),
    help="import a folder of your own images",
    spec=Import,
    run=run,
    title=lambda spec: f"Import {spec.folder.name}",
    key=lambda spec: _following.data_key("import", spec),
)
