"""HiRISE landmarks: crops of HiRISE observations in 8 classes (Zenodo record 4002935)."""

from pathlib import Path

from mirs_core.datasets.download.spec import RECORDS, PublishedDataSet


def _unpacks(path: str) -> bool:
    from mirs_core.datasets.download.landmarks import is_needed

    return is_needed(path)


def _arrange(unpacked: Path, target: Path) -> int:
    from mirs_core.datasets.download.landmarks import arrange_landmarks, read_landmarks

    return arrange_landmarks(unpacked, target, read_landmarks(unpacked))


SPEC = PublishedDataSet(
    name="hirise",
    order=2,
    title="HiRISE landmarks v3.2",
    about="about 10,800 landmarks of 8 kinds, 227 px",
    record=f"{RECORDS}/4002935",
    archive=r"(hirise-)?map-proj[-_]v3[-_.]2\.zip",
    licence="CC-BY-4.0",
    citation="Mars orbital image (HiRISE) labeled data set version 3.2,"
    " doi 10.5281/zenodo.4002935; images NASA/JPL/University of Arizona",
    doi="10.5281/zenodo.4002935",
    bibtex="""@dataset{hirise_landmarks,
  title = {{Mars orbital image (HiRISE) labeled data set version 3.2}},
  year = {2020}, publisher = {Zenodo},
  doi = {10.5281/zenodo.4002935}
}""",
    instrument="HiRISE",
    distractors=("other",),
    unpacks=_unpacks,
    arrange=_arrange,
)
