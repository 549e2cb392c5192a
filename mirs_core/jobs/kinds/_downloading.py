"""The download that ``data download`` and ``data prepare`` share."""

from pathlib import Path

from mirs_core.datasets.download import Fetched, PublishedDataSet, fetch, remote_file
from mirs_core.errors import NotConfirmedError
from mirs_core.jobs.kind import Work


def download(source: PublishedDataSet, folder: Path, agreed: bool, work: Work) -> Fetched:
    """Downloads a published data set after its licence and size were shown.

    Raises:
        NotConfirmedError: nobody agreed to the download.
        DataError: it failed.
    """
    file = remote_file(source)
    work.note(f"{source.title} into {folder}")
    work.note(f"licence   {source.licence}")
    work.note(f"cite      {source.citation}")
    work.note(f"download  {file.name}, {file.size / 1e6:,.1f} MB")
    if not (agreed or work.agree("Download it?")):
        raise NotConfirmedError("Nothing was downloaded: the download was not confirmed.")
    return fetch(source, file, folder, work.stoppable)
