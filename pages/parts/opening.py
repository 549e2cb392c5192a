"""How every page about models opens: the first screen, or the choice of data set and models."""

from mirs_core.workspace import runs
from mirs_core.workspace.home import Home
from mirs_core.workspace.runs import RunSummary
from pages.parts import first_run
from pages.shared import lineup, sidebar


def opened() -> tuple[list[RunSummary], lineup.DataSet, list[str]] | None:
    """All runs, the chosen data set, and the ids of the chosen models.

    None where there is nothing to show yet: the first screen is drawn instead.
    """
    all_runs = runs.list_runs(Home.current())
    if first_run.is_wanted(all_runs):
        first_run.draw()
        return None
    data_set = sidebar.data_set(lineup.data_sets(all_runs))
    return all_runs, data_set, sidebar.models(data_set)
