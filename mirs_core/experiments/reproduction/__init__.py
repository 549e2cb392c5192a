"""Reproduction: the published tables of MIRS, measured on any data set."""

from mirs_core.experiments.reproduction.plan import TABLES
from mirs_core.experiments.reproduction.reproduce import reproduce

__all__ = ["TABLES", "reproduce"]
