"""Training curves: validation score and every term of the loss, as small charts side by side."""

from collections.abc import Mapping, Sequence

import streamlit as st

from mirs_core.hashing.losses import LOSS_TERMS
from mirs_core.workspace.epochs import Epochs
from pages.shared.palette import Model

_NAMES = {
    "map_at_64": "Validation mAP@64",
    "total": "Total loss",
}
_COLUMNS = 3


def draw(
    models: Sequence[Model],
    histories: Sequence[Epochs],
    best_epochs: Mapping[str, int],
    columns: int = _COLUMNS,
) -> None:
    """Draws a chart for each curve that any of the models has.

    Args:
        histories: parallel to ``models``.
        best_epochs: by model id, the epoch whose weights the run keeps.
        columns: number of charts in a row.
    """
    from pages.parts import charts

    names = list(dict.fromkeys(name for history in histories for name in history.curves()))
    for start in range(0, len(names), columns):
        cells = st.columns(columns, gap="medium")
        for cell, name in zip(cells, names[start : start + columns], strict=False):
            curves = [
                (model, history.epochs, history.curves()[name])
                for model, history in zip(models, histories, strict=True)
                if name in history.curves()
            ]
            title = curve_name(name)
            with cell:
                charts.show(
                    charts.training_curve(curves, title, best_epochs),
                    f"mirs.r.curve.{name}",
                    f"Line chart: {title} by epoch",
                )


def curve_name(name: str) -> str:
    """The title of a curve."""
    term = LOSS_TERMS.get(name)
    return _NAMES.get(name) or (term.title if term else name.capitalize())
