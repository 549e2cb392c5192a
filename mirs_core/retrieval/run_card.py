"""The card of the data set that a run archives."""

import contextlib

from mirs_core.datasets.card import CARD_FILE, Card, read_card
from mirs_core.errors import MirsError
from mirs_core.workspace import runs


def card_of_run(run: runs.RunFolder, summary: runs.RunSummary) -> Card:
    """The data set's card; if its folder is missing, the run's copy or one with the name alone.

    Raises:
        DataError: the card in the data set's folder is damaged.
    """
    if summary.data_root.is_dir():
        return read_card(summary.data_root)
    if (run.path / CARD_FILE).is_file():
        with contextlib.suppress(MirsError):
            return read_card(run.path)
    return Card.named(summary.data)
