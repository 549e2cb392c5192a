"""The home folder: where every run, cache, job and list of this installation stands."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of runs and caches, and the only place that knows how it is laid out.

    Nothing is created before something is written. ``str`` and ``os.fspath`` give the path.
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
        """One folder a run."""
        return self.path / "runs"

    @property
    def bin(self) -> Path:
        """Runs that were deleted and can still be restored."""
        return self.path / "bin"

    @property
    def annotations(self) -> Path:
        """Names, tags and notes of runs, one file a run."""
        return self.path / "annotations"

    @property
    def default_run(self) -> Path:
        """The file that names the run shown first."""
        return self.path / "served.json"

    @property
    def encoders(self) -> Path:
        """One folder a fine-tuned encoder."""
        return self.path / "encoders"

    @property
    def data(self) -> Path:
        """Data sets that were made, copied or downloaded here."""
        return self.path / "data"

    @property
    def data_set_list(self) -> Path:
        """The file that names data sets elsewhere on this computer."""
        return self.path / "data-sets.json"

    @property
    def collections(self) -> Path:
        """Saved collections of tiles, one file each."""
        return self.path / "collections"

    @property
    def jobs(self) -> Path:
        """The queue: one folder a job, locks and logs of its workers."""
        return self.path / "jobs"

    @property
    def sweeps(self) -> Path:
        """One folder a sweep over lambda1 x lambda2."""
        return self.path / "sweeps"

    @property
    def previews(self) -> Path:
        """What previews have written, one file each."""
        return self.path / "previews"

    @property
    def domains(self) -> Path:
        """Measurements of whitening between two data sets."""
        return self.path / "domains"

    @property
    def reports(self) -> Path:
        """Reproductions of the published tables, one folder a data set."""
        return self.path / "reports"

    @property
    def locks(self) -> Path:
        """Locks of acts that must not be done twice at once."""
        return self.path / "locks"

    @property
    def cache(self) -> Path:
        """What can be made again: features, scans, downloaded weights."""
        return self.path / "cache"

    @property
    def feature_cache(self) -> Path:
        """Features of tiles by encoder."""
        return self.cache / "features"

    @property
    def scan_cache(self) -> Path:
        """Manifests of data sets that were scanned."""
        return self.cache / "scans"
