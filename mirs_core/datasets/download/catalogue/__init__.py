"""The published data sets that can be downloaded: each file holds one ``SPEC``."""

from mirs_core.datasets.card import Card
from mirs_core.datasets.download.spec import PublishedDataSet
from mirs_core.errors import DataError
from mirs_core.system.specs import specs_in

DATA_SETS: dict[str, PublishedDataSet] = specs_in(__name__, PublishedDataSet)
"""All of them by name; DoMars16k first."""


def published_data_set(name: str) -> PublishedDataSet:
    """The published data set ``name``.

    Raises:
        DataError: there is none; the message lists the available ones.
    """
    if name not in DATA_SETS:
        available = ", ".join(DATA_SETS)
        raise DataError(f"No data set {name!r} can be downloaded; choose one of: {available}.")
    return DATA_SETS[name]


def published_origin(card: Card) -> PublishedDataSet | None:
    """The published data set that the tiles of ``card`` were taken from; None if none is cited.

    A card that asks to cite the DOI of a published data set was made from it, also as a subset or
    after an import. Names and instruments are not evidence.
    """
    citation = card.citation.lower()
    cited = (spec for spec in DATA_SETS.values() if spec.doi.lower() in citation)
    return next(cited, None)
