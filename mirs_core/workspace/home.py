"""The home folder: the paths of runs, caches, jobs and lists of this installation."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """The home folder and its layout, which nothing else knows.

    Folders are created when something is written to them. ``str`` and ``os.fspath`` give the path.
    """

    path: Path

    @classmethod
    def current(cls) -> "Home":
        """The home folder in use: ``$MIRS_HOME``, or ``.mirs`` in the working folder."""
        return cls(Path(os.environ.get("MIRS_HOME") or ".mirs").expanduser().resolve())

    def __fspath__(self) -> str:
        return str(self.path)

    def __str__(self) -> str:
        return str(self.path)

    @property
    def runs(self) -> Path:
        """One folder per run."""
        return self.path / "runs"

    @property
    def bin(self) -> Path:
        """Deleted runs that can be restored."""
        return self.path / "bin"

    @property
    def annotations(self) -> Path:
        """Names, tags and notes of runs, one file per run."""
        return self.path / "annotations"

    @property
    def default_run(self) -> Path:
        """The file that names the default model."""
        return self.path / "served.json"

    @property
    def encoders(self) -> Path:
        """One folder per fine-tuned encoder."""
        return self.path / "encoders"

    @property
    def data(self) -> Path:
        """Data sets that were created, copied or downloaded here."""
        return self.path / "data"

    @property
    def data_set_list(self) -> Path:
        """The list of data sets elsewhere on this computer."""
        return self.path / "data-sets.json"

    @property
    def data_set_titles(self) -> Path:
        """Titles that users have given to data sets."""
        return self.path / "data-set-titles.json"

    @property
    def removed_data_sets(self) -> Path:
        """The list of data sets that were removed and can be restored."""
        return self.path / "removed-data-sets.json"

    @property
    def labels(self) -> Path:
        """Corrected labels, one log per data set."""
        return self.path / "labels"

    @property
    def collections(self) -> Path:
        """Saved collections of tiles, one file each."""
        return self.path / "collections"

    @property
    def jobs(self) -> Path:
        """The queue: one folder per job; locks and logs of its workers."""
        return self.path / "jobs"

    @property
    def sweeps(self) -> Path:
        """One folder per sweep over lambda1 x lambda2."""
        return self.path / "sweeps"

    @property
    def previews(self) -> Path:
        """Results of previews, one file each."""
        return self.path / "previews"

    @property
    def domains(self) -> Path:
        """Measurements of whitening between two data sets."""
        return self.path / "domains"

    @property
    def reports(self) -> Path:
        """Reproductions of the published tables, one folder per data set."""
        return self.path / "reports"

    @property
    def tables(self) -> Path:
        """Tables of searches with many queries that the app has written."""
        return self.path / "tables"

    @property
    def locks(self) -> Path:
        """Locks of actions that must not run twice at once."""
        return self.path / "locks"

    @property
    def cache(self) -> Path:
        """What can be recreated: features, scans, exported encoders, downloaded weights."""
        return self.path / "cache"

    @property
    def feature_cache(self) -> Path:
        """Features of tiles, by encoder."""
        return self.cache / "features"

    @property
    def unfinished_codes(self) -> Path:
        """Codes of archives that are being made, one folder each."""
        return self.cache / "unfinished"

    @property
    def engines(self) -> Path:
        """Encoders in the form that an inference engine reads, exported on this machine."""
        return self.cache / "engines"

    @property
    def scan_cache(self) -> Path:
        """Manifests of scanned data sets."""
        return self.cache / "scans"
