"""The workspace: one home folder, and everything that can be done in it."""

from collections.abc import Iterable
from dataclasses import replace
from os import PathLike

from mirs_core import jobs
from mirs_core.api.images import as_path
from mirs_core.api.listing import Listing
from mirs_core.api.open_run import OpenRun
from mirs_core.config.presets import from_preset
from mirs_core.config.settings import RunConfig
from mirs_core.datasets import importing, registry
from mirs_core.datasets.registry import KnownDataSet
from mirs_core.errors import ConfigError, DataError
from mirs_core.evaluation.protocol import Report
from mirs_core.evaluation.run_report import evaluate_run
from mirs_core.jobs import Job, JobSpec
from mirs_core.pipeline import indexing
from mirs_core.pipeline.queries import encode_folder
from mirs_core.pipeline.training import Outcome, prepare_and_train
from mirs_core.progress import Progress, ShouldStop, never, silent
from mirs_core.retrieval import retriever
from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from mirs_core.workspace.runs import RunSummary

RunReference = str | RunSummary | Outcome | OpenRun
"""A run: its id, its name where no other run has it, "default", or an object that describes it."""


class Workspace:
    """A home folder with its runs, data sets, caches and jobs.

    Nothing is written before something is trained, indexed or imported.

    Attributes:
        home: the paths in the folder.
    """

    def __init__(self, path: str | PathLike[str] | None = None) -> None:
        """Opens a home folder, which need not exist yet.

        Args:
            path: the folder; None takes ``$MIRS_HOME``, or ``.mirs`` in the working folder.
        """
        self.home = Home.current() if path is None else Home(as_path(path))

    def __repr__(self) -> str:
        return f"Workspace({str(self.home)!r})"

    def runs(self) -> Listing[RunSummary]:
        """All runs, newest first; damaged ones have the state "failed" and an error."""
        return Listing(RunSummary, tuple(runs.list_runs(self.home)))

    def datasets(self) -> Listing[KnownDataSet]:
        """The data sets of this workspace and those that its runs use, by title."""
        return Listing(KnownDataSet, tuple(registry.known_data_sets(self.home)))

    def jobs(self) -> Listing[Job]:
        """The background jobs, newest first."""
        return Listing(Job, tuple(jobs.list_jobs(self.home)))

    def submit(self, job: JobSpec) -> str:
        """Queues a background job, which outlives this process; returns its id.

        Args:
            job: a spec from ``mirs_core.jobs.kinds``, such as ``kinds.train.Train(data=...)``.
                Relative paths are relative to the working folder; runs may be named as in ``open``.

        Raises:
            RunError: there is no such run, or the home folder cannot be written; nothing is queued
                then.
        """
        return jobs.submit(self.home, jobs.settled(self.home, job))

    def run_id(self, run: RunReference) -> str:
        """The id of a run.

        Args:
            run: an id, the name of a run, "default" for the default model, or an object that
                describes a run.

        Raises:
            RunError: there is no such run, or several have that name.
        """
        if isinstance(run, RunSummary | OpenRun):
            return run.id
        if isinstance(run, Outcome):
            return run.run
        return runs.find(self.home, run)

    def open(self, run: RunReference) -> OpenRun:
        """A finished run, ready for queries.

        Raises:
            RunError: there is no such run, it is not finished, or its files are damaged.
        """
        return OpenRun.open(self.home, self.run_id(run))

    def train(
        self,
        config: RunConfig | str,
        data: str | PathLike[str] | None = None,
        *,
        name: str | None = None,
        seed: int | None = None,
        encoder: str | None = None,
        changes: Iterable[str] = (),
        progress: Progress = silent,
        should_stop: ShouldStop = never,
    ) -> Outcome:
        """Trains a run, archives its data set and measures it; takes minutes.

        Args:
            config: a preset's name, or a whole configuration, to which ``seed``, ``encoder`` and
                ``changes`` do not apply.
            data: the data set's folder; may be left out where ``config`` names it.
            name: shown in lists; without one, the run's id.
            seed: 0 if not given.
            encoder: overrides that of the preset.
            changes: settings as ``group.field=value``.
            should_stop: asked after each epoch; a stopped run keeps its best epoch.

        Raises:
            MirsError: the training is impossible; no run is left behind then.
        """
        if isinstance(config, RunConfig):
            if seed is not None or encoder is not None or tuple(changes):
                raise ConfigError(
                    "seed, encoder and changes apply to presets; change the configuration itself."
                )
            settings = config if data is None else replace(config, data=str(as_path(data)))
        elif data is None:
            raise ConfigError(f"Training {config!r} needs data: the folder of a data set.")
        else:
            settings = from_preset(
                config, data=str(as_path(data)), seed=seed or 0, encoder=encoder, changes=changes
            )
        return prepare_and_train(self.home, settings, name, progress, should_stop)

    def index(
        self,
        run: RunReference,
        data: str | PathLike[str],
        *,
        name: str | None = None,
        keep_features: bool = False,
        progress: Progress = silent,
    ) -> RunSummary:
        """Archives a folder of images with the model of a run; returns the new run.

        Args:
            keep_features: keep the features of the tiles in the cache, for a training.

        Raises:
            MirsError: there is no such run or folder, or the run's encoder is not available.
        """
        folder = indexing.index(
            self.home,
            self.run_id(run),
            as_path(data),
            name=name,
            keep_features=keep_features,
            progress=progress,
        )
        return runs.summary(self.home, folder, runs.served_run(self.home))

    def evaluate(
        self,
        run: RunReference,
        queries: str | PathLike[str] | None = None,
        exclude_strip: bool = False,
        progress: Progress = silent,
    ) -> Report:
        """Measures a run: mAP@64 of labelled queries against its evaluation archive.

        Args:
            queries: a data set, whose test split is taken, or a folder of ``<class>/`` folders;
                None takes the test tiles of the run itself.
            exclude_strip: leave the tiles of a query's own strip out of the archive.

        Raises:
            DataError: no labelled queries, or none with a labelled archive.
            RunError: there is no such run, or it is not finished.
        """
        folder = runs.folder(self.home, self.run_id(run))
        loaded = retriever.load(folder)
        if queries is None:
            report = evaluate_run(loaded, exclude_strip=exclude_strip)
        else:
            codes, facts = encode_folder(self.home, folder, loaded, as_path(queries), progress)
            report = evaluate_run(loaded, codes, facts, exclude_strip=exclude_strip)
        if report is None:
            raise DataError(
                f"Run {folder.id} has no labelled queries or no labelled archive, so there is"
                " nothing to measure. Give a folder of queries with <class>/ folders, or use a"
                " data set with test/<class>/."
            )
        return report

    def import_folder(
        self,
        folder: str | PathLike[str],
        details: importing.FolderDescription | None = None,
        *,
        copy: bool = False,
        into: str | PathLike[str] | None = None,
        progress: Progress = silent,
    ) -> importing.ImportedFolder:
        """Registers a folder of images as a data set.

        Args:
            details: name, licence, instrument, labels and so on, if known.
            copy: copy the images into the workspace rather than describe them where they are.
            into: a data set to copy the images into; excludes ``copy``.

        Raises:
            DataError: no images, or the folder cannot be written.
        """
        details = details or importing.FolderDescription()
        source = as_path(folder)
        if into is not None:
            if copy:
                raise ConfigError("Give either copy=True or into=..., not both.")
            return importing.import_into(self.home, source, as_path(into), details, progress)
        if copy:
            return importing.import_copy(self.home, source, details, progress)
        return importing.import_in_place(self.home, source, details, progress)
