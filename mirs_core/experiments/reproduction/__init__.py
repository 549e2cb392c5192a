"""Reproduction: the published tables of MIRS, measured on any data set."""

from mirs_core.experiments.reproduction.measure import reproduce
from mirs_core.experiments.reproduction.plan import TABLES

__all__ = ["TABLES", "reproduce"]
