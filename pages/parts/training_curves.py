"""How trainings went: validation and every term of the loss, small charts beside each other."""

from collections.abc import Mapping, Sequence

import streamlit as st

from mirs_core.workspace.epochs import Epochs
from pages.shared.palette import Model

_NAMES = {
    "map_at_64": "Validation mAP@64",
    "total": "Loss, all terms",
    "nt-xent": "NT-Xent",
    "orthohash": "OrthoHash",
}
_ACROSS = 3


def draw(
    models: Sequence[Model], found: Sequence[Epochs], kept: Mapping[str, int], across: int = _ACROSS
) -> None:
    """Draws a chart for each curve that one of ``models`` has; ``found`` are parallel to them.

    Args:
        kept: by model id, the epoch that the model is of.
        across: so many charts beside each other.
    """
    from pages.parts import charts

    names = list(dict.fromkeys(name for one in found for name in one.curves()))
    for start in range(0, len(names), across):
        cells = st.columns(across, gap="medium")
        for cell, name in zip(cells, names[start : start + across], strict=False):
            lines = [
                charts.Labelled(model, (one.epochs, one.curves()[name]))
                for model, one in zip(models, found, strict=True)
                if name in one.curves()
            ]
            title = curve_name(name)
            with cell:
                charts.show(
                    charts.epochs(lines, title, kept), f"mirs.r.curve.{name}", f"{title} by epoch"
                )


def curve_name(name: str) -> str:
    """A curve in words."""
    return _NAMES.get(name, name.capitalize())
