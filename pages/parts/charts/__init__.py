"""Plotly figures of the app in one common style, one file for each family of charts.

Plotly takes half a second to import: import this package inside the function that draws.
"""

from pages.parts.charts.bars import class_bars, totals
from pages.parts.charts.bit_charts import balance, bit_means, correlation
from pages.parts.charts.frame import pick, pick_with, show, small
from pages.parts.charts.histograms import distances
from pages.parts.charts.lines import curves_with_bands, line, training_curve
from pages.parts.charts.matrices import confusion_matrix, covariance
from pages.parts.charts.sweep_map import sweep_map

__all__ = [
    "balance",
    "bit_means",
    "class_bars",
    "confusion_matrix",
    "correlation",
    "covariance",
    "curves_with_bands",
    "distances",
    "line",
    "pick",
    "pick_with",
    "show",
    "small",
    "sweep_map",
    "totals",
    "training_curve",
]
